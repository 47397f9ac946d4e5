"""JMESPath, whole and unchanged: each case against its expected value and against the library itself.

Intended differences are in tables of their own, by name. Then come positions, errors and limits.
"""

from __future__ import annotations

import json
import re
from typing import get_args

import jmespath
import jmespath.exceptions
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import fastest
from crossdock import CompileError, Source, Span
from crossdock.core.json_types import settled
from crossdock.core.yaml_reader import MapNode, ScalarNode, parse_yaml
from crossdock.execution.evaluator import Evaluator, Failure
from crossdock.execution.scope import Scope
from crossdock.language.expr import (
    _CHILDREN,
    Expr,
    Expression,
    FunctionCall,
    Identifier,
    KeyValue,
    source_order,
)
from crossdock.language.jmespath import compile_expression
from crossdock.language.jmespath_parser import _Lexer, simple_tokens


def test_the_parts_of_every_kind_of_node_are_known() -> None:
    assert set(_CHILDREN) == set(get_args(Expr))


SIGNS = [*"ab_1 .*,:@(){}[]?|&<>!=-'$\n", "é", "sku", "[?", "&&", "'it'", "`1`", "$a", " = ", " == "]


@given(st.lists(st.sampled_from(SIGNS)).map("".join))
@settings(max_examples=1_000, deadline=None)
def test_simple_tokens_are_those_of_the_lexer(text: str) -> None:
    if (found := simple_tokens(text)) is not None:
        whole = _Lexer().tokens(text)
        assert found == [{key: token[key] for key in ("type", "value", "start")} for token in whole]


@pytest.mark.parametrize(
    "text", ["a.b[?c == 'd e' && !(f || g)] | {h: -1, i: @[0:2]}", 'let $a = `{"b": [1]}` in $a[].c']
)
def test_most_expressions_have_only_simple_tokens(text: str) -> None:
    assert simple_tokens(text) is not None


def scalar_of(yaml: str) -> ScalarNode:
    """The scalar under the only key of a YAML text."""
    root = parse_yaml(Source("m.yaml", yaml))
    assert isinstance(root, MapNode)
    ((_, scalar),) = root.entries
    assert isinstance(scalar, ScalarNode)
    return scalar


def compile_text(text: str) -> Expression:
    return compile_expression(ScalarNode(text, _whole(text)))


def _whole(text: str) -> Span:
    return Span(Source("m.yaml", text), 0, len(text))


def evaluate(text: str, payload: object, scope: Scope | None = None) -> object:
    return Evaluator(scope or Scope()).evaluate(compile_text(text), payload)  # type: ignore[arg-type]


def exact(value: object) -> str:
    """A value with its types: 1, 1.0 and true are three."""
    return json.dumps(value)


FOO = {"foo": {"bar": {"baz": "one"}, "n": 0, "t": True, "f": False, "z": None, "e": "", "l": [], "o": {}}}
LIST = {
    "people": [
        {"name": "a", "age": 30, "tags": ["x", "y"], "home": {"city": "Oslo"}},
        {"name": "b", "age": 20, "tags": [], "home": {"city": None}},
        {"name": "c", "age": None, "home": {}},
        {"age": 40, "tags": ["z"], "home": None},
        None,
    ],
    "numbers": [3, 1, None, 2.5],
    "ints": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    "words": ["b", "a", "c"],
    "nested": [[1, [2, 3]], [], [4, None], 5, None],
    "empty": [],
    "text": "abc",
}
ODD = {
    "a b": 1,
    "a.b": 2,
    "é": 3,
    'q"q': 4,
    "back\\slash": 5,
    "": 6,
    "a`b": 7,
    "tab\t": 8,
    "𝄞": 9,
    "_x1": 10,
    "true": 11,
    "a-b": {"c-d": 12},
    "0": 13,
}
ORDERS = {
    "orders": [
        {"id": 1, "total": 9.5, "state": "open", "lines": [{"sku": "A", "n": 2}, {"sku": "B", "n": 1}]},
        {"id": 2, "total": 20, "state": "shut", "lines": [{"sku": "A", "n": 5}]},
        {"id": 3, "total": 7, "state": "open", "lines": []},
        {"id": 4, "state": None, "lines": None},
    ],
    "by": {"x": {"v": 1}, "y": {"v": None}, "z": {"v": 3}, "w": 4},
}
CASES: dict[str, tuple[object, list[tuple[str, object]]]] = {
    "identifiers": (
        FOO,
        [
            ("foo.n", 0),
            ("foo.t", True),
            ("foo.f", False),
            ("foo.z", None),
            ("foo.e", ""),
            ("foo.l", []),
            ("foo.o", {}),
            ("bar", None),
            ("Foo", None),
            ("@.foo.n", 0),
            ("@", FOO),
        ],
    ),
    "quoted identifiers": (
        ODD,
        [
            ('"a b"', 1),
            ('"a.b"', 2),
            ('"é"', 3),
            ('"\\u00e9"', 3),
            ('"q\\"q"', 4),
            ('"back\\\\slash"', 5),
            ('""', 6),
            ('"a`b"', 7),
            ('"tab\\t"', 8),
            ('"𝄞"', 9),
            ('"\\ud834\\udd1e"', 9),
            ("_x1", 10),
            ('"_x1"', 10),
            ("true", 11),
            ('"a-b"."c-d"', 12),
            ('"0"', 13),
            ('"missing one"', None),
        ],
    ),
    "sub-expressions": (
        FOO,
        [
            ("foo.bar", {"baz": "one"}),
            ("foo.bar.baz", "one"),
            ("foo.bar.baz.no", None),
            ("foo.no.baz", None),
            ("foo.z.baz", None),
            ("foo.n.baz", None),
            ("foo.e.baz", None),
            ("foo.l.baz", None),
            ('foo."bar".baz', "one"),
            ("foo . bar\n.baz", "one"),
            ("foo.{b: bar.baz}", {"b": "one"}),
            ("foo.[n, t]", [0, True]),
            ("no.{b: bar}", None),
            ("no.[n]", None),
            ("foo.length(@)", 8),
        ],
    ),
    "indexes": (
        LIST,
        [
            ("ints[0]", 0),
            ("ints[9]", 9),
            ("ints[10]", None),
            ("ints[-1]", 9),
            ("ints[-10]", 0),
            ("ints[-11]", None),
            ("people[0].name", "a"),
            ("people[3].name", None),
            ("people[4].name", None),
            ("people[0].tags[1]", "y"),
            ("text[0]", None),
            ("people[0][0]", None),
            ("nested[0][1][1]", 3),
            ("ints[99999999999999999999]", None),
            ("[0]", None),
            ("@.ints[1]", 1),
        ],
    ),
    "slices": (
        LIST,
        [
            ("ints[0:3]", [0, 1, 2]),
            ("ints[:3]", [0, 1, 2]),
            ("ints[7:]", [7, 8, 9]),
            ("ints[:]", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
            ("ints[::]", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
            ("ints[::3]", [0, 3, 6, 9]),
            ("ints[1:8:3]", [1, 4, 7]),
            ("ints[::-4]", [9, 5, 1]),
            ("ints[-3:]", [7, 8, 9]),
            ("ints[:-7]", [0, 1, 2]),
            ("ints[8:2:-2]", [8, 6, 4]),
            ("ints[20:]", []),
            ("ints[-100:2]", [0, 1]),
            ("ints[5:5]", []),
            ("people[:2].name", ["a", "b"]),
            ("people[2:].name", ["c"]),
            ("text[0:1]", None),
            ("missing[0:1]", None),
            ("ints[2:8][1]", []),
            ("ints[2:8] | [1]", 3),
            ("numbers[:3]", [3, 1]),
            ("nested[:2][0]", [1]),
        ],
    ),
    "list projections": (
        LIST,
        [
            ("people[*].name", ["a", "b", "c"]),
            ("people[*].home.city", ["Oslo"]),
            ("people[*].missing", []),
            ("people[*].tags[0]", ["x", "z"]),
            ("people[*].tags[*]", [["x", "y"], [], ["z"]]),
            ("people[*].tags | [0]", ["x", "y"]),
            ("people[*]", LIST["people"][:4]),
            ("numbers[*]", [3, 1, 2.5]),
            ("text[*]", None),
            ("missing[*].a", None),
            ("empty[*].a", []),
            ("@.people[*].age", [30, 20, 40]),
            ("people[*].[name, age]", [["a", 30], ["b", 20], ["c", None], [None, 40]]),
            ("people[*].{n: name}", [{"n": "a"}, {"n": "b"}, {"n": "c"}, {"n": None}]),
            ("people[*].tags[*][0]", [[], [], []]),
        ],
    ),
    "object projections": (
        ORDERS,
        [
            ("by.*", [{"v": 1}, {"v": None}, {"v": 3}, 4]),
            ("by.*.v", [1, 3]),
            ("by.x.*", [1]),
            ("by.y.*", []),
            ("by.*.*", [[1], [], [3]]),
            ("by.w.*", None),
            ("missing.*", None),
            ("orders.*", None),
            ("orders[*].*.sku", [[], [], [], []]),
            ("by.* | length(@)", 4),
            ("*.x.v", [1]),
        ],
    ),
    "filters": (
        ORDERS,
        [
            ("orders[?state == 'open'].id", [1, 3]),
            ("orders[?state != 'open'].id", [2, 4]),
            ("orders[?total > `9`].id", [1, 2]),
            ("orders[?total >= `9.5`].id", [1, 2]),
            ("orders[?total < `9.5`].id", [3]),
            ("orders[?total <= `9.5`].id", [1, 3]),
            ("orders[?total == `20.0`].id", [2]),
            ("orders[?total].id", [1, 2, 3]),
            ("orders[?!total].id", [4]),
            ("orders[?lines].id", [1, 2]),
            ("orders[?state == `null`].id", [4]),
            ("orders[?state == 'open' && total > `8`].id", [1]),
            ("orders[?state == 'shut' || total < `8`].id", [2, 3]),
            ("orders[?!(state == 'open')].id", [2, 4]),
            ("orders[?lines[?sku == 'A' && n > `2`]].id", [2]),
            ("orders[?id == `1`].lines[?n == `1`].sku", []),
            ("orders[?id == `1`] | [0].lines[?n == `1`].sku | [0]", "B"),
            ("orders[?contains(state || '', 'op')].id", [1, 3]),
            ("orders[?id > `9`]", []),
            ("orders[?@.id == `1`].id", [1]),
            ("by[?v]", None),
            ("missing[?v]", None),
            ("orders[?`true`].id", [1, 2, 3, 4]),
            ("orders[?`false`]", []),
            ("orders[?`0`].id", [1, 2, 3, 4]),
            ("orders[?''].id", []),
            ("orders[?state > 'a'].id", [1, 2, 3]),
            ("orders[?id == total]", []),
        ],
    ),
    "flattening": (
        LIST,
        [
            ("nested[]", [1, [2, 3], 4, 5]),
            ("nested[][]", [1, 2, 3, 4, 5]),
            ("people[].tags[]", ["x", "y", "z"]),
            ("people[].tags", [["x", "y"], [], ["z"]]),
            ("people[*].tags[]", ["x", "y", "z"]),
            ("ints[]", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
            ("text[]", None),
            ("missing[]", None),
            ("empty[]", []),
            ("[ints, words][]", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, "b", "a", "c"]),
            ("[missing, words][]", ["b", "a", "c"]),
            ("people[].home.city", ["Oslo"]),
            ("nested[] | [0]", 1),
            ("people[].[name, age][]", ["a", 30, "b", 20, "c", 40]),
        ],
    ),
    "pipes": (
        LIST,
        [
            ("people | [0] | name", "a"),
            ("people[*].name | [1]", "b"),
            ("people[*].name | length(@)", 3),
            ("ints[?@ > `5`] | [0]", 6),
            ("missing | [0]", None),
            ("ints | @[0]", 0),
            ("words | sort(@) | [0]", "a"),
            ("people | [*].name | [-1]", "c"),
            ("text | @ || 'x'", "abc"),
            ("missing || words | [0]", "b"),
        ],
    ),
    "multiselects": (
        FOO,
        [
            ("[foo.n, foo.t]", [0, True]),
            ("[foo.no]", [None]),
            ("[foo]", [FOO["foo"]]),
            ("{a: foo.n, b: foo.no}", {"a": 0, "b": None}),
            ('{"a b": foo.n}', {"a b": 0}),
            ("foo.{n: n, in: bar.{b: baz}}", {"n": 0, "in": {"b": "one"}}),
            ("[[foo.n], {a: foo.t}]", [[0], {"a": True}]),
            ("[foo.n, foo.n][1]", 0),
            ("{a: @}.a.foo.n", 0),
            ("[`1`, 'x', @.foo.f]", [1, "x", False]),
            ("{b: `1`, a: `2`}", {"b": 1, "a": 2}),
        ],
    ),
    "literals": (
        {},
        [
            ("`1`", 1),
            ("`1.0`", 1),
            ("`-1e2`", -100),
            ("`true`", True),
            ("`null`", None),
            ('`"text"`', "text"),
            ('`"\\u00e9"`', "é"),
            ('`"a\\`b"`', "a`b"),
            ("`[1, [2]]`", [1, [2]]),
            ('`{"a": {"b": 1}}`.a.b', 1),
            ("`[1, 2]`[1]", 2),
            ("` 1 `", 1),
            ("'text'", "text"),
            ("''", ""),
            ("'it\\'s'", "it's"),
            ("'a\\nb'", "a\\nb"),
            ("'é𝄞'", "é𝄞"),
            ("'{\"a\": 1}'", '{"a": 1}'),
            ("'`'", "`"),
            ("'a' | @", "a"),
        ],
    ),
    "comparisons": (
        {"one": 1, "two": 2, "t": "a", "u": "b", "l": [1], "o": {"a": 1}, "yes": True, "no": False, "z": 0},
        [
            ("one == `1`", True),
            ("one == `1.0`", True),
            ("one == '1'", False),
            ("one == yes", False),
            ("z == no", False),
            ("one != two", True),
            ("l == `[1]`", True),
            ("l == `[1, 2]`", False),
            ('o == `{"a": 1}`', True),
            ("missing == `null`", True),
            ("missing == other", True),
            ("missing != one", True),
            ("one < two", True),
            ("one > two", False),
            ("one <= one", True),
            ("two >= one", True),
            ("t < u", True),
            ("missing < one", None),
            ("l < l", None),
            ("yes < no", None),
            ("one == one == yes", True),
            ("(one == one) == yes", True),
        ],
    ),
    "and, or, not": (
        {"t": True, "f": False, "a": 1, "e": "", "l": [], "o": {}, "z": 0, "b": "b"},
        [
            ("t && a", 1),
            ("f && a", False),
            ("missing && a", None),
            ("e && a", ""),
            ("z && a", 1),
            ("t || a", True),
            ("f || a", 1),
            ("missing || a", 1),
            ("e || l || o || a", 1),
            ("z || a", 0),
            ("missing || f", False),
            ("!t", False),
            ("!f", True),
            ("!missing", True),
            ("!e", True),
            ("!z", False),
            ("!!a", True),
            ("!l", True),
            ("!o", True),
            ("f && t || t", True),
            ("t || t && f", True),
            ("(t || t) && f", False),
            ("f || missing && t", None),
            ("!f && t", True),
            ("!(f && t)", True),
            ("!f == t", True),
            ("a == `1` && b == 'b'", True),
            ("a == `1` || c == `2`", True),
            ("missing.deep || b", "b"),
            ("missing || b | length(@)", 1),
        ],
    ),
    "functions": (
        {**LIST, "o": {"b": 1, "a": 2}, "n": -1.5, "s": "abc", "mixed": ["b", "a"], "dates": ["2", "10"]},
        [
            ("abs(n)", 1.5),
            ("abs(`-3`)", 3),
            ("ceil(n)", -1),
            ("floor(n)", -2),
            ("contains(words, 'a')", True),
            ("contains(words, 'z')", False),
            ("contains(s, 'bc')", True),
            ("ends_with(s, 'bc')", True),
            ("starts_with(s, 'bc')", False),
            ("join('-', words)", "b-a-c"),
            ("join('-', empty)", ""),
            ("keys(o)", ["b", "a"]),
            ("values(o)", [1, 2]),
            ("length(s)", 3),
            ("length('𝄞')", 1),
            ("length(words)", 3),
            ("length(o)", 2),
            ("max(ints)", 9),
            ("max(words)", "c"),
            ("max(empty)", None),
            ("min(ints)", 0),
            ("min(empty)", None),
            ('merge(o, `{"a": 3, "c": 4}`)', {"b": 1, "a": 3, "c": 4}),
            ("merge(o)", {"b": 1, "a": 2}),
            ("not_null(missing, s)", "abc"),
            ("not_null(missing, `false`)", False),
            ("not_null(missing)", None),
            ("reverse(words)", ["c", "a", "b"]),
            ("reverse(s)", "cba"),
            ("sort(words)", ["a", "b", "c"]),
            ("sort(ints[3:0:-1])", [1, 2, 3]),
            ("sort(empty)", []),
            ("to_array(s)", ["abc"]),
            ("to_array(words)", ["b", "a", "c"]),
            ("to_number('12')", 12),
            ("to_number('1.5')", 1.5),
            ("to_number('x')", None),
            ("to_number(`[1]`)", None),
            ("to_number(n)", -1.5),
            ("to_string(s)", "abc"),
            ("to_string(`1`)", "1"),
            ('to_string(`[1, "a"]`)', '[1,"a"]'),
            ("to_string(`true`)", "true"),
            ("to_string(`null`)", "null"),
            ("type(s)", "string"),
            ("type(n)", "number"),
            ("type(words)", "array"),
            ("type(o)", "object"),
            ("type(`true`)", "boolean"),
            ("type(missing)", "null"),
            ("length(people[*].name)", 3),
            ("people[*].length(tags || `[]`)", [2, 0, 0, 1, 0]),
        ],
    ),
    "expression references": (
        {
            **ORDERS,
            "p": [{"k": "b", "n": 2}, {"k": "a", "n": 3}, {"k": "c", "n": 1}],
        },
        [
            ("sort_by(p, &k)[].k", ["a", "b", "c"]),
            ("sort_by(p, &n)[].k", ["c", "b", "a"]),
            ("sort_by(p, &n)[0].k", "c"),
            ("max_by(p, &n).k", "a"),
            ("min_by(p, &n).k", "c"),
            ("max_by(`[]`, &n)", None),
            ("map(&k, p)", ["b", "a", "c"]),
            ("map(&missing, p)", [None, None, None]),
            ("map(&{x: k}, p)", [{"x": "b"}, {"x": "a"}, {"x": "c"}]),
            ("map(&length(@), p[*].k)", [1, 1, 1]),
            ("sort_by(p, & k)[-1].k", "c"),
            ("map(&(n || k), p)", [2, 3, 1]),
            ("map(&n, sort_by(p, &k))", [3, 2, 1]),
            ("map(&[k, n], p)[0]", ["b", 2]),
            ("sort_by(p, &to_string(n))[].n", [1, 2, 3]),
        ],
    ),
    "payloads that are no object": (
        [{"a": 1}, {"a": 2}],
        [
            ("[0].a", 1),
            ("[*].a", [1, 2]),
            ("[?a == `2`].a", [2]),
            ("[].a", [1, 2]),
            ("a", None),
            ("[-1]", {"a": 2}),
        ],
    ),
}
_TABLE = [
    pytest.param(payload, text, value, id=f"{name}: {text}")
    for name, (payload, cases) in CASES.items()
    for text, value in cases
]


def test_the_table_is_not_a_handful() -> None:
    assert len(_TABLE) >= 300


@pytest.mark.parametrize(("payload", "text", "value"), _TABLE)
def test_an_expression_means_what_jmespath_says(payload: object, text: str, value: object) -> None:
    assert exact(evaluate(text, payload)) == exact(value)
    assert exact(settled(jmespath.search(text, payload))) == exact(value)


# Where the library fails, so do we: in our own words, and at the part to blame.

INVALID_SYNTAX = [
    "foo.",
    ".foo",
    "foo..bar",
    "foo.1",
    "foo.-1",
    "foo[",
    "foo[1",
    "foo]",
    "foo[a]",
    "foo[1:2:3:4]",
    "foo[1:a]",
    "foo[?]",
    "foo[?a",
    "foo[?a==]",
    "foo(",
    "foo)",
    "foo(a,",
    "foo(,a)",
    "[a,]",
    "[a b]",
    "{a}",
    "{a:}",
    "{a: b,}",
    "{a: b",
    "{1: b}",
    "a.{}",
    "a b",
    "a ==",
    "== a",
    "a = b",
    "a && ",
    "a ||",
    "|| a",
    "a |",
    "| a",
    "!",
    "a & b",
    "a**",
    "**",
    "*.[0]",
    "foo.`1`",
    "1",
    "-1",
    "a-b",
    "$ a",
    "%",
    "a.é",
    '"a',
    "'a",
    "`a",
    "'it''s'",
    '"\\x"',
    "length(@) a",
    "foo.bar[",
    "(a",
    "a)",
    "()",
    "&",
    "@@",
    "a.@",
]


@pytest.mark.parametrize("text", INVALID_SYNTAX)
def test_what_the_library_cannot_parse_is_refused_with_a_place(text: str) -> None:
    with pytest.raises(jmespath.exceptions.ParseError):
        jmespath.compile(text)
    with pytest.raises(CompileError) as caught:
        compile_text(text)

    (item,) = caught.value.diagnostics
    assert item.id == "expression-syntax"
    assert item.span is not None
    assert 0 <= item.span.start <= item.span.end <= len(text)
    assert "``" not in item.message


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("foo.", "the expression is not finished", "."),
        ("foo[1", "the expression is not finished", "1"),
        ("a b", "`b` is not allowed here", "b"),
        ("foo.bar]", "`]` is not allowed here", "]"),
        ("foo.1", "`1` is not allowed here", "1"),
        ("a = b", "`=` is not JMESPath", "="),
        ("a-b", "`-` is not JMESPath", "-"),
        ("$ a", "`$` is not JMESPath", "$"),
        ("é", "`é` is not JMESPath", "é"),
        ("x == 'a", "' is not closed", "'"),
        ('"a', '" is not closed', '"'),
        ("`1", "` is not closed", "`"),
        ("`foo`", "the content of backticks must be JSON", "`foo`"),
        ("a == `01`", "the content of backticks must be JSON", "`01`"),
        ("`NaN`", "the content of backticks must be JSON", "`NaN`"),
        ("`1e999`", "the content of backticks must be JSON", "`1e999`"),
        ('`"\\ud800"`', "the content of backticks must be JSON", '`"\\ud800"`'),
        ("``", "the content of backticks must be JSON", "``"),
        ('"\\ud834" || a', "half of a surrogate pair is not a character", "\\ud834"),
        ('{"x\\udd1e": a}', "half of a surrogate pair is not a character", "\\udd1e"),
        ("&a", "`&` is only allowed before an argument that is evaluated later", "a"),
        ("[&a]", "`&` is only allowed before an argument that is evaluated later", "a"),
        ("not_null(&a.b)", "`&` is only allowed before an argument that is evaluated later", "a"),
        ("{a: &b}", "`&` is only allowed before an argument that is evaluated later", "b"),
    ],
)
def test_a_syntax_error_says_what_and_where(text: str, message: str, place: str) -> None:
    with pytest.raises(CompileError) as caught:
        compile_text(text)

    (item,) = caught.value.diagnostics
    assert item.span is not None
    assert (item.id, item.message, item.span.text) == ("expression-syntax", message, place)


@pytest.mark.parametrize("text", ["../order", "./parcel", "../../event", "../tables/x"])
def test_the_name_of_a_mapping_is_recognized(text: str) -> None:
    with pytest.raises(CompileError) as caught:
        compile_text(text)

    (item,) = caught.value.diagnostics
    assert item.help == f"a mapping is used with {{$use: {text}}}"


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_expression_is_refused(text: str) -> None:
    with pytest.raises(CompileError):
        compile_text(text)


@pytest.mark.parametrize(
    ("text", "id", "message", "place", "help"),
    [
        (
            "lenght(a)",
            "unknown-function",
            "there is no function `lenght`",
            "lenght",
            "did you mean `length`?",
        ),
        (
            "a[?Length(b)]",
            "unknown-function",
            "there is no function `Length`",
            "Length",
            "did you mean `length`?",
        ),
        (
            "qq(a)",
            "unknown-function",
            "there is no function `qq`",
            "qq",
            "`crossdock functions` lists them all",
        ),
        (
            "length()",
            "wrong-arguments",
            "`length` takes 1 argument, not 0",
            "length",
            "the signature is length(subject: string | array | object) -> integer",
        ),
        (
            "a.join('x')",
            "wrong-arguments",
            "`join` takes 2 arguments, not 1",
            "join",
            "the signature is join(glue: string, array: array) -> string",
        ),
        (
            "money(a, b, c, d)",
            "wrong-arguments",
            "`money` takes 1 to 3 arguments, not 4",
            "money",
            "the signature is money(amount: number | string, currency?: string, rounding?: string) -> string",
        ),
        (
            "not_null()",
            "wrong-arguments",
            "`not_null` takes at least 1 argument, not 0",
            "not_null",
            "the signature is not_null(value: any, ...) -> any",
        ),
        (
            "root(a)",
            "wrong-arguments",
            "`root` takes 0 arguments, not 1",
            "root",
            "the signature is root() -> any",
        ),
        (
            "sort_by(a, b)",
            "wrong-arguments",
            "`sort_by` takes an expression as its second argument",
            "sort_by",
            "the signature is sort_by(array: array, expression: expression) -> array; "
            "an expression begins with &",
        ),
    ],
)
def test_a_wrong_call_is_refused_when_it_is_compiled(
    text: str, id: str, message: str, place: str, help: str
) -> None:
    with pytest.raises(CompileError) as caught:
        compile_text(text)

    (item,) = caught.value.diagnostics
    assert item.span is not None
    assert (item.id, item.message, item.span.text, item.help) == (id, message, place, help)


def test_all_wrong_calls_of_an_expression_are_reported() -> None:
    with pytest.raises(CompileError) as caught:
        compile_text("[lenght(a), join(b), &c]")

    assert [item.span and item.span.text for item in caught.value.diagnostics] == ["lenght", "join", "c"]


FAILURES = [
    ("length(n)", "`length` takes text, a list or an object, not a number"),
    ("length(missing)", "`length` takes text, a list or an object, not nothing"),
    ("join('-', l)", "`join` takes a list of texts, and an item is a number"),
    ("join(n, words)", "`join` takes text as its first argument, not a number"),
    ("abs(t)", "`abs` takes a number, not text"),
    ("keys(l)", "`keys` takes an object, not a list"),
    ("sort(mixed)", "`sort` takes a list of texts or a list of numbers, and an item is text"),
    ("max(mixed)", "`max` takes a list of numbers or a list of texts, and an item is text"),
    ("sort_by(objects, &k)", "`sort_by` takes a number, not text"),
    ("max_by(objects, &k)", "`max_by` cannot take these values"),
    ("map(&k, n)", "`map` takes a list, not a number"),
    ("starts_with(n, 'a')", "`starts_with` takes text, not a number"),
    ("merge(o, missing)", "`merge` cannot take these values"),
    ("n < t", "`<` cannot compare text with a number"),
    ("l[?@ >= 'a']", "`>=` cannot compare text with a number"),
]
FAILING = {
    "n": 1,
    "t": "x",
    "l": [1],
    "o": {},
    "words": ["a"],
    "mixed": [1, "a"],
    "objects": [{"k": 1}, {"k": "a"}],
}


@pytest.mark.parametrize(("text", "message"), FAILURES)
def test_what_the_library_raises_is_a_failure_in_our_words(text: str, message: str) -> None:
    with pytest.raises(Exception):  # noqa: B017 - JMESPath's own error, or Python's
        jmespath.search(text, FAILING)
    with pytest.raises(Failure) as caught:
        evaluate(text, FAILING)

    assert caught.value.message == message


# Meant to differ, by name.

DIFFERENCES = [
    ("sums are of decimals", "sum(a)", {"a": [0.1, 0.2]}, 0.3),
    ("sums of many cents are exact", "sum(a)", {"a": [19.99] * 200}, 3998),
    ("sums take numeric text", "sum(a)", {"a": ["1.10", 2]}, 3.1),
    ("means are of decimals", "avg(a)", {"a": [0.1, 0.2, 0.3]}, 0.2),
    ("a number is what JSON calls one", "to_number(a)", {"a": "1_000"}, None),
    ("a number has no spaces", "to_number(a)", {"a": " 1 "}, None),
    ("a number is finite", "to_number(a)", {"a": "NaN"}, None),
    ("functions of the library are there", "upper(a)", {"a": "x"}, "X"),
    ("a missing argument of the library's functions gives nothing", "upper(a)", {}, None),
]


@pytest.mark.parametrize(
    ("text", "payload", "value"), [pytest.param(*row, id=name) for name, *row in DIFFERENCES]
)
def test_meant_to_differ_from_the_library(text: str, payload: object, value: object) -> None:
    assert exact(evaluate(text, payload)) == exact(value)
    try:
        plain = exact(jmespath.search(text, payload))
    except jmespath.exceptions.JMESPathError:
        plain = "an error"
    assert plain != exact(value)


@pytest.mark.parametrize("text", ["`foo`", "`foo bar`", "`'a'`"])
def test_loose_literals_that_the_library_takes_are_refused(text: str) -> None:
    with pytest.warns(PendingDeprecationWarning):
        jmespath.compile(text)
    with pytest.raises(CompileError):
        compile_text(text)


def test_the_context_functions_read_the_scope() -> None:
    scope = Scope(
        root={"r": 1}, settings={"s": 2}, request={"q": 3}, answers={"a": 4}, tables={"t": {"k": 5}}
    )
    text = "[root().r, settings().s, request().q, answers().a, lookup('t', 'k'), lookup('t', 'x', `6`)]"

    assert evaluate(text, {}, scope) == [1, 2, 3, 4, 5, 6]


# Positions

NAMES = ["foo", "bar", '"a b"', '"q\\"q"', "_x", "n1", '"é𝄞"', "length"]
_name = st.sampled_from(NAMES[:-1])


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, _name).map(lambda p: f"{p[0]}.{p[1]}"),
        st.tuples(inner, inner).map(lambda p: f"{p[0]} || {p[1]}"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]} && {p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"{p[0]} | {p[1]}"),
        st.tuples(_name, inner, _name).map(lambda p: f"{p[0]}[?{p[1]}].{p[2]}"),
        st.tuples(_name, inner, inner).map(lambda p: f"{p[0]}[?{p[1]} == `1`] | [0].[{p[2]}]"),
        st.tuples(_name, inner).map(lambda p: f"{p[0]}[].{{{p[0]}: {p[1]}, x: 'it\\'s x'}}"),
        st.tuples(_name, inner).map(lambda p: f"{p[0]}.*.[{p[1]}, 'foo']"),
        st.tuples(inner, inner).map(lambda p: f'not_null({p[0]}, `"foo"`, {p[1]})'),
        st.tuples(_name, inner).map(lambda p: f"sort_by({p[0]}[1:2], &{p[1]})"),
        inner.map(lambda text: f"!({text})"),
        inner.map(lambda text: f"length({text})\n  | @"),
    )


expressions = st.recursive(_name, _grow, max_leaves=8)


def _identifiers(yaml: str) -> list[tuple[str, str]]:
    """Each name of an expression, and the text of its span."""
    expression = compile_expression(scalar_of(yaml))
    return [
        (node.key if isinstance(node, KeyValue) else node.name, expression.scalar.part(*node.span).text)
        for node in source_order(expression.node)
        if isinstance(node, Identifier | FunctionCall | KeyValue) and node.span is not None
    ]


def _single(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _double(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _escaped(text: str) -> str:
    """Double quotes, with every third character as an escape of some length."""
    forms = ["\\x{:02x}", "\\u{:04x}", "\\U{:08x}"]
    parts = []
    for index, char in enumerate(text):
        fits = index % 3 == 0 and (ord(char) < 256 or index % 2)
        parts.append(
            forms[index // 3 % 3 if ord(char) < 256 else 2].format(ord(char)) if fits else _double(char)[1:-1]
        )
    return '"' + "".join(parts) + '"'


STYLES = {
    "single quotes": lambda text: f"key: {_single(text.replace(chr(10), ' '))}\n",
    "double quotes": lambda text: f"key: {_double(text)}\n",
    "double quotes with escapes": lambda text: f"key: {_escaped(text)}\n",
    "double quotes over lines": lambda text: "key: " + _double(text).replace(" ", "\n    ", 1) + "\n",
    "a literal block": lambda text: "key: |\n  " + text.replace("\n", "\n  ") + "\n",
    "a folded block": lambda text: (
        "key: >-\n    " + text.replace("\n", " ").replace(" | ", "\n    | ") + "\n"
    ),
    "a folded block with blank lines": lambda text: (
        "key: >\n\n  " + text.replace("\n", " ").replace(" || ", "\n\n  || ") + "\n"
    ),
}


@pytest.mark.parametrize("style", STYLES)
@given(text=expressions)
@settings(max_examples=40, deadline=None)
def test_every_name_is_found_where_it_is_written(style: str, text: str) -> None:
    for value, written in _identifiers(STYLES[style](text)):
        assert _unescaped(written, style) == value


def _unescaped(written: str, style: str) -> str:
    if style.startswith("double"):
        written = json.loads('"' + _json_escapes(re.sub(r"\n +", " ", written)) + '"')
    elif style.startswith("single"):
        written = written.replace("''", "'")
    value: str = json.loads(written) if written.startswith('"') else written
    return value


def _json_escapes(text: str) -> str:
    """YAML's escapes as JSON's."""

    def code(match: re.Match[str]) -> str:
        return json.dumps(chr(int(match[0][2:], 16)))[1:-1]

    return re.sub(r"\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\U[0-9a-f]{8}", code, text)


@pytest.mark.parametrize(
    ("yaml", "names"),
    [
        ("key: foo.bar[?baz].qux", ["foo", "bar", "baz", "qux"]),
        ("key: foo.bar\n  || baz", ["foo", "bar", "baz"]),
        ("key:   'foo.\"a''b\"'   # c", ["foo", "\"a''b\""]),
        ("key: foo[?a == 'foo'].a", ["foo", "a", "a"]),
        ('key: "foo.\\\n  bar"', ["foo", "bar"]),
        ('key: "\\u0066oo.bar"', ["\\u0066oo", "bar"]),
        ("key: >-\n  foo\n  .bar\n\n  .baz\n", ["foo", "bar", "baz"]),
        ("key: |2-\n    foo.\n  bar\n", ["foo", "bar"]),
        ("key: money(total, currency)", ["money", "total", "currency"]),
        ("key: '{foo: foo, bar: length(bar)}'", ["foo", "foo", "bar", "length", "bar"]),
        ("key: a.b || 'é𝄞' || c", ["a", "b", "c"]),
    ],
)
def test_the_span_of_a_name_is_its_text(yaml: str, names: list[str]) -> None:
    assert [written for _, written in _identifiers(yaml)] == names


# Guards

HOSTILE = {
    "negations": "!" * 3_900,
    "parentheses": "(" * 3_900,
    "closed parentheses": "(" * 1_900 + "a" + ")" * 1_900,
    "lists": "[" * 3_900,
    "objects": "{a:" * 1_300,
    "references": "& " * 1_900,
    "negated parentheses": "!(" * 1_900,
    "filters": "a[?" * 1_300,
    "calls": "length(" * 500,
    "pipes": "a|" * 1_900 + "a",
    "alternatives": "a||" * 1_300 + "a",
    "conjunctions": "a&&" * 1_300 + "a",
    "comparisons": "a" + "==b" * 1_200,
    "flattenings": "a" + "[]" * 1_900,
    "projections": "a" + "[*]" * 1_200,
    "object projections": "*." * 1_900 + "*",
    "slices": "a" + "[1:]" * 900,
    "too long": "a" * 4_001,
    "far too long": "a" * 200_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_expression_is_refused_at_once(text: str) -> None:
    scalar = ScalarNode(text, _whole(text))

    def refuse() -> None:
        with pytest.raises(CompileError) as caught:
            compile_expression(scalar)
        assert [item.id for item in caught.value.diagnostics] == ["expression-too-large"]

    assert fastest(refuse) < 0.05


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("!" * 41, "the expression nests deeper than 40 levels"),
        ("a" + "|a" * 100, "the expression chains more than 100 operators"),
        ("a" * 4_001, "the expression has more than 4000 characters"),
    ],
)
def test_the_sentences_of_the_guards(text: str, message: str) -> None:
    with pytest.raises(CompileError) as caught:
        compile_text(text)

    assert caught.value.diagnostics[0].message == message


@pytest.mark.parametrize(
    "text",
    [
        "(" * 40 + "a" + ")" * 40,
        "!" * 40 + "a",
        " || ".join(["a"] * 90),
        "a" + ".a" * 1_500,
        "a" + "[0]" * 1_000,
        "'" + "([{!&" * 100 + "'",
        '"((((' + "(" * 100 + '"',
        "`" + json.dumps("[" * 100) + "`",
        "[" + ", ".join(["!a"] * 500) + "]",
        "map(&a, b)" + " | map(&a, @)" * 60,
    ],
)
def test_what_is_only_long_is_not_refused(text: str) -> None:
    compile_text(text)


def test_the_deepest_expression_can_be_evaluated() -> None:
    text = "not_null(" * 38 + "a" + ")" * 38

    assert evaluate(text, {"a": 1}) == 1
    assert evaluate("a" + " || a" * 98, {}) is None
