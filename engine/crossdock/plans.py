"""The calls that a request leads to, with answers from a file and no network.

plan = project.plan("kibo", "order_ack", request, answers={"order": {...}})
plan.calls, plan.waiting, plan.response
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Final

from crossdock.calls import Answer, Call, NoAnswer, Silence
from crossdock.conversations import Outcome, Unanswered
from crossdock.payloads import decode, read
from crossdock.values import JSON, MISSING, Missing

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
    error = given.get("$error")
    for kind, message in _SILENCES.items():
        if error == kind:
            raise NoAnswer(kind, message)
    status, text = given.get("$status", 200), given.get("$text")
    return Answer(
        status=status if isinstance(status, int) else 200,
        body=given.get("$body", MISSING),
        text=text if isinstance(text, str) else None,
    )


def read_answers(path: str) -> JSON:
    """The answers by step from a JSON file, or from a directory with a file for each step."""
    folder = Path(path)
    if folder.is_dir():
        files = sorted(folder.glob("*.json"))
        return {file.stem: decode(read(str(file), BytesIO()), str(file)) for file in files}
    return decode(read(path, BytesIO()), path)


def plan_as_json(outcome: Outcome) -> dict[str, JSON]:
    """A plan as it is printed: the calls, what waits for an answer, and the response when all is known."""
    shown: dict[str, JSON] = {"calls": [call.as_json() for call in outcome.calls]}
    if outcome.waiting:
        shown["waiting"] = [step.as_json() for step in outcome.waiting]
    if not isinstance(outcome.response, Missing):
        shown["response"] = outcome.response
    return shown
