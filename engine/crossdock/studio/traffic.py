"""What a gateway was asked and did, from its journal, which is only read.

    traffic = Traffic(files, "sqlite:///journal.db", profiles)
    traffic.requests()                                     # the newest, without what was in them
    traffic.request(17, project, revealed=False)           # its calls and answers, and how it would go now

With the mappings of now a request is run again on the answers that the journal kept. Nothing is sent.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from urllib.parse import parse_qsl

from crossdock.channels.conversation import ConversationResult
from crossdock.channels.conversation_sensitivity import sensitivity_of_conversation
from crossdock.channels.conversation_trace import StepsTrace
from crossdock.channels.messages import Answer, Call
from crossdock.channels.steps import Conversation
from crossdock.checking.masking import HIDDEN, masked, masked_by
from crossdock.core.json_reader import encode
from crossdock.core.json_types import JSON, MISSING
from crossdock.gateway.comparing import ComparedCall, ReplayedRequest, replay_request
from crossdock.gateway.config import Profile
from crossdock.gateway.journal.entries import CallRecord, JournalEntry
from crossdock.gateway.journal.reading import ReadJournal
from crossdock.gateway.journal.store import JournalError
from crossdock.project.digest import digest
from crossdock.project.project import Project
from crossdock.studio.conversation import answer_data, explained_data
from crossdock.studio.files import RefusedError
from crossdock.studio.places import diagnostics_data
from crossdock.tools.explain.conversation import explain_trace


@dataclass(frozen=True, slots=True)
class Traffic:
    """The requests of a gateway. ``profiles`` are those of its file; without one a profile is a channel."""

    journal: ReadJournal
    profiles: Sequence[Profile] = ()

    def requests(self) -> list[dict[str, JSON]]:
        """The newest requests, the newest first. Raises RefusedError."""
        try:
            return [asdict(summary) for summary in self.journal.summaries()]
        except JournalError as error:
            raise RefusedError(str(error)) from None

    def request(self, id: int, project: Project, *, revealed: bool) -> JSON:
        """What one request was, what was called and answered for it, and how it would go now.

        Raises RefusedError, and CrossdockError when the mappings of now are wrong.
        """
        entry, calls = self._kept(id)
        profile = self._profile(entry, project)
        trace = StepsTrace()
        replayed = replay_request(project, profile, entry, calls, trace)
        shown = _Then(replayed, revealed)
        return {
            "id": id,
            "action": entry.action,
            "channel": profile.channel,
            "same_mappings": digest(project.roots) == entry.mappings,
            "request": shown.request(entry),
            "then": {"steps": [shown.call(call) for call in calls], **shown.response(entry)},
            "now": _now(replayed, trace, revealed=revealed),
            "differences": [_difference(each) for each in replayed.compared],
        }

    def _kept(self, id: int) -> tuple[JournalEntry, list[CallRecord]]:
        try:
            entry, calls = self.journal.entry(id), self.journal.calls(id)
        except JournalError as error:
            raise RefusedError(str(error)) from None
        if entry is None:
            raise RefusedError(f"there is no request {id} in the journal")
        return entry, calls

    def _profile(self, entry: JournalEntry, project: Project) -> Profile:
        found = next((each for each in self.profiles if each.name == entry.profile), None)
        if found is not None:
            return found
        if entry.profile not in project.channel_names():
            raise RefusedError(f"`{entry.profile}` is a profile of a gateway's file: name it with --config")
        return Profile(entry.profile, entry.profile, ())


def _difference(each: ComparedCall) -> JSON:
    return {"kind": each.kind, "what": each.what, "differs": list(each.differs)}


def _now(replayed: ReplayedRequest, trace: StepsTrace, *, revealed: bool) -> JSON:
    """The steps of the replay, with what each condition and filter decided."""
    result = replayed.result or ConversationResult()
    problems = tuple(replayed.error.diagnostics) if replayed.error is not None else tuple(result.warnings)
    explained = explain_trace(replayed.conversation, trace, result, problems, revealed=revealed)
    return {**explained_data(explained, replayed.base_url), "diagnostics": diagnostics_data(problems)}


@dataclass(frozen=True, slots=True)
class _Then:
    """What the journal has of a request, masked as the conversation of now knows it."""

    replayed: ReplayedRequest
    revealed: bool

    @property
    def conversation(self) -> Conversation:
        return self.replayed.conversation

    def request(self, entry: JournalEntry) -> str:
        value = json.loads(entry.request)
        return encode(value if self.revealed else masked_by(value, self.conversation.cells.source))

    def response(self, entry: JournalEntry) -> dict[str, JSON]:
        if entry.response is None:
            return {}
        value = json.loads(entry.response)
        held = sensitivity_of_conversation(self.conversation).response
        return {"response": encode(value if self.revealed else masked(value, held))}

    def call(self, record: CallRecord) -> JSON:
        """A call of the journal, as a step of the diagram."""
        call, answer = self.made(record), _answer(record)
        if not self.revealed:
            known = sensitivity_of_conversation(self.conversation)
            answer = known.shown_answer(call, answer) if answer is not None else None
            call = known.shown_call(call)
        base = self.replayed.base_url if record.url.startswith(self.replayed.base_url) else ""
        shown = {key: value for key, value in call.as_json(base).items() if key != "step"}
        shown["answer"] = None if answer is None else answer_data(answer)
        shown["outcome"] = record.outcome
        return {
            "step": record.step,
            "number": None,
            "outcome": "ran",
            "why": f"run {record.run}" if record.run > 1 else "",
            "calls": [shown],
        }

    def made(self, record: CallRecord) -> Call:
        """The call that a record is of. A URL that is not below the channel's own is hidden."""
        body = MISSING if record.body is None else _decoded(record.body)
        base = self.replayed.base_url
        if not record.url.startswith(base):
            return Call(record.step, record.method, record.url if self.revealed else f"/{HIDDEN}", body=body)
        path, _, query = record.url[len(base) :].partition("?")
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        return Call(record.step, record.method, path, pairs, body=body)


def _answer(record: CallRecord) -> Answer | None:
    if record.status is None:
        return None
    if not record.answer:
        return Answer(record.status)
    try:
        return Answer(record.status, json.loads(record.answer))
    except ValueError:  # a text, or JSON that was cut
        return Answer(record.status, text=record.answer)


def _decoded(text: str) -> JSON:
    try:
        found: JSON = json.loads(text)
    except ValueError:  # it was cut
        return HIDDEN
    return found
