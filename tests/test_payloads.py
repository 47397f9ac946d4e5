"""Payload bytes to JSON and back: what is refused, where the caret is, and that nothing leaks."""

from __future__ import annotations

import io
import json
import math
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conftest import fastest
from crossdock.core.diagnostics import Diagnostic
from crossdock.core.errors import InputError
from crossdock.core.json_faults import Scanner, TextError, first_fault
from crossdock.core.json_reader import decode, encode, locate, read
from crossdock.core.json_types import JSON
from crossdock.core.rendering import render

NAME = "order.json"


def refused(data: bytes, **options: int) -> Diagnostic:
    with pytest.raises(InputError) as caught:
        decode(data, NAME, **options)  # type: ignore[arg-type]
    (finding,) = caught.value.diagnostics
    return finding


def json_values() -> st.SearchStrategy[JSON]:
    numbers = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    leaves: st.SearchStrategy[JSON] = st.none() | st.booleans() | numbers | st.text()
    return st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


# id, message, help, line, column, end column
REFUSALS: dict[str, tuple[bytes, str, str, str | None, tuple[int, int, int]]] = {
    "truncated-object": (
        b'{"a": 1',
        "not-json",
        "the payload ends where a comma or `}` is expected",
        "the object that begins at line 1, column 1 is not closed",
        (1, 8, 8),
    ),
    "truncated-list": (
        b'{"a": [1,\n',
        "not-json",
        "the payload ends where a value is expected",
        "the list that begins at line 1, column 7 is not closed",
        (1, 10, 10),
    ),
    "truncated-text": (
        b'["abc',
        "not-json",
        "the payload ends inside a text",
        "the list that begins at line 1, column 1 is not closed",
        (1, 6, 6),
    ),
    "more-text": (
        b'{"a": 1} x',
        "not-json",
        "there is more text after the end of the JSON value",
        "a payload is one JSON value",
        (1, 10, 11),
    ),
    "two-values": (
        b'{}\n{"a": 1}',
        "not-json",
        "there is more text after the end of the JSON value",
        "a payload is one JSON value",
        (2, 1, 2),
    ),
    "comma-before-brace": (
        b'{"a": 1, }',
        "not-json",
        "expected a key in double quotes, found `}`",
        "leave out the comma in front of it",
        (1, 10, 11),
    ),
    "comma-before-bracket": (
        b"[1,]",
        "not-json",
        "expected a value, found `]`",
        "leave out the comma in front of it",
        (1, 4, 5),
    ),
    "comma-missing": (
        b'{"a": 1 "b": 2}',
        "not-json",
        "expected a comma or `}`, found text",
        None,
        (1, 9, 12),
    ),
    "colon-missing": (
        b'{"a" 1}',
        "not-json",
        "expected a colon after the key, found a number",
        None,
        (1, 6, 7),
    ),
    "brackets-crossed": (b'{"a": [1}', "not-json", "expected a comma or `]`, found `}`", None, (1, 9, 10)),
    "single-quotes": (
        b"{'a': 1}",
        "not-json",
        "expected a key in double quotes, found a single quote",
        "JSON writes text in double quotes",
        (1, 2, 3),
    ),
    "comment": (
        b'{"a": 1} // note',
        "not-json",
        "there is more text after the end of the JSON value",
        "a payload is one JSON value",
        (1, 10, 11),
    ),
    "comment-within": (
        b"[1, /* two */ 2]",
        "not-json",
        "expected a value, found a slash",
        "JSON has no comments",
        (1, 5, 6),
    ),
    "word": (
        b'{"a": True}',
        "not-json",
        "expected a value, found a word",
        "the words of JSON are true, false and null; write text in double quotes",
        (1, 7, 11),
    ),
    "leading-zero": (
        b"[012]",
        "not-json",
        "this is not how JSON writes a number",
        "no plus sign, no zero in front, digits on both sides of the point",
        (1, 2, 5),
    ),
    "escape": (
        rb'["a\x41"]',
        "not-json",
        "this is not an escape of JSON",
        "write a backslash itself as two",
        (1, 4, 6),
    ),
    "line-break-in-text": (
        b'{"a": "x\ny"}',
        "not-json",
        "a text must not hold a line break",
        "close the text with a double quote, or write the line break as `\\n`",
        (1, 9, 9),
    ),
    "tab-in-text": (b'["x\ty"]', "not-json", "a text must not hold a control character", None, (1, 4, 5)),
    "nul-outside": (b'["a", \x00]', "not-json", "expected a value, found something else", None, (1, 7, 8)),
    "duplicate-key": (
        b'{"sku": "a",\n "sku": 1}',
        "duplicate-key",
        "the key `sku` occurs twice in one object",
        "the first one is at line 1, column 2",
        (2, 2, 7),
    ),
    "duplicate-key-escaped": (
        rb'{"sku": 1, "\u0073ku": 2}',
        "duplicate-key",
        "the key `sku` occurs twice in one object",
        "the first one is at line 1, column 2",
        (1, 12, 22),
    ),
    "nan": (
        b'{"a": NaN}',
        "not-a-number",
        "`NaN` is not a JSON number",
        "leave the key out, or send null",
        (1, 7, 10),
    ),
    "infinity": (
        b"[-Infinity]",
        "not-a-number",
        "`-Infinity` is not a JSON number",
        "leave the key out, or send null",
        (1, 2, 11),
    ),
    "float-range": (
        b'{"a": 1e999, "b": 2}',
        "number-range",
        "the number is out of range",
        "send a number as long as this as text",
        (1, 7, 12),
    ),
    "float-that-would-be-0": (
        b"[0.0e-999, -0.00001E-999]",
        "number-range",
        "the number is out of range",
        "send a number as long as this as text",
        (1, 12, 25),
    ),
    "integer-range": (
        b"[18446744073709551616]",
        "number-range",
        "the number is out of range",
        "send a number as long as this as text",
        (1, 2, 22),
    ),
    "integer-of-5000-digits": (
        b"[" + b"9" * 5000 + b"]",
        "number-range",
        "the number is out of range",
        "send a number as long as this as text",
        (1, 2, 5002),
    ),
    "latin-1": (
        b'{"id": 1,\n"name": "Jos\xe9"}',
        "not-utf-8",
        "the byte at offset 22 is not UTF-8",
        "send the payload as UTF-8 without a byte order mark",
        (2, 13, 14),
    ),
    "overlong": (
        b'["\xc0\xaf"]',
        "not-utf-8",
        "the byte at offset 2 is not UTF-8",
        "send the payload as UTF-8 without a byte order mark",
        (1, 3, 4),
    ),
    "surrogate-bytes": (
        b'["\xed\xa0\x80"]',
        "not-utf-8",
        "the byte at offset 2 is not UTF-8",
        "send the payload as UTF-8 without a byte order mark",
        (1, 3, 4),
    ),
    "utf-16": (
        '{"a": 1}'.encode("utf-16-le"),
        "not-utf-8",
        "the payload looks like UTF-16 or UTF-32",
        "send the payload as UTF-8 without a byte order mark",
        (1, 1, 2),
    ),
    "utf-16-bom": (
        '{"a": 1}'.encode("utf-16"),
        "byte-order-mark",
        "the payload begins with a byte order mark",
        "send the payload as UTF-8 without a byte order mark",
        (1, 1, 2),
    ),
    "utf-8-bom": (
        b'\xef\xbb\xbf{"a": 1}',
        "byte-order-mark",
        "the payload begins with a byte order mark",
        "send the payload as UTF-8 without a byte order mark",
        (1, 1, 2),
    ),
    "lone-surrogate": (
        rb'{"a": "\\ud800 \ud83d\ude00 \ud800"}',
        "lone-surrogate",
        "half of a surrogate pair is not a character",
        None,
        (1, 29, 35),
    ),
    "surrogates-reversed": (
        rb'["\ude00\ud83d"]',
        "lone-surrogate",
        "half of a surrogate pair is not a character",
        None,
        (1, 3, 9),
    ),
    "depth-65": (
        b"[" * 65 + b"]" * 65,
        "nesting-too-deep",
        "objects and lists nest more than 64 deep",
        None,
        (1, 65, 66),
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals(case: str) -> None:
    data, id, message, help, place = REFUSALS[case]
    finding = refused(data)
    assert (finding.id, finding.message, finding.help) == (id, message, help)
    assert finding.span is not None
    line, column = finding.span.line, finding.span.column
    assert (line, column, column + finding.span.end - finding.span.start) == place
    assert finding.span.end <= len(finding.span.source.text)


def test_a_refusal_as_it_is_shown() -> None:
    data = b'{"sku": "SECRET",\n "buyer": {"name": "S{E}C", "paid": 12.5}, "sku": true}'
    assert render([refused(data)]) == (
        "error[duplicate-key]: the key `sku` occurs twice in one object\n"
        "  --> order.json:2:44\n"
        "  |\n"
        '2 |  "buyer": {"name": "•••••", "paid": ••••}, "sku" …\n'
        "  |                                            ^^^^^\n"
        "  = help: the first one is at line 1, column 2"
    )


@pytest.mark.parametrize("data", [b"", b" \n\t"])
def test_an_empty_payload(data: bytes) -> None:
    assert render([refused(data)]) == "error[empty-payload]: the payload is empty\n  --> order.json"


def test_a_payload_that_is_too_large() -> None:
    assert decode(b"[1234567]", NAME, limit=9) == [1234567]
    finding = refused(b"[12345678]", limit=9)
    assert (finding.id, finding.message) == (
        "payload-too-large",
        "the payload has more than 9 bytes, the limit",
    )


@pytest.mark.parametrize("data", [b"[]", b"null", b'"text"', b"1", b" true "])
def test_a_top_level_that_is_no_object_is_json(data: bytes) -> None:
    assert decode(data, NAME) == json.loads(data)


def test_the_edges_of_what_is_taken() -> None:
    deep = b'{"a":' * 64 + b"1" + b"}" * 64
    assert decode(deep, NAME) == json.loads(deep)
    assert decode(b"[-9223372036854775808, 18446744073709551615]", NAME) == [-(2**63), 2**64 - 1]
    assert decode(b"[5e-324, 0e999, 0.0, 1.50000000000000000000]", NAME) == [5e-324, 0, 0, 1.5]
    assert decode(rb'["\ud83d\ude00 \\ud800 \"[[{"]', NAME) == ['\U0001f600 \\ud800 "[[{']
    assert decode(b'{"": {"__proto__": 1}}', NAME) == {"": {"__proto__": 1}}
    brackets = b'["' + b"[" * 1000 + rb"\"" + b"{" * 1000 + b'"]'
    assert decode(brackets, NAME) == json.loads(brackets)


@pytest.mark.usefixtures("unburdened")
@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000])
def test_deep_nesting_is_refused_at_once(data: bytes) -> None:
    started = time.process_time()
    assert refused(data).id == "nesting-too-deep"
    assert time.process_time() - started < 2


@pytest.mark.usefixtures("unburdened")
@pytest.mark.parametrize(
    "data",
    [b'["' + rb"\"" * 200_000, b'["' + b"a" * 400_000, b"[" + b"9" * 400_000, b"[" + b"[]," * 100_000],
)
def test_no_text_makes_the_refusal_slow(data: bytes) -> None:
    started = time.process_time()
    refused(data)
    assert time.process_time() - started < 2


NOISE = [
    '"',
    "\\",
    ",",
    "}",
    "]",
    "[",
    "{",
    "NaN",
    "1e999",
    "012",
    '"a":1,"a":2',
    '"\\ud800"',
    "\x01",
    "x",
    " ",
    "",
]


@given(json_values(), st.integers(0, 300), st.sampled_from(NOISE), st.integers(0, 3))
@example([[1], {"a": [1, 2, {"b": "x,y"}]}], 14, "x", 0)
@example([["[", "]"], "{,", 1], 9, "1e999", 1)
def test_what_is_stepped_over_makes_no_difference(value: JSON, at: int, noise: str, over: int) -> None:
    """The place of a fault is that which is found when every character is read."""
    text = encode(value, compact=True)
    text = text[:at] + noise + text[at + over :]
    found = first_fault(text)
    try:
        Scanner(text).document()
    except TextError as fault:
        assert found is not None
        assert vars(found) == vars(fault)
    else:
        assert found is None


ORDER = {
    "id": 1,
    "name": 'Ada "x"',
    "lines": [{"sku": f"A{n}", "price": 12.5, "tags": ["a"]} for n in range(9)],
}
LARGE = json.dumps({"orders": [ORDER] * 2_000})
LARGE_AND_WRONG = {
    "cut": LARGE[:-2],
    "in the middle": LARGE[:500_000] + "\x01" + LARGE[500_000:],
    "a key twice": LARGE[:-1] + ', "orders": 1}',
    "a key twice within": LARGE[:-2] + ', {"a": 1, "a": 2}]}',
    "no number": LARGE[:-2] + ", NaN]}",
    "out of range": LARGE[:-2] + ", 1e999]}",
    "half a pair": LARGE[:-2] + ', "\\ud800"]}',
    "too deep": LARGE[:-2] + ", " + "[" * 80,
    "numbers": "[" + "123," * 250_000 + "x]",
}


@pytest.mark.parametrize("case", LARGE_AND_WRONG)
def test_a_large_payload_is_explained_in_a_few_times_what_reading_it_takes(case: str) -> None:
    data = LARGE_AND_WRONG[case].encode()

    def explain() -> None:
        refused(data)

    def read_it() -> None:
        json.loads(LARGE)

    assert fastest(explain) < 30 * fastest(read_it)


# --- canaries: a value never shows


CANARY = "CaNaRy"
LEAKY = {
    "after": f'{{"a": 1,, "b": "{CANARY}"}}',
    "before": f'{{"b": "{CANARY}", "a": 1,,}}',
    "line above": f'{{"b": "{CANARY}",\n "a": 1,,}}',
    "unclosed": f'{{"b": "{CANARY}',
    "broken by a line": f'{{"b": "{CANARY}\n{CANARY}"}}',
    "bad escape": f'{{"b": "{CANARY}\\x{CANARY}"}}',
    "single quotes": f"{{\"b\": '{CANARY}'}}",
    "bare": f'{{"b": {CANARY}}}',
    "quote inside": f'{{"b": "x"{CANARY}", "c": 1}}',
    "quotes inside": f'{{"b": "he said "{CANARY}": yes"}}',
    "value in the place of a key": f'{{"a": 1, "{CANARY}"}}',
    "number": f'{{"b": 4111{CANARY}}}',
    "surrogate": f'{{"b": "{CANARY}\\ud800{CANARY}"}}',
    "nan after": f'{{"b": NaN, "c": "{CANARY}"}}',
    "duplicate": f'{{"b": "{CANARY}", "b": "{CANARY}"}}',
    "deep": f'{{"b": "{CANARY}", "c": {"[" * 70}',
    "trailing": f'{{"b": 1}} {CANARY}',
    "two values": f'"{CANARY}" "{CANARY}"',
    "not utf-8": f'{{"b": "{CANARY}\udcff{CANARY}"}}',
    "not utf-8 and broken before": f'{{"b": "x" "{CANARY}": "\udcff{CANARY}"}}',
    "bom": f'\ufeff{{"b": "{CANARY}"}}',
}


@pytest.mark.parametrize("case", LEAKY)
def test_no_value_is_shown(case: str) -> None:
    finding = refused(LEAKY[case].encode("utf-8", "surrogateescape"))
    shown = [render([finding], form) for form in ("text", "short", "json", "github", "sarif")]
    shown.append(finding.span.source.text if finding.span else "")
    assert [text for text in shown if CANARY in text] == []


def test_long_card_numbers_are_masked_too() -> None:
    assert "4111" not in render([refused(b'{"card": 4111111111111111, "x": nope}')])


@given(json_values(), st.integers(0, 200), st.sampled_from(["", '"', "\\", ",", "}", "NaN", "\x01", "x"]))
def test_masking_keeps_the_place(value: JSON, at: int, noise: str) -> None:
    text = encode(value)
    text = text[:at] + noise + text[at + 1 :]
    try:
        decode(text.encode("utf-8"), NAME)
    except InputError as error:
        span = error.diagnostics[0].span
        if span is None:
            assert error.diagnostics[0].id == "empty-payload"
            return
        assert 0 <= span.start <= span.end <= len(span.source.text)
        assert span.end <= len(text)
        assert [len(row) for row in span.source.text[: span.end].split("\n")] == [
            len(row) for row in text[: span.end].split("\n")
        ]


# --- the two readers agree, with each other and with the standard one


@given(json_values(), st.booleans())
def test_what_is_written_is_read(value: JSON, compact: bool) -> None:
    assert decode(encode(value, compact=compact).encode("utf-8"), NAME) == value


@given(json_values(), st.booleans())
def test_valid_documents_read_as_the_standard_parser_reads_them(value: JSON, ascii_only: bool) -> None:
    data = json.dumps(value, ensure_ascii=ascii_only, indent=1).encode("utf-8")
    assert decode(data, NAME) == json.loads(data)
    assert first_fault(data.decode("utf-8")) is None


@given(st.text(alphabet='{}[]:," \\u0123456789abdfnrtelsE.+-\n\t\x00é'))
@example('["\\ud83d"]')
@example("-0")
@example("1E400")
def test_the_fast_reader_and_the_slow_one_give_one_verdict(text: str) -> None:
    try:
        decode(text.encode("utf-8"), NAME)
        taken = True
    except InputError as error:
        taken = False
        assert error.diagnostics[0].message != "this is not JSON"
    if text.strip(" \t\n\r"):
        assert taken == (first_fault(text) is None and "\x00" not in text[:4])


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        decode(data, NAME)
    except InputError as error:
        assert len(error.diagnostics) == 1


# --- text


def test_encode() -> None:
    value: JSON = {"b": "Ærø ✓", "a": [1.5, None, True], "c": {}}
    assert encode(value, compact=True) == '{"b":"Ærø ✓","a":[1.5,null,true],"c":{}}'
    assert encode({"b": [1]}, compact=False) == '{\n  "b": [\n    1\n  ]\n}'


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_encode_refuses_what_json_cannot_say(value: float) -> None:
    with pytest.raises(ValueError):
        encode({"a": value})


# --- files


def test_read(tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    file.write_bytes(b"{}")
    assert read(str(file), io.BytesIO()) == b"{}"
    assert read("-", io.BytesIO(b"[1]")) == b"[1]"
    assert len(read("-", io.BytesIO(b"x" * 100), limit=10)) == 11


def test_read_refuses_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("file").touch()
    lines = {
        "order.json": "error[no-such-file]: there is no file `order.json`",
        "file/order.json": "error[no-such-file]: there is no file `file/order.json`",
        "a\x00b": "error[no-such-file]: `a\\x00b` is not a file's name",
        "folder": "error[is-a-directory]: `folder` is a directory, not a file",
        "x" * 300: f"error[unreadable]: `{'x' * 199}…` cannot be read: file name too long",
    }
    for path, line in lines.items():
        with pytest.raises(InputError) as caught:
            read(path, io.BytesIO())
        assert str(caught.value) == line


def test_read_says_why_a_file_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_args: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(InputError) as caught:
        read("order.json", io.BytesIO())
    assert str(caught.value) == "error[unreadable]: `order.json` cannot be read: permission denied"


# --- places


def test_locate() -> None:
    text = '{\n  "items": [\n    {"sku": "A", "a/b~c": 12}\n  ]\n}'
    spans = locate(text, NAME, ["", "/items/0", "/items/0/sku", "/items/0/a~1b~0c", "/items/1", "/nothing"])
    assert {pointer: str(span) for pointer, span in spans.items()} == {
        "": "order.json:1:1",
        "/items/0": "order.json:3:5",
        "/items/0/sku": "order.json:3:13",
        "/items/0/a~1b~0c": "order.json:3:27",
    }
    assert spans["/items/0/sku"].text == '"•"'
    assert locate(text, NAME, ["/items/0/sku"], secret=False)["/items/0/sku"].text == '"A"'


@given(json_values())
def test_every_value_is_located(value: JSON) -> None:
    text = encode({"value": value})
    span = locate(text, NAME, ["/value"], secret=False)["/value"]
    if not isinstance(value, dict | list):
        assert json.loads(span.text) == value
    else:
        assert span.text in ("{", "[")
