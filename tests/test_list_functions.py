"""Functions of lists: null is the empty list, and lists in parts, in groups, and without equal keys.

The interpreter, the generated code and the check agree on each.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

import jmespath.functions
import pytest

from conftest import Compile, MakeProject, Refuse
from crossdock import CompileError, Source, Span
from crossdock.checking.sensitivity import sensitivity_of
from crossdock.core.json_types import JSON
from crossdock.core.yaml_reader import ScalarNode
from crossdock.execution import codegen
from crossdock.execution.evaluator import Evaluator, Failure
from crossdock.execution.scope import Scope
from crossdock.language.expr import Expression
from crossdock.language.functions import REGISTRY, Function, FunctionError
from crossdock.language.jmespath import compile_expression

REFUSED = "refused"
WITH_LISTS = [
    function for function in REGISTRY.values() if any(each.takes_list for each in function.parameters)
]


def compiled_text(text: str) -> Expression:
    return compile_expression(ScalarNode(text, Span(Source("example", text), 0, len(text))))


def both(text: str, payload: JSON) -> JSON:
    """The value of an expression, which the interpreter and the generated code must agree on."""
    expression = compiled_text(text)
    found: JSON
    try:
        found = Evaluator(Scope()).evaluate(expression, payload)
    except Failure:
        found = REFUSED
    function = codegen.compile_expression(expression)
    assert function is not None
    generated: Any
    try:
        generated = function(payload, Scope())
    except Exception:
        generated = REFUSED
    assert json.dumps(generated) == json.dumps(found)
    return found


def refusal(text: str, payload: JSON) -> str:
    """What the interpreter says about an expression that both refuse."""
    assert both(text, payload) == REFUSED
    with pytest.raises(Failure) as caught:
        Evaluator(Scope()).evaluate(compiled_text(text), payload)
    return caught.value.message


def called(function: Function, lists: str) -> str:
    """A call with the same expression for each list that it takes."""
    suitable = {"string": "'x'", "number": "`10`", "integer": "`1`", "expression": "&@"}
    arguments = [
        lists if each.takes_list else suitable[min(each.types & suitable.keys())]
        for each in function.parameters
        if not each.optional
    ]
    return f"{function.name}({', '.join(arguments)})"


class TestNullIsTheEmptyList:
    @pytest.mark.parametrize("function", WITH_LISTS, ids=[each.name for each in WITH_LISTS])
    def test_each_function_gives_the_same_for_null_as_for_the_empty_list(self, function):
        of_empty = both(called(function, "`[]`"), {"a": []})
        for null in ("`null`", "a", "a.b", "a[*]", "a[?b]", "a || b", "map(&@, a) && `null`"):
            assert json.dumps(both(called(function, null), {"a": None})) == json.dumps(of_empty), null

    def test_the_functions_that_take_lists_are_these(self):
        assert sorted(each.name for each in WITH_LISTS) == [
            *(
                "allot",
                "avg",
                "chunks",
                "fill",
                "first",
                "fit",
                "group_by",
                "index_by",
                "join",
                "last",
                "map",
                "max",
                "max_by",
            ),
            *("min", "min_by", "object", "positions", "share", "shares", "sort", "sort_by", "sum", "unique"),
            *("unique_by", "zip"),
        ]

    @pytest.mark.parametrize(
        "text, value",
        [
            ("sum(lines[].price)", 0),
            ("sum(lines)", 0),
            ("avg(lines)", None),
            ("map(&sku, lines)", []),
            ("join(', ', lines)", ""),
            ("sort_by(lines, &n)", []),
            ("max_by(lines, &n)", None),
            ("max(lines)", None),
            ("zip(lines, `[1]`)", []),
            ("object(lines)", {}),
            ("shares(`10`, lines)", []),
        ],
    )
    def test_what_the_empty_list_gives(self, text, value):
        assert both(text, {}) == value
        assert both(text, {"lines": None}) == value

    @pytest.mark.parametrize("text", ["contains(a, 'x')", "length(a)", "reverse(a)"])
    def test_a_parameter_that_takes_more_than_lists_refuses_null(self, text):
        assert refusal(text, {}).endswith("not nothing") or "and it is missing" in refusal(text, {})

    @pytest.mark.parametrize("wrong", [0, False, "", {}])
    @pytest.mark.parametrize("name", ["sum", "map", "join", "sort_by", "unique", "chunks", "group_by"])
    def test_other_values_are_still_refused(self, name, wrong):
        assert both(called(REGISTRY[name], "a"), {"a": wrong}) == REFUSED

    def test_jmespath_itself_refuses_null(self):
        with pytest.raises(jmespath.exceptions.JMESPathTypeError):
            jmespath.search("sort_by(a, &b)", {})

    def test_a_call_in_python_is_the_same(self):
        assert REGISTRY["unique"].apply([None]) == []
        assert REGISTRY["zip"].apply([[1], None]) == []
        assert REGISTRY["sum"].apply([None]) == 0


SCHEMA = {
    "type": "object",
    "required": ["sure", "number"],
    "properties": {
        "number": {"type": "string"},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
        "sure": {"type": "array", "items": {"$ref": "#/$defs/line"}, "minItems": 1},
        "tags": {"type": "array", "items": {"type": "string"}},
        "secret": {
            "type": "array",
            "items": {"type": "object", "properties": {"mail": {"x-sensitive": True}}},
        },
    },
    "$defs": {
        "line": {
            "type": "object",
            "required": ["sku", "quantity"],
            "properties": {
                "sku": {"type": "string"},
                "quantity": {"type": "integer"},
                "price": {"type": "number"},
                "note": {"type": "string"},
            },
        }
    },
}
FILES = {"schemas/shop/order.schema.json": json.dumps(SCHEMA)}


def findings(compiled: Compile, cells: str) -> list[str]:
    """The warnings of a mapping of the order."""
    made = compiled(f"from: shop/order\nmap:\n  {cells}\n", FILES)
    return [f"{item.id}: {item.message}" for item in made.findings]


class TestChecked:
    @pytest.mark.parametrize(
        "cell",
        [
            "sum(lines[].quantity)",
            "join(', ', tags)",
            "map(&sku, lines)",
            "sort_by(lines, &sku)[0].note",
            "max_by(lines, &quantity).sku",
            "unique(tags)",
            "shares(`10`, lines[].quantity)",
            "group_by(lines, &sku).A[0].quantity",
            "values(group_by(lines, &quantity))[*][0].sku",
            "index_by(lines, &sku).A.quantity",
            "chunks(lines, `3`)[*][0].sku",
            "chunks(sure, `3`)[0][0].sku | upper(@)",
            "unique_by(lines, &sku, 'last')[].note",
            "unique_by(sure, &[sku, quantity])[0].sku | upper(@)",
            "text(sum(lines[].quantity))",
            "matches(number, '^[0-9]+$')",
            "group_by(lines, &sku).* | [0][0].quantity",
        ],
    )
    def test_a_list_that_may_be_missing_is_no_finding(self, compiled, cell):
        assert findings(compiled, f'x: "{cell}"') == []

    @pytest.mark.parametrize(
        "cell, expected",
        [
            (
                "group_by(lines, &note)",
                "may-be-missing: `group_by` needs the key of each item, and this may be missing",
            ),
            (
                "unique_by(lines, &note)",
                "may-be-missing: `unique_by` needs the key of each item, and this may be missing",
            ),
            (
                "index_by(lines, &price)",
                "wrong-type: `index_by` takes text or a whole number as the key of each item",
            ),
            ("length(lines)", "may-be-missing: `length` needs its first argument, and this may be missing"),
            (
                "contains(lines, `1`)",
                "may-be-missing: `contains` needs its first argument, and this may be missing",
            ),
        ],
    )
    def test_what_may_fail_is_a_warning(self, compiled, cell, expected):
        assert any(found.startswith(expected) for found in findings(compiled, f'x: "{cell}"'))

    @pytest.mark.parametrize(
        "cell, expected",
        [
            ("group_by(lines, &sku).A[0].skuu", "`shop/order.lines[]` has no property `skuu`"),
            ("group_by(lines, &skuu)", "`shop/order.lines[]` has no property `skuu`"),
            ("group_by(lines, &sku).A.sku", "`the list made here` has no property `sku`"),
            ("index_by(lines, &sku).A.skuu", "`shop/order.lines[]` has no property `skuu`"),
            ("chunks(lines, `2`)[].skuu", "`shop/order.lines[]` has no property `skuu`"),
            ("chunks(lines, `2`)[0].sku", "`the list made here` has no property `sku`"),
            ("unique_by(lines, &sku)[].skuu", "`shop/order.lines[]` has no property `skuu`"),
            ("chunks(lines, 'x')", "`chunks` takes a whole number as its second argument, and this is text"),
            ("unique_by(lines, &sku, 'newest')", "`unique_by` takes 'first' or 'last' as its third argument"),
            ("matches(number, sku)", "the second argument of `matches` is the pattern, written out"),
            ("matches(number, '^(a+)+$')", "the pattern repeats a part that is itself repeated or a choice"),
            ("matches(number, '[')", "the pattern is not a regular expression of Python"),
        ],
    )
    def test_what_always_fails_is_an_error(self, refused, cell, expected):
        text = f'from: shop/order\nmap:\n  x: "{cell}"\n'
        assert expected in refused(text, FILES)

    def test_the_caret_of_a_pattern_is_under_its_function(self, refused):
        assert refused("map:\n  x: \"a || matches(b, '(a*)*')\"\n") == (
            "error[unsafe-pattern]: the pattern repeats a part that is itself repeated or a choice\n"
            "  --> mappings/shop/order.yaml:2:12\n"
            "  |\n"
            "2 |   x: \"a || matches(b, '(a*)*')\"\n"
            "  |            ^^^^^^^\n"
            "  = help: write it without nested repetition"
        )

    def test_a_map_of_a_list_fits_a_map_of_the_target(self, project: MakeProject):
        target = {
            "type": "object",
            "properties": {"by": {"type": "object", "additionalProperties": {"type": "array"}}},
            "additionalProperties": False,
        }
        files = {**FILES, "schemas/shop/target.schema.json": json.dumps(target)}
        text = "from: shop/order\nto: shop/target\nmap:\n  by: {cell}\n"
        good = text.format(cell="group_by(lines, &sku)")
        assert project({**files, "mappings/shop/order.yaml": good}).mapping("shop/order").findings == ()
        bad = project({**files, "mappings/shop/order.yaml": text.format(cell="index_by(lines, &sku)")})
        with pytest.raises(CompileError, match=r"`shop/target.by.\*` takes a list, and this is an object"):
            bad.mapping("shop/order")


class TestConditions:
    """What a condition with such a function shows, now that null is no error."""

    @pytest.mark.parametrize(
        "condition",
        [
            "unique(tags)",
            "join(', ', tags)",
            "map(&@, tags)",
            "sort(tags)[0]",
            "first(tags)",
            "max(tags)",
            "group_by(tags, &@)",
            "first(tags) != `null`",
            "max(tags) == 'x'",
            "sort(tags)[0] == 'x'",
        ],
    )
    def test_a_list_that_gives_something_has_elements(self, compiled, condition):
        assert findings(compiled, f'x: {{$if: "{condition}", $value: "upper(tags[0])", }}') == []
        assert findings(compiled, f'x: {{$if: "{condition}", $value: "length(tags)"}}') == []

    @pytest.mark.parametrize(
        "condition",
        ["sum(tags) == `0`", "sum(tags)", "map(&@, tags) != `null`", "join('', tags) == ''", "number"],
    )
    def test_one_that_may_be_empty_may_be_missing(self, compiled, condition):
        found = findings(compiled, f'x: {{$if: "{condition}", $value: "length(tags)"}}')
        assert "may-be-missing: `length` needs its first argument, and this may be missing" in found


class TestGrouping:
    LINES: ClassVar[JSON] = [{"n": 1, "k": "b"}, {"n": 2, "k": "a"}, {"n": 3, "k": "b"}]

    def test_groups_are_in_the_order_of_their_first_items(self):
        groups = both("group_by(@, &k)", self.LINES)
        assert json.dumps(groups) == (
            '{"b": [{"n": 1, "k": "b"}, {"n": 3, "k": "b"}], "a": [{"n": 2, "k": "a"}]}'
        )

    def test_an_index_has_the_last_item_of_a_key(self):
        assert both("index_by(@, &k).b.n", self.LINES) == 3

    @pytest.mark.parametrize("name", ["group_by", "index_by"])
    def test_a_whole_number_is_the_key_of_its_digits(self, name):
        assert [*both(f"{name}(@, &@)", [7, "7", 10**20, -1])] == ["7", "100000000000000000000", "-1"]

    @pytest.mark.parametrize(
        "key, message",
        [
            (None, "`{}` needs a key for each item, and one is missing"),
            (True, "`{}` takes text or whole numbers as keys, and one is true or false"),
            (1.5, "`{}` takes text or whole numbers as keys, and one is a number"),
            ([], "`{}` takes text or whole numbers as keys, and one is a list"),
        ],
    )
    @pytest.mark.parametrize("name", ["group_by", "index_by"])
    def test_other_keys_are_refused(self, name, key, message):
        assert refusal(f"{name}(@, &k)", [{"k": key}]) == message.format(name)

    def test_the_first_or_the_last_of_each_key_is_kept_in_its_place(self):
        assert both("unique_by(@, &k)[].n", self.LINES) == [1, 2]
        assert both("unique_by(@, &k, 'last')[].n", self.LINES) == [2, 3]
        assert both("unique_by(@, &k, missing)[].n", self.LINES) == [1, 2]

    def test_keys_are_equal_as_in_json(self):
        assert both("unique_by(@, &@)", [1, True, "1", [1], [True], [1]]) == [1, True, "1", [1], [True]]

    def test_what_unique_by_refuses(self):
        assert (
            refusal("unique_by(@, &k)", [{}]) == "`unique_by` needs a key for each item, and one is missing"
        )
        assert refusal("unique_by(@, &k, [0].k)", self.LINES) == (
            "`unique_by` takes 'first' or 'last' as its third argument"
        )

    def test_chunks(self):
        assert both("chunks(@, `2`)", [1, 2, 3, 4, 5]) == [[1, 2], [3, 4], [5]]
        assert both("chunks(@, `5`)", [1, 2]) == [[1, 2]]
        assert both("chunks(@, missing)", [1, 2]) is None
        assert refusal("chunks(@, `0`)", [1]) == "`chunks` takes a size of 1 or more"
        assert refusal("chunks(@, `1.5`)", [1]) == (
            "`chunks` takes a whole number as its second argument, not a fraction"
        )

    def test_a_failure_in_a_key_is_the_key_s(self):
        assert refusal("group_by(@, &upper(k))", [{"k": 1}]) == (
            "`upper` takes text as its first argument, not a number"
        )

    def test_a_key_reads_the_names_around_it(self):
        text = "let $of = a in group_by(b, &join('', [$of, @]))"
        assert both(text, {"a": "x", "b": ["1", "2", "1"]}) == {"x1": ["1", "1"], "x2": ["2"]}

    @pytest.mark.parametrize(
        "cell, hidden",
        [
            ("group_by(secret, &mail)", True),
            ("index_by(secret, &mail)", True),
            ("group_by(lines, &sku)", False),
            ("chunks(lines, `2`)", False),
            ("base64(secret[0].mail)", True),
            ("hmac_sha256(number, secret[0].mail)", True),
            ("text(secret[0].mail)", True),
            ("matches(secret[0].mail, '^a')", True),
        ],
    )
    def test_what_is_made_of_something_sensitive_is_hidden(self, compiled, cell, hidden):
        made = compiled(f'from: shop/order\nmap:\n  x: "{cell}"\n', FILES)
        assert bool(sensitivity_of(made.linked).result.at(("x",)).itself) is hidden

    @pytest.mark.parametrize("cell", ["chunks(secret, `2`)[0][0]", "unique_by(secret, &mail)[0]"])
    def test_an_item_that_is_passed_on_keeps_its_marks(self, compiled, cell):
        made = compiled(f'from: shop/order\nmap:\n  x: "{cell}"\n', FILES)
        x = sensitivity_of(made.linked).result.at(("x",))
        assert x.itself == ()
        assert [each.name for each in x.member("mail").itself] == ["shop/order.secret[].mail"]


def test_signatures_of_expressions_say_so(refused: Refuse) -> None:
    assert refused("map:\n  x: group_by(a, b)\n").startswith(
        "error[wrong-arguments]: `group_by` takes an expression as its second argument\n"
    )
    with pytest.raises(FunctionError, match="takes an expression as its second argument, not text"):
        REGISTRY["group_by"].apply([[], "sku"])
