"""Paths and pointers: what is printed is read back, whatever the names are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.paths import (
    EACH,
    Part,
    Parts,
    PathError,
    begins,
    field_text,
    joined,
    parse_path,
    parse_pointer,
    path_text,
    pointer,
    pointer_parts,
)

NAMES = st.text() | st.text('ab."\\[]/ *\n', max_size=6)
PARTS = st.lists(NAMES | st.integers(0, 10**18 - 1) | st.just(EACH), max_size=6).map(tuple)


@given(PARTS)
def test_a_path_that_is_printed_is_read_back(parts: Parts) -> None:
    text = path_text(parts)

    assert parse_path(text) == parts
    assert parse_path(text, blanks=True) == parts
    assert not text.startswith("/")


@given(PARTS, NAMES | st.integers(0, 99))
def test_a_path_grows_by_a_part(parts: Parts, part: Part) -> None:
    assert joined(path_text(parts), part) == path_text((*parts, part))


@given(PARTS)
def test_a_pointer_that_is_printed_is_read_back(parts: Parts) -> None:
    assert parse_pointer(pointer(*parts)) == tuple(map(str, parts))


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("", ()),
        ("items[].sku", ("items", "[]", "sku")),
        ("items[12].sku", ("items", 12, "sku")),
        ("[][].a", ("[]", "[]", "a")),
        ('items[]."Unit Price"', ("items", "[]", "Unit Price")),
        ('"a.b"[]', ("a.b", "[]")),
        (r'"say \"hi\""', ('say "hi"',)),
        (r'"C:\\a dir"', (r"C:\a dir",)),
        (r"C:\dir", (r"C:\dir",)),
        ('""', ("",)),
        ('"a/b"', ("a/b",)),
    ],
)
def test_a_path_is_written_like_this(path: str, parts: Parts) -> None:
    assert parse_path(path) == parts
    assert path_text(parts) == path


@pytest.mark.parametrize(
    "text", ["a..b", ".a", "a.", "a[b]", "[]a", "a.[]", 'a"b"', '"a', "a b", "a[-1]", "a]"]
)
def test_another_text_is_not_a_path(text: str) -> None:
    with pytest.raises(PathError, match="is not a path"):
        parse_path(text)


def test_blanks_are_taken_in_names_where_people_type_them() -> None:
    assert parse_path("items[].Unit Price", blanks=True) == ("items", EACH, "Unit Price")


def test_the_field_of_a_place_has_no_indexes() -> None:
    assert field_text(("items", 0, "sku")) == "items[].sku"
    assert begins(("items", 3, "sku"), ("items", EACH))
    assert not begins(("items",), ("items", EACH))
    assert not begins(("items", 3), ("items", 2))


def test_a_number_in_a_pointer_counts_as_an_index() -> None:
    assert pointer_parts("/items/0/a~1b/01") == ("items", 0, "a/b", "01")
