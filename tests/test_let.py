"""Named values in expressions: `let $name = value in body`, the lexical scopes of JMESPath (JEP-18)."""

from __future__ import annotations

import json

import pytest

from conftest import Compile, MakeProject, Refuse
from crossdock import CompileError, Source, Span
from crossdock.checking.lineage import lineage
from crossdock.core.json_types import JSON
from crossdock.core.yaml_reader import ScalarNode
from crossdock.execution import codegen
from crossdock.execution.evaluator import Evaluator, Failure
from crossdock.execution.scope import Scope
from crossdock.language.cost import CostContext, Size, measured
from crossdock.language.expr import Expression
from crossdock.language.jmespath import compile_expression
from crossdock.language.unparse import written

ORDER: JSON = {
    "number": 7,
    "currency": "USD",
    "let": "a word",
    "in": "another",
    "none": None,
    "ship": {"state": "WA", "cities": ["Seattle", "Tacoma"]},
    "lines": [
        {"sku": "A", "price": 5, "tags": ["x", "y"]},
        {"sku": "B", "price": 3, "tags": []},
        {"sku": "C", "price": 9, "tags": ["z"]},
    ],
    "codes": {"A": "first", "B": "second"},
}

VALUES: dict[str, JSON] = {
    # A variable holds a value, whatever the context is where it is read.
    "let $n = number in $n": 7,
    "let $n = number in lines[0].{sku: sku, number: $n}": {"sku": "A", "number": 7},
    "let $n = number in lines[*].[sku, $n]": [["A", 7], ["B", 7], ["C", 7]],
    "let $c = currency in map(&[$c, sku], lines)": [["USD", "A"], ["USD", "B"], ["USD", "C"]],
    # In a filter the element outside has no other name.
    "let $first = lines[0] in lines[?price < $first.price].sku": ["B"],
    "let $most = max(lines[].price) in lines[?price == $most] | [0].sku": "C",
    "lines[*].[let $line = @ in tags[*].[$line.sku, @]]": [
        [[["A", "x"], ["A", "y"]]],
        [[]],
        [[["C", "z"]]],
    ],
    "let $least = `4` in sort_by(lines[?price > $least], &price)[].sku": ["A", "C"],
    # Several at once are evaluated outside of the new scope, one by one.
    "let $a = number, $b = ship in {a: $a, b: $b.state}": {"a": 7, "b": "WA"},
    "let $a = 'outer' in let $a = 'inner', $b = $a in [$a, $b]": ["inner", "outer"],
    # The inner one hides the outer one, and only inside of its own body.
    "let $a = 'outer' in [let $a = 'inner' in $a, $a]": ["inner", "outer"],
    "let $a = number in let $a = [$a] in let $a = [$a] in $a": [[7]],
    "let $a = let $b = number in [$b] in $a[0]": 7,
    # A variable is a value like another: stepped into, projected, passed, compared.
    "let $s = ship in $s.cities[1]": "Tacoma",
    "let $l = lines in $l[*].sku": ["A", "B", "C"],
    "let $l = lines in $l[].tags[]": ["x", "y", "z"],
    "let $l = lines in $l[?sku == 'B'].price | [0]": 3,
    "let $c = codes in $c.*": ["first", "second"],
    "let $l = lines in length($l)": 3,
    "let $l = lines in $l | [1].sku": "B",
    "let $a = number, $b = `7` in $a == $b": True,
    "let $a = none in $a || 'nothing'": "nothing",
    "let $a = missing in [$a]": [None],
    "let $a = missing in $a.b": None,
    # The body reaches as far as it can; brackets end it.
    "let $a = number in $a | [@]": [7],
    "(let $s = ship in $s).state": "WA",
    "none || let $a = number in $a": 7,
    "!let $a = none in $a": True,
    # The words are words only where they must be.
    "let": "a word",
    "in": "another",
    "[let, in]": ["a word", "another"],
    "{let: let, in: in}": {"let": "a word", "in": "another"},
    "let $in = in in $in": "another",
    "let $let = let in [$let, let]": ["a word", "a word"],
    "let.x": None,
    'let $a = "let" in $a': "a word",
    # A variable that nothing reads is fine.
    "let $a = number in currency": "USD",
    # Spaces and line ends are free.
    "let\n  $a=number,\n  $b=currency\nin\n  [$a,$b]": [7, "USD"],
    "let $a=number in $a==number": True,
}


def scalar(text: str) -> ScalarNode:
    return ScalarNode(text, Span(Source("m.yaml", text), 0, len(text)))


def expression_of(text: str) -> Expression:
    return compile_expression(scalar(text))


@pytest.mark.parametrize("text", VALUES)
def test_a_let_gives_what_its_body_gives(text: str) -> None:
    assert Evaluator(Scope(root=ORDER)).evaluate(expression_of(text), ORDER) == VALUES[text]


@pytest.mark.parametrize("text", VALUES)
def test_the_generated_code_gives_the_same(text: str) -> None:
    function = codegen.compile_expression(expression_of(text))

    assert function is not None
    assert function(ORDER, Scope(root=ORDER)) == VALUES[text]


@pytest.mark.parametrize("text", VALUES)
def test_what_is_written_again_is_the_same_expression(text: str) -> None:
    node = expression_of(text).node

    assert expression_of(written(node)).node == node


REFUSED = {
    "$a": ("unknown-variable", "$a", "there is no variable `$a` here"),
    "let $a = $a in $a": ("unknown-variable", "$a", "there is no variable `$a` here"),
    "let $a = number, $b = $a in $b": ("unknown-variable", "$a", "there is no variable `$a` here"),
    "[let $a = number in $a, $a]": ("unknown-variable", "$a", "there is no variable `$a` here"),
    "let $price = number in $prise": ("unknown-variable", "$prise", "there is no variable `$prise` here"),
    "let $a = lines[?$b] in 'x'": ("unknown-variable", "$b", "there is no variable `$b` here"),
    "ship.$a": ("expression-syntax", "$a", "`$a` is not allowed here"),
    "ship.let $a = state in $a": ("expression-syntax", "$a", "`$a` is not allowed here"),
    "let $f = number in $f(number)": ("expression-syntax", "$f", "`$f` is not allowed here"),
    "let $a in number": ("expression-syntax", "in", "`in` is not allowed here"),
    "let $a = number, in $a": ("expression-syntax", "in", "`in` is not allowed here"),
    "let $a = in $a": ("expression-syntax", "$a", "`$a` is not allowed here"),
    "let $a = number": ("expression-syntax", "r", "the expression is not finished"),
    "let $a = number in": ("expression-syntax", "n", "the expression is not finished"),
    "let $a = number of $a": ("expression-syntax", "of", "`of` is not allowed here"),
    'let $a = number "in" $a': ("expression-syntax", '"in"', '`"in"` is not allowed here'),
    "let a = number in a": ("expression-syntax", "=", "`=` is not JMESPath"),
    "let $ a = number in $a": ("expression-syntax", "$", "`$` is not JMESPath"),
    "number = number": ("expression-syntax", "=", "`=` is not JMESPath"),
    "$1": ("expression-syntax", "$", "`$` is not JMESPath"),
    "$": ("expression-syntax", "$", "`$` is not JMESPath"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused_has_a_caret(text: str) -> None:
    id, at, message = REFUSED[text]
    with pytest.raises(CompileError) as caught:
        expression_of(text)
    (found,) = caught.value.diagnostics[:1]

    assert (found.id, found.message) == (id, message)
    assert found.span is not None
    assert found.span.text == at


def test_the_nearest_variable_is_suggested() -> None:
    with pytest.raises(CompileError) as caught:
        expression_of("let $price = number in $prise")

    assert caught.value.diagnostics[0].help == "did you mean `$price`?"


def test_a_value_is_evaluated_once_and_even_if_it_is_never_read() -> None:
    failing = expression_of("let $a = length(number) in 'x'")
    with pytest.raises(Failure, match="`length` takes"):
        Evaluator(Scope()).evaluate(failing, ORDER)
    function = codegen.compile_expression(failing)
    assert function is not None
    with pytest.raises(Exception):  # noqa: B017 (generated code raises whatever it comes to)
        function(ORDER, Scope())


def test_a_scope_ends_although_its_body_fails() -> None:
    evaluator = Evaluator(Scope())
    with pytest.raises(Failure):
        evaluator.evaluate(expression_of("let $a = number in length($a)"), ORDER)

    assert evaluator.evaluate(expression_of("let $b = number in $b"), ORDER) == 7


# --- bounds

SIZES = {
    "let $a = a in 'x'": Size(0),
    "let $a = a in $a": Size(1),
    "let $a = a in [$a, $a]": Size(2),
    "let $a = [a, a] in [$a, $a]": Size(4),
    "let $a = a in {x: $a.b, y: $a.c}": Size(1),
    "let $a = a in {x: $a.b, y: $a}": Size(2),
    "let $a = a in {x: $a, y: a}": Size(2),
    "let $a = a in $a[].b": Size(1),
    # Read inside of a loop that is inside of its `let`, a variable is read once for each turn.
    "let $a = lines in lines[].{x: $a}": Size(1, 1),
    "lines[].[let $a = @ in {x: $a.b, y: $a.c}]": Size(1),
}


@pytest.mark.parametrize("text", SIZES)
def test_what_a_variable_holds_is_measured(text: str) -> None:
    assert measured(expression_of(text).node, CostContext()) == SIZES[text]


def test_a_let_that_doubles_its_variable_is_bounded() -> None:
    doubling = "let $a = [$a, $a] in " * 8
    assert measured(expression_of(f"let $a = [a, a] in {doubling}$a").node, CostContext()) == Size(512)
    for text in (f"let $a = [a, a] in {doubling}[$a, $a]", f"let $a = [a, a] in {doubling}{doubling}$a"):
        with pytest.raises(CompileError) as caught:
            expression_of(text)
        assert caught.value.diagnostics[0].message == (
            "the value here can hold what it reads more than 512 times"
        )


def test_loops_over_a_variable_inside_each_other_are_bounded() -> None:
    assert expression_of("let $l = lines in $l[*].{x: $l[*].sku}")
    with pytest.raises(CompileError) as caught:
        expression_of("let $l = lines in $l[*].{x: $l[*].{y: $l[*].sku}}")
    assert caught.value.diagnostics[0].message == "more than 2 loops over the whole payload are nested"


@pytest.mark.parametrize("text", ["let $a = @ in " * 101 + "$a", "let $a = " * 101 + "@" + " in $a" * 101])
def test_a_chain_of_scopes_is_bounded(text: str) -> None:
    with pytest.raises(CompileError) as caught:
        expression_of(text)

    assert caught.value.diagnostics[0].id == "expression-too-large"


# --- in a mapping


MAPPING = """\
from: shop/order
to: erp/order
map:
  lines: "let $c = currency in lines[*].{sku: sku, currency: $c}"
  first: "let $all = lines in $all[?price == min($all[].price)] | [0].sku"
"""
SCHEMAS = {
    "schemas/shop/order.schema.json": """{"type": "object", "required": ["currency", "lines"], "properties": {
        "currency": {"type": "string"},
        "lines": {"type": "array", "items": {"type": "object", "required": ["sku", "price"], "properties": {
            "sku": {"type": "string"}, "price": {"type": "number"}}}}}}""",
    "schemas/erp/order.schema.json": """{"type": "object", "properties": {
        "first": {"type": ["string", "null"]},
        "lines": {"type": "array", "items": {"type": "object", "properties": {
            "sku": {"type": "string"}, "currency": {"type": "string"}}}}}}""",
}
PAYLOAD = {"currency": "USD", "lines": [{"sku": "A", "price": 5}, {"sku": "B", "price": 3}]}
RESULT = {"lines": [{"sku": "A", "currency": "USD"}, {"sku": "B", "currency": "USD"}], "first": "B"}


def test_a_mapping_runs_it_and_its_trace_knows_what_was_read(compiled: Compile) -> None:
    mapping = compiled(MAPPING, SCHEMAS)
    result = mapping.run(PAYLOAD)

    assert result.value == RESULT
    assert json.loads(mapping.convert(json.dumps(PAYLOAD).encode())) == RESULT
    step = result.trace.at(("lines",))
    assert step is not None
    assert {read.pointer for read in step.reads} >= {"/currency", "/lines/1/sku"}
    assert mapping.findings == ()


CHECKED = {
    "let $c = currency in length($c.name)": "unknown-property",
    "let $c = curency in $c": "unknown-property",
    "let $l = lines in $l[*].prise": "unknown-property",
    "let $n = lines[0].price in upper($n)": "wrong-type",
}


@pytest.mark.parametrize("text", CHECKED)
def test_the_check_knows_the_type_of_a_variable(text: str, refused: Refuse) -> None:
    source = f"from: shop/order\nmap: {{a: {json.dumps(text)}}}\n"

    assert f"error[{CHECKED[text]}]" in refused(source, SCHEMAS)


NOTES = {
    "schemas/shop/order.schema.json": """{"type": "object", "required": ["number", "lines"], "properties": {
        "number": {"type": "integer"}, "note": {"type": "string"}, "state": {"enum": ["open", "paid"]},
        "lines": {"type": "array", "items": {"type": "object", "properties": {
            "sku": {"type": "string"}}}}}}""",
    "schemas/erp/order.schema.json": """{"type": "object", "additionalProperties": {}}""",
}
NARROWED = {
    # A condition on a variable is a fact about it.
    "let $n = note in length($n)": ["may-be-missing"],
    "let $n = note in $n && length($n)": [],
    "let $n = note in ($n && number) || length($n)": ["may-be-missing"],
    "let $l = lines[0] in $l.sku && length($l.sku)": [],
    "let $n = note in lines[?$n].[length($n)]": [],
    # Outside of its `let` it is a fact about what the variable was bound to.
    "(let $n = note in $n) && length(note)": [],
    "(let $l = lines[0] in $l.sku) && length(lines[0].sku)": [],
    "(let $n = note in number) && length(note)": ["may-be-missing"],
    # It is no fact about a variable of the same name outside, and none about another one.
    "let $n = note in (let $n = number in $n) && length($n)": ["may-be-missing"],
    "let $n = note, $m = number in $m && length($n)": ["may-be-missing"],
    "let $n = note in let $n = $n || 'none' in length($n)": [],
    # Facts about a value are also facts about a variable.
    "let $s = state in $s == 'held'": ["impossible-comparison"],
    "let $n = number in $n || `0`": ["unreachable"],
    "let $n = number in lines[?sku == $n]": ["impossible-comparison"],
    "let $n = nmber in number": ["unknown-property"],
}


@pytest.mark.parametrize("text", NARROWED)
def test_conditions_narrow_variables(text: str, project: MakeProject) -> None:
    source = f"from: shop/order\nto: erp/order\nmap: {{a: {json.dumps(text)}}}\n"
    made = project({**NOTES, "mappings/shop/order.yaml": source})

    assert [finding.id for finding in made.check(["shop/order"])] == NARROWED[text]


def test_a_condition_of_a_cell_narrows_what_its_variables_hold(project: MakeProject) -> None:
    source = "from: shop/order\nmap: {a: {$if: 'let $n = note in $n', $value: length(note)}}\n"

    assert project({**NOTES, "mappings/shop/order.yaml": source}).check(["shop/order"]) == []


SAME_LINEAGE = {
    # with a variable: without one
    "let $n = note in upper($n)": "upper(note)",
    "let $n = note in number": "number",
    "let $n = note in $n && number": "note && number",
    "let $n = note && number in [$n]": "[note && number]",
    "let $n = note in {x: $n, y: number}": "{x: note, y: number}",
    "let $n = {x: note, y: number} in $n.x": "{x: note, y: number}.x",
    "let $l = lines in $l[?sku].sku": "lines[?sku].sku",
    "let $n = number in lines[].{sku: sku, order: $n}": "lines[].{sku: sku, order: root().number}",
}


@pytest.mark.parametrize("text", SAME_LINEAGE)
def test_the_lineage_follows_a_variable_to_each_use(text: str, compiled: Compile) -> None:
    found = []
    for each in (text, SAME_LINEAGE[text]):
        mapping = compiled(f"from: shop/order\nmap: {{a: {json.dumps(each)}}}\n", NOTES)
        links = lineage(mapping.linked)
        found.append(
            [(link.target, set(link.sources), set(link.because_of), link.gives.kinds) for link in links]
        )

    assert found[0] == found[1]
    assert any(sources for _, sources, _, _ in found[0])


def test_bindings_inside_each_other_are_inferred_once(compiled: Compile) -> None:
    """With one more inference for each level, this would take longer than anyone waits."""
    nested = "let $a = " * 48 + "number" + " in $a" * 48
    chained = "let $a = number in " + "let $a = add($a, $a) in " * 48 + "$a"
    for text in (nested, chained):
        compiled(f"from: shop/order\nmap: {{a: {json.dumps(text)}}}\n", NOTES)


def test_a_cell_may_begin_with_a_variable(refused: Refuse) -> None:
    """A plain scalar that begins with `$` is an expression, and not a word of the mapping language."""
    assert "error[unknown-variable]: there is no variable `$x` here" in refused("map:\n  a: $x\n")
