"""A key beside `$use` overrides one of the fragment: the cell of the fragment is not there.

It is not checked, not evaluated and not reported, in any command; the fragment's other uses keep it.
"""

from __future__ import annotations

import pytest

from conftest import Compile, MakeProject
from crossdock import EvaluationError
from crossdock.checking.lineage import lineage
from crossdock.checking.read_set import read_paths
from crossdock.execution.codegen import generate
from crossdock.tools.coverage.accounts import accounts_of
from crossdock.tools.coverage.leaves import text_of

SCHEMAS = {
    "schemas/shop/trip.schema.json": (
        '{"type": "object", "properties": {"stop": {"type": "object", "properties": {'
        '"town": {"type": "string"}, "code": {"type": "string"}, "km": {"type": "number"}},'
        ' "required": ["town", "code", "km"]}}, "required": ["stop"]}'
    ),
    "schemas/shop/bill.schema.json": (
        '{"type": "object", "properties": {"leg": {"type": "object", "properties": {'
        '"length": {"type": "number"}, "town": {"type": "string"}}, "required": ["length", "town"],'
        ' "additionalProperties": false}}}'
    ),
}
HEAD = "from: shop/trip\nto: shop/bill\n"
USE = "map:\n  leg:\n    $with: stop\n    $use: leg\n    length: km\n"
PAYLOAD = {"stop": {"town": "Bergen", "code": "B-7", "km": 12}}
FRAGMENTS = {
    "wrong type": "{length: code, town: town}",
    "refused argument": "{length: abs(code), town: town}",
    "unknown property": "{length: kilometres, town: town}",
    "below a condition": "{$if: town, length: code, town: town}",
    "below a context": "{$with: '@', length: code, town: town}",
    "an object": "{length: {metres: code}, town: town}",
}


@pytest.mark.parametrize("fragment", FRAGMENTS.values(), ids=FRAGMENTS)
def test_an_overridden_cell_is_not_checked(fragment: str, compiled: Compile) -> None:
    mapping = compiled(f"{HEAD}fragments:\n  leg: {fragment}\n{USE}", SCHEMAS)

    assert mapping.findings == ()
    assert mapping(PAYLOAD) == {"leg": {"length": 12, "town": "Bergen"}}


def test_a_fragment_of_fragments_is_without_the_key_too(compiled: Compile) -> None:
    fragments = "fragments:\n  leg: {$use: inner, town: town}\n  inner: {length: code, town: code}\n"
    mapping = compiled(HEAD + fragments + USE, SCHEMAS)

    assert mapping.findings == ()
    assert mapping(PAYLOAD) == {"leg": {"town": "Bergen", "length": 12}}


def test_a_constant_object_is_without_the_key_too(compiled: Compile) -> None:
    fragments = "fragments:\n  leg: {$const: {length: far, town: Oslo}}\n"
    mapping = compiled(HEAD + fragments + USE, SCHEMAS)

    assert mapping.findings == ()
    assert mapping(PAYLOAD) == {"leg": {"town": "Oslo", "length": 12}}


def test_a_key_that_only_the_use_writes_is_written(compiled: Compile) -> None:
    fragments = "fragments:\n  leg: {$value: '{town: town}'}\n"
    mapping = compiled(HEAD + fragments + USE, SCHEMAS)

    assert mapping.findings == ()
    assert mapping(PAYLOAD) == {"leg": {"town": "Bergen", "length": 12}}


def test_without_the_key_the_cell_is_checked(project: MakeProject) -> None:
    fragments = "fragments:\n  leg: {length: code, town: town}\n"
    text = HEAD + fragments + USE.replace("    length: km\n", "")
    made = project({**SCHEMAS, "mappings/shop/order.yaml": text})

    assert [(item.id, item.message) for item in made.check(["shop/order"])] == [
        ("wrong-type", "`shop/bill.leg.length` takes a number, and this is text")
    ]


UNTYPED = "fragments:\n  leg: {length: abs(code), town: town}\n" + USE


def test_an_overridden_cell_is_not_evaluated(compiled: Compile) -> None:
    mapping = compiled(UNTYPED)
    steps = mapping.run(PAYLOAD).trace.steps

    assert mapping(PAYLOAD) == {"leg": {"town": "Bergen", "length": 12}}
    assert [step.output for step in steps].count(("leg", "length")) == 1
    with pytest.raises(EvaluationError, match="`abs` takes a number, not text"):
        compiled(UNTYPED.replace("    length: km\n", ""))(PAYLOAD)


def test_an_overridden_cell_is_neither_generated_nor_read(compiled: Compile) -> None:
    mapping = compiled(UNTYPED).linked

    assert "get('code')" not in generate(mapping).source
    assert read_paths(mapping) == {("stop", "town"), ("stop", "km")}
    assert [(link.target, link.sources) for link in lineage(mapping)] == [
        ("leg.town", ("stop.town",)),
        ("leg.length", ("stop.km",)),
    ]


def test_what_only_an_overridden_cell_reads_is_not_accounted_for(compiled: Compile) -> None:
    text = f"{HEAD}fragments:\n  leg: {{length: code, town: town}}\n{USE}"
    read, _ = accounts_of(compiled(text, SCHEMAS).linked)

    assert [text_of(path) for path in read.unaccounted] == ["stop.code"]
