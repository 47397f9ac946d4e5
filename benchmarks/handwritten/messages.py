"""JSON inside of a text, as strict as the mappings read it."""

from __future__ import annotations

import json
import math
from typing import Any, Final, NoReturn

from handwritten.amounts import Refused

_DEEPEST: Final = 64


def parse_json(text: Any) -> Any:
    """The value that a text states in JSON; None when it is not JSON. Refused for other types."""
    if type(text) is not str:
        raise Refused("not text")
    try:
        value = json.loads(
            text, parse_constant=_refused, parse_float=_finite, object_pairs_hook=_without_duplicates
        )
    except (ValueError, RecursionError):
        return None
    return value if _depth(value) <= _DEEPEST else None


def _refused(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("duplicate keys")
    return found


def _depth(value: Any) -> int:
    """How deep lists and objects are nested."""
    if type(value) is dict:
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if type(value) is list else 0
