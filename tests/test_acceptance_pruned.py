"""Pruned reading: at the paths that are asked for, what the whole payload has there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock.core.json_types import JSON, MISSING, settled
from crossdock.schema.fast import pruned_reader
from test_acceptance_reading import exact

ORDER: JSON = {
    "number": 7,
    "buyer": {"name": "Kari", "address": {"lines": ["a", "b"], "country": "NO"}},
    "items": [{"sku": "A", "price": 1.50, "text": "long"}, {"sku": "B", "taxes": [{"rate": 25}]}],
    "note": ["x", {"y": None}],
}


# paths, what is left of the order
PRUNED: dict[str, tuple[list[tuple[str, ...]], JSON]] = {
    "a scalar": ([("number",)], {"number": 7}),
    "a whole object": (
        [("buyer",)],
        {"buyer": {"name": "Kari", "address": {"lines": ["a", "b"], "country": "NO"}}},
    ),
    "deep": ([("buyer", "address", "country")], {"buyer": {"address": {"country": "NO"}}}),
    "of items": ([("items", "[]", "sku")], {"items": [{"sku": "A"}, {"sku": "B"}]}),
    "of items of items": (
        [("items", "[]", "taxes", "[]", "rate"), ("number",)],
        {"number": 7, "items": [{}, {"taxes": [{"rate": 25}]}]},
    ),
    "whole and a part of it": ([("note", "[]", "y"), ("note",)], {"note": ["x", {"y": None}]}),
    "not there": ([("other", "name"), ("items", "[]", "other")], {"items": [{}, {}]}),
    "below a scalar": ([("number", "value")], {"number": 7}),
    "everything": ([()], ORDER),
}


@pytest.mark.parametrize("name", PRUNED)
def test_only_what_is_asked_for_is_read(name: str) -> None:
    paths, left = PRUNED[name]

    read = pruned_reader(paths)(json.dumps(ORDER).encode())

    assert exact(read) == exact(left)


@pytest.mark.parametrize(
    "paths",
    [
        [("items", "sku")],
        [("buyer", "[]")],
        [("note", "y")],
        [("number",), ("items", "[]", "[]")],
    ],
)
def test_a_payload_of_another_shape_is_read_whole(paths: list[tuple[str, ...]]) -> None:
    assert exact(pruned_reader(paths)(json.dumps(ORDER).encode())) == exact(ORDER)


def test_names_of_every_alphabet_are_found() -> None:
    data = '{"ключ": {"é": 1}, "a\\"b": 2, "": 3}'.encode()
    read = pruned_reader([("ключ", "é"), ('a"b',), ("",)])(data)

    assert read == {"ключ": {"é": 1}, 'a"b': 2, "": 3}


@pytest.mark.parametrize(
    "data", [b"", b"{", b'{"a": tru}', b'{"b": [1,]}', b"\xff", b"NaN", b"[" * 100_000, b'{"a": "\\ud800"}']
)
def test_what_is_not_json_is_missing(data: bytes) -> None:
    assert pruned_reader([("a",)])(data) is MISSING


NAMES = st.sampled_from(["a", "b", "[", "é", ""])
TREES: st.SearchStrategy[JSON] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(-1e9, 1e9) | st.text(max_size=3),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(NAMES, below, max_size=4),
    max_leaves=15,
)
PATHS = st.lists(st.lists(st.sampled_from(["a", "b", "[]", "é", ""]), max_size=4).map(tuple), max_size=4)


def at(value: Any, path: tuple[str, ...]) -> object:
    """The value at a path, or the last value on the way to it."""
    for index, part in enumerate(path):
        if part == "[]" and isinstance(value, list):
            return [at(each, path[index + 1 :]) for each in value]
        if part != "[]" and isinstance(value, dict):
            if part not in value:
                return MISSING
            value = value[part]
        elif isinstance(value, dict | list):
            return MISSING
        else:
            break
    return exact(value)


@settings(deadline=None, max_examples=500, suppress_health_check=list(HealthCheck))
@given(tree=TREES, paths=PATHS)
def test_every_path_has_what_the_whole_payload_has(tree: JSON, paths: list[tuple[str, ...]]) -> None:
    read = pruned_reader(paths)(json.dumps(tree).encode())

    for path in paths:
        assert at(read, path) == at(settled(tree), path)
