"""The calls that a request leads to, with answers from a file and no network.

outcome = conversation.hold(request, given_answer, given={"order": {...}})
plan_as_json(outcome)       # {"calls": [...], "waiting": [...]} or {"calls": [...], "response": {...}}
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Final

from crossdock.calls import Answer, Call, NoAnswer, Silence
from crossdock.conversations import Conversation, Outcome, Unanswered
from crossdock.diagnostics import Diagnostic, Place, did_you_mean, pointer, shorten
from crossdock.errors import InputError
from crossdock.payloads import decode, read
from crossdock.values import JSON, MISSING, Missing

_KEYS: Final = ("$status", "$body", "$text", "$error")
_SILENCES: Final[dict[Silence, str]] = {
    "timeout": "the channel did not answer in time",
    "unreachable": "no connection to the channel could be made",
    "answer": "the connection broke before the answer was whole",
}


def given_answer(_call: Call, given: JSON | Missing) -> Answer:
    """The answer that a file gives for a call: a body, or a status, a text or an error with it.

    ``{"$status": 404, "$body": {…}}``, ``{"$text": "<html>…"}``, ``{"$error": "timeout"}``.
    """
    if isinstance(given, Missing):
        raise Unanswered
    if not isinstance(given, dict) or not any(key.startswith("$") for key in given):
        return Answer(200, given)
    for key in given:
        if key not in _KEYS:
            help = did_you_mean(key, _KEYS) or "a body with such a key stands in `$body`"
            raise _wrong("unknown-key", f"an answer has no key `{shorten(key)}` beside its `$` keys", help)
    error, status, text = given.get("$error"), given.get("$status", 200), given.get("$text")
    if error is not None:
        raise _silence(error)
    if type(status) is not int or not isinstance(text, str | None):
        raise _wrong("wrong-type", "an answer's `$status` is a whole number, and its `$text` is text")
    return Answer(status=status, body=given.get("$body", MISSING), text=text)


def _silence(error: JSON) -> NoAnswer | InputError:
    for kind, message in _SILENCES.items():
        if error == kind:
            return NoAnswer(kind, message)
    return _wrong("not-allowed-value", f"an answer's `$error` is one of {', '.join(_SILENCES)}")


def _wrong(id: str, message: str, help: str | None = None) -> InputError:
    return InputError([Diagnostic(id, message, help=help)])


def read_answers(path: str, conversation: Conversation) -> JSON:
    """The answers by step from a JSON file, or from a directory with a file for each step.

    Raises InputError, also for an answer to a step that is not there.
    """
    folder = Path(path)
    if folder.is_dir():
        files = sorted(folder.glob("*.json"))
        answers: JSON = {file.stem: decode(read(str(file), BytesIO()), str(file)) for file in files}
    else:
        answers = decode(read(path, BytesIO()), path)
    return checked_answers(answers, path, conversation)


def checked_answers(answers: JSON, name: str, conversation: Conversation) -> JSON:
    """Answers by step as they are, when each is that of a step. Raises InputError."""
    if not isinstance(answers, dict):
        message = "answers are an object with the names of steps"
        raise InputError([Diagnostic("wrong-type", message, input=Place(name, ""))])
    steps = [step.name for step in conversation.steps]
    found = [
        Diagnostic(
            "unknown-step",
            f"there is no step `{shorten(step)}`",
            help=did_you_mean(step, steps) or f"the steps are {', '.join(steps) or 'none'}",
            input=Place(name, pointer(step)),
        )
        for step in answers
        if step not in steps
    ]
    if found:
        raise InputError(found)
    return answers


def plan_as_json(outcome: Outcome) -> dict[str, JSON]:
    """A plan as it is printed: the calls, what waits for an answer, and the response when all is known."""
    shown: dict[str, JSON] = {"calls": [call.as_json() for call in outcome.calls]}
    if outcome.waiting:
        shown["waiting"] = [step.as_json() for step in outcome.waiting]
    if not isinstance(outcome.response, Missing):
        shown["response"] = outcome.response
    return shown
