"""Bytes to accepted values, and values to bytes: as the slow way has them, to the last bit and byte."""

from __future__ import annotations

import gc
import json
import struct
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from conftest import strings_in
from crossdock.core import json_reader
from crossdock.core.errors import InputError
from crossdock.core.json_types import JSON, MISSING
from crossdock.schema.fast import read, strict_reader, write
from crossdock.schema.fast.msgspec_types import typed
from crossdock.schema.fast.strict_reader import StrictReader, count_strings, read_typed, reader_of
from crossdock.schema.store import Schema, SchemaStore
from crossdock.schema.validator import validate

WAYS = ("fast", "typed")
Hypothesis = settings(deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """At first, and after a while."""
    monkeypatch.setattr(strict_reader, "_WORTH", 1 if request.param == "typed" else 2**40)
    return str(request.param)


def load(folder: Path, document: JSON) -> Schema:
    (folder / "one.schema.json").write_text(json.dumps(document), encoding="utf-8")
    return SchemaStore([folder]).get("one")


@pytest.fixture
def anything(way: str, tmp_path: Path) -> Schema:
    """A schema that everything fits; made anew for each way, as a reader is kept with it."""
    schema = load(tmp_path, {})
    assert read(b"1", schema) == 1
    assert (schema.once(reader_of).types is not None) is (way == "typed")
    return schema


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
        return exact(json_reader.decode(data, "payload"))
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
    b"[5e-324, 2.2250738585072011e-308, 0.30000000000000004, 4503599627370495.5]",
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


@pytest.mark.parametrize(
    "text, number",
    [
        ("1.0", 1),
        ("2.500e1", 25),
        ("1E2", 100),
        ("-0.0", 0),
        ("0e-400", 0),
        ("0.99999999999999999999", 1),
        ("9007199254740991.0", 2**53 - 1),
    ],
)
def test_a_whole_number_is_read_as_one(text: str, number: int, anything: Schema) -> None:
    data = f'[{text}, {{"a": {text}}}, "1.0"]'.encode()

    assert exact(read(data, anything)) == decoded(data) == exact([number, {"a": number}, "1.0"])


@pytest.mark.parametrize("text", ["9007199254740993.0", "1e18", "-9223372036854775808.0", "1e300"])
def test_a_large_whole_number_with_a_point_is_left_to_the_strict_reader(text: str, anything: Schema) -> None:
    assert read(f"[{text}]".encode(), anything) is MISSING


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


def test_types_that_turn_down_what_fits_rest(tmp_path: Path) -> None:
    """For the types 1.0 is not a whole number, and a name outside the schema is dropped."""
    schema = load(tmp_path, {"properties": {"a": {"type": "integer"}}})
    reader = reader_of(schema)
    reader.types = typed(schema)

    assert (reader.read(b'{"a": 1}'), reader.resting) == ({"a": 1}, 0)
    assert (reader.read(b'{"a": "x"}'), reader.resting) == (MISSING, 0)
    assert (reader.read(b'{"a": 1, "a": 1}'), reader.resting) == (MISSING, 0)
    for data, value in ((b'{"a": 1.0}', {"a": 1}), (b'{"b": 2}', {"b": 2})):
        assert (exact(reader.read(data)), reader.resting) == (exact(value), 63)
        for left in range(62, -1, -1):
            assert (reader.read(b'{"a": 1}'), reader.resting) == ({"a": 1}, left)


# schema, what its types read, what they leave to the acceptor although it may fit, what breaks it
TYPED: dict[str, tuple[JSON, list[bytes], list[bytes], list[bytes]]] = {
    "scalars": (
        {
            "properties": {
                "a": {"type": "string"},
                "b": {"type": ["number", "null"]},
                "c": {"type": "boolean"},
            }
        },
        [b'{"a": "x", "b": 1}', b'{"b": 1.50, "c": true}', b"{}", b'{"b":null,"a":""}', b'{"\\u0061": "x"}'],
        [b'{"d": 1}', b'{"a": "x", "d": "x"}'],
        [b'{"a": 1}', b'{"b": "1"}', b'{"c": 1}', b'{"b": 18446744073709551616}', b'{"b": 1e400}'],
    ),
    "whole numbers": (
        {"items": {"type": "integer", "minimum": -1, "exclusiveMaximum": 10}},
        [b"[1, -1, 9]", b"[]", b"[-0]"],
        [b"[1.0]"],
        [b"[-2]", b"[10]", b"[1.5]", b'["1"]', b"[true]", b"[10.0]"],
    ),
    "numbers": (
        {"items": {"type": "number", "exclusiveMinimum": 0, "maximum": 2.0}},
        [b"[1, 2, 0.5, 2.0]"],
        [],
        [b"[0]", b"[2.5]", b"[0.0]", b"[3]", b"[18446744073709551616]"],
    ),
    "texts": (
        {"items": {"type": "string", "minLength": 1, "maxLength": 2, "pattern": "^[^b]*$"}},
        ['["a", "😀é", "\\n"]'.encode(), b"[]"],
        [],
        [b'[""]', b'["aaa"]', b'["b"]', '["😀😀😀"]'.encode(), b'["\\ud800"]'],
    ),
    "the end of a text": (
        {"type": ["string", "number", "null"], "pattern": r"^\d$"},
        [b'"1"', b"1", b"null"],
        [],
        [b'"1\\n"', '"٣"'.encode()],
    ),
    "choices": (
        {"items": {"type": ["string", "null"], "enum": ["a", "b", None]}},
        [b'["a", null]'],
        [],
        [b'["c"]', b"[1]"],
    ),
    "lists": (
        {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": ["array", "object"]}},
        [b"[[1]]", b'[{"a": [{}]}, []]'],
        [b"[[[[[[[[1]]]]]]]]"],
        [b"[]", b"[[], [], []]", b"[1]", b"{}"],
    ),
    "required": (
        {"type": "object", "required": ["a", "b"], "properties": {"a": {"type": "string"}}},
        [b'{"a": "x", "b": {"c": [1]}}', b'{"b": null, "a": "x"}'],
        [b'{"a": "", "b": 1, "c": 1}'],
        [b'{"a": "x"}', b'{"b": 1}', b'{"a": null, "b": 1}', b'{"a": "x", "b": 1, "b": 1}'],
    ),
    "a closed object": (
        {"type": "object", "properties": {"a": {}}, "additionalProperties": False},
        [b'{"a": [1]}', b"{}"],
        [],
        [b'{"b": 1}', b'{"a": 1, "b": 2}', b"[]"],
    ),
    "nothing in it": ({"type": "object", "additionalProperties": False}, [b"{}"], [], [b'{"a": 1}']),
    "a map": (
        {"type": "object", "additionalProperties": {"type": "string"}},
        [b'{"a": "b", "": "\\"\\\\"}'],
        [],
        [b'{"a": 1}', b'{"a": "b", "a": "b"}'],
    ),
    "references": (
        {
            "items": {"$ref": "#/$defs/a", "type": "object"},
            "$defs": {"a": {"properties": {"b": {"type": "null"}}}},
        },
        [b'[{"b": null}, {}]'],
        [],
        [b"[1]", b'[{"b": 1}]'],
    ),
}


@pytest.mark.parametrize("name", TYPED)
def test_types_take_no_more_than_the_schema(name: str, tmp_path: Path) -> None:
    document, quick, slower, broken = TYPED[name]
    schema = load(tmp_path, document)
    types = typed(schema)
    assert types is not None

    for data in quick:
        assert exact(read_typed(data, types)) == decoded(data)
        assert validate(json_reader.decode(data, ""), schema) == []
    for data in slower:
        assert read_typed(data, types) is MISSING
        assert exact(read(data, schema)) == decoded(data)
    for data in broken:
        assert read_typed(data, types) is MISSING
        assert read(data, schema) is MISSING
        assert decoded(data) is MISSING or validate(json_reader.decode(data, ""), schema) != []


def test_patterns_in_types_survive_the_garbage_collector(tmp_path: Path) -> None:
    """Types of msgspec that hold a pattern and a list have broken Python down, when garbage was collected."""
    text: JSON = {"type": ["string", "number", "null"], "pattern": "^a"}
    schema = load(
        tmp_path, {"type": "object", "properties": {"a": text, "b": {"items": text, "type": "array"}}}
    )

    gc.freeze()  # what is there before is left out: there is a lot of it
    try:
        for _ in range(20):
            types = typed(schema)
            assert types is not None
            assert read_typed(b'{"a": "a", "b": ["a", 1]}', types) == {"a": "a", "b": ["a", 1]}
            assert read_typed(b'{"a": "b"}', types) is MISSING
            del types
            gc.collect()
    finally:
        gc.unfreeze()


@pytest.mark.parametrize(
    "document",
    [
        {"anyOf": [{}]},
        {"properties": {"a": {"format": "date"}}},
        {"multipleOf": 2},
        {"items": {"enum": [1, 2]}},
        {"type": "integer", "minimum": 0.5},
        {"minimum": 2**60},
        {"uniqueItems": True},
        {"prefixItems": [{}]},
        {"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}},
        {"items": {"not": {}}},
        {"type": ["string", "array"], "pattern": "a"},
        {"type": ["string", "object"], "pattern": "a"},
    ],
)
def test_what_types_cannot_say_is_left_to_the_acceptor(document: JSON, tmp_path: Path) -> None:
    assert typed(load(tmp_path, document)) is None


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

    assert count_strings(data) == strings_in(tree)


@Hypothesis
@given(
    pairs=st.lists(st.tuples(STRINGS, TREES), min_size=1, max_size=4),
    colon=st.sampled_from([":", " :", ": "]),
)
def test_a_key_that_stands_twice_is_always_noticed(pairs: list[tuple[str, JSON]], colon: str) -> None:
    """The value of the second is what the first had, or anything else."""
    members = [f"{json.dumps(key)}{colon}{json.dumps(value)}" for key, value in [*pairs, pairs[0]]]
    data = f"{{{','.join(members)}}}".encode()

    assert count_strings(data) > strings_in(json.loads(data))


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


READERS: dict[str, StrictReader] = {}


def read_by(way: str, data: bytes) -> object:
    """What one way reads, or MISSING."""
    if way not in READERS:
        with TemporaryDirectory() as folder:
            schema = load(Path(folder), {})
        READERS[way] = reader_of(schema)
        READERS[way].types = typed(schema) if way == "typed" else None
    READERS[way].resting = 0
    value = READERS[way].read(data)
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
    assert write(value, compact=compact) == json_reader.encode(value, compact=compact).encode()


class Name(str):
    """Text of another type."""


@pytest.mark.parametrize(
    "value",
    [
        {1: "a"},
        {None: 1, "a": {True: 2.5}},
        {Name("a"): Name("b")},
        [Name("x"), (1, 2)],
        {"deep": [[[[{"a": (1,)}]]]]},
    ],
    ids=repr,
)
def test_what_only_the_encoder_takes_is_left_to_it(way: str, value: JSON) -> None:
    assert write(value) == json_reader.encode(value).encode()


@pytest.mark.parametrize(
    "value", [MISSING, [MISSING], {"a": {1, 2}}, {"a": datetime(2024, 5, 1), "b": uuid4()}]
)
def test_what_no_text_stands_for_is_refused(way: str, value: JSON) -> None:
    with pytest.raises(TypeError, match="is not JSON serializable"):
        write(value)


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
        expected = json_reader.encode(value, compact=compact).encode()
    except ValueError:
        with pytest.raises(ValueError, match="not JSON compliant"):
            write(value, compact=compact)
    else:
        assert write(value, compact=compact) == expected


@settings(Hypothesis, max_examples=1000)
@given(number=st.floats(1e-4, 1e16, exclude_max=True) | st.floats(-10, 10))
def test_every_float_is_written_as_by_the_encoder(number: float) -> None:
    assert write([number, -number]) == json_reader.encode([number, -number]).encode()


@pytest.mark.parametrize(
    "number",
    [
        "1e-400",
        "-1.5E-999999",
        "0.00001e-0321",
        "9" * 80 + "e-500",
        "1e-9999999999999999999999",
        '["e-999", 1e-400]',
    ],
)
def test_a_number_that_becomes_0_goes_the_slow_way(number: str, anything: Schema) -> None:
    assert read(f'{{"a": {number}}}'.encode(), anything) is MISSING
    assert read(number.encode(), anything) is MISSING


@pytest.mark.parametrize("text", ["1e-300", "0e-400", "0.0", '"7e-400"', '"4f1c4e-4001-9128"', '"e-999"'])
def test_what_looks_like_one_is_read(text: str, anything: Schema) -> None:
    assert read(f"[{text}]".encode(), anything) == json.loads(f"[{text}]")
