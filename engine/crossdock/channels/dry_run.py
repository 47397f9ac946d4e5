"""The calls that a request leads to, with answers from a file and no network.

shown, warnings = plan(conversation, channel, request, settings={}, answers={...}, name="ack.json")
shown       # {"calls": [...], "waiting": [...]} or {"calls": [...], "response": {...}}
"""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from io import BytesIO
from pathlib import Path
from typing import Final

from crossdock.channels.auth import base_url, channel_headers
from crossdock.channels.clock import DRY_RUN_TIME, time_of
from crossdock.channels.config import Channel
from crossdock.channels.conversation import ConversationResult, Unanswered
from crossdock.channels.conversation_sensitivity import masked_result
from crossdock.channels.conversation_trace import StepsTrace
from crossdock.channels.given_answers import NOW, placed_answers
from crossdock.channels.messages import Answer, Call, NoAnswer, NoAnswerKind
from crossdock.channels.runner import run_conversation
from crossdock.channels.steps import Conversation
from crossdock.core.diagnostics import Diagnostic, did_you_mean, shorten
from crossdock.core.errors import InputError
from crossdock.core.json_reader import decode, read
from crossdock.core.json_types import JSON, MISSING, Missing
from crossdock.core.limits import ANSWER_BYTES
from crossdock.core.paths import pointer

_KEYS: Final = ("$status", "$headers", "$body", "$text", "$error", "$too_large")
_ERRORS: Final[dict[NoAnswerKind, str]] = {
    "timeout": "the channel did not answer in time",
    "unreachable": "no connection to the channel could be made",
    "answer": "the connection broke before the answer was complete",
}


def given_answer(call: Call, given: JSON | Missing) -> Answer:
    """The answer that a file gives for a call: JSON for a body, or an object with `$` keys.

    ``{"$status": 404, "$headers": {…}, "$body": {…}}``, ``{"$text": "<html>…"}``, ``{"$error": "timeout"}``,
    ``{"$too_large": true}``.

    Raises Unanswered when none is given, NoAnswer for an ``$error``, InputError for one that is wrong.
    """
    if isinstance(given, Missing):
        raise Unanswered
    if not isinstance(given, dict) or not any(key.startswith("$") for key in given):
        return Answer(200, given)
    for key in given:
        if key not in _KEYS:
            help = did_you_mean(key, _KEYS) or "put a body with such a key into `$body`"
            message = f"an answer has no key `{shorten(key)}` beside its `$` keys"
            raise _wrong("unknown-key", message, call, help)
    error, status, text = given.get("$error"), given.get("$status", 200), given.get("$text")
    if error is not None:
        raise _given_error(error, call)
    if type(status) is not int or not isinstance(text, str | None):
        message = "an answer's `$status` must be a whole number, and its `$text` must be text"
        raise _wrong("wrong-type", message, call)
    if not 100 <= status <= 599:
        raise _wrong("not-allowed-value", "an answer's `$status` is between 100 and 599", call)
    headers = _given_headers(given.get("$headers", {}), call)
    if given.get("$too_large") is True:
        return Answer(status, headers=headers, exceeds=ANSWER_BYTES)
    return Answer(status, given.get("$body", MISSING), text, headers)


def _given_headers(headers: JSON, call: Call) -> dict[str, str]:
    """The headers of a given answer, their names in lower case as those of a real one."""
    found = headers if isinstance(headers, dict) else {"": None}
    texts = {name.lower(): value for name, value in found.items() if isinstance(value, str)}
    if len(texts) != len(found):
        raise _wrong("wrong-type", "an answer's `$headers` must be an object of texts, each once", call)
    return texts


def _given_error(error: JSON, call: Call) -> NoAnswer | InputError:
    for kind, message in _ERRORS.items():
        if error == kind:
            return NoAnswer(kind, message)
    return _wrong("not-allowed-value", f"an answer's `$error` is one of {', '.join(_ERRORS)}", call)


def _wrong(id: str, message: str, call: Call, help: str | None = None) -> InputError:
    return InputError([Diagnostic(id, message, help=help, notes=(f"an answer to the step `{call.step}`",))])


def read_answers(path: str, conversation: Conversation) -> JSON:
    """The answers by step from a JSON file, or from a directory with a file for each step.

    A file name is the name of its step; `$now` is the time of the run. Raises InputError, also for a step
    that does not exist.
    """
    folder = Path(path)
    if folder.is_dir():
        files = sorted(folder.glob("*.json"))
        answers: JSON = {file.stem: decode(read(str(file), BytesIO()), str(file)) for file in files}
    else:
        answers = decode(read(path, BytesIO()), path)
    return placed_answers(answers, path, conversation)


def plan(
    conversation: Conversation,
    channel: Channel,
    request: JSON,
    *,
    settings: MappingType[str, JSON],
    answers: JSON,
    name: str,
    masked: bool = False,
    now: str | None = None,
) -> tuple[JSON, list[Diagnostic]]:
    """A plan as it is printed, and its warnings: see ``plan_as_json``. Raises as a conversation does.

    ``channel`` is the conversation's own: its URL and its headers are shown. ``masked``: what is sensitive in
    the calls and in the response is shown as ``•••``. ``now`` is the time that `now()` gives; by default that
    of the answers (`$now`), else ``DRY_RUN_TIME``.
    """
    base = shown_base_url(channel, settings)
    result = dry_run(conversation, request, settings=settings, answers=answers, base=base, name=name, now=now)
    if masked:
        result = masked_result(conversation, result)
    return plan_as_json(result, base, channel_headers(channel, settings)), result.warnings


def shown_base_url(channel: Channel, settings: MappingType[str, JSON]) -> str:
    """The URL that the calls of a plan begin with; empty for a channel without one."""
    return base_url(channel, settings) if channel.base_url is not None else ""


def dry_run(
    conversation: Conversation,
    request: JSON,
    *,
    settings: MappingType[str, JSON],
    answers: JSON,
    base: str,
    name: str,
    now: str | None = None,
    trace: StepsTrace | None = None,
) -> ConversationResult:
    """Run a conversation with answers from a file. Raises as a conversation does."""
    given = answers.get(NOW, DRY_RUN_TIME) if isinstance(answers, dict) else DRY_RUN_TIME
    return run_conversation(
        conversation,
        request,
        given_answer,
        settings=settings,
        base_url=base,
        name=name,
        given=answers,
        now=now or time_of(given, "the answers", pointer(NOW)),
        trace=trace,
    )


def plan_as_json(
    result: ConversationResult, base: str = "", headers: MappingType[str, str] | None = None
) -> JSON:
    """``{"headers": {…}, "calls": […], "waiting": […], "response": …}``, without the parts that are empty.

    ``headers`` are those of every call, without secrets. There is a response when no step is waiting.
    """
    shown: dict[str, JSON] = {"headers": dict(headers)} if headers else {}
    shown["calls"] = [call.as_json(base) for call in result.calls]
    if result.waiting:
        shown["waiting"] = [step.as_json() for step in result.waiting]
    if not isinstance(result.response, Missing):
        shown["response"] = result.response
    return shown
