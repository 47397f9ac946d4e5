"""Strict YAML: the type of each scalar, the position of every node, and the errors with their text."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import MakeProject, fastest
from crossdock import CompileError, CrossdockError, Source
from crossdock.core.yaml_reader import MapNode, Node, ScalarNode, parse_yaml

# What YAML 1.1 makes of these differs for most: dates, octals, sexagesimals, booleans, floats.
SCALARS: list[tuple[str, object]] = [
    ("true", True),
    ("false", False),
    ("null", None),
    ("0", 0),
    ("-0", 0),
    ("7", 7),
    ("-12", -12),
    ("1.5", 1.5),
    ("-0.25", -0.25),
    ("1e3", 1000),
    ("1E-2", 0.01),
    ("1.0", 1),
    ("9007199254740993", 9007199254740993),
    ("1e400", "1e400"),
    ("NO", "NO"),
    ("no", "no"),
    ("on", "on"),
    ("Yes", "Yes"),
    ("True", "True"),
    ("FALSE", "FALSE"),
    ("Null", "Null"),
    ("~", "~"),
    ("", ""),
    ("012", "012"),
    ("092101", "092101"),
    ("0x1F", "0x1F"),
    ("0o17", "0o17"),
    ("12:30", "12:30"),
    ("12:30:45", "12:30:45"),
    ("1_000", "1_000"),
    ("+1", "+1"),
    (".5", ".5"),
    ("5.", "5."),
    ("1.10.2", "1.10.2"),
    (".nan", ".nan"),
    (".inf", ".inf"),
    ("-.Inf", "-.Inf"),
    ("NaN", "NaN"),
    ("2016-04-08", "2016-04-08"),
    ("2016-04-08T10:00:00Z", "2016-04-08T10:00:00Z"),
    ("a", "a"),
    ("a #b", "a"),
    ("a#b", "a#b"),
    ("a:b", "a:b"),
    ("'12'", "12"),
    ('"true"', "true"),
    ("'null'", "null"),
    ("''", ""),
    ('"\\u00e9\\n"', "é\n"),
    ("'it''s'", "it's"),
    ("|\n  a\n  b", "a\nb"),
    (">\n  a\n  b\n\n  c", "a b\nc"),
    (">-\n  a\n  b\n", "a b"),
    ("Ünïcode 𝄞", "Ünïcode 𝄞"),
]


def node_of(text: str) -> Node:
    found = parse_yaml(Source("m.yaml", text))
    assert found is not None
    return found


def value_of(text: str) -> ScalarNode:
    root = node_of(f"key: {text}")
    assert isinstance(root, MapNode)
    value = root.get("key")
    assert isinstance(value, ScalarNode)
    return value


@pytest.mark.parametrize(("text", "value"), SCALARS)
def test_a_scalar_is_jsons_or_text(text: str, value: object) -> None:
    found = value_of(text).value

    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("a: bc", ["a", "bc"]),
        ("a:   'b c'  # why", ["a", "'b c'"]),
        ('"a b": "c\\n"', ['"a b"', '"c\\n"']),
        ("a: |\n  b\n  c\nd: 1\n", ["a", "|\n  b\n  c\n", "d", "1"]),
        ("ключ: значение", ["ключ", "значение"]),
        ("𝄞: 𝄢𝄢", ["𝄞", "𝄢𝄢"]),
        ("a: {b: [c, d]}", ["a", "b", "c", "d"]),
        ("a:\r\n  b: c\r\n", ["a", "b", "c"]),
        ("a: x\n  y\n  z", ["a", "x\n  y\n  z"]),
    ],
)
def test_a_span_is_what_stands_in_the_file(text: str, spans: list[str]) -> None:
    assert [scalar.span.text for scalar in _scalars(node_of(text))] == spans


def _scalars(node: Node) -> list[ScalarNode]:
    match node:
        case ScalarNode():
            return [node]
        case MapNode():
            return [found for key, value in node.entries for found in [key, *_scalars(value)]]
        case _:
            return [found for item in node.items for found in _scalars(item)]


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("a: 1\nb:\n  c: 2\n  d: 3\n\n# end\nf: 4\n", "c: 2\n  d: 3"),
        ("b: {c: 1,\n  d: 2}   # x\n", "{c: 1,\n  d: 2}"),
        ("b:\n- c\n- d\n\n\n", "- c\n- d"),
    ],
)
def test_the_span_of_a_block_ends_with_its_last_line(text: str, span: str) -> None:
    root = node_of(text)
    assert isinstance(root, MapNode)
    block = root.get("b")
    assert block is not None
    assert block.span.text.partition("\n\n")[0] == span


QUOTE = 'an expression that begins with one of @ [ * ` { & ! | > % or holds `: ` or ` #` must be quoted: "…"'
FLOW = 'between { and }, or [ and ], an expression that holds one of , [ ] { } must be quoted: "…"'
REFUSED = [
    (
        "an anchor",
        "a: &x 1\n",
        "error[yaml-anchor]: anchors are not allowed\n  --> m.yaml:1:4\n  |\n1 | a: &x 1\n  |    ^\n"
        f"  = help: {QUOTE}",
    ),
    (
        "an expression reference that YAML takes for an anchor",
        "a: &price\n",
        "error[yaml-anchor]: anchors are not allowed\n  --> m.yaml:1:4\n  |\n1 | a: &price\n  |    ^\n"
        f"  = help: {QUOTE}",
    ),
    (
        "an alias",
        "a: *x\n",
        "error[yaml-alias]: aliases are not allowed\n  --> m.yaml:1:4\n  |\n1 | a: *x\n  |    ^^\n"
        f"  = help: write the value out, or use a fragment; {QUOTE}",
    ),
    (
        "a wildcard that YAML takes for an alias",
        "a: *.b\n",
        "error[yaml-syntax]: not YAML: did not find expected alphabetic or numeric character\n"
        "  --> m.yaml:1:5\n"
        f"  |\n1 | a: *.b\n  |     ^\n  = help: {QUOTE}",
    ),
    (
        "a merge key",
        "a: 1\n<<: {b: 2}\n",
        "error[yaml-merge]: merge keys are not allowed\n  --> m.yaml:2:1\n  |\n2 | <<: {b: 2}\n  | ^\n"
        "  = help: write the keys out, or use a fragment",
    ),
    (
        "a tag",
        "a: !!python/object/apply:os.system [id]\n",
        "error[yaml-tag]: tags are not allowed\n  --> m.yaml:1:4\n  |\n"
        f"1 | a: !!python/object/apply:os.system [id]\n  |    ^\n  = help: {QUOTE}",
    ),
    (
        "a binary",
        "a: !!binary aGk=\n",
        "error[yaml-tag]: tags are not allowed\n  --> m.yaml:1:4\n  |\n1 | a: !!binary aGk=\n  |    ^\n"
        f"  = help: {QUOTE}",
    ),
    (
        "a negation that YAML takes for a tag",
        "a: !b\n",
        "error[yaml-tag]: tags are not allowed\n  --> m.yaml:1:4\n  |\n1 | a: !b\n  |    ^\n"
        f"  = help: {QUOTE}",
    ),
    (
        "equal keys, each with the line of the first",
        "a: 1\nb: 2\na: 3\nb: 4\n",
        "error[duplicate-key]: the key `a` occurs twice here\n  --> m.yaml:3:1\n  |\n3 | a: 3\n  | ^\n"
        "  = note: the first is on line 1\n\n"
        "error[duplicate-key]: the key `b` occurs twice here\n  --> m.yaml:4:1\n  |\n4 | b: 4\n  | ^\n"
        "  = note: the first is on line 2",
    ),
    (
        "equal keys, one of them quoted",
        "a: {b: 1, 'b': 2}\n",
        "error[duplicate-key]: the key `b` occurs twice here\n  --> m.yaml:1:11\n  |\n1 | a: {b: 1, 'b': 2}\n"
        "  |           ^^^\n  = note: the first is on line 1",
    ),
    (
        "a number as a key",
        "1: a\n",
        "error[yaml-key]: a key must be text\n  --> m.yaml:1:1\n  |\n1 | 1: a\n  | ^\n"
        '  = help: quote the key: "…"',
    ),
    (
        "a word of JSON as a key",
        "a:\n  null: b\n",
        "error[yaml-key]: a key must be text\n  --> m.yaml:2:3\n  |\n2 |   null: b\n  |   ^^^^\n"
        '  = help: quote the key: "…"',
    ),
    (
        "a list as a key",
        "? [a]\n: b\n",
        "error[yaml-key]: a key must be text\n  --> m.yaml:1:3\n  |\n1 | ? [a]\n  |   ^^^\n"
        '  = help: quote the key: "…"',
    ),
    (
        "a second document",
        "a: 1\n---\nb: 2\n",
        "error[yaml-documents]: a file must contain only one document\n  --> m.yaml:2:1\n  |\n2 | ---\n  | ^",
    ),
    (
        "a tab for indentation",
        "a:\n\tb: 1\n",
        "error[yaml-syntax]: not YAML: a tab cannot indent\n  --> m.yaml:2:1\n  |\n2 |  b: 1\n  | ^\n"
        "  = help: indent with spaces",
    ),
    (
        "an expression that begins with @",
        "a: @\n",
        "error[yaml-syntax]: not YAML: found character that cannot start any token\n  --> m.yaml:1:4\n  |\n"
        f"1 | a: @\n  |    ^\n  = help: {QUOTE}",
    ),
    (
        "an expression that begins with a backtick",
        "a: `1`\n",
        "error[yaml-syntax]: not YAML: found character that cannot start any token\n  --> m.yaml:1:4\n  |\n"
        f"1 | a: `1`\n  |    ^\n  = help: {QUOTE}",
    ),
    (
        "a template without quotes",
        "a: {{ b }}\n",
        "error[yaml-key]: a template must be quoted\n  --> m.yaml:1:5\n  |\n1 | a: {{ b }}\n  |     ^^^^^\n"
        '  = help: quote the whole text: "{{ … }}"',
    ),
    (
        "an expression with a colon and a space",
        "a: b ? c: d\n",
        "error[yaml-syntax]: not YAML: mapping values are not allowed in this context\n  --> m.yaml:1:9\n"
        "  |\n"
        f"1 | a: b ? c: d\n  |         ^\n  = help: {QUOTE}",
    ),
    (
        "a quote that is not closed",
        "a: 'b\nc: d\n",
        "error[yaml-syntax]: not YAML: the quote is not closed\n  --> m.yaml:1:4\n  |\n1 | a: 'b\n  |    ^",
    ),
    (
        "an escape that is none",
        'a: "\\q"\n',
        "error[yaml-syntax]: not YAML: found unknown escape character\n  --> m.yaml:1:5\n  |\n"
        f'1 | a: "\\q"\n  |     ^\n  = help: {QUOTE}',
    ),
    (
        "a bracket that is not closed",
        "a: [b\n",
        "error[yaml-syntax]: not YAML: the `[` is not closed\n  --> m.yaml:1:4\n  |\n1 | a: [b\n  |    ^\n"
        f"  = help: {QUOTE}",
    ),
    (
        "a brace in a bracket that is not closed",
        "a: [b, {c: d]\n",
        "error[yaml-syntax]: not YAML: did not find expected ',' or '}'\n"
        "  --> m.yaml:1:13\n  |\n1 | a: [b, {c: d]\n  |             ^\n"
        f"  = help: {QUOTE}",
    ),
    (
        "a brace whose end is in a comment",
        "a: [b, {c: d # e}]\n\n",
        "error[yaml-syntax]: not YAML: the `{` is not closed\n"
        "  --> m.yaml:1:8\n  |\n1 | a: [b, {c: d # e}]\n  |        ^\n"
        f"  = help: {QUOTE}",
    ),
    (
        "an index in an expression between braces",
        "a: {b: c[0].d}\n",
        "error[yaml-syntax]: not YAML: did not find expected ',' or '}'\n"
        "  --> m.yaml:1:9\n  |\n1 | a: {b: c[0].d}\n  |         ^\n"
        f"  = help: {FLOW}",
    ),
    (
        "an object in an expression between brackets",
        "a: [b.{c: d}]\n",
        "error[yaml-syntax]: not YAML: did not find expected ',' or ']'\n"
        "  --> m.yaml:1:7\n  |\n1 | a: [b.{c: d}]\n  |       ^\n"
        f"  = help: {FLOW}",
    ),
    (
        "a control character",
        "a: \x07\n",
        "error[yaml-syntax]: not YAML: a character that YAML does not allow\n  --> m.yaml:1:4\n  |\n"
        "1 | a: �\n  |    ^",
    ),
    (
        "a control character behind letters of several bytes",
        "é: 日本\x07\n",
        "error[yaml-syntax]: not YAML: a character that YAML does not allow\n  --> m.yaml:1:6\n  |\n"
        "1 | é: 日本�\n  |        ^",
    ),
    (
        "half of a surrogate pair",
        "a: \ud800\n",
        "error[yaml-syntax]: not YAML: a character that YAML does not allow\n  --> m.yaml:1:4\n  |\n"
        "1 | a: �\n  |    ^",
    ),
    (
        "a byte order mark",
        "\ufeffa: 1\n",
        "error[byte-order-mark]: the file begins with a byte order mark\n  --> m.yaml:1:1\n  |\n1 | �a: 1\n"
        "  | ^\n"
        "  = help: save the file as UTF-8 without one",
    ),
]


@pytest.mark.parametrize(("text", "message"), [pytest.param(*row, id=name) for name, *row in REFUSED])
def test_refused(text: str, message: str) -> None:
    with pytest.raises(CompileError) as caught:
        parse_yaml(Source("m.yaml", text))

    assert str(caught.value) == message


@pytest.mark.parametrize("number", [-(2**63), 2**63, 2**64 - 1])
def test_whole_numbers_of_64_bits_are_exact(number: int) -> None:
    node = parse_yaml(Source("m.yaml", str(number)))

    assert isinstance(node, ScalarNode)
    assert (node.value, type(node.value)) == (number, int)


@pytest.mark.parametrize("number", [-(2**63) - 1, 2**64, 10**30])
def test_whole_numbers_beyond_64_bits_are_refused(number: int) -> None:
    with pytest.raises(CompileError) as caught:
        parse_yaml(Source("m.yaml", f"a: {number}"))

    assert str(caught.value).splitlines()[0] == "error[number-range]: the number is out of range"
    assert str(caught.value).endswith("= help: put a number as long as this in quotes")


def _bomb(opening: str, line: str, count: int) -> str:
    return opening + "".join(line.format(this=number, last=number - 1) for number in range(1, count))


HOSTILE = [
    (
        "aliases that multiply",
        "l0: &l0 [x]\n" + _bomb("", "l{this}: &l{this} [*l{last}, *l{last}]\n", 40),
        "yaml-anchor",
    ),
    (
        "merge keys that multiply",
        "a0: &a0 {x: 1}\n" + _bomb("", "a{this}: &a{this} {{<<: [*a{last}, *a{last}]}}\n", 20),
        "yaml-anchor",
    ),
    ("a list that holds itself", "a: &a [*a]\n", "yaml-anchor"),
    ("a deep list", "[" * 100_000, "yaml-depth"),
    ("a deep object", "{a: " * 100_000, "file-too-large"),
    ("a deep object of less than the limit", "{a: " * 60_000, "yaml-depth"),
    ("deep block lists", "- " * 100_000, "yaml-depth"),
    ("deep indentation", "".join(" " * depth + "a:\n" for depth in range(700)), "yaml-depth"),
    ("deep explicit keys", "? " * 100_000, "yaml-depth"),
    ("too many values", "[" + "a," * 60_000 + "]", "file-too-large"),
    ("too long", "a: " + "b" * 300_000, "file-too-large"),
    ("a long line of colons", ": " * 60_000, "yaml-"),
]


@pytest.mark.parametrize(("text", "id"), [pytest.param(*row, id=name) for name, *row in HOSTILE])
def test_what_is_hostile_is_refused_at_once(text: str, id: str) -> None:
    def refuse() -> None:
        with pytest.raises(CompileError) as caught:
            parse_yaml(Source("m.yaml", text))
        assert caught.value.diagnostics[0].id.startswith(id)
        assert len(str(caught.value)) < 1_000

    assert fastest(refuse) < 0.5


def test_the_sentences_of_the_limits() -> None:
    def message(text: str) -> str:
        with pytest.raises(CompileError) as caught:
            parse_yaml(Source("m.yaml", text))
        return caught.value.diagnostics[0].message

    assert message("[" * 40) == "nested deeper than 32 levels"
    assert message("a: " + "b" * 300_000) == "the file has more than 256 KiB"
    assert message("[" + "a," * 60_000 + "]") == "the file has more than 50000 values"


@pytest.mark.parametrize("text", ["", "   \n\n", "# only a comment\n"])
def test_an_empty_file_is_nothing(text: str) -> None:
    assert parse_yaml(Source("m.yaml", text)) is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"map: {a: \xff}\n", "error[unreadable]: `mappings/a.yaml` is not UTF-8: byte 10"),
        ("map: {a: b}\n".encode("utf-16"), "error[unreadable]: `mappings/a.yaml` is not UTF-8: byte 1"),
        (b"x" * 2_000_000, "error[file-too-large]: `mappings/a.yaml` is too large for a mapping"),
        (b"", "error[not-a-mapping]: the file is not a mapping"),
    ],
)
def test_a_file_that_is_no_text_is_refused(
    content: bytes, message: str, project: MakeProject, tmp_path: Path
) -> None:
    made = project({})
    (tmp_path / "mappings" / "a.yaml").write_bytes(content)

    with pytest.raises(CrossdockError) as caught:
        made.mapping("a")
    assert str(caught.value).splitlines()[0] == message
