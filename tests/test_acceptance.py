"""Acceptors, keyword by keyword: the verdict is validation's, for what fits and for what does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from crossdock.core.json_types import JSON, MISSING, Missing, settled
from crossdock.schema.fast import acceptor, accepts, exact, with_numbers
from crossdock.schema.store import Schema, SchemaStore
from crossdock.schema.validator import validate

Load = Callable[[JSON], Schema]


class Word(str):
    """A text, but of a type of its own."""


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """The schema of a document."""

    def write(document: JSON) -> Schema:
        (tmp_path / "one.schema.json").write_text(json.dumps(document), encoding="utf-8")
        return SchemaStore([tmp_path]).get("one")

    return write


WHOLE: JSON = {"type": "integer"}
TEXT: JSON = {"type": "string"}
PERSON: JSON = {"type": "object", "required": ["name"], "properties": {"name": TEXT, "age": WHOLE}}
TREE: JSON = {
    "$ref": "#/$defs/tree",
    "$defs": {
        "tree": {
            "type": "object",
            "properties": {"name": TEXT, "below": {"type": "array", "items": {"$ref": "#/$defs/tree"}}},
            "additionalProperties": False,
        }
    },
}

# schema, values that fit, values that do not
CASES: dict[str, tuple[JSON, list[JSON], list[JSON]]] = {
    "anything": ({}, [None, True, 0, 1.5, "", [], {}, [[{"a": [1, "b"]}]]], []),
    "nothing": ({"not": {}}, [], [None, False, 0, "", [], {}]),
    "null": ({"type": "null"}, [None], [False, 0, "", [], {}]),
    "boolean": ({"type": "boolean"}, [True, False], [None, 0, 1, "true", 1.0]),
    "integer": (WHOLE, [0, -1, 1.0, -0.0, 1e15, 2**63, 2**64 - 1, -(2**63)], [True, 1.5, "1", None, [1]]),
    "number": ({"type": "number"}, [0, 1.5, 1.0, 5e-324], [True, False, "1.5", None, {}]),
    "string": (TEXT, ["", "a", "é😀"], [None, 1, [], ["a"]]),
    "array": ({"type": "array"}, [[], [1, "a", None]], [{}, "[]", None]),
    "object": ({"type": "object"}, [{}, {"a": {}}], [[], None, "{}"]),
    "several types": ({"type": ["integer", "null", "array"]}, [1, 2.0, None, []], ["", 1.5, {}, True]),
    "enum": ({"enum": ["a", 1, None]}, ["a", 1, 1.0, None], ["b", True, 2, False, [], {}, "1"]),
    "enum of booleans": ({"enum": [True]}, [True], [1, False, "true", 1.0]),
    "enum of numbers": ({"enum": [0, 1.5]}, [0, 0.0, -0.0, 1.5], [False, 1, "0", None]),
    "enum of containers": (
        {"enum": [[1, {"a": True}], {"b": [None]}, []]},
        [[1, {"a": True}], [1.0, {"a": True}], {"b": [None]}, []],
        [[1, {"a": 1}], {"b": []}, {}, [[]], [None], "[]"],
    ),
    "enum within a type": ({"type": "string", "enum": ["a", None, 1]}, ["a"], [None, 1, "b"]),
    "const": ({"const": {"a": [1]}}, [{"a": [1]}, {"a": [1.0]}], [{"a": [True]}, {}, None]),
    "const null": ({"const": None}, [None], [0, False, ""]),
    "const within an enum": ({"enum": ["a", "b"], "const": "b"}, ["b"], ["a", "c"]),
    "minimum": ({"minimum": 1}, [1, 1.0, 2, "0", None, True], [0, 0.99, -5]),
    "maximum": ({"maximum": 1.5}, [1.5, 1, -3, "9"], [2, 1.6, 2**64 - 1]),
    "exclusive": ({"exclusiveMinimum": 0, "exclusiveMaximum": 1}, [0.5, 5e-324], [0, 1, -1, 0.0]),
    "multiple in decimals": ({"multipleOf": 0.01}, [19.99, 0.07, 0, 3, "0.001"], [0.001, 19.999]),
    "multiple of a whole number": ({"multipleOf": 3}, [0, 3, -6, 9.0, 2**64 - 1], [1, 4.5, 2**63]),
    "multiple of a large number": ({"multipleOf": 10**7}, [0, 10**7, 3e7], [1, 10**7 + 1]),
    "lengths": ({"minLength": 2, "maxLength": 3}, ["ab", "é😀x", 1, []], ["", "a", "abcd", "😀"]),
    "no length": ({"maxLength": 0}, ["", None], ["a"]),
    "pattern": ({"pattern": "^a$"}, ["a", 1, None], ["a\n", "b", "", "ba"]),
    "pattern anywhere": ({"pattern": "b"}, ["abc", "b"], ["ac", ""]),
    "pattern of digits": ({"pattern": r"^\d+$"}, ["12"], ["٣", "1\n", ""]),
    "pattern of a dollar": ({"pattern": r"^[$]\$?$"}, ["$", "$$"], ["", "a"]),
    "pattern and length": ({"maxLength": 2, "pattern": "^a*$"}, ["aa", ""], ["aaa", "b"]),
    "date": ({"format": "date"}, ["2024-02-29", 5], ["2023-02-29", "2024-2-1", "2024-02-29\n"]),
    "date-time": ({"format": "date-time"}, ["2024-05-01T09:30:00Z"], ["2024-05-01", "2024-05-01T09:30:00"]),
    "a format of one's own": ({"x-format": "colour"}, ["red", ""], []),
    "format and length": ({"format": "currency", "minLength": 3}, ["NOK"], ["nok", "NO"]),
    "items counted": ({"minItems": 1, "maxItems": 2}, [[1], [1, 2], "", {}], [[], [1, 2, 3]]),
    "unique": (
        {"uniqueItems": True},
        [[], [1, True, "1"], [[1], [2]], {}],
        [[1, 1.0], [{"a": 1}, {"a": 1.0}], [[], []], [None, None]],
    ),
    "not unique": ({"uniqueItems": False}, [[1, 1]], []),
    "properties counted": (
        {"minProperties": 1, "maxProperties": 2},
        [{"a": 1}, []],
        [{}, dict.fromkeys("abc")],
    ),
    "items": ({"items": WHOLE}, [[], [1, 2.0], {}, "x"], [["1"], [1, None], [1, 1.5]]),
    "items of items": (
        {"items": {"items": {"items": TEXT}}},
        [[[["a"]]], [[]], [1]],
        [[[[1]]], [[["a", 1]]]],
    ),
    "no items": ({"items": {"not": {}}}, [[], {}], [[1]]),
    "prefix": ({"prefixItems": [WHOLE, TEXT]}, [[], [1], [1, "a"], [1, "a", None]], [["a"], [1, 2]]),
    "prefix and rest": (
        {"prefixItems": [WHOLE], "items": TEXT},
        [[], [1], [1, "a", "b"]],
        [[1, 2], ["a"], [1, "a", 3]],
    ),
    "contains": ({"contains": WHOLE}, [[1], ["a", 1], {}], [[], ["a"]]),
    "contains so many": (
        {"contains": TEXT, "minContains": 2, "maxContains": 3},
        [["a", "b"], ["a", 1, "b", "c"]],
        [["a"], ["a"] * 4, []],
    ),
    "contains none": ({"contains": TEXT, "minContains": 0, "maxContains": 0}, [[], [1]], [["a"]]),
    "properties": (
        {"properties": {"a": WHOLE, "b": TEXT}},
        [{}, {"a": 1}, {"a": 1.0, "b": "", "c": {"d": [None]}}, [], "x"],
        [{"a": "1"}, {"b": 1}, {"a": 1, "b": None}],
    ),
    "required": (PERSON, [{"name": ""}, {"name": "a", "age": 3}], [{}, {"age": 3}, {"name": None}]),
    "many required": (
        {"required": list("abcdefgh")},
        [dict.fromkeys("abcdefgh"), dict.fromkeys("abcdefghi"), []],
        [dict.fromkeys("abcdefg"), {}],
    ),
    "required beside a dependent": (
        {"dependentRequired": {"a": ["b", "c"], "d": []}},
        [{}, {"b": 1}, {"a": 1, "b": 1, "c": 1}, {"d": 1}, []],
        [{"a": 1}, {"a": 1, "b": 1}],
    ),
    "closed": (
        {"properties": {"a": {}, "b": WHOLE}, "additionalProperties": False},
        [{}, {"a": [{}]}, {"a": 1, "b": 2}, []],
        [{"c": 1}, {"b": "x"}, {"a": 1, "": 2}],
    ),
    "quite closed": ({"additionalProperties": False}, [{}, [1]], [{"a": 1}]),
    "a map": (
        {"additionalProperties": {"type": ["string", "array"]}},
        [{}, {"x": "", "y": ["a", {"b": "c"}]}],
        [{"x": 1}, {"x": "", "y": None}],
    ),
    "a map beside properties": (
        {"properties": {"a": WHOLE}, "additionalProperties": TEXT},
        [{"a": 1, "b": "x"}],
        [{"a": "x"}, {"b": 1}],
    ),
    "patterns of names": (
        {"properties": {"ab": TEXT}, "patternProperties": {"^a": {"maxLength": 2}, "b$": TEXT}},
        [{"ab": "x"}, {"a": 1}, {"c": None}, {"b\n": 1}],
        [{"ab": 1}, {"ab": "xyz"}, {"b": 1}, {"axb": 1}],
    ),
    "patterns of names, closed": (
        {"properties": {"c": {}}, "patternProperties": {r"^\d$": WHOLE}, "additionalProperties": False},
        [{"1": 1, "c": []}, {}],
        [{"1": "x"}, {"x": 1}, {"1\n": 1}, {"٣": 1}],
    ),
    "names": (
        {"propertyNames": {"maxLength": 2, "pattern": "^x"}},
        [{"x": 1, "xy": {"long": 1}}, {}, []],
        [{"xyz": 1}, {"a": 1}],
    ),
    "names and a map": (
        {"propertyNames": {"enum": ["a", "b"]}, "additionalProperties": WHOLE},
        [{"a": 1}],
        [{"c": 1}, {"a": "x"}],
    ),
    "all": ({"allOf": [{"minimum": 1}, {"maximum": 3}, {}]}, [1, 3, "x"], [0, 4]),
    "all, of an object": (
        {"properties": {"a": {}}, "allOf": [PERSON, {"required": ["a"]}]},
        [{"name": "x", "a": {"b": "c"}}],
        [{"name": "x"}, {"a": 1}],
    ),
    "any": ({"anyOf": [WHOLE, {"type": "string", "minLength": 2}]}, [1, "ab"], ["a", None, 1.5]),
    "one": ({"oneOf": [{"minimum": 2}, {"multipleOf": 2}, TEXT]}, [3, 0], [2, 1, "x"]),
    "not": ({"not": {"type": "string", "pattern": "^a"}}, ["b", 1, None], ["a", "ab"]),
    "not an object like this": ({"not": PERSON}, [{}, 1, {"name": 1}], [{"name": "x"}]),
    "if": (
        {"if": {"type": "string"}, "then": {"minLength": 1}, "else": {"type": "integer"}},
        ["a", 1],
        ["", 1.5, None],
    ),
    "if without else": ({"if": {"minimum": 5}, "then": {"multipleOf": 5}}, [1, 5, 10, "x"], [6]),
    "if without then": ({"if": {"minimum": 5}, "else": {"const": 0}}, [0, 9, "x"], [1]),
    "if alone": ({"if": {"not": {}}}, [1, None], []),
    "schema beside a dependent": (
        {"dependentSchemas": {"a": {"required": ["b"], "minProperties": 3}}},
        [{"b": 1}, {"a": 1, "b": 1, "c": 1}, "a", ["a"]],
        [{"a": 1}, {"a": 1, "b": 1}],
    ),
    "reference": (
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": WHOLE}},
        [1, 1.0],
        ["x", None],
    ),
    "reference and a type": (
        {"items": {"$ref": "#/$defs/a", "type": ["integer", "null"]}, "$defs": {"a": {"minimum": 2}}},
        [[2], [2.0, None]],
        [[1], ["x"], [2.5]],
    ),
    "reference and more": (
        {"$ref": "#/$defs/a", "maximum": 5, "properties": {"x": TEXT}, "$defs": {"a": {"minimum": 2}}},
        [2, 5, {"x": "y"}],
        [1, 6, {"x": 1}],
    ),
    "tree": (
        TREE,
        [{}, {"name": "a", "below": [{}, {"below": [{"name": "b"}]}]}],
        [{"below": [{"below": [{"nam": "b"}]}]}, {"below": {}}, []],
    ),
    "far down": (
        {"items": {"properties": {"a": {"items": {"properties": {"b": {"items": {"items": WHOLE}}}}}}}},
        [[{"a": [{"b": [[1], []]}]}]],
        [[{"a": [{"b": [[1], ["x"]]}]}]],
    ),
    "words that say nothing": (
        {"description": "d", "x-note": {"type": "null"}, "default": 1, "minContains": 3, "then": {"not": {}}},
        [None, [], "x"],
        [],
    ),
    "quotes in names": (
        {"properties": {"it's": TEXT, 'a"b\\': WHOLE, "\n": TEXT}, "required": ["it's"]},
        [{"it's": "", 'a"b\\': 1}],
        [{"it's": 1}, {"it's": "", "\n": 1}, {"its": ""}],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_an_acceptor_decides_as_validation_does(name: str, load: Load) -> None:
    document, fitting, breaking = CASES[name]
    schema = load(document)
    run = acceptor(schema)

    for value in map(settled, fitting):
        assert (validate(value, schema), run(value)) == ([], True), value
    for value in map(settled, breaking):
        assert validate(value, schema) != []
        assert run(value) is False, value


def test_every_keyword_has_a_case() -> None:
    from crossdock.schema.dialect import _KEYWORDS

    silent = {"deprecated", "readOnly", "writeOnly", "x-sensitive", "title", "$comment", "examples"}
    silent |= {
        "contentEncoding",
        "contentMediaType",
        "contentSchema",
        "definitions",
        "$id",
        "$schema",
        "x-documented-as",
        "x-fails-alone",
        "x-numbers-as-text",
    }
    used = json.dumps([document for document, _, _ in CASES.values()])

    assert {word for word in _KEYWORDS if f'"{word}"' not in used} == silent


# --- what no schema is asked about


OUTSIDE: list[object] = [
    2**64,
    -(2**63) - 1,
    float("nan"),
    float("inf"),
    -float("inf"),
    2.0**63,
    -(2.0**63),
    {"a": [1e16]},
    Decimal("1"),
    (1, 2),
    b"",
    {"a": {1, 2}},
    [[2**64]],
    {"a": [float("nan")]},
]


@pytest.mark.parametrize("document", [{}, {"not": {"type": "string"}}, {"anyOf": [{"items": {}}, {}]}])
@pytest.mark.parametrize("value", OUTSIDE, ids=repr)
def test_what_no_payload_can_hold_is_not_accepted(document: JSON, value: JSON, load: Load) -> None:
    schema = load(document)

    for each in (value, [value], {"a": value}):
        found = exact(each)
        assert isinstance(found, Missing) or not accepts(found, schema)


def test_whole_numbers_are_settled_in_a_copy() -> None:
    inner, fine = {"n": 2.0, "m": 2.5}, {"n": 1}
    value: JSON = {"a": [inner, fine], "b": fine}

    found = exact(value)

    assert repr(found) == "{'a': [{'n': 2, 'm': 2.5}, {'n': 1}], 'b': {'n': 1}}"
    assert repr(value) == "{'a': [{'n': 2.0, 'm': 2.5}, {'n': 1}], 'b': {'n': 1}}"
    assert exact(fine) is fine


@pytest.mark.parametrize("name", [1, None, True, 1.5, b"a", Word("a"), "\ud800"])
def test_a_name_is_a_string(name: object) -> None:
    assert exact({"a": [{name: 1}]}) is MISSING  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("paths", "kept"),
    [
        (["a", "a.b", "id", "n"], ["a", "n"]),
        (["lines.[].sku", "lines.[].price", "lines.sku"], ["lines.[].price", "lines.sku"]),
        (["either.sku", "other", "lines.[].other"], ["either.sku", "other", "lines.[].other"]),
        (["tags.[]", "first.[]", "id.x", "always"], ["first.[]", "id.x"]),
    ],
)
def test_paths_that_lead_to_text_have_no_number(load: Load, paths: list[str], kept: list[str]) -> None:
    """Only where every value that fits the schema has a text, or nothing, at the path."""
    line: JSON = {"type": "object", "properties": {"sku": TEXT, "price": {"type": "number"}}}
    schema = load(
        {
            "type": "object",
            "properties": {
                "a": {"properties": {"b": TEXT}, "type": ["object", "null"]},
                "id": {"type": ["string", "null"]},
                "n": WHOLE,
                "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
                "either": {"type": ["object", "array"], "properties": {"sku": TEXT}},
                "tags": {"type": "array", "items": TEXT},
                "first": {"type": "array", "prefixItems": [WHOLE], "items": TEXT},
                "always": {"const": "x"},
            },
            "$defs": {"line": line},
        }
    )

    found = with_numbers([tuple(path.split(".")) for path in paths], schema)

    assert [".".join(path) for path in found] == kept


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"items": {}},
        {"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}},
        {"allOf": [{"items": {"items": {}}}]},
        {"not": {"items": {"type": "string"}, "minItems": 1}},
        {
            "items": {"anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}]},
            "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}},
        },
    ],
)
def test_depth_has_the_same_measure(document: JSON, load: Load) -> None:
    """Somewhat too deep for an acceptor is allowed; deeper than validation allows is not."""
    schema = load(document)

    def nested(depth: int) -> JSON:
        value: JSON = []
        for _ in range(depth - 1):
            value = [value]
        return value

    assert all(accepts(nested(depth), schema) for depth in range(2, 60))
    assert validate(nested(64), schema) == []
    assert not any(accepts(nested(depth), schema) for depth in (65, 66, 100, 5000, 100_000))
    assert validate(nested(65), schema) != []


def test_an_acceptor_is_made_once(load: Load) -> None:
    schema = load(PERSON)

    assert acceptor(schema) is acceptor(schema)


def test_a_deep_schema_has_an_acceptor(load: Load) -> None:
    schema, value = WHOLE, cast(JSON, 1)
    for level in range(30):
        schema = {"items": {"properties": {"a": schema}}} if level % 2 else {"items": schema}
        value = [{"a": value}] if level % 2 else [value]

    assert acceptor(load(schema))(value) is True
    assert acceptor(load(schema))(json.loads(json.dumps(value).replace("1", '"x"'))) is False
