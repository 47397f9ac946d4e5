"""A query with brackets -> the object that it stands for, as RetailOPS' GET requests have it.

    data[order][channel_refnum]=496&data[single]=1    ->  {"data": {"order": {"channel_refnum": "496"}, …}}

All values are texts. A name without a value is an empty text. Lists are written `acks[]` or `acks[0]`.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias
from urllib.parse import unquote_plus

from crossdock.core.limits import PAYLOAD_DEPTH
from crossdock.gateway.problems import HttpProblem

MOST_FIELDS: Final = 200
MOST_BYTES: Final = 16 * 1024
_NAME: Final = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART: Final = re.compile(r"\[([^\[\]]*)\]")

Nested: TypeAlias = "dict[str, Nested | str]"


def parse_brackets(query: bytes) -> dict[str, object]:
    """The object of a query, percent-encoded as it was sent. Raises HttpProblem: 400, or 414."""
    if len(query) > MOST_BYTES:
        raise HttpProblem(414, f"the query has more than {MOST_BYTES} bytes, the limit")
    fields = [field for field in query.split(b"&") if field]
    if len(fields) > MOST_FIELDS:
        raise HttpProblem(400, f"the query has more than {MOST_FIELDS} fields, the limit")
    found: Nested = {}
    for field in fields:
        name, _, value = field.partition(b"=")
        _put(found, _path(_text(name)), _text(value))
    return {key: _listed(value) for key, value in found.items()}


def _text(encoded: bytes) -> str:
    try:
        return unquote_plus(encoded.decode("ascii"), errors="strict")
    except UnicodeDecodeError:
        raise HttpProblem(400, "the query is not percent-encoded UTF-8") from None


def _path(name: str) -> list[str]:
    match = _NAME.fullmatch(name)
    if match is None:
        raise HttpProblem(400, "a name in the query has brackets that do not match")
    path = [match[1], *_PART.findall(match[2])]
    if len(path) > PAYLOAD_DEPTH:
        raise HttpProblem(400, f"a name in the query has more than {PAYLOAD_DEPTH} levels, the limit")
    return path


def _put(found: Nested, path: list[str], value: str) -> None:
    """Put a value in its place; `[]` is the next place of a list."""
    here = found
    for part in path[:-1]:
        below = here.setdefault(part or str(len(here)), {})
        if isinstance(below, str):
            raise HttpProblem(400, "a name in the query has both a value and names below it")
        here = below
    last = path[-1] or str(len(here))
    if last in here:
        raise HttpProblem(400, "a name in the query occurs twice")
    here[last] = value


def _listed(value: Nested | str) -> object:
    """An object whose names are the places 0, 1, 2, … is a list."""
    if isinstance(value, str):
        return value
    items = [_listed(each) for each in value.values()]
    if [*value] == [str(number) for number in range(len(value))]:
        return items
    return dict(zip(value, items, strict=True))
