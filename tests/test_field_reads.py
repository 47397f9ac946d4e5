"""A field that is not read makes no difference, and one that is read makes one.

Random mappings run on payloads of random shapes. Whatever takes the place of a field that is not read, the
result is the same. For simple expressions, each field that is read changes the result of some payload.
To run 20,000 mappings: FIELDS=all python -m pytest tests/test_field_reads.py
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from crossdock import CompileError, Mapping
from crossdock.checking.field_reads import field_reads
from crossdock.core.json_types import JSON
from crossdock.execution.scope import Scope
from fuzz import agreement, walks
from fuzz.choices import Choices, drawn

WALKS = 20_000 if os.environ.get("FIELDS") == "all" else 600
Path = tuple[str, ...]
Shape = dict[str, Any] | list[Any] | None
"""An object by its names, a list by the shape of its items, or a scalar."""

LEAVES: tuple[JSON, ...] = (1, "x", "y", "", None, False, 0, 7)


def shape(choices: Choices, depth: int = 4) -> Shape:
    kind = choices.below(8)
    if depth <= 0 or kind < 2:
        return None
    if kind < 4:
        return [shape(choices, depth - 1)]
    return {name: shape(choices, depth - 1) for name in "abc" if not choices.one_in(5)} or None


def payload(choices: Choices, of: Shape) -> JSON:
    match of:
        case dict():
            return {name: payload(choices, inner) for name, inner in of.items() if not choices.one_in(6)}
        case list():
            return [payload(choices, of[0]) for _ in range(choices.below(3))]
    return choices.pick(LEAVES)


def fields_of(of: Shape, path: Path = ()) -> Iterator[Path]:
    """The paths of scalars."""
    match of:
        case dict():
            for name, inner in of.items():
                yield from fields_of(inner, (*path, name))
        case list():
            yield from fields_of(of[0], (*path, "[]"))
        case _:
            yield path


def changed(value: Any, path: Path, change: Callable[[Any, Any], None]) -> Any:
    """A copy of a payload in which ``change(container, key)`` was called for each value of a field."""
    value = copy.deepcopy(value)

    def walk(value: Any, path: Path) -> None:
        keys: list[Any] = []
        if path[0] == "[]":
            keys = [*range(len(value))] if isinstance(value, list) else []
        elif isinstance(value, dict) and path[0] in value:
            keys = [path[0]]
        for key in keys:
            if len(path) == 1:
                change(value, key)
            else:
                walk(value[key], path[1:])

    walk(value, path)
    return value


def put(new: JSON) -> Callable[[Any, Any], None]:
    return lambda container, key: container.__setitem__(key, new)


def leave_out(container: Any, key: Any) -> None:
    """Removes a property, unless the object would be empty: whether it is, reads no field."""
    if isinstance(container, dict) and len(container) > 1:
        del container[key]


def walked(choices: Choices) -> Mapping | None:
    try:
        return walks.compiled(walks.mapping(choices))
    except CompileError:
        return None


def test_a_field_that_is_not_read_makes_no_difference() -> None:
    scope, compared, results = Scope(settings={}, request=1), 0, 0
    for seed in range(WALKS):
        mapping = walked(Choices(drawn(seed, 800)))
        if mapping is None:
            continue
        reads = field_reads(mapping.linked)
        for at in range(4):
            choices = Choices(drawn(seed * 4 + at, 1600))
            of = shape(choices)
            given = payload(choices, of)
            for path in fields_of(of):
                if not path or reads.has(path):
                    continue
                expected = agreement.interpreted(mapping, given, scope)
                for change in (put("changed"), put(None), put(3), leave_out):
                    other = changed(given, path, change)
                    found = agreement.interpreted(mapping, other, scope)
                    assert found == expected, (mapping.linked.text.text, path, given, other)
                    compared += other != given
                    results += expected != agreement.REFUSED

    assert compared > WALKS
    assert results > WALKS


FULL: JSON = {
    "o": {"x": "1", "y": 2},
    "p": {"x": "3", "y": 4},
    "l": [{"q": "a", "n": 1, "t": ["u", "v"]}, {"q": "b", "n": 2, "t": ["w"]}],
    "k": "a",
    "m": {"u": {"z": "5"}, "v": {"z": "6"}},
}
# an expression, and the fields of the payload that it reads
SIMPLE: dict[str, list[str]] = {
    "@": ["o.x", "o.y", "p.x", "p.y", "l[].q", "l[].n", "l[].t[]", "k", "m.u.z", "m.v.z"],
    "o": ["o.x", "o.y"],
    "o.x": ["o.x"],
    "o && o.x": ["o.x"],
    "o.x && o.y": ["o.x", "o.y"],
    "o || p": ["o.x", "o.y", "p.x", "p.y"],
    "o.x || p.x": ["o.x", "p.x"],
    "not_null(o.x, p.x)": ["o.x", "p.x"],
    "o == p": ["o.x", "o.y", "p.x", "p.y"],
    "o.x == `null`": ["o.x"],
    "length(o)": ["o.x", "o.y"],
    "length(l)": [],
    "keys(o)": ["o.x", "o.y"],
    "values(o)": ["o.x", "o.y"],
    "values(m)[].z": ["m.u.z", "m.v.z"],
    "entries(o)": ["o.x", "o.y"],
    "merge(o, p)": ["o.x", "o.y", "p.x", "p.y"],
    "merge(o, p).x": ["o.x", "p.x"],
    "l[?q] || `[]`": ["l[].q", "l[].n", "l[].t[]"],
    "l[?q].n": ["l[].q", "l[].n"],
    "reverse(l) || `[]`": ["l[].q", "l[].n", "l[].t[]"],
    "sort_by(l, &n)[*].q": ["l[].n", "l[].q"],
    "max_by(l, &n).q": ["l[].n", "l[].q"],
    "map(&q, l)": ["l[].q"],
    "zip(l[*].q, l[*].n)": ["l[].q", "l[].n"],
    "l[].t[]": ["l[].t[]"],
    "to_string(o)": ["o.x", "o.y"],
    "let $o = o in [$o.x, k]": ["o.x", "k"],
    "o.{a: x}": ["o.x"],
    "root().o.x": ["o.x"],
    "type(o.x)": ["o.x"],
}


@pytest.mark.parametrize("expression", SIMPLE)
def test_a_field_that_is_read_makes_a_difference(expression: str) -> None:
    mapping, scope = walks.compiled(f"map: {{v: {json.dumps(expression)}}}"), Scope(settings={})
    reads = field_reads(mapping.linked)
    assert isinstance(FULL, dict)
    of = {name: dict.fromkeys(("x", "y")) for name in ("o", "p")}
    fields = {*fields_of({**of, "l": [{"q": None, "n": None, "t": [None]}], "k": None})}
    fields |= {("m", "u", "z"), ("m", "v", "z")}
    payloads: list[JSON] = [FULL, {**FULL, "p": {}}, {**FULL, "o": {}}, {**FULL, "o": {"x": None}}]
    payloads.append({**FULL, "p": {"x": "1", "y": 2}})

    def differs(path: Path) -> bool:
        changes = (put("changed"), put(None), put(9), leave_out)
        return any(
            agreement.interpreted(mapping, changed(given, path, change), scope)
            != agreement.interpreted(mapping, given, scope)
            for given in payloads
            for change in changes
        )

    read = {path for path in fields if reads.has(path)}
    assert {".".join(path).replace(".[]", "[]") for path in read} == set(SIMPLE[expression])
    assert {path for path in fields if differs(path)} == read
