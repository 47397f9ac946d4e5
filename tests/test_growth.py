"""How much a mapping can make of what it reads: refused when it is compiled, in no time, or not at all."""

from __future__ import annotations

import time

import pytest

from conftest import Compile, MakeProject, Refuse
from crossdock import CompileError, EvaluationError, Source, Span
from crossdock.core.json_types import JSON
from crossdock.core.yaml_reader import ScalarNode
from crossdock.language.cost import CostContext, Size, measured
from crossdock.language.jinja import compile_template
from crossdock.language.jmespath import compile_expression

MULTIPLIED = "the value here can hold what it reads more than 512 times"
LOOPED = "more than 2 loops over the whole payload are nested"


def scalar(text: str) -> ScalarNode:
    return ScalarNode(text, Span(Source("m.yaml", text), 0, len(text)))


def size(text: str) -> Size:
    return measured(compile_expression(scalar(text)).node, CostContext())


SIZES = {
    "name": Size(1),
    "buyer.name": Size(1),
    "lines[0].sku": Size(1),
    "lines[1:].sku": Size(1),
    "'text'": Size(0),
    "[a, a]": Size(2),
    "[a, b]": Size(1),
    "{x: a.b, y: a.c, z: a}": Size(2),
    "{x: @, y: a}": Size(2),
    "[a, b] | [@, @]": Size(2),
    "[a, a] | [@, @]": Size(4),
    "[@, @][]": Size(2),
    "lines[].[@, @]": Size(2),
    "lines[?a == [b, b]].c": Size(1),
    "*.a": Size(1),
    "a || b": Size(1),
    "a && [a, a]": Size(2),
    "a == b": Size(0),
    "length(@)": Size(0),
    "merge(a, b)": Size(2),
    "not_null(a, [a, a])": Size(2),
    "map(&[@, @], lines)": Size(2),
    "sort_by(lines, &join(',', [a, b]))": Size(1),
    "chunks(lines, `2`)": Size(1),
    "chunks(lines, size)": Size(1),
    "allot(lines[].left, rooms[].left)": Size(2),
    "fit(lines[].left, lines[].least, lines[].left)": Size(3),
    "group_by(lines, &sku)": Size(1),
    "group_by(lines, &item.sku)": Size(1),
    "group_by(lines, &to_string(@))": Size(2),
    "group_by(lines, &to_string(root()))": Size(2, 1),
    "index_by(lines, &sku)": Size(1),
    "index_by(root().lines, &sku)": Size(1),
    "unique_by(lines, &sku, 'last')": Size(1),
    "unique_by(lines, &to_string(@))": Size(1),
    "join(',', [a, a, a])": Size(1),
    "lines[].root()": Size(1, 1),
    "lines[].taxes[].root()": Size(1, 1),
    "lines[].root().lines[].root().name": Size(1, 2),
}


@pytest.mark.parametrize("text", SIZES)
def test_how_much_an_expression_can_hold(text: str) -> None:
    assert size(text) == SIZES[text]


REFUSED = {
    "pipes": ("|".join(["[@,@]"] * 30), MULTIPLIED),
    "pipes of a constant": ("`[1]`|" + "|".join(["[@,@]"] * 30), MULTIPLIED),
    "flattened": ("[@,@][]" * 26, MULTIPLIED),
    "objects": ("|".join(["{a:@,b:@}"] * 12), MULTIPLIED),
    "merged": ("|".join(["merge({a:@},{b:@})"] * 12), MULTIPLIED),
    "zipped": ("|".join(["zip(@,@)"] * 12), MULTIPLIED),
    "in an argument that gives a number": ("length(" + "|".join(["[@,@]"] * 12) + ")", MULTIPLIED),
    "in a condition": ("a[?" + "|".join(["[@,@]"] * 12) + " == b]", MULTIPLIED),
    "mapped": ("|".join(["map(&[@,@], @)"] * 12), MULTIPLIED),
    "or": ("|".join(["(a || [@,@])"] * 12), MULTIPLIED),
    "loops": ("a[].root().a[].root().a[].root().b", LOOPED),
    "loops of functions": ("map(&map(&map(&root().c, root().b), root().b), a)", LOOPED),
    "loops of settings": ("a[].settings().b.*.settings().b.*.settings().b", LOOPED),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_multiplies_is_refused_at_once(case: str) -> None:
    text, message = REFUSED[case]
    started = time.process_time()
    with pytest.raises(CompileError) as caught:
        compile_expression(scalar(text))
    assert time.process_time() - started < 0.1
    (finding,) = caught.value.diagnostics
    assert (finding.id, finding.message) == ("expression-too-large", message)


def test_a_template_is_measured_too() -> None:
    pairs = "zip(a, a)"
    for _ in range(10):
        pairs = f"zip({pairs}, {pairs})" if len(pairs) < 1_000 else pairs
    with pytest.raises(CompileError) as caught:
        compile_template(scalar("{{ length(" + pairs.replace("a, a", "a, a, a, a, a, a, a, a, a") + ") }}"))
    (finding,) = caught.value.diagnostics
    assert (finding.id, finding.message) == ("expression-too-large", MULTIPLIED)


def nested(words: list[str]) -> str:
    """Objects inside each other, each with these words of the language, and a key in the last."""
    return "map:\n" + "".join(f"{'  ' * (depth + 1)}{word}\n" for depth, word in enumerate(words))


def test_with_inside_with_multiplies(refused: Refuse) -> None:
    doubling = [f'$with: "[@, @]"\n{"  " * (depth + 1)}a:' for depth in range(29)]
    started = time.process_time()
    shown = refused(nested([*doubling, "b: '[0]'"]))
    assert time.process_time() - started < 0.3
    assert shown.splitlines()[0] == f"error[expression-too-large]: {MULTIPLIED}"


def test_each_inside_each_over_the_whole_multiplies(refused: Refuse) -> None:
    line = "[{$each: root().a, x: %s}]"
    text = "map: {list: " + line % (line % (line % "root().b")) + "}\n"
    assert refused(text).splitlines()[0] == f"error[expression-too-large]: {LOOPED}"


def test_fragments_multiply(refused: Refuse) -> None:
    lines = [f'  f{number}: {{$with: "[@, @]", a: {{$use: f{number - 1}}}}}\n' for number in range(1, 12)]
    text = "fragments:\n  f0: {a: '[0]'}\n" + "".join(lines) + "map: {$use: f11}\n"
    assert refused(text).splitlines()[0] == f"error[expression-too-large]: {MULTIPLIED}"


def test_mappings_that_are_used_multiply(project: MakeProject) -> None:
    half = "|".join(["[@,@]"] * 5)
    files = {
        "mappings/inner.yaml": f'map: {{a: "{half}"}}\n',
        "mappings/outer.yaml": f'map: {{b: {{$with: "{half}", $use: ./inner}}}}\n',
    }
    made = project(files)
    assert made.mapping("inner")({"x": 1})
    with pytest.raises(CompileError) as caught:
        made.mapping("outer")
    (finding,) = caught.value.diagnostics
    assert (finding.id, finding.message) == ("expression-too-large", MULTIPLIED)
    assert str(finding.span) == "mappings/outer.yaml:1:57"


def test_what_is_honest_is_taken(compiled: Compile) -> None:
    text = (
        "map:\n"
        "  lines:\n"
        "    - $each: lines\n"
        "      share: ratio(price, sum(root().lines[].price))\n"
        "      taxes:\n"
        "        - $each: taxes\n"
        "          currency: root().currency\n"
        "          rate: rate\n"
    )
    order: JSON = {"currency": "EUR", "lines": [{"price": 3, "taxes": [{"rate": 2}]}, {"price": 1}]}
    assert compiled(text)(order) == {
        "lines": [{"share": 0.75, "taxes": [{"currency": "EUR", "rate": 2}]}, {"share": 0.25, "taxes": []}]
    }


def test_a_thousand_circles_of_fragments_are_found_at_once(refused: Refuse) -> None:
    lines = "".join(f"  f{number}: {{$use: f{number}}}\n" for number in range(1_000))
    started = time.process_time()
    shown = refused(f"fragments:\n{lines}map: {{$use: f0}}\n")
    assert shown.count("error[use-circle]") == 1_000
    assert time.process_time() - started < 3


@pytest.mark.parametrize("way", ["run", "call"])
def test_a_text_that_a_template_makes_has_a_bound(compiled: Compile, way: str) -> None:
    """Also where the mapping runs as generated code, which leaves the word to the interpreter."""
    mapping = compiled('map: {x: "{{ a }}{{ a }}"}\n')
    run = mapping if way == "call" else mapping.run
    assert run({"a": "x" * 131_072})
    with pytest.raises(EvaluationError) as caught:
        run({"a": "x" * 131_073})
    (finding,) = caught.value.diagnostics
    assert finding.message == "the text has more than 262144 characters"


def fragments_in_a_chain(number: int, levels: int) -> str:
    inner = [f"{{$use: f{n + 1}}}" for n in range(number - 1)] + ["number"]
    chain = "".join(f"  f{n}: {'{a: ' * levels}{cell}{'}' * levels}\n" for n, cell in enumerate(inner))
    return f"map:\n  a: {{$use: f0}}\nfragments:\n{chain}"


def test_fragments_in_a_chain_nest_too_deep(refused: Refuse) -> None:
    message = refused(fragments_in_a_chain(17, 28))

    assert message.startswith(
        "error[file-too-large]: the fragment `f0` nests deeper than 100 levels, with what it uses\n"
        "  --> mappings/shop/order.yaml:4:3\n"
    )
    assert message.count("error[") == 1


def test_a_mapping_nests_too_deep_with_what_it_uses(project: MakeProject) -> None:
    levels = {"a": "map: " + "{a: " * 30 + "number" + "}" * 30}
    for name, used in ("ba", "cb", "dc"):
        levels[name] = f"map: {'{a: ' * 30}{{$use: ./{used}}}{'}' * 30}"
    made = project({f"mappings/shop/{name}.yaml": text for name, text in levels.items()})

    assert made.mapping("shop/c")
    with pytest.raises(CompileError) as caught:
        made.mapping("shop/d")
    [diagnostic] = caught.value.diagnostics
    assert (diagnostic.id, diagnostic.message) == (
        "file-too-large",
        "with `./c` the mapping nests deeper than 100 levels",
    )
    assert diagnostic.span is not None


def test_a_chain_just_within_the_bound_is_converted(compiled: Compile) -> None:
    mapping = compiled(fragments_in_a_chain(11, 9))

    result = mapping.run({"number": 7}).value
    for _ in range(1 + 11 * 9):
        result = result["a"]
    assert result == 7


@pytest.mark.parametrize("cell", ["'@'", "items", "to_string(@)", "'[@]'", "root()", "'{{ note }}'"])
def test_cells_that_hold_the_same_are_counted_together(cell: str, refused: Refuse) -> None:
    cells = "".join(f"  k{number}: {cell}\n" for number in range(1_025))
    message = refused(f"map:\n{cells}")

    assert message.startswith(
        "error[expression-too-large]: "
        "the cells from here on can hold what they read more than 1024 times together\n"
        "  --> mappings/shop/order.yaml:2:"
    )


def test_the_cells_of_a_conversation_are_counted_together(project: MakeProject) -> None:
    head = "request: shop/any\nresponse_schema: shop/any\nsteps: []\nresponse:\n"
    files = {"schemas/shop/any.schema.json": "{}"}
    name = "mappings/shop/act/conversation.yaml"

    def check(many: int) -> list[str]:
        cells = "".join(f"  k{number}: '@'\n" for number in range(many))
        return [item.message for item in project({**files, name: head + cells}).check()]

    message = "the cells from here on can hold what they read more than 4096 times together"
    assert (check(4_096), check(4_097)) == ([], [message])


def test_cells_that_use_a_fragment_are_counted_each_time(refused: Refuse) -> None:
    cells = "".join(f"  k{number}: {{$use: all}}\n" for number in range(103))
    fragment = ", ".join(["'@'"] * 10)
    message = refused(f"map:\n{cells}fragments:\n  all: [{fragment}]\n")

    assert message.startswith("error[expression-too-large]: the cells from here on")


def test_cells_that_hold_different_properties_are_few(compiled: Compile) -> None:
    cells = "".join(f"  k{n}: p{n}.name\n  t{n}: '{{{{ p{n}.text }}}}'\n" for n in range(1_500))

    assert compiled(f"map:\n{cells}").run({"p7": {"name": "x"}}).value["k7"] == "x"
