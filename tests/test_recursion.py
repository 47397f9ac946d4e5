"""Schemas that lead back to themselves, and values made to be slow: refused or judged in no time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from crossdock import ProjectError
from crossdock.core.json_types import JSON
from crossdock.schema.store import Schema, SchemaStore
from crossdock.schema.validator import validate

Load = Callable[[JSON], Schema]

TWICE = "the references here lead back to themselves twice through one property or item"
ENDLESS = "the references here form a cycle, or multiply without limit"
SELF: JSON = {"$ref": "#/$defs/node"}


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """The schema of a document."""

    def write(document: JSON) -> Schema:
        path = tmp_path / "schemas" / "shop" / "order.schema.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document), encoding="utf-8")
        return SchemaStore([tmp_path / "schemas"]).get("shop/order")

    return write


def recursive(node: JSON) -> JSON:
    return {"$defs": {"node": node}, "$ref": "#/$defs/node"}


def deep(key: str | None, depth: int) -> JSON:
    value: JSON = {}
    for _ in range(depth):
        value = [value] if key is None else {key: value}
    return value


def doubling(depth: int) -> JSON:
    parts: dict[str, JSON] = {
        f"n{place}": {"anyOf": [{"$ref": f"#/$defs/n{place + 1}"}] * 2} for place in range(depth)
    }
    return {"$defs": {**parts, f"n{depth}": {"type": "null"}}, "$ref": "#/$defs/n0"}


GROWING: dict[str, tuple[JSON, str]] = {
    "itself": (recursive(SELF), ENDLESS),
    "anyOf of references, doubling": (doubling(22), ENDLESS),
    "two alternatives with one property": (
        recursive({"anyOf": [{"properties": {"c": SELF}, "required": [word]} for word in "xy"]}),
        TWICE,
    ),
    "a property and all others": (
        recursive({"allOf": [{"properties": {"c": SELF}}, {"additionalProperties": SELF}]}),
        TWICE,
    ),
    "two patterns": (recursive({"patternProperties": {"^a": SELF, "b$": SELF}}), TWICE),
    "items and contains": (recursive({"items": SELF, "contains": SELF}), TWICE),
    "the first item and every item": (
        recursive({"allOf": [{"prefixItems": [SELF]}, {"items": SELF}]}),
        TWICE,
    ),
    "in two steps": (
        recursive(
            {"properties": {"c": {"oneOf": [{"properties": {"d": SELF}}, {"properties": {"d": SELF}}]}}}
        ),
        TWICE,
    ),
    "a condition": (
        recursive({"if": {"properties": {"c": SELF}}, "then": {"properties": {"c": SELF}}}),
        TWICE,
    ),
}


@pytest.mark.parametrize("case", GROWING)
def test_a_schema_that_grows_with_the_value_is_refused(load: Load, case: str) -> None:
    document, message = GROWING[case]
    started = time.process_time()
    with pytest.raises(ProjectError) as caught:
        load(document)
    assert time.process_time() - started < 0.5
    assert {(each.id, each.message) for each in caught.value.diagnostics} == {("endless-reference", message)}
    assert all(each.span for each in caught.value.diagnostics)


TREES: dict[str, tuple[JSON, JSON]] = {
    "an object of itself": (recursive({"properties": {"c": SELF}}), deep("c", 62)),
    "several properties, items and the rest": (
        recursive({"properties": {"c": SELF, "d": SELF}, "items": SELF, "additionalProperties": SELF}),
        deep("c", 62),
    ),
    "a list or one": (
        recursive({"anyOf": [{"type": "array", "items": SELF}, {"properties": {"c": SELF}}]}),
        deep(None, 62),
    ),
    "first items and the rest": (recursive({"prefixItems": [SELF, SELF], "items": SELF}), deep(None, 62)),
}


@pytest.mark.parametrize("case", TREES)
def test_a_tree_is_an_honest_schema(load: Load, case: str) -> None:
    document, value = TREES[case]
    schema = load(document)
    started = time.process_time()
    assert validate(value, schema) == []
    assert time.process_time() - started < 2


def test_a_long_chain_of_references_at_every_level_is_refused_and_not_a_crash(load: Load) -> None:
    parts: dict[str, JSON] = {
        f"n{place}": {"allOf": [{"$ref": f"#/$defs/n{place + 1}"}]} for place in range(45)
    }
    parts["n45"] = {"properties": {"c": {"$ref": "#/$defs/n0"}}}
    schema = load({"$defs": parts, "$ref": "#/$defs/n0"})
    assert validate({"c": {}}, schema) == []
    (found,) = validate(deep("c", 62), schema)
    assert (found.id, found.message) == (
        "nesting-too-deep",
        "objects and lists nest too deep to be validated against a schema with so many references",
    )


def test_a_value_of_millions_of_values_is_counted_no_further(load: Load) -> None:
    shared: JSON = [1]
    for _ in range(40):
        shared = [shared, shared]
    started = time.process_time()
    (found,) = validate(shared, load({"type": "array"}))
    assert time.process_time() - started < 3
    assert (found.id, found.message) == ("payload-too-large", "there are more than 2000000 values in it")


def test_a_million_errors_are_told_as_twenty(load: Load) -> None:
    schema = load({"items": {"type": "integer"}})
    wrong: list[JSON] = ["x"] * 1_000_000
    started = time.process_time()
    assert len(validate(wrong, schema)) == 20
    assert time.process_time() - started < 3


@pytest.mark.usefixtures("unburdened")
def test_unique_items_are_found_in_one_pass(load: Load) -> None:
    schema = load({"uniqueItems": True})
    items: list[JSON] = [{"sku": f"A{place}", "tags": [place]} for place in range(20_000)]
    started = time.process_time()
    assert validate(items, schema) == []
    (found,) = validate([*items, {"tags": [7], "sku": "A7"}], schema)
    assert time.process_time() - started < 3
    assert found.message == "the items 7 and 20000 are equal, and no two may be"
