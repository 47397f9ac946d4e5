"""What the mappings of now would call and answer for a request of the journal, against what was then.

Nothing is called: the channel's answers are those that the journal has. Values are not shown, only where
they differ.

    for line in compare(project, profile, entry, journal.calls(entry.id)): ...
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

from crossdock.channels.conversation import ConversationResult, Unanswered
from crossdock.channels.conversation_trace import StepsTrace
from crossdock.channels.dry_run import shown_base_url
from crossdock.channels.messages import Answer, Call, ChannelError, NoAnswer
from crossdock.channels.runner import run_conversation
from crossdock.channels.steps import Conversation
from crossdock.core.errors import CrossdockError
from crossdock.core.json_types import JSON, MISSING, Missing
from crossdock.core.paths import pointer
from crossdock.gateway.config import Profile
from crossdock.gateway.journal.entries import CallRecord, JournalEntry
from crossdock.gateway.recorder import KEPT_CHARACTERS, record_of
from crossdock.project.project import Project
from crossdock.tools.diff.differences import differences

Kind = Literal["same", "other", "added", "gone"]
_MOST_PLACES: Final = 20


@dataclass(frozen=True, slots=True)
class ComparedCall:
    """One call, or the response: whether it is the ``same`` now, and otherwise what differs."""

    kind: Kind
    what: str
    differs: tuple[str, ...] = ()


@dataclass(slots=True)
class KeptAnswers:
    """Answers the calls of now with what was answered then, from any number of threads.

    A call gets the answer of the same one, and otherwise that of the next one of its step and method.
    """

    base_url: str
    left: list[CallRecord]
    compared: list[ComparedCall] = field(default_factory=list)
    gate: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, call: Call, _given: JSON | Missing) -> Answer:
        now = record_of(call, self.base_url)
        with self.gate:
            then = self._taken(now)
            self.compared.append(_compared(now, then))
        return _answer(then)

    def _taken(self, now: CallRecord) -> CallRecord | None:
        same = [each for each in self.left if each.identity == now.identity]
        alike = [each for each in self.left if (each.step, each.method) == (now.step, now.method)]
        for then in (*same, *alike):
            self.left.remove(then)
            return then
        return None

    def ended(self) -> list[ComparedCall]:
        """Every call, those that are made no more at the end."""
        return [*self.compared, *(ComparedCall("gone", _named(each)) for each in self.left)]


@dataclass(frozen=True, slots=True)
class ReplayedRequest:
    """A request of the journal with the mappings of now: what differs, and what came of it.

    ``result`` is None when it ended with ``error``. ``base_url`` is what the calls begin with.
    """

    conversation: Conversation
    compared: list[ComparedCall]
    result: ConversationResult | None
    error: ChannelError | None
    base_url: str


def compare(
    project: Project, profile: Profile, entry: JournalEntry, calls: Sequence[CallRecord]
) -> list[ComparedCall]:
    """The calls of the last run and the response, against those of now. Raises CrossdockError."""
    return replay_request(project, profile, entry, calls).compared


def replay_request(
    project: Project,
    profile: Profile,
    entry: JournalEntry,
    calls: Sequence[CallRecord],
    trace: StepsTrace | None = None,
) -> ReplayedRequest:
    """Run a request with the answers of its last run, and compare. Nothing is called.

    ``trace`` notes what the steps do. Raises CrossdockError.
    """
    channel = project.channel_of(profile.channel)
    settings = project.settings(profile.channel, profile.settings)
    conversation = project.dialects.conversation_of(profile.channel, entry.action, entry.dialect)
    last = max((each.run for each in calls), default=0)
    base = shown_base_url(channel, settings)
    kept = KeptAnswers(base, [each for each in calls if each.run == last])
    try:
        result = run_conversation(
            conversation,
            json.loads(entry.request),
            kept.ask,
            settings=settings,
            base_url=base,
            now=datetime.fromtimestamp(entry.accepted / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            trace=trace,
        )
    except ChannelError as error:
        return ReplayedRequest(conversation, [*kept.ended(), _failed(entry, error)], None, error, base)
    compared = [*kept.ended(), _response(entry, result)]
    return ReplayedRequest(conversation, compared, result, None, base)


def _failed(entry: JournalEntry, error: CrossdockError) -> ComparedCall:
    reason = "; ".join(f"{item.id}: {item.message}" for item in error.diagnostics[:3])
    if entry.response is None and entry.reason == reason:
        return ComparedCall("same", "no response")
    return ComparedCall("other", "response", (f"there is none now: {reason}",))


def _response(entry: JournalEntry, result: ConversationResult) -> ComparedCall:
    if isinstance(result.response, Missing):
        why = "not known: a call of now has no answer that was kept"
        return ComparedCall("other", "response", (why,))
    if entry.response is None:
        return ComparedCall("other", "response", ("there was none then",))
    return _value("response", json.loads(entry.response), result.response)


def _compared(now: CallRecord, then: CallRecord | None) -> ComparedCall:
    if then is None:
        return ComparedCall("added", _named(now))
    url = [] if now.url == then.url else ["the URL"]
    found = _value("", _body(then), _body(now))
    differs = (*url, *found.differs)
    return ComparedCall("other" if differs else "same", _named(now), differs)


def _value(what: str, then: JSON | Missing, now: JSON | Missing) -> ComparedCall:
    """Where two values differ, as JSON Pointers."""
    places = [pointer(*each.new) or "the whole" for each in differences(then, now)]
    more = [f"{len(places) - _MOST_PLACES} more"] if len(places) > _MOST_PLACES else []
    differs = (*places[:_MOST_PLACES], *more)
    return ComparedCall("other" if differs else "same", what, differs)


def _body(record: CallRecord) -> JSON | Missing:
    if record.body is None:
        return MISSING
    try:
        body: JSON = json.loads(record.body)
    except ValueError:  # it was cut
        return record.body
    return body


def _named(record: CallRecord) -> str:
    return f"{record.step}: {record.method} {record.url.partition('?')[0]}"


def _answer(then: CallRecord | None) -> Answer:
    """What was answered. Raises Unanswered when it is not known, and NoAnswer as the call did."""
    if then is None or (then.answer is not None and len(then.answer) >= KEPT_CHARACTERS):
        raise Unanswered
    if then.status is None:
        kind: Literal["timeout", "unreachable"] = "unreachable" if then.outcome == "not_sent" else "timeout"
        raise NoAnswer(kind, "the channel gave no answer then")
    if not then.answer:
        return Answer(then.status)
    try:
        return Answer(then.status, json.loads(then.answer))
    except ValueError:
        return Answer(then.status, text=then.answer)


def shown(compared: Sequence[ComparedCall]) -> Iterator[str]:
    """A line for each, and one more for what differs."""
    for each in compared:
        yield f"  {each.kind:<5} {each.what}"
        if each.differs:
            yield f"        {', '.join(each.differs)}"
