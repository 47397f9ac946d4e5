"""Bytes to accepted values, and values to bytes: as the slow way has them, to the last bit and byte."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crossdock import payloads
from crossdock.acceptance import libraries, read, write
from crossdock.acceptance.counting import texts
from crossdock.errors import InputError
from crossdock.schemas import Schema, SchemaStore
from crossdock.values import JSON, MISSING

WAYS = ("plain", "fast")
Hypothesis = settings(deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """With the optional libraries and without."""
    if request.param == "plain":
        monkeypatch.setenv("CROSSDOCK_PLAIN", "1")
    else:
        monkeypatch.delenv("CROSSDOCK_PLAIN", raising=False)
        pytest.importorskip("orjson")
        pytest.importorskip("msgspec")
    for library in (libraries.orjson, libraries.msgspec):
        library.cache_clear()
    yield request.param
    monkeypatch.undo()
    for library in (libraries.orjson, libraries.msgspec):
        library.cache_clear()


def load(folder: Path, document: JSON) -> Schema:
    (folder / "one.schema.json").write_text(json.dumps(document), encoding="utf-8")
    return SchemaStore([folder]).get("one")


@pytest.fixture
def anything(way: str, tmp_path: Path) -> Schema:
    """A schema that everything fits; made anew for each way, as a reader is kept with it."""
    return load(tmp_path, {})


def exact(value: JSON) -> object:
    """A value with its types and bits: 1, 1.0 and true differ, and so do 0.0 and -0.0, and orders of keys."""
    match value:
        case dict():
            return ("object", [(key, exact(each)) for key, each in value.items()])
        case list():
            return ("array", list(map(exact, value)))
        case float():
            return ("float", struct.pack("<d", value))
    return (type(value).__name__, value)


def decoded(data: bytes) -> object:
    try:
        return exact(payloads.decode(data, "payload"))
    except InputError:
        return MISSING


READ = [
    b"{}",
    b" [1, 2.50, -0, -0.0, 1e5, 1E-7, true, false, null] ",
    b'{"a": {"a": "a"}, "b": ["a"]}',
    b'{"a" : 1, "b"\t:2, "c"\n:\r\n3}',
    b'{"": "", "a:": ":", ":": "\\":"}',
    b'{"\\"": "\\\\", "\\\\": "\\\\\\"", "x": "\\\\\\\\"}',
    b'{"\\u0022": "\\u005c", "\\/": "\\n\\t"}',
    b'"\\ud83d\\ude00"',
    b'"\\\\ud800 is no escape"',
    '{"ключ": "значение", "é": "😀"}'.encode(),
    b'["\x7f", "\\u0000"]',
    b"[18446744073709551615, -9223372036854775808, 9223372036854775808]",
    b"0.1",
    b"[5e-324, 2.2250738585072011e-308, 0.30000000000000004, 9007199254740993.0]",
    b"[" * 60 + b"]" * 60,
    b'{"a":' * 60 + b"1" + b"}" * 60,
]
REFUSED = [
    b"",
    b"  \n",
    b"{",
    b'{"a": 1, "a": 1}',
    b'{"a": 1, "\\u0061": 1}',
    b'{"a": {"b": 1, "c": 2, "b": 3}}',
    b'[{"x": ":", "x": 1}]',
    b'{"a": "x", "a": {"b": 1}}',
    b'{"a": {"b": 1}, "a": "x"}',
    b"NaN",
    b"[Infinity]",
    b"[-Infinity]",
    b"1e400",
    b"-1e999",
    b"18446744073709551616",
    b"-9223372036854775809",
    b"[1" + b"0" * 5000 + b"]",
    b'"\\ud800"',
    b'"\\uDC00x"',
    b'{"\\ud83d": 1}',
    b'"\\ude00\\ud83d"',
    b'"\xed\xa0\x80"',
    b'"\xff"',
    b'"\xc0\xaf"',
    b"\xef\xbb\xbf{}",
    "{}".encode("utf-16"),
    "{}".encode("utf-16-le"),
    "[]".encode("utf-32"),
    b"{}\x00",
    b"\x00{}",
    b'"a\nb"',
    b'"\x01"',
    b"01",
    b"1.",
    b".5",
    b"+1",
    b"- 1",
    b"1 2",
    b"[1,]",
    b'{"a":1,}',
    b"{'a': 1}",
    b"// no\n1",
    b"\xa0[]",
    b"\x0c[]",
    b"tru",
    b"[" * 65 + b"]" * 65,
    b"[" * 100_000 + b"]" * 100_000,
    b'{"a":' * 2000 + b"1" + b"}" * 2000,
]


@pytest.mark.parametrize("data", READ, ids=lambda data: data[:40].decode("utf-8", "replace"))
def test_what_is_read_is_what_the_strict_reader_has(data: bytes, anything: Schema) -> None:
    value = read(data, anything)

    assert value is not MISSING
    assert exact(value) == decoded(data)


@pytest.mark.parametrize("data", REFUSED, ids=lambda data: ascii(data[:40]))
def test_what_the_strict_reader_refuses_is_not_read(data: bytes, anything: Schema) -> None:
    assert decoded(data) is MISSING
    assert read(data, anything) is MISSING


def test_a_payload_has_a_limit(anything: Schema) -> None:
    assert read(b'"123"', anything, limit=5) == "123"
    assert read(b'"1234"', anything, limit=5) is MISSING


def test_what_does_not_fit_is_not_read(way: str, tmp_path: Path) -> None:
    schema = load(tmp_path, {"type": "object", "properties": {"sku": {"type": "string"}}})

    assert read(b'{"sku": "a", "other": [1]}', schema) == {"sku": "a", "other": [1]}
    assert read(b'{"sku": null}', schema) is MISSING
    assert read(b'{"sku": "a", "sku": "b"}', schema) is MISSING


# --- counting


TOKENS = st.sampled_from(
    [
        *(b"{", b"}", b"[", b"]", b":", b",", b" ", b"\n", b'"', b"\\", b'\\"', b"a", b"u0022", b"\\\\"),
        *(b'"a"', b'"a":', b'"b":1', b"1", b"-0", b"1e19", b"null", b"\\ud800", b"\\udc00", b'":"'),
        b"\xc3\xa9",
    ]
)
STRINGS = st.text(alphabet='"\\:a\n\u00e9😀{}[],', max_size=6)
TREES: st.SearchStrategy[JSON] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**65) | st.floats() | STRINGS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(STRINGS, below, max_size=4),
    max_leaves=12,
)
"""Also trees that are not JSON's: json.dumps writes NaN, and we must not read it."""


def strings(value: JSON) -> int:
    match value:
        case str():
            return 1
        case list():
            return sum(map(strings, value))
        case dict():
            return len(value) + sum(map(strings, value.values()))
    return 0


@Hypothesis
@given(
    tree=TREES,
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, 0, 2, "\t"]),
    colon=st.sampled_from([":", " : ", "\n:\t"]),
)
@example(tree={"a\\": "\\\\", '\\"': '"'}, ascii_only=False, indent=None, colon=":")
def test_texts_are_counted_in_bytes(
    tree: JSON, ascii_only: bool, indent: int | str | None, colon: str
) -> None:
    data = json.dumps(tree, ensure_ascii=ascii_only, indent=indent, separators=(",", colon)).encode()

    assert texts(data) == strings(tree)


@Hypothesis
@given(
    pairs=st.lists(st.tuples(STRINGS, TREES), min_size=1, max_size=4),
    colon=st.sampled_from([":", " :", ": "]),
)
def test_a_key_that_stands_twice_is_always_noticed(pairs: list[tuple[str, JSON]], colon: str) -> None:
    """The value of the second is what the first had, or anything else."""
    members = [f"{json.dumps(key)}{colon}{json.dumps(value)}" for key, value in [*pairs, pairs[0]]]
    data = f"{{{','.join(members)}}}".encode()

    assert texts(data) > strings(json.loads(data))


@pytest.mark.parametrize("way_of", WAYS)
@Hypothesis
@given(tree=TREES, ascii_only=st.booleans(), indent=st.sampled_from([None, 1]))
def test_trees_are_read_as_the_strict_reader_has_them(
    way_of: str, tree: JSON, ascii_only: bool, indent: int | None
) -> None:
    data = json.dumps(tree, ensure_ascii=ascii_only, indent=indent).encode()
    found = read_by(way_of, data)

    assert found is MISSING or found == decoded(data)
    if decoded(data) is not MISSING and "e+" not in str(tree) and ".0" not in str(tree):
        assert found is not MISSING


@pytest.mark.parametrize("way_of", WAYS)
@settings(Hypothesis, max_examples=500)
@given(data=st.lists(TOKENS, max_size=12).map(b"".join) | st.binary(max_size=12))
def test_bytes_are_read_as_the_strict_reader_has_them(way_of: str, data: bytes) -> None:
    found = read_by(way_of, data)

    assert found is MISSING or found == decoded(data)


SCHEMAS: dict[str, Schema] = {}


def read_by(way: str, data: bytes) -> object:
    """What one way reads; each has its own schema, because a reader is kept with it."""
    with pytest.MonkeyPatch.context() as patch:
        if way == "plain":
            patch.setattr(libraries, "orjson", lambda: None)
            patch.setattr(libraries, "msgspec", lambda: None)
        if way not in SCHEMAS:
            import tempfile

            with tempfile.TemporaryDirectory() as folder:
                SCHEMAS[way] = load(Path(folder), {})
        value = read(data, SCHEMAS[way])
    return MISSING if value is MISSING else exact(value)


# --- writing


@pytest.mark.parametrize("compact", [True, False])
@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        [[], {}, [{}], {"a": []}],
        {"é": "😀\u2028", '"': "\\/\b\f\n\r\t\x1b\x7f\x00"},
        [0.0, -0.0, 1.0, 0.1, 1e15, 1e16, 1e17, 1e-4, 1e-5, 1.5e300, 5e-324, 123456789.123456789],
        [2**63, 2**64 - 1, 2**64, -(2**63), 10**30],
        {"a": [1, {"b": None}], "c": True},
    ],
    ids=repr,
)
def test_bytes_are_those_of_the_encoder(way: str, value: JSON, compact: bool) -> None:
    assert write(value, compact=compact) == payloads.encode(value, compact=compact).encode()


@pytest.mark.parametrize(
    "value", [float("nan"), [float("inf")], {"a": -float("inf")}, ["\ud800"], {"\ud800": 1}]
)
def test_what_is_not_json_is_not_written(way: str, value: JSON) -> None:
    with pytest.raises(ValueError, match=r"not JSON compliant|surrogates not allowed"):
        write(value)


@settings(Hypothesis, max_examples=500)
@given(value=TREES, compact=st.booleans())
def test_every_tree_is_written_as_by_the_encoder(value: JSON, compact: bool) -> None:
    try:
        expected = payloads.encode(value, compact=compact).encode()
    except ValueError:
        with pytest.raises(ValueError, match="not JSON compliant"):
            write(value, compact=compact)
    else:
        assert write(value, compact=compact) == expected


@settings(Hypothesis, max_examples=1000)
@given(number=st.floats(1e-4, 1e16, exclude_max=True) | st.floats(-10, 10))
def test_every_float_is_written_as_by_the_encoder(number: float) -> None:
    assert write([number, -number]) == payloads.encode([number, -number]).encode()
