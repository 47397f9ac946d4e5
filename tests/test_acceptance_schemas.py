"""Random schemas and random values: an acceptor takes what validation takes, and nothing else."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock.core.json_reader import decode
from crossdock.core.json_types import JSON, MISSING, settled
from crossdock.core.paths import EACH
from crossdock.schema.fast import acceptor, exact, parts_at, with_numbers
from crossdock.schema.fast.msgspec_types import typed
from crossdock.schema.fast.strict_reader import read_typed
from crossdock.schema.store import Schema, SchemaStore
from crossdock.schema.validator import validate

NAMES = ("a", "b", "c", "x-1", "")
SMALL = st.integers(0, 3)
NUMBERS = st.one_of(
    st.integers(-3, 3),
    st.sampled_from([0.0, -0.0, 1.0, 1.5, -2.5, 0.1, 0.3, 19.99, 1e16, 1e300, 5e-324]),
    st.sampled_from([10**9, 2**30, 2**63 - 1, -(2**63), 2**64 - 1, 2**53 + 1]),
)
TEXTS = st.one_of(
    st.sampled_from(["", "a", "ab", "abc", "a\n", "1", "٣", "É", "😀😀", "NOK", "NO", "2024-02-30"]),
    st.text(max_size=4),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)


def _values(below: st.SearchStrategy[JSON]) -> st.SearchStrategy[JSON]:
    return st.lists(below, max_size=4) | st.dictionaries(
        st.sampled_from(NAMES) | st.text(max_size=2), below, max_size=4
    )


VALUES: st.SearchStrategy[JSON] = st.recursive(SCALARS, _values, max_leaves=8)
KINDS = ["null", "boolean", "object", "array", "number", "integer", "string"]
PATTERNS = st.sampled_from(["^a", "b$", r"^\d+$", "^[a-c]{1,2}$", "^x", "^.$", "[$]", r"\w", "^$"])


def _some(words: dict[str, st.SearchStrategy[JSON]]) -> st.SearchStrategy[JSON]:
    """An object with at most four of the words."""
    pairs = st.sampled_from(sorted(words)).flatmap(lambda word: st.tuples(st.just(word), words[word]))
    return st.lists(pairs, max_size=4).map(dict)


LEAVES: dict[str, st.SearchStrategy[JSON]] = {
    "type": st.sampled_from(KINDS) | st.lists(st.sampled_from(KINDS), min_size=1, max_size=4),
    "enum": st.lists(VALUES, min_size=1, max_size=4),
    "const": VALUES,
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), NUMBERS),
    "multipleOf": st.sampled_from([1, 2, 3, 0.1, 0.01, 1.5, 7, 10**7]),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), SMALL),
    **dict.fromkeys(("minProperties", "maxProperties"), SMALL),
    "pattern": PATTERNS,
    "format": st.sampled_from(["date", "date-time", "currency", "country", "uri", "email", "uuid"]),
    "uniqueItems": st.booleans(),
    "required": st.lists(st.sampled_from(NAMES), max_size=3),
    "dependentRequired": st.dictionaries(
        st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=2), max_size=2
    ),
    "$ref": st.sampled_from(["#/$defs/tree", "#/$defs/text", "#/$defs/whole"]),
}


def _schemas(below: st.SearchStrategy[JSON]) -> st.SearchStrategy[JSON]:
    named = st.dictionaries(st.sampled_from(NAMES), below, max_size=4)
    several = st.lists(below, min_size=1, max_size=3)
    return _some(
        {
            **LEAVES,
            **dict.fromkeys(("properties", "dependentSchemas"), named),
            "patternProperties": st.dictionaries(PATTERNS, below, min_size=1, max_size=2),
            "additionalProperties": below,
            **dict.fromkeys(("items", "contains", "propertyNames", "not", "if", "then", "else"), below),
            **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), several),
            **dict.fromkeys(("minContains", "maxContains"), SMALL),
        }
    )


SCHEMAS: st.SearchStrategy[JSON] = st.recursive(_some(LEAVES) | st.booleans(), _schemas, max_leaves=6)
DEFINITIONS: dict[str, JSON] = {
    "tree": {
        "type": ["object", "null"],
        "properties": {"a": {"$ref": "#/$defs/tree"}, "b": {"items": {"$ref": "#/$defs/tree"}}},
    },
    "text": {"type": ["string", "null"], "maxLength": 2},
    "whole": {"type": "integer", "minimum": -1},
}


def load(document: JSON) -> Schema:
    """The schema of a document, beside the definitions that it may refer to."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.schema.json"
        path.write_text(json.dumps({"allOf": [document], "$defs": DEFINITIONS}), encoding="utf-8")
        return SchemaStore([Path(folder)]).get("one#/allOf/0")


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(schema=SCHEMAS, values=st.lists(VALUES, min_size=6, max_size=6))
def test_an_acceptor_decides_as_validation_does(schema: JSON, values: list[JSON]) -> None:
    loaded = load(schema)
    accept, types = acceptor(loaded), typed(loaded)

    for value in map(settled, values):
        fits = validate(value, loaded) == []
        within = "1e+300" not in json.dumps(value)
        assert accept(value) is (fits and within), (schema, value)
        if types is not None:
            data = json.dumps(value).encode()
            found = read_typed(data, types)
            assert found is MISSING or (fits and repr(found) == repr(decode(data, ""))), (schema, value)


WORD: JSON = {"type": "string"}
SUM: JSON = {"type": ["number", "null"]}
SHAPE: JSON = {
    "type": "object",
    "properties": {
        "a": {"type": ["string", "null", "array"], "items": {"$ref": "#/$defs/text"}},
        "b": {"type": "array", "items": {"type": "object", "properties": {"a": WORD, "c": SUM}}},
        "c": SUM,
        "x-1": {"type": "array", "prefixItems": [SUM], "items": WORD},
    },
}
PATHS = [
    *(("a",), ("b",), ("c",), ("x-1",), (EACH,), ("a", "b"), ("a", EACH), ("b", "c"), ("c", "a")),
    *(("x-1", EACH), (EACH, "a"), (EACH, EACH), ("b", EACH, "a"), ("b", EACH, "c"), ("b", EACH, EACH)),
]


def at(value: JSON, path: tuple[str, ...]) -> Iterator[JSON]:
    """What a path leads to."""
    if not path:
        yield value
    elif path[0] != EACH and isinstance(value, dict) and path[0] in value:
        yield from at(value[path[0]], path[1:])
    elif path[0] == EACH and isinstance(value, list):
        for each in value:
            yield from at(each, path[1:])


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    schema=SCHEMAS,
    values=st.lists(VALUES, min_size=6, max_size=6),
    numbers=st.lists(NUMBERS, min_size=4, max_size=4),
    paths=st.sets(st.sampled_from(PATHS)),
)
def test_a_number_that_is_read_is_settled(
    schema: JSON, values: list[JSON], numbers: list[JSON], paths: set[tuple[str, ...]]
) -> None:
    loaded = load(schema if len(paths) % 2 else SHAPE)
    settles = parts_at(with_numbers(paths, loaded)).settling(settled)

    for value in [*values, *({"b": [{"a": "x", "c": each}], "c": each, "x-1": [each]} for each in numbers)]:
        if validate(settled(value), loaded) or exact(value) is MISSING:
            continue
        before, found = repr(value), exact(value, settles)
        assert repr(value) == before
        for path in paths:
            assert repr(list(at(found, path))) == repr(list(at(settled(value), path))), (path, value)
