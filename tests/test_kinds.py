"""Kinds of values and the words for them."""

from __future__ import annotations

from math import inf, nan

import pytest

from crossdock.core.json_types import JSON
from crossdock.core.kinds import WORDS, broad_kind_of, described, either, in_words, kind_of


@pytest.mark.parametrize(
    ("value", "kind", "broad", "words"),
    [
        (None, "null", "null", "null"),
        (True, "boolean", "boolean", "true or false"),
        (1, "integer", "number", "a number"),
        (1.0, "integer", "number", "a number"),
        (1.5, "number", "number", "a number"),
        (inf, "number", "number", "a number"),
        (nan, "number", "number", "a number"),
        ("1", "string", "string", "text"),
        ([1], "array", "array", "a list"),
        ({"a": 1}, "object", "object", "an object"),
    ],
)
def test_every_value_has_one_kind(value: JSON, kind: str, broad: str, words: str) -> None:
    assert (kind_of(value), broad_kind_of(value), described(value)) == (kind, broad, words)


def test_kinds_are_listed_in_an_order_and_a_number_includes_the_whole_ones() -> None:
    assert in_words({"null", "string"}) == "text or null"
    assert in_words({"number", "integer", "array"}) == "a number or a list"
    assert in_words({"integer", "string", "null"}, ("integer", "string")) == "a whole number or text"
    assert in_words(set()) == ""
    assert in_words(WORDS).startswith("text, a number, true or false,")


def test_words_are_alternatives() -> None:
    found = [either(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])]

    assert found == ["", "a", "a or b", "a, b or c"]
