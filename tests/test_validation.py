"""Values against schemas: every message as it is read, where it points, and that it never shows a value."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock.core.json_types import JSON
from crossdock.core.rendering import render
from crossdock.schema.keyword_rules import FORMATS
from crossdock.schema.store import Schema, SchemaStore
from crossdock.schema.validator import Violation, describe_type, input_error, validate

Load = Callable[[JSON], Schema]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """The schema of a document."""

    def write(document: JSON) -> Schema:
        path = tmp_path / "schemas" / "kibo" / "order.schema.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document))
        return SchemaStore([tmp_path / "schemas"]).get("kibo/order")

    return write


NAMED: JSON = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}

# schema, value, id, message, pointer, help
BROKEN: dict[str, tuple[JSON, JSON, str, str, str, str | None]] = {
    "null for text": ({"type": "string"}, None, "wrong-type", "expected text, found null", "", None),
    "null for either": (
        {"type": ["string", "number"]},
        None,
        "wrong-type",
        "expected text or a number, found null",
        "",
        None,
    ),
    "whole number": ({"type": "integer"}, "1", "wrong-type", "expected a whole number, found text", "", None),
    "decimals": (
        {"type": ["integer", "null"]},
        1.5,
        "wrong-type",
        "expected a whole number or null, found a number with decimals",
        "",
        None,
    ),
    "number": (
        {"type": ["number", "integer"]},
        True,
        "wrong-type",
        "expected a number, found true or false",
        "",
        None,
    ),
    "list": (
        {"type": ["array", "object"]},
        1,
        "wrong-type",
        "expected an object or a list, found a whole number",
        "",
        None,
    ),
    "top level": ({"type": "object"}, [], "wrong-type", "expected an object, found a list", "", None),
    "boolean": ({"type": "boolean"}, {}, "wrong-type", "expected true or false, found an object", "", None),
    "missing": (NAMED, {}, "missing-required", "the required property `name` is missing", "", None),
    "missing below": (
        {"properties": {"a": {"items": NAMED}}},
        {"a": [{"name": ""}, {}]},
        "missing-required",
        "the required property `name` is missing",
        "/a/1",
        None,
    ),
    "dependent": (
        {"dependentRequired": {"a": ["b"]}},
        {"a": 1},
        "missing-required",
        "the required property `b` is missing",
        "",
        None,
    ),
    "dependent schema": (
        {"dependentSchemas": {"a": {"required": ["b"]}}},
        {"a": 1},
        "missing-required",
        "the required property `b` is missing",
        "",
        None,
    ),
    "unknown": (
        {"properties": {"quantity": {}}, "additionalProperties": False},
        {"quantty": 1},
        "unknown-property",
        "there is no property `quantty` here",
        "/quantty",
        "did you mean `quantity`?",
    ),
    "unknown and far": (
        {"additionalProperties": False},
        {"a/b": 1},
        "unknown-property",
        "there is no property `a/b` here",
        "/a~1b",
        None,
    ),
    "map": (
        {"additionalProperties": {"type": "string"}},
        {"x": 1},
        "wrong-type",
        "expected text, found a whole number",
        "/x",
        None,
    ),
    "pattern property": (
        {"patternProperties": {"^x": {"type": "string"}}, "additionalProperties": False},
        {"x": 1},
        "wrong-type",
        "expected text, found a whole number",
        "/x",
        None,
    ),
    "pattern property of a digit": (
        {"patternProperties": {r"^\d$": {"type": "string"}}},
        {"٣": 1, "4\n": 1, "5": 1},
        "wrong-type",
        "expected text, found a whole number",
        "/5",
        None,
    ),
    "property name": (
        {"propertyNames": {"maxLength": 3}},
        {"long": 1},
        "unknown-property",
        "a property must not be named `long` here",
        "/long",
        None,
    ),
    "enum": (
        {"enum": ["Authorized", "Collected", None]},
        "SECRET",
        "not-allowed-value",
        "expected one of `Authorized`, `Collected`, `null`, found text of 6 characters",
        "",
        None,
    ),
    "long enum": (
        {"enum": list("abcdefghijk")},
        1,
        "not-allowed-value",
        "expected one of `a`, `b`, `c`, `d`, `e`, `f`, `g`, 4 others, found a whole number",
        "",
        None,
    ),
    "const": (
        {"const": "order"},
        "x",
        "not-allowed-value",
        "expected `order`, found text of 1 character",
        "",
        None,
    ),
    "const is not one": (
        {"const": 1},
        True,
        "not-allowed-value",
        "expected `1`, found true or false",
        "",
        None,
    ),
    "pattern": (
        {"pattern": "^[A-Z]{3}$"},
        "usd",
        "pattern-mismatch",
        "expected text that matches `^[A-Z]{3}$`, found text of 3 characters",
        "",
        None,
    ),
    "pattern and line break": (
        {"pattern": "^[0-9]+$"},
        "12\n",
        "pattern-mismatch",
        "expected text that matches `^[0-9]+$`, found text of 3 characters",
        "",
        None,
    ),
    "digits of other scripts": (
        {"pattern": r"^\d$"},
        "٣",
        "pattern-mismatch",
        r"expected text that matches `^\d$`, found text of 1 character",
        "",
        None,
    ),
    "short": ({"minLength": 2}, "", "too-short", "expected at least 2 characters, found 0", "", None),
    "long": ({"maxLength": 1}, "ab", "too-long", "expected at most 1 character, found 2", "", None),
    "long before pattern": (
        {"pattern": "^b+$", "maxLength": 1},
        "ab",
        "too-long",
        "expected at most 1 character, found 2",
        "",
        None,
    ),
    "few items": ({"minItems": 1}, [], "too-short", "expected at least 1 item, found 0", "", None),
    "many items": ({"maxItems": 0}, [1], "too-long", "expected at most 0 items, found 1", "", None),
    "few properties": (
        {"minProperties": 2},
        {},
        "too-short",
        "expected at least 2 properties, found 0",
        "",
        None,
    ),
    "many properties": (
        {"maxProperties": 1},
        {"a": 1, "b": 2},
        "too-long",
        "expected at most 1 property, found 2",
        "",
        None,
    ),
    "small": ({"minimum": 0}, -1, "too-small", "expected a number that is at least 0", "", None),
    "not above": ({"exclusiveMinimum": 0}, 0, "too-small", "expected a number above 0", "", None),
    "large": ({"maximum": 1.5}, 2, "too-large", "expected a number that is at most 1.5", "", None),
    "not below": ({"exclusiveMaximum": 1}, 1.0, "too-large", "expected a number below 1", "", None),
    "multiple": ({"multipleOf": 0.01}, 19.999, "not-a-multiple", "expected a multiple of 0.01", "", None),
    "equal items": (
        {"uniqueItems": True},
        [True, {"a": 1, "b": [2]}, 1, {"b": [2.0], "a": 1}],
        "not-unique",
        "the items 1 and 3 are equal, and no two may be",
        "",
        None,
    ),
    "contains": (
        {"contains": {"type": "string"}},
        [1, None],
        "missing-item",
        "0 items have the form that the list must contain",
        "",
        None,
    ),
    "date": (
        {"format": "date-time"},
        "2016-02-30T10:00:00Z",
        "format-mismatch",
        "expected a date and time such as `2024-05-01T09:30:00Z`, found text of 20 characters",
        "",
        None,
    ),
    "nothing": (
        {"properties": {"a": False}},
        {"a": 1},
        "not-allowed-value",
        "no value is allowed here",
        "/a",
        None,
    ),
    "not": (
        {"not": {"type": "null"}},
        None,
        "not-allowed-value",
        "a value of this form is not allowed here",
        "",
        None,
    ),
    "nullable object": (
        {"properties": {"a": {"anyOf": [NAMED, {"type": "null"}]}}},
        {"a": []},
        "wrong-type",
        "expected an object or null, found a list",
        "/a",
        None,
    ),
    "nullable object, wrong within": (
        {"properties": {"a": {"anyOf": [NAMED, {"type": "null"}]}}},
        {"a": {"name": 1}},
        "wrong-type",
        "expected text, found a whole number",
        "/a/name",
        None,
    ),
    "nested unions": (
        {"anyOf": [{"oneOf": [{"type": "string"}, {"type": "integer"}]}, {"type": "null"}]},
        {},
        "wrong-type",
        "expected text, a whole number or null, found an object",
        "",
        None,
    ),
    "no alternative": (
        {"oneOf": [{"required": ["a", "b"]}, {"properties": {"c": {"type": "null"}}}]},
        {"c": 1},
        "no-alternative",
        "the value fits none of 2 alternatives",
        "",
        "the nearest one says of `/c`: expected null, found a whole number",
    ),
    "several alternatives": (
        {"oneOf": [{"type": "number"}, {"type": "integer"}]},
        1,
        "several-alternatives",
        "the value fits several alternatives, and only one may fit",
        "",
        None,
    ),
    "if": (
        {"if": {"required": ["a"]}, "then": {"required": ["b"]}},
        {"a": 1},
        "missing-required",
        "the required property `b` is missing",
        "",
        None,
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_messages(load: Load, case: str) -> None:
    document, value, id, message, at, help = BROKEN[case]
    (found,) = validate(value, load(document))
    (shown,) = input_error([found], "order.json").diagnostics
    assert shown.input is not None
    assert (found.id, found.message, shown.input.pointer, found.help) == (id, message, at, help)


@pytest.mark.parametrize("case", BROKEN)
def test_messages_are_one_line_without_a_full_stop(case: str) -> None:
    assert re.fullmatch(r"[a-z0-9][^\n]*[^.\n]", BROKEN[case][3])


FITTING: list[tuple[JSON, JSON]] = [
    (True, {"a": 1}),
    ({"type": "integer"}, 1.0),
    ({"type": "number"}, 1),
    *(({"multipleOf": 0.01}, amount) for amount in (19.99, 0.07, 4.35, 1234567.89, 1e300, 0, -0.01)),
    ({"multipleOf": 3}, 9.0),
    ({"enum": [1]}, 1.0),
    ({"const": {"a": [1, None]}}, {"a": [1.0, None]}),
    ({"uniqueItems": True}, [1, True, "1", None, [1], {"a": 1}, False, 0]),
    ({"uniqueItems": False}, [1, 1]),
    ({"pattern": "b"}, "abc"),
    ({"pattern": r"^[$]\$$"}, "$$"),
    ({"pattern": "x", "minimum": 3, "format": "date", "minLength": 9}, None),
    ({"x-format": "a-format-of-somebody"}, "x"),
    ({"contains": {"const": 1}, "minContains": 0}, []),
    ({"oneOf": [{"type": "string"}, {"type": "null"}]}, None),
    ({"not": {"type": "null"}}, 1),
    ({"required": ["a"], "additionalProperties": False}, "not an object"),
    ({"prefixItems": [{"type": "string"}], "items": {"type": "null"}}, ["a", None]),
]


@pytest.mark.parametrize(("document", "value"), FITTING)
def test_what_fits(load: Load, document: JSON, value: JSON) -> None:
    assert validate(value, load({"allOf": [document]})) == []


@pytest.mark.parametrize(
    ("name", "fitting", "broken"),
    [
        (
            "date-time",
            [
                "2024-05-01T09:30:00Z",
                "2024-05-01t09:30:00.123456789+02:00",
                "2016-12-31T23:59:60z",
                "2016-12-31T15:59:60-08:00",
            ],
            [
                "2024-05-01",
                "2024-05-01 09:30:00Z",
                "2024-05-01T09:30:00",
                "2024-05-01T24:00:00Z",
                "2024-05-01T09:30:00+24:00",
                "2016-12-31T22:59:60Z",
                "2016-12-31T23:59:60+01:00",
            ],
        ),
        ("date", ["2024-02-29"], ["2023-02-29", "20240229", "2024-02-29\n", "٢٠٢٤-02-29"]),
        ("uri", ["https://example.com/a?b=c", "urn:x:y"], ["example.com", "http://a b", ""]),
        ("email", ["a@b", "a.b+c@example.com"], ["a", "@b", "a@b c"]),
        ("uuid", ["123e4567-e89b-12d3-a456-426614174000"], ["123e4567e89b12d3a456426614174000", "x"]),
        ("currency", ["EUR"], ["eur", "EURO", "€"]),
        ("country", ["NO"], ["no", "NOR"]),
    ],
)
def test_formats(load: Load, name: str, fitting: list[str], broken: list[str]) -> None:
    schema = load({"format": name})
    assert [text for text in fitting if validate(text, schema)] == []
    assert [text for text in broken if not validate(text, schema)] == []


def test_every_format_is_tested() -> None:
    tested = {"date-time", "date", "uri", "email", "uuid", "currency", "country"}
    assert set(FORMATS) == tested


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"),
        (True, "true or false"),
        (1, "a whole number"),
        (1.0, "a whole number"),
        (1.5, "a number"),
        (float("nan"), "a number"),
        ("", "text"),
        ([], "a list"),
        ({}, "an object"),
    ],
)
def test_describe_type(value: JSON, words: str) -> None:
    assert describe_type(value) == words


# --- several at once


def test_violations_come_in_the_order_of_their_places(load: Load) -> None:
    schema = load(
        {"properties": {"b": {"type": "string"}, "items": {"items": NAMED}}, "required": ["z", "a"]}
    )
    value: JSON = {"b": 1, "items": [*({"name": 1} for _ in range(11))]}
    found = [each.parts for each in validate(value, schema)]
    assert found == [(), (), ("b",), *(("items", index, "name") for index in range(11))]


def test_at_most_twenty(load: Load) -> None:
    found = validate([None] * 10_000, load({"items": {"type": "string"}}))
    assert [each.parts for each in found] == [(index,) for index in range(20)]


def test_one_mistake_is_told_once(load: Load) -> None:
    part: JSON = {"properties": {"a": {"$ref": "#/$defs/a"}}}
    schema = load({"anyOf": [{"allOf": [part]}], "$defs": {"a": {"type": "string"}}})
    assert len(validate({"a": 1}, schema)) == 1


def test_where_in_the_schema(load: Load) -> None:
    schema = load(
        {"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"anyOf": [{"type": "null"}, NAMED]}}}
    )
    assert validate({"a": {}}, schema) == [
        Violation(
            "missing-required",
            "the required property `name` is missing",
            ("a",),
            None,
            "/properties/a/anyOf/1/required",
            missing="name",
        )
    ]


def test_a_part_of_a_schema_is_a_schema(tmp_path: Path, load: Load) -> None:
    load({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"type": "null"}}})
    part = SchemaStore([tmp_path / "schemas"]).get("kibo/order#/$defs/a")
    assert [each.message for each in validate(1, part)] == ["expected null, found a whole number"]


def test_an_input_error_as_it_is_shown(load: Load) -> None:
    schema = load({"type": "object", "properties": {"items": {"items": NAMED}}, "required": ["id"]})
    error = input_error(validate({"items": [{"name": None}]}, schema), "order.json")
    assert render(error.diagnostics, "short") == (
        "order.json: error[missing-required]: the required property `id` is missing\n"
        "order.json at /items/0/name: error[wrong-type]: expected text, found null"
    )


# --- nothing leaks


CANARY = "CaNaRy"


@pytest.mark.parametrize("case", BROKEN)
def test_no_value_is_shown(load: Load, case: str) -> None:
    document = BROKEN[case][0]
    for value in (
        CANARY,
        [CANARY, CANARY],
        {"name": CANARY, "a": CANARY, "c": [CANARY], "x": CANARY},
        8472615,
    ):
        shown = str([astuple(each) for each in validate(value, load(document))])
        assert CANARY not in shown and "8472615" not in shown


def test_large_values_do_not_make_large_messages(load: Load) -> None:
    schema = load({"anyOf": [{"type": "integer"}, {"enum": ["a"]}, {"pattern": "^b$"}, {"not": {}}]})
    found = validate("x" * 1_000_000, schema)
    assert found and all(len(str(astuple(each))) < 500 for each in found)


# --- nothing hangs


def quickly(value: JSON, schema: Schema) -> list[Violation]:
    validate(None, schema)
    started = time.process_time()
    found = validate(value, schema)
    assert time.process_time() - started < 2
    return found


@pytest.mark.usefixtures("unburdened")
def test_unique_items_are_counted_in_one_pass(load: Load) -> None:
    schema = load({"uniqueItems": True})
    rows: list[JSON] = [{"id": index, "sku": f"s{index}"} for index in range(20_000)]
    assert quickly(rows, schema) == []
    assert [each.id for each in quickly([*rows, rows[0]], schema)] == ["not-unique"]


def test_deep_values_are_refused(load: Load) -> None:
    schema = load({"additionalProperties": {"$ref": "#"}})
    value: JSON = {}
    for _ in range(63):
        value = {"a": value}
    assert validate(value, schema) == []
    assert astuple(validate({"a": value}, schema)[0])[:2] == (
        "nesting-too-deep",
        "objects and lists nest more than 64 deep",
    )
    for _ in range(100_000):
        value = [value]
    assert [each.id for each in quickly(value, schema)] == ["nesting-too-deep"]


def test_many_errors_stop_early(load: Load) -> None:
    schema = load({"items": {"anyOf": [{"type": "string"}, NAMED]}})
    assert len(quickly([{}] * 100_000, schema)) == 20


def test_alternatives_with_many_errors_stop_early(load: Load) -> None:
    schema = load({"anyOf": [{"items": {"type": "string"}}, {"items": {"type": "null"}}]})
    assert [each.id for each in quickly([1] * 200_000, schema)] == ["no-alternative"]


# --- jsonschema's own verdict


def schemas(depth: int = 2) -> st.SearchStrategy[JSON]:
    types = st.sampled_from(["null", "boolean", "object", "array", "number", "integer", "string"])
    small = st.integers(0, 3)
    names = st.sampled_from(["a", "b", "c"])
    leaves: dict[str, st.SearchStrategy[JSON]] = {
        "type": types | st.lists(types, min_size=1, unique=True),
        "enum": st.lists(values(), min_size=1, max_size=3),
        "const": values(),
        "minimum": small,
        "exclusiveMaximum": small,
        "multipleOf": st.integers(1, 3),
        "minLength": small,
        "maxItems": small,
        "minProperties": small,
        "pattern": st.sampled_from(["^a", "b$", "[0-9]"]),
        "uniqueItems": st.booleans(),
        "required": st.lists(names, unique=True),
        "dependentRequired": st.dictionaries(names, st.lists(names, unique=True), max_size=2),
    }
    if depth:
        inner = schemas(depth - 1) | st.booleans()
        several = st.lists(inner, min_size=1, max_size=3)
        leaves |= dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), several)
        leaves |= dict.fromkeys(
            ("not", "items", "contains", "additionalProperties", "propertyNames", "if", "then"), inner
        )
        leaves |= {"properties": st.dictionaries(names, inner, max_size=3), "else": inner}
    return st.fixed_dictionaries({}, optional=leaves).map(lambda found: dict(list(found.items())[:4]))


def values() -> st.SearchStrategy[JSON]:
    leaves: st.SearchStrategy[JSON] = st.sampled_from(
        [None, True, False, 0, 1, 2, 1.0, 1.5, "", "a", "ab", "b1"]
    )
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
        ),
        max_leaves=5,
    )


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(document=schemas(), value=values())
def test_the_verdict_is_that_of_jsonschema(load: Load, document: JSON, value: JSON) -> None:
    assert isinstance(document, dict)
    expected = jsonschema.Draft202012Validator(document).is_valid(value)
    found = validate(value, load(document))
    assert (found == []) is expected
    assert all(each.message and each.id for each in found)
