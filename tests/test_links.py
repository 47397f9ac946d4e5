"""Linking: what a ``$use`` holds, what stays the same object, and variants that never mix."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conftest import MakeProject
from crossdock import Project
from crossdock.language import syntax
from crossdock.language.links import changed, with_fragment
from crossdock.language.syntax import LinkedMapping, Use
from crossdock.project.cases import cases_of, run_case

FILES = {
    "mappings/shop/order.yaml": (
        "fragments:\n"
        "  inner: {c: number}\n"
        "  outer: {a: {$use: inner}, b: {$use: inner}}\n"
        "  apart: {d: number}\n"
        "map: {one: {$use: outer}, two: {$use: apart}, lines: [{$each: rows, $use: ./line}]}\n"
    ),
    "mappings/shop/line.yaml": "map: {sku: sku, also: {$use: ./part}}\n",
    "mappings/shop/part.yaml": "map: {part: sku}\n",
}
PAYLOAD = {"number": 7, "rows": [{"sku": "A"}]}
RESULT = {
    "one": {"a": {"c": 7}, "b": {"c": 7}},
    "two": {"d": 7},
    "lines": [{"sku": "A", "also": {"part": "A"}}],
}


@pytest.fixture
def made(project: MakeProject) -> Project:
    return project(FILES)


@pytest.fixture
def order(made: Project) -> LinkedMapping:
    return made.mapping("shop/order").linked


def uses_in(mapping: LinkedMapping) -> dict[str, list[Use]]:
    found: dict[str, list[Use]] = {}
    for cell in (mapping.cell, *mapping.fragments.values()):
        for use in syntax.uses(cell):
            found.setdefault(use.name, []).append(use)
    return found


def test_each_use_holds_its_definition(made: Project, order: LinkedMapping) -> None:
    uses = uses_in(order)

    assert set(uses) == {"inner", "outer", "apart", "./line"}
    assert [use.linked for use in uses["inner"]] == [order.fragments["inner"]] * 2
    for name, cell in order.fragments.items():
        assert all(use.linked is cell for use in uses[name])
    assert uses["./line"][0].linked is made.mapping("shop/line").linked
    assert order.used == {"./line": made.mapping("shop/line").linked}


def test_a_parsed_use_has_no_definition() -> None:
    span = syntax.Span(syntax.Source("a.yaml", "$use: a"), 0, 7)

    with pytest.raises(AssertionError, match="`a` is not linked"):
        _ = Use("a", span, (), span).linked


def test_another_fragment_reaches_every_use_of_it_and_nothing_else(order: LinkedMapping) -> None:
    other = with_fragment(order, "inner", order.fragments["apart"])
    uses = uses_in(other)

    assert all(use.linked is order.fragments["apart"] for use in uses["inner"])
    assert uses["outer"][0].linked is other.fragments["outer"]
    assert other.fragments["outer"] is not order.fragments["outer"]
    assert other.fragments["apart"] is order.fragments["apart"]
    assert other.used == order.used
    assert all(use.linked is order.fragments["inner"] for use in uses_in(order)["inner"])


def test_a_change_reaches_the_mappings_that_are_used(made: Project, order: LinkedMapping) -> None:
    line, part = made.mapping("shop/line").linked, made.mapping("shop/part").linked
    empty = replace(part, cell=syntax.Object((), part.cell.span))
    other = changed(order, lambda each: empty if each.name == "shop/part" else each)

    assert other.used["./line"].used["./part"] is empty
    assert other.used["./line"].name == "shop/line"
    assert order.used["./line"] is line and line.used["./part"] is part


def test_a_change_that_changes_nothing_leaves_the_same_object(order: LinkedMapping) -> None:
    assert changed(order, lambda each: each) is order


@pytest.mark.parametrize("traced", [False, True])
def test_variants_share_no_generated_code(made: Project, traced: bool) -> None:
    mapping = made.mapping("shop/order")
    assert mapping.run(PAYLOAD, traced=traced).value == RESULT

    linked = with_fragment(mapping.linked, "apart", mapping.linked.fragments["inner"])
    other = replace(mapping, linked=linked)
    assert other.run(PAYLOAD, traced=traced).value == {**RESULT, "two": {"c": 7}}
    assert other.convert(b'{"number": 7}') == b'{"one":{"a":{"c":7},"b":{"c":7}},"two":{"c":7},"lines":[]}'
    assert mapping.run(PAYLOAD, traced=traced).value == RESULT


def test_what_is_kept_with_a_mapping_is_made_once_and_not_taken_along(order: LinkedMapping) -> None:
    calls: list[str] = []

    def build(mapping: LinkedMapping) -> object:
        calls.append(mapping.name)
        return object()

    first = order.once(build)
    other = replace(order, name="shop/other")
    assert order.once(build) is first
    assert other.once(build) is not first
    assert calls == ["shop/order", "shop/other"]


CONVERSATION = """\
request: any/request
response_schema: any/response
fragments:
  own: {sku: number}
steps:
  - step: line
    value: {$use: ../line}
  - step: all
    steps:
      - step: own
        value: {$use: own}
response: {line: answers().line, own: answers().all.own}
failure: {$with: request(), $use: ../line}
"""


def test_a_change_reaches_the_cells_of_a_conversation(project: MakeProject) -> None:
    files = {
        **FILES,
        "mappings/shop/channel.yaml": "describe: A shop.\n",
        "mappings/shop/sync/conversation.yaml": CONVERSATION,
        "schemas/any/request.schema.json": "{}",
        "schemas/any/response.schema.json": "{}",
        "examples/shop/sync/one.json": '{"sku": "A", "number": 7}',
    }
    made = project(files)
    [case] = cases_of(made, "shop/sync")
    shown, told = run_case(made, case)
    part = made.mapping("shop/part").linked
    other = replace(part, cell=syntax.Literal("changed", part.cell.span))
    changed_text, _ = run_case(made, case, lambda each: other if each.name == "shop/part" else each)

    assert told is None and shown is not None
    assert '"part": "A"' in shown and '"sku": 7' in shown
    assert changed_text is not None and '"also": "changed"' in changed_text
    assert changed_text == shown.replace('{\n        "part": "A"\n      }', '"changed"')
    assert run_case(made, case) == (shown, told)
