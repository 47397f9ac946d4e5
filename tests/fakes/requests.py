"""What a fake channel refuses in a body: what breaks this project's schema of the call.

Each schema of a request names the described calls that it is of (``x-described-by``).
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from crossdock.core.paths import pointer
from crossdock.schema.store import SchemaStore
from crossdock.schema.validator import validate

SCHEMAS = Path(__file__).parents[2] / "schemas"


class Described(NamedTuple):
    """A call, and the name of the schema of its body."""

    method: str
    path: re.Pattern[str]
    schema: str


@cache
def described(channel: str) -> tuple[Described, ...]:
    """The calls of a channel whose bodies have a schema; those with fewer parameters come first."""
    found: list[tuple[int, Described]] = []
    for path in sorted((SCHEMAS / channel).glob("*.schema.json")):
        described_by = json.loads(path.read_text(encoding="utf-8")).get("x-described-by", ())
        for call in (call for by in described_by for call in by.get("request", ())):
            method, _, template = call.partition(" ")
            pattern = re.compile(re.sub(r"\\{.+?\\}", "[^/]+", re.escape(template)))
            name = f"{channel}/{path.name.removesuffix('.schema.json')}"
            found.append((template.count("{"), Described(method, pattern, name)))
    return tuple(each for _, each in sorted(found, key=lambda one: one[0]))


@cache
def _store() -> SchemaStore:
    return SchemaStore([SCHEMAS])


def refused(channel: str, method: str, path: str, body: Any) -> tuple[str, str] | None:
    """The place and the message of what is wrong with a body, if it has a schema and breaks it."""
    for each in described(channel):
        if each.method == method and each.path.fullmatch(path):
            for violation in validate(body, _store().get(each.schema)):
                return pointer(*violation.parts), violation.message
            return None
    return None
