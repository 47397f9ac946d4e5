"""The meaning of the language: the examples of its page, and each word alone and with the others."""

from __future__ import annotations

import json
import re

import pytest

from conftest import REPOSITORY, Compile, MakeProject, Refuse
from crossdock import JSON, EvaluationError, OutputError, Source
from crossdock.core.diagnostics import Span
from crossdock.core.yaml_reader import parse_yaml
from crossdock.execution.scope import Scope
from crossdock.language.parser import parse_mapping

PAGE = (REPOSITORY / "docs" / "language.md").read_text(encoding="utf-8")
_TRIPLE = re.compile(
    r"```yaml mapping\n(?P<mapping>.*?)```\n"
    r"```json input\n(?P<input>.*?)```\n```json output\n(?P<output>.*?)```",
    re.DOTALL | re.MULTILINE,
)
_EXAMPLES = list(_TRIPLE.finditer(PAGE))


def _title(example: re.Match[str]) -> str:
    """The heading above an example."""
    return PAGE[: example.start()].rpartition("\n## ")[2].partition("\n")[0]


_FRAGMENTS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_every_example_of_the_page_is_found() -> None:
    assert len(_EXAMPLES) == PAGE.count("```yaml mapping")
    assert len(_FRAGMENTS) + len(_EXAMPLES) == PAGE.count("```yaml")


@pytest.mark.parametrize("example", _EXAMPLES, ids=lambda example: _title(example))
def test_an_example_of_the_page_gives_what_the_page_says(example: re.Match[str], compiled: Compile) -> None:
    result = compiled(example["mapping"])(json.loads(example["input"]))

    assert json.dumps(result) == json.dumps(json.loads(example["output"]))


@pytest.mark.parametrize("text", _FRAGMENTS)
def test_a_part_of_a_mapping_on_the_page_is_read_without_a_mistake(text: str) -> None:
    source = Source("language.md", text)
    _, problems = parse_mapping(parse_yaml(source), Span(source, 0, 1))

    assert [item for item in problems if item.id != "missing-map"] == []


# Absent, null and present, in every place where they can meet. The cell is under `key:`.

PAYLOAD = {
    "text": "hi",
    "empty": "",
    "zero": 0,
    "no": False,
    "yes": True,
    "none": None,
    "list": [{"n": 1, "t": "a"}, {"n": 2}, None, {"n": None, "t": "d"}],
    "numbers": [1, None, 2],
    "nothing": [],
    "object": {"inner": "x", "none": None, "deep": {"inner": "y"}},
    "blank": {},
    "nested": [{"rows": [{"v": 1}, {"v": 2}]}, {"rows": []}, {"rows": None}, {"rows": [{"v": 3}]}],
}
CELLS = [
    # a cell that is a scalar
    ("a missing property leaves the key out", "missing", {}),
    ("a null in the payload is nothing", "none", {}),
    ("null in the mapping is null", "null", {"key": None}),
    ("a constant null is null", "{$const: null}", {"key": None}),
    ("a literal null in an expression is nothing", "'`null`'", {}),
    ("false is a value", "no", {"key": False}),
    ("zero is a value", "zero", {"key": 0}),
    ("empty text is a value", "empty", {"key": ""}),
    ("an empty list is a value", "nothing", {"key": []}),
    ("an empty object is a value", "blank", {"key": {}}),
    ("a number is itself", "12", {"key": 12}),
    ("a decimal is itself", "-1.5", {"key": -1.5}),
    ("a boolean is itself", "true", {"key": True}),
    ("the words that YAML 1.1 reads as booleans are names", "yes", {"key": True}),
    ("a quoted number is an expression, and text only as a constant", "{$const: '12'}", {"key": "12"}),
    ("nulls inside an expression's value are kept", "'[missing, text]'", {"key": [None, "hi"]}),
    ("nulls inside an expression's object are kept", "'{a: missing}'", {"key": {"a": None}}),
    # an object
    ("an object cell is there, if need be empty", "{a: missing}", {"key": {}}),
    ("an object without keys is an empty object", "{}", {"key": {}}),
    ("an object keeps the mapping's order", "{b: text, a: zero}", {"key": {"b": "hi", "a": 0}}),
    # a list
    ("a list leaves out what is missing", "[text, missing, none]", {"key": ["hi"]}),
    ("a list keeps a null that is written", "[null, {$const: null}]", {"key": [None, None]}),
    ("a list of nothing is an empty list", "[missing]", {"key": []}),
    ("an empty list is itself", "[]", {"key": []}),
    ("lists nest, and are not flattened", "[[text], [missing]]", {"key": [["hi"], []]}),
    # $const
    ("a constant may be text", "{$const: text}", {"key": "text"}),
    ("a constant may be empty text", "{$const: ''}", {"key": ""}),
    (
        "a constant is not evaluated inside",
        "{$const: {a: [text, '{{ text }}']}}",
        {"key": {"a": ["text", "{{ text }}"]}},
    ),
    ("a constant may hold words that are no words", "{$const: {$each: x}}", {"key": {"$each": "x"}}),
    # $with
    ("with steps in", "{$with: object, a: inner}", {"key": {"a": "x"}}),
    ("with of something missing leaves the key out", "{$with: missing, a: text}", {}),
    ("with of null leaves the key out", "{$with: none, a: text}", {}),
    ("with of null leaves constants out too", "{$with: none, $const: 1}", {}),
    ("with of an empty object is an object", "{$with: blank, a: inner}", {"key": {}}),
    ("with of false steps into it", "{$with: no, $value: '@'}", {"key": False}),
    ("with nests", "{$with: object, a: {$with: deep, b: inner}}", {"key": {"a": {"b": "y"}}}),
    ("root is the payload inside with", "{$with: object, a: root().text}", {"key": {"a": "hi"}}),
    ("with takes any expression", "{$with: 'list[0]', a: n}", {"key": {"a": 1}}),
    ("with holds the whole body", "{$with: object, $value: [inner, none]}", {"key": ["x"]}),
    # $each
    (
        "each makes one item for each element, null too",
        "[{$each: list, a: n}]",
        {"key": [{"a": 1}, {"a": 2}, {}, {}]},
    ),
    (
        "each skips null when the expression does",
        "[{$each: 'list[?@]', a: n}]",
        {"key": [{"a": 1}, {"a": 2}, {}]},
    ),
    ("each leaves out the items that are missing", "[{$each: list, $value: t}]", {"key": ["a", "d"]}),
    ("each of numbers drops the null", "[{$each: numbers, $value: '@'}]", {"key": [1, 2]}),
    ("each of a missing list is nothing", "[{$each: missing, a: n}]", {"key": []}),
    ("each of null is nothing", "[{$each: none, a: n}]", {"key": []}),
    ("each of an empty list is nothing", "[{$each: nothing, a: n}]", {"key": []}),
    (
        "each is spliced between its neighbours",
        "[zero, {$each: numbers, $value: '@'}, text]",
        {"key": [0, 1, 2, "hi"]},
    ),
    (
        "each may occur twice",
        "[{$each: numbers, $value: '@'}, {$each: numbers, $const: z}]",
        {"key": [1, 2, "z", "z", "z"]},
    ),
    ("each with a constant", "[{$each: numbers, $const: x}]", {"key": ["x", "x", "x"]}),
    ("each with a null constant", "[{$each: numbers, $const: null}]", {"key": [None, None, None]}),
    ("each, then with", "[{$each: nested, $with: 'rows[0]', a: v}]", {"key": [{"a": 1}, {"a": 3}]}),
    ("each, then if", "[{$each: 'list[?@]', $if: t, a: n}]", {"key": [{"a": 1}, {}]}),
    (
        "each in each",
        "[{$each: nested, $value: [{$each: rows, $value: v}]}]",
        {"key": [[1, 2], [], [], [3]]},
    ),
    (
        "each in each splices once",
        "[{$each: nested, rows: [{$each: rows, x: v, y: root().text}]}]",
        {
            "key": [
                {"rows": [{"x": 1, "y": "hi"}, {"x": 2, "y": "hi"}]},
                {"rows": []},
                {"rows": []},
                {"rows": [{"x": 3, "y": "hi"}]},
            ]
        },
    ),
    (
        "each with all the words",
        "[{$each: nested, $with: rows, $if: '[0]', $value: '[-1].v'}]",
        {"key": [2, 3]},
    ),
    # $if and $value
    ("if true keeps", "{$if: yes, a: text}", {"key": {"a": "hi"}}),
    ("if false leaves the key out", "{$if: no, a: text}", {}),
    ("if missing leaves the key out", "{$if: missing, a: text}", {}),
    ("if of empty text leaves the key out", "{$if: empty, a: text}", {}),
    ("if of an empty list leaves the key out", "{$if: nothing, a: text}", {}),
    ("if of an empty object leaves the key out", "{$if: blank, a: text}", {}),
    ("if of zero keeps", "{$if: zero, a: text}", {"key": {"a": "hi"}}),
    ("if with value", "{$if: yes, $value: text}", {"key": "hi"}),
    ("if with a missing value", "{$if: yes, $value: missing}", {}),
    ("if with a constant null", "{$if: yes, $const: null}", {"key": None}),
    ("if sees what with stepped into", "{$with: object, $if: inner, a: inner}", {"key": {"a": "x"}}),
    ("if does not see what stands outside of with", "{$with: object, $if: text, a: inner}", {}),
    ("if is not asked when with is missing", "{$with: missing, $if: 'length(@)', a: text}", {}),
    ("what if leaves out is not evaluated", "{$if: no, $value: length(zero)}", {}),
    (
        "an item that if leaves out is no item",
        "[{$if: no, $value: text}, {$if: yes, $value: zero}]",
        {"key": [0]},
    ),
    ("value takes an object", "{$value: {a: text}}", {"key": {"a": "hi"}}),
    ("value takes a list", "{$if: yes, $value: [text]}", {"key": ["hi"]}),
    ("value takes a template", "{$value: '{{ text }}!'}", {"key": "hi!"}),
    ("value in value", "{$value: {$value: text}}", {"key": "hi"}),
    ("value of a number", "{$if: yes, $value: 3}", {"key": 3}),
    # $use of a fragment: `inner` is {one: inner}, `scalar` is text, `all` is a list, `if` may be missing
    ("use evaluates in the present context", "{$with: object, $use: inner}", {"key": {"one": "x"}}),
    ("use outside of with sees the payload", "{$use: inner}", {"key": {}}),
    ("use of a fragment that is a scalar", "{$use: scalar}", {"key": "hi"}),
    ("use of a fragment that is a list", "{$use: all}", {"key": [1, 2]}),
    ("use of a fragment that is missing", "{$use: maybe}", {}),
    (
        "keys beside use are added",
        "{$with: object, $use: inner, two: deep.inner}",
        {"key": {"one": "x", "two": "y"}},
    ),
    (
        "a key beside use wins, in its place",
        "{$with: object, $use: inner, one: deep.inner}",
        {"key": {"one": "y"}},
    ),
    (
        "a key beside use that is missing is missing, whatever the fragment gives",
        "{$with: object, $use: inner, one: missing}",
        {"key": {}},
    ),
    (
        "keys beside use stand where they are written",
        "{$with: object, a: inner, $use: inner, b: inner}",
        {"key": {"a": "x", "one": "x", "b": "x"}},
    ),
    ("a null beside use wins", "{$with: object, $use: inner, one: null}", {"key": {"one": None}}),
    ("keys beside a missing fragment stand alone", "{$use: maybe, two: text}", {"key": {"two": "hi"}}),
    ("use with if", "{$if: no, $use: inner}", {}),
    ("use in each", "[{$each: 'list[?t]', $use: item}]", {"key": [{"name": "a"}, {"name": "d"}]}),
    (
        "a fragment that uses a fragment",
        "{$with: object, $use: outer}",
        {"key": {"in": {"one": "x"}, "two": "y"}},
    ),
]
FRAGMENTS = """
fragments:
  inner: {one: inner}
  scalar: text
  all: [{$each: numbers, $value: '@'}]
  maybe: {$if: missing, a: text}
  item: {name: t}
  outer: {in: {$use: inner}, two: deep.inner}
"""


@pytest.mark.parametrize(("cell", "result"), [pytest.param(*row, id=name) for name, *row in CELLS])
def test_a_cell_means(cell: str, result: object, compiled: Compile) -> None:
    mapping = compiled(f"{FRAGMENTS}\nmap:\n  key: {cell}\n")

    assert json.dumps(mapping(PAYLOAD)) == json.dumps(result)


@pytest.mark.parametrize(
    ("cell", "result"),
    [
        ("text", "hi"),
        ("missing", None),
        ("12", 12),
        ("null", None),
        ("[text]", ["hi"]),
        ("[{$each: numbers, $value: '@'}]", [1, 2]),
        ("{$with: object, a: inner}", {"a": "x"}),
        ("{$with: missing, a: inner}", None),
        ("'{{ text }}!'", "hi!"),
    ],
)
def test_the_whole_answer_may_be_any_cell_and_null_when_it_is_missing(
    cell: str, result: object, compiled: Compile
) -> None:
    assert compiled(f"map: {cell}\n")(PAYLOAD) == result


TEMPLATES = [
    ("plain text around a value", "a {{ text }} b", "a hi b"),
    ("a missing part makes the text missing", "a {{ missing }}", None),
    ("a null part makes the text missing", "a {{ none }}", None),
    ("default stands for what is missing", "{{ missing | default('x') }}", "x"),
    ("default stands for null", "{{ none | default('x') }}", "x"),
    ("default keeps empty text", "[{{ empty | default('x') }}]", "[]"),
    ("default keeps false", "{{ no | default('x') }}", "false"),
    ("default may be a value", "{{ missing | default(text) }}", "hi"),
    ("a default that is missing is missing", "{{ missing | default(none) }}", None),
    ("d is default", "{{ missing | d('x') }}", "x"),
    ("a whole number prints as JSON writes it", "{{ zero }}", "0"),
    ("a decimal prints as JSON writes it", "{{ decimal }}", "19.9"),
    ("a whole number prints as one, also from 2.0", "{{ whole }}", "2"),
    ("a boolean prints as JSON writes it", "{{ yes }} {{ no }}", "true false"),
    ("a constant number prints", "{{ 12 }} {{ -1.5 }}", "12 -1.5"),
    ("none is missing", "{{ none }}", None),
    ("names of Jinja's are names of the payload", "{{ loop }} {{ self }}", "L S"),
    ("a property by point", "{{ object.inner }}", "x"),
    ("a property in brackets", "{{ object['inner'] }}", "x"),
    ("a property that is no name in brackets", "{{ object['odd-name'] }}", "odd"),
    ("an element", "{{ numbers[0] }}", "1"),
    ("an element by point", "{{ numbers.0 }}", "1"),
    ("an element from the end", "{{ numbers[-1] }}", "2"),
    ("an element that is not there", "{{ numbers[9] }}", None),
    ("a property named as a method of Python's", "{{ object.items }}", "I"),
    ("concatenation", "{{ text ~ '-' ~ zero }}", "hi-0"),
    ("concatenation with something missing", "{{ text ~ missing }}", None),
    ("if true", "{% if yes %}a{% endif %}", "a"),
    ("if false without else is empty text", "{% if no %}a{% endif %}", ""),
    ("if else", "{% if missing %}a{% else %}b{% endif %}", "b"),
    ("elif", "{% if no %}a{% elif zero %}b{% else %}c{% endif %}", "b"),
    ("the second elif", "{% if no %}a{% elif empty %}b{% elif yes %}c{% else %}d{% endif %}", "c"),
    ("no branch of elif", "{% if no %}a{% elif empty %}b{% else %}d{% endif %}", "d"),
    ("a missing part in the branch not taken", "{% if yes %}a{% else %}{{ missing }}{% endif %}", "a"),
    ("a missing part in the branch taken", "x{% if yes %}{{ missing }}{% endif %}", None),
    ("if in if", "{% if yes %}{% if no %}a{% else %}b{% endif %}{% endif %}", "b"),
    ("truth is JMESPath's: 0 is true", "{% if zero %}a{% endif %}", "a"),
    ("truth is JMESPath's: an empty object is false", "{% if blank %}a{% endif %}.", "."),
    ("inline if", "{{ 'a' if yes else 'b' }}", "a"),
    ("inline if without else is empty text", "[{{ 'a' if no }}]", "[]"),
    ("equal", "{{ text == 'hi' }}", "true"),
    ("not equal", "{{ text != 'hi' }}", "false"),
    ("comparisons of numbers", "{{ 1 < 2 }} {{ 2 <= 2 }} {{ 1 > 2 }} {{ 2 >= 3 }}", "true true false false"),
    ("and, or, not", "{{ (yes and no) or not no }}", "true"),
    ("or gives a value", "{{ missing or text }}", "hi"),
    ("in a list", "{{ 1 in numbers }} {{ 7 in numbers }}", "true false"),
    ("in a text", "{{ 'h' in text }}", "true"),
    ("not in", "{{ 7 not in numbers }}", "true"),
    (
        "is defined",
        "{{ text is defined }} {{ missing is defined }} {{ none is defined }}",
        "true false false",
    ),
    ("is undefined", "{{ text is undefined }} {{ missing is undefined }}", "false true"),
    ("is not defined", "{{ missing is not defined }}", "true"),
    ("a function called", "{{ money(decimal) }}", "19.90"),
    ("a function as a filter", "{{ decimal | money }}", "19.90"),
    ("a filter with an argument", "{{ decimal | money('JPY') }}", "20"),
    ("filters in a row", "{{ text | upper | lower | title }}", "Hi"),
    ("a filter whose value is not the first argument", "{{ names | join('+') }}", "a+b"),
    ("a filter of something missing is missing", "{{ missing | upper }}", None),
    ("lookup as a filter", "{{ text | lookup('words') }}", "hello"),
    ("lookup as a call with a default", "{{ lookup('words', 'x', 'none') }}", "none"),
    ("root with parentheses", "{{ root().text }}", "hi"),
    ("root without parentheses", "{{ root.text }}", "hi"),
    ("settings with parentheses", "{{ settings().colour }}", "red"),
    ("settings without parentheses", "{{ settings.colour }}", "red"),
    ("a comment is not there", "a{# {{ missing }} #}b", "ab"),
    ("raw text", "{% raw %}{{ text }}{% endraw %}", "{{ text }}"),
    ("whitespace control", "a {{- ' ' -}} b", "a b"),
    ("nothing is escaped", "{{ html }}", "<b>&'\"</b>"),
    ("a value that looks like a template is text", "{{ braces }}", "{{ 7 * 7 }}"),
    ("the last line end is kept", "{{ text }}\n", "hi\n"),
]
TEMPLATE_PAYLOAD = {
    **PAYLOAD,
    "decimal": 19.9,
    "whole": 2.0,
    "loop": "L",
    "self": "S",
    "names": ["a", "b"],
    "html": "<b>&'\"</b>",
    "braces": "{{ 7 * 7 }}",
    "object": {"inner": "x", "odd-name": "odd", "items": "I"},
}
CHANNEL = {
    "mappings/shop/channel.yaml": """
describe: A shop.
settings:
  colour: {describe: of the boxes, default: red}
  limit: {describe: how many, default: 3}
"""
}


@pytest.mark.parametrize(("text", "result"), [pytest.param(*row, id=name) for name, *row in TEMPLATES])
def test_a_template_means(text: str, result: str | None, compiled: Compile) -> None:
    cell = json.dumps(text, ensure_ascii=False)
    mapping = compiled(f"tables: {{words: {{hi: hello}}}}\nmap:\n  key: {cell}\n", CHANNEL)

    assert mapping(TEMPLATE_PAYLOAD) == ({} if result is None else {"key": result})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ numbers }}", "a list cannot be printed as text"),
        ("{{ object }}", "an object cannot be printed as text"),
        ("{{ text ~ object }}", "an object cannot be printed as text"),
        ("{{ text < 1 }}", "`<` cannot compare text with a number"),
    ],
)
def test_a_template_prints_no_list_and_no_object(text: str, message: str, compiled: Compile) -> None:
    with pytest.raises(EvaluationError, match=message):
        compiled(f'map:\n  key: "{text}"\n')(PAYLOAD)


# The order of the words


def test_the_words_apply_from_each_to_with_to_if_whatever_their_order_in_the_file(compiled: Compile) -> None:
    words = ["$value: v", "$if: ok", "$with: inner", "$each: rows"]
    payload = {"rows": [{"inner": {"ok": True, "v": 1}}, {"ok": True, "inner": {"ok": False, "v": 2}}, {}]}

    for order in (words, words[::-1], words[2:] + words[:2]):
        mapping = compiled("map:\n  - " + "\n    ".join(order) + "\n")
        assert mapping(payload) == [1]


@pytest.mark.parametrize(
    ("value", "kind"),
    [({"a": 1}, "an object"), ("hi", "a single value"), (1, "a single value"), (False, "a single value")],
)
def test_each_takes_a_list_and_nothing_else(value: object, kind: str, compiled: Compile) -> None:
    with pytest.raises(EvaluationError) as caught:
        compiled("map:\n  - $each: rows\n    a: b\n")({"rows": value})

    assert caught.value.diagnostics[0].message == f"`$each` takes a list, not {kind}"
    assert str(caught.value.diagnostics[0].input) == "payload at /rows"


# $use of another mapping

OTHER = {
    "mappings/shop/line.yaml": """
tables: {unit: {ea: each}}
fragments: {size: {width: w}}
checks:
  - {check: quantity, message: no quantity}
map:
  quantity: q
  unit: lookup('unit', u)
  whole: root().q
  size: {$use: size}
  colour: settings().colour
""",
    "mappings/other/line.yaml": "map: {n: q}\n",
    **CHANNEL,
}
LINE = {"q": 2, "u": "ea", "w": 5}
MAPPED_LINE = {"quantity": 2, "unit": "each", "whole": 2, "size": {"width": 5}, "colour": "red"}


@pytest.mark.parametrize(
    ("cell", "result"),
    [
        ("{$with: line, $use: ./line}", MAPPED_LINE),
        ("{$with: line, $use: shop/line}", MAPPED_LINE),
        ("{$with: line, $use: ../shop/line}", MAPPED_LINE),
        ("{$with: line, $use: ../other/line}", {"n": 2}),
        ("{$with: line, $use: other/line, more: w}", {"n": 2, "more": 5}),
        ("{$with: line, $use: other/line, n: root().top}", {"n": "T"}),
        ("[{$each: '[line, line]', $use: ./line}]", [MAPPED_LINE, MAPPED_LINE]),
        ("{$with: none, $use: ./line}", None),
    ],
)
def test_another_mapping_sees_the_context_as_its_payload(
    cell: str, result: object, compiled: Compile
) -> None:
    mapping = compiled(f"map:\n  key: {cell}\n", OTHER)
    payload = {"top": "T", "line": LINE, "none": None}

    assert mapping(payload).get("key") == result  # type: ignore[union-attr]


def test_another_mappings_tables_and_fragments_are_not_ours(refused: Refuse) -> None:
    assert "there is no table `unit`" in refused("map:\n  a: lookup('unit', x)\n", OTHER)


def test_another_mappings_checks_are_checked_where_it_is_used(compiled: Compile) -> None:
    mapping = compiled("map:\n  lines: [{$each: lines, $use: ./line}]\n", OTHER)
    result = mapping.run({"lines": [LINE, {"u": "ea"}]})

    (warning,) = result.warnings
    assert (warning.message, warning.output) == ("no quantity", "/lines/1")
    assert str(warning.input) == "payload at /lines/1"


@pytest.mark.parametrize("beside", ["scalar", "all"])
def test_no_key_can_stand_beside_what_is_no_object(beside: str, compiled: Compile) -> None:
    with pytest.raises(EvaluationError) as caught:
        compiled(f"{FRAGMENTS}\nmap:\n  key: {{$use: {beside}, a: text}}\n")(PAYLOAD)

    assert (
        caught.value.diagnostics[0].message
        == f"`{beside}` gives no object here, so no key is allowed beside it"
    )


# Settings, request, answers, tables


def test_settings_have_defaults_and_can_be_overridden(compiled: Compile) -> None:
    mapping = compiled("map: {a: settings().colour, b: settings().limit}\n", CHANNEL)

    assert mapping({}) == {"a": "red", "b": 3}
    assert mapping({}, settings={"colour": "blue"}) == {"a": "blue", "b": 3}
    assert mapping({}) == {"a": "red", "b": 3}


def test_request_and_answers_are_what_the_run_was_given(compiled: Compile) -> None:
    mapping = compiled("map: {a: request().x, b: answers().step.y, c: '{{ answers.step.y }}'}\n")

    scope = Scope(request={"x": 1}, answers={"step": {"y": 2}})

    assert mapping({}) == {}
    assert mapping.run({}, request={"x": 1}).value == {"a": 1}
    assert mapping.run_within({}, scope, name="payload").value == {"a": 1, "b": 2, "c": "2"}


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("lookup('t', 'a')", 1),
        ("lookup('t', 'zz')", None),
        ("lookup('t', 'zz', 'other')", "other"),
        ("lookup('t', 'n', 'other')", None),
        ("lookup('t', missing)", None),
        ("lookup('t', missing, 'other')", None),
        ("lookup('t', `7`)", "seven"),
        ("lookup('t', 'o').deep", "yes"),
        ("lookup('far', 'x')", "y"),
    ],
)
def test_a_table_is_looked_up_by_text_or_whole_number(
    expression: str, result: object, compiled: Compile
) -> None:
    files = {"mappings/tables/far.yaml": "x: y\n"}
    tables = "tables: {t: {a: 1, n: null, '7': seven, o: {deep: 'yes'}}, far: ../tables/far}"
    mapping = compiled(f'{tables}\nmap:\n  key: "{expression}"\n', files)

    assert mapping({}) == ({} if result is None else {"key": result})


@pytest.mark.parametrize(("key", "kind"), [(True, "true or false"), (1.5, "a number"), ([], "a list")])
def test_a_table_has_no_other_keys(key: JSON, kind: str, compiled: Compile) -> None:
    with pytest.raises(
        EvaluationError, match=f"`lookup` takes text or a whole number as its key, not {kind}"
    ):
        compiled("tables: {t: {a: 1}}\nmap:\n  key: lookup('t', key)\n")({"key": key})


# Checks


CHECKED = """
checks:
  - check: {check}
    message: {message}
    level: {level}
map: {{a: a, b: b}}
"""


@pytest.mark.parametrize(
    ("check", "message", "payload", "expected"),
    [
        ("a", "no a", {"a": 1}, None),
        ("a", "no a", {"b": 1}, "no a"),
        ("a == b", "a is not b", {"a": 1, "b": 2}, "a is not b"),
        ("equal(a, b)", "sums", {"a": 1, "b": "1.00"}, None),
        ("equal(a, b)", "sums", {"a": 19.99, "b": 20}, "sums: 19.99 against 20.00, a difference of -0.01"),
        ("equal(a, b)", "sums", {"a": "20.00", "b": 19.5}, "sums: 20.00 against 19.50, a difference of 0.50"),
        ("equal(a, b)", "sums", {"a": 1}, "sums: 1 against nothing"),
        ("let $a = a in equal($a, b)", "sums", {"a": 1, "b": 3}, "sums: 1 against 3, a difference of -2"),
        (
            "let $a = a in let $b = add($a, b) in equal($a, $b)",
            "sums",
            {"a": 1, "b": 3},
            "sums: 1 against 4, a difference of -3",
        ),
        ("let $a = a in $a == b", "sums", {"a": 1, "b": 3}, "sums"),
        ("equal(a, b)", "sums", {"b": 1}, "sums: nothing against 1"),
        ("equal(a, b, `0.01`)", "sums", {"a": 1, "b": 1.01}, None),
        (
            "equal(a, b, `0.01`)",
            "sums",
            {"a": 1, "b": 1.02},
            "sums: 1.00 against 1.02, a difference of -0.02",
        ),
        (
            "equal(a, root().c)",
            "to the source",
            {"a": 1, "c": 3},
            "to the source: 1 against 3, a difference of -2",
        ),
        ("equal(a, b) || b", "either", {"a": 1}, "either"),
        ("b", '"of {{ a }} and {{ root.c }}"', {"a": 1, "c": 2}, "of 1 and 2"),
        ("b", '"of {{ a }}"', {}, "of {{ a }}"),
    ],
)
def test_a_check_that_fails_is_a_warning_with_its_figures(
    check: str, message: str, payload: dict[str, object], expected: str | None, compiled: Compile
) -> None:
    mapping = compiled(CHECKED.format(check=check, message=message, level="warning"))
    result = mapping.run(payload)  # type: ignore[arg-type]

    assert result.value == {key: payload[key] for key in ("a", "b") if key in payload}
    assert [item.message for item in result.warnings] == ([] if expected is None else [expected])
    assert all(item.severity == "warning" and item.id == "check-failed" for item in result.warnings)


def test_a_check_of_level_error_refuses_the_result(compiled: Compile) -> None:
    mapping = compiled(CHECKED.format(check="equal(a, b)", message="sums", level="error"))

    with pytest.raises(OutputError) as caught:
        mapping({"a": 1, "b": 3})
    assert str(caught.value) == (
        "error[check-failed]: sums: 1 against 3, a difference of -2\n"
        "  --> mappings/shop/order.yaml:3:12\n"
        "  |\n"
        "3 |   - check: equal(a, b)\n"
        "  |            ^^^^^^^^^^^\n"
        "  = input: payload"
    )
    assert caught.value.result == {"a": 1, "b": 3}


def test_a_table_in_a_file_serves_several_mappings(project: MakeProject) -> None:
    files = {
        "mappings/shop/tables/country.yaml": "NO: Norway\nSE: Sweden\n",
        "mappings/shop/a.yaml": "tables: {c: ./tables/country}\nmap: {x: \"lookup('c', 'NO')\"}\n",
        "mappings/b.yaml": "tables: {c: shop/tables/country}\nmap: {x: \"lookup('c', 'SE')\"}\n",
    }
    made = project(files)

    assert made.mapping("shop/a")({}) == {"x": "Norway"}
    assert made.mapping("b")({}) == {"x": "Sweden"}
    assert made.mapping_names() == ["b", "shop/a"]
