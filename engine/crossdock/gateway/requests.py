"""A request of RetailOPS: what identifies it, what it changes, and its ticket, all by actions.yaml."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from typing import Final

from crossdock.channels.actions import Action, Actions
from crossdock.core.json_types import JSON
from crossdock.execution.evaluator import Evaluator, Failure
from crossdock.execution.scope import Scope
from crossdock.language.expr import Expression

_ORDER_ONLY: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def found_in(request: JSON, expression: Expression | None) -> JSON:
    """What an expression gives for a request; null when there is none, or it fails."""
    if expression is None:
        return None
    try:
        return Evaluator(Scope(root=request)).evaluate(expression, request)
    except Failure:
        return None


def names_in(value: JSON) -> list[str]:
    """Texts and numbers of a value, as texts: `496` and `"496"` are the same order."""
    values = value if isinstance(value, list) else [value]
    return [
        str(each)
        for each in values
        if isinstance(each, str | int) and not isinstance(each, bool) and each != ""
    ]


def subjects_of(action: Action, request: JSON, whole: str) -> tuple[str, ...]:
    """What a request changes. Orders of all actions share their names; the rest is of one action.

    Without its subject in the request, it is the ``whole`` that the action can change.
    """
    if action.effect == "none":
        return ()
    names = names_in(found_in(request, action.subject))
    return tuple(dict.fromkeys(names)) or (whole,)


def has_nul(value: JSON) -> bool:
    """Whether a text or a key anywhere has the character U+0000, which PostgreSQL cannot keep."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, list):
        return any(map(has_nul, value))
    return isinstance(value, dict) and any("\0" in key or has_nul(item) for key, item in value.items())


def key_of(profile: str, dialect: str | None, action: Action, request: JSON) -> str:
    """The identity of what is asked: equal for requests that differ in white space or the order of keys.

    `497` and `"497"` are the same: the sender does not distinguish them.
    """
    content = [profile, dialect or "", action.name, _numbers_as_text(request)]
    return hashlib.sha256(_ORDER_ONLY.encode(content).encode("utf-8", "surrogatepass")).hexdigest()


def _numbers_as_text(value: JSON) -> JSON:
    if isinstance(value, dict):
        return {key: _numbers_as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers_as_text(item) for item in value]
    return value if isinstance(value, bool) or value is None else str(value)


def without_ticket(actions: Actions, request: JSON) -> JSON:
    """A request whose ticket is empty: it is neither kept nor a part of the identity."""
    return _emptied(request, actions.ticket.text.split(".")) if actions.ticket is not None else request


def _emptied(value: JSON, names: Sequence[str]) -> JSON:
    if not names:
        return ""
    if not isinstance(value, dict) or names[0] not in value:
        return value
    return {**value, names[0]: _emptied(value[names[0]], names[1:])}


def is_valid_ticket(actions: Actions, request: JSON, tickets: Iterable[str]) -> bool:
    """Whether a request has one of the tickets. Takes as long for each wrong one of the same length."""
    given = found_in(request, actions.ticket)
    encoded = given.encode("utf-8", "surrogatepass") if isinstance(given, str) else b""
    fitting = [hmac.compare_digest(encoded, ticket.encode()) for ticket in tickets]
    return bool(encoded) and any(fitting)
