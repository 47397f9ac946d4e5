"""The formats of field values in examples: a date, an e-mail address, a country, a whole number.

Only the format is used; no value of a payload is ever written into a draft.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from crossdock.core.json_types import JSON
from crossdock.core.limits import CANDIDATE_VALUES
from crossdock.core.paths import EACH

LOOKS: Final[dict[str, re.Pattern[str]]] = {
    "a date": re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?"),
    "an e-mail address": re.compile(r"[^@\s]+@[^@\s]+\.\w+"),
    "an amount": re.compile(r"-?\d+\.\d{2}"),
    "a whole number": re.compile(r"-?\d+"),
    "a code of two letters": re.compile(r"[A-Z]{2}"),
    "a code of three letters": re.compile(r"[A-Z]{3}"),
    "an IP address": re.compile(r"\d{1,3}(\.\d{1,3}){3}"),
}
_WITHOUT_ZONE: Final = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?)?")
# Which concept a look speaks for.
SPEAKS_FOR: Final = {
    "a date": {"date", "created"},
    "an e-mail address": {"email"},
    "an amount": {"amount", "price", "tax", "discount"},
    "a code of two letters": {"country", "region"},
    "a code of three letters": {"currency"},
    "an IP address": {"ip"},
}


@dataclass(frozen=True, slots=True)
class ExampleValues:
    """The single values of each path, over all examples."""

    values: dict[tuple[str, ...], list[JSON]] = field(default_factory=dict)

    def at(self, path: tuple[str, ...]) -> list[JSON]:
        return self.values.get(path, [])

    def without_zone(self, path: tuple[str, ...]) -> bool:
        """Whether some value of a path is a date that does not say which zone it is in."""
        texts = (value for value in self.at(path) if isinstance(value, str))
        return any(_WITHOUT_ZONE.fullmatch(text) for text in texts)

    def look(self, path: tuple[str, ...]) -> str | None:
        """What all values of a path look like."""
        texts = [str(value) for value in self.at(path) if isinstance(value, str) and value]
        if not texts:
            return None
        return next((look for look, shape in LOOKS.items() if all(map(shape.fullmatch, texts))), None)


def samples_of(payloads: Iterable[JSON]) -> ExampleValues:
    found = ExampleValues()
    for payload in payloads:
        _gather(payload, (), found.values)
    return found


def _gather(value: JSON, path: tuple[str, ...], found: dict[tuple[str, ...], list[JSON]]) -> None:
    match value:
        case dict():
            for name, inner in value.items():
                _gather(inner, (*path, name), found)
        case list():
            for inner in value:
                _gather(inner, (*path, EACH), found)
        case None:
            return
        case _:
            values = found.setdefault(path, [])
            if len(values) < CANDIDATE_VALUES:
                values.append(value)
