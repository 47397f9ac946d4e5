"""Functions for calls: Link headers as RFC 8288 has them, Base64, signatures, and safe patterns."""

from __future__ import annotations

import base64 as standard
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.json_types import JSON
from crossdock.language.functions import REGISTRY, FunctionError


def call(name: str, *arguments: JSON) -> JSON:
    return REGISTRY[name].apply(arguments)


def refusal(name: str, *arguments: JSON) -> str:
    with pytest.raises(FunctionError) as caught:
        call(name, *arguments)
    return str(caught.value)


LINKS: list[tuple[str, str, str | None]] = [
    ("<https://x.example/o?page=2>; rel=next", "next", "https://x.example/o?page=2"),
    ('<https://x.example/o?page=2>; rel="next"', "next", "https://x.example/o?page=2"),
    ("</a>; rel=prev, </b>; rel=next", "next", "/b"),
    ("</a>; rel=next, </b>; rel=next", "next", "/a"),
    ('</a>; rel="first prev", </b>; rel=next', "prev", "/a"),
    ('</a>; rel="prev\tnext"', "next", "/a"),
    ("</a>;rel=NEXT", "next", "/a"),
    ("</a>; rel=next", "Next", "/a"),
    ("</a>; REL=next", "next", "/a"),
    ("</a> ; rel = next", "next", "/a"),
    # a comma and a semicolon in a target or in quotes separate nothing
    ("</a,b;c>; rel=next", "next", "/a,b;c"),
    ('</a>; title="x, </z>; rel=next"; rel=prev, </b>; rel=next', "next", "/b"),
    (r'</a>; title="say \"next\", \\"; rel=next', "next", "/a"),
    (r'</a>; rel="n\ext"', "next", "/a"),
    # the first `rel` of a link counts
    ("</a>; rel=prev; rel=next, </b>; rel=next", "next", "/b"),
    ("</a>; rel=nextpage", "next", None),
    ("</a>; title=next", "next", None),
    ("</a>; rev=next", "next", None),
    ("</a>", "next", None),
    ("", "next", None),
    ("</a>; rel", "next", None),
    ('</a>; rel=""', "", None),
    # a link with an anchor is of another resource
    ('</a>; rel=next; anchor="#x", </b>; rel=next', "next", "/b"),
    ("</a>; rel*=UTF-8''next", "next", None),
    # several headers are joined by commas, with or without an empty one
    (",</a>; rel=prev,, </b>; rel=next,", "next", "/b"),
    ("<>; rel=next", "next", ""),
    # what comes after a mistake is not read
    ("</a; rel=next", "next", None),
    ("/a; rel=next", "next", None),
    ("</a>; rel=prev nonsense </b>; rel=next", "next", None),
    ('</a>; rel="next', "next", "/a"),
]


@pytest.mark.parametrize("header, rel, target", LINKS)
def test_the_target_of_a_link(header: str, rel: str, target: str | None) -> None:
    assert call("link", header, rel) == target


@given(st.text(alphabet='<>;,="\\ \taber/nxt', max_size=60))
def test_any_header_has_a_target_or_none(header: str) -> None:
    found = call("link", header, "next")
    assert found is None or (
        isinstance(found, str) and f"<{found}" in header.replace(" ", "").replace("\t", "")
    )


@pytest.mark.parametrize("part", ["<", '"', "</a>;", '</a>; a="', "; ", ",", "</a>; rel=x, ", "\\"])
def test_a_long_header_takes_no_time(part: str) -> None:
    header = "</a>; a=" + part * (200_000 // len(part))
    start = time.process_time()
    assert call("link", header, "next") is None
    assert time.process_time() - start < 1


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_base64_is_that_of_utf_8(text: str) -> None:
    assert call("base64", text) == standard.b64encode(text.encode()).decode()


def test_what_base64_and_hmac_refuse() -> None:
    assert refusal("base64", "\ud800") == "`base64` takes valid Unicode text, and this text is not valid"
    assert refusal("base64", "x" * 262_144) == "`base64` gives text of more than 262144 characters"
    assert refusal("hmac_sha256", "k", "\ud800") == (
        "`hmac_sha256` takes valid Unicode text, and this text is not valid"
    )
    assert call("hmac_sha256", None, "x") is None


def test_text_is_null_for_null_and_json_for_the_rest() -> None:
    assert [call("text", value) for value in (None, "a", 7, 1.5, True, [1], {"a": None})] == [
        *(None, "a", "7", "1.5", "true", "[1]", '{"a":null}')
    ]


@pytest.mark.parametrize(
    "text, pattern, found",
    [
        ("abc", "b", True),
        ("abc", "^b", False),
        ("abc", "c$", True),
        ("abc\n", "c$", False),  # the end of the text, and not of a line
        ("٣", "[0-9]", False),
        ("٣", r"\d", False),  # ASCII, as JSON Schema has it
        ("", "^$", True),
    ],
)
def test_a_pattern_matches_as_in_a_schema(text: str, pattern: str, found: bool) -> None:
    assert call("matches", text, pattern) is found


def test_a_pattern_is_safe_or_refused() -> None:
    assert refusal("matches", "a", "^(a+)+$") == (
        "`matches` takes a pattern, and this one repeats a part that is itself repeated or a choice"
    )
    assert refusal("matches", "a" * 20_000, "[0-9]*a") == (
        "`matches` takes text of at most 2000 characters with this pattern"
    )
    assert call("matches", "a" * 20_000, "^[0-9]*a") is True
    assert call("matches", None, "a") is None
