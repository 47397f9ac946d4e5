"""Constants that are lists and objects are compared with what the target schema says of the whole."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conftest import MakeProject
from crossdock.core.rendering import render

NUMBERS = {"type": "array", "items": {"type": "number"}}


def found(project: MakeProject, target: Any, cell: str) -> str:
    schema = {"type": "object", "properties": {"t": target}}
    files = {
        "schemas/s/in.schema.json": '{"type": "object"}',
        "schemas/s/out.schema.json": json.dumps(schema),
        "mappings/t/m.yaml": f"from: s/in\nto: s/out\nmap:\n  t: {cell}\n",
    }
    return render(project(files).check())


@pytest.mark.parametrize(
    ("target", "cell", "message"),
    [
        ({"const": [1]}, "{$const: [true]}", "`s/out.t` is one of `[1]`, and this can be `[true]`"),
        ({"const": [1]}, '"`[true]`"', "`s/out.t` is one of `[1]`, and this can be `[true]`"),
        ({"enum": [[1], [2]]}, "{$const: [3]}", "`s/out.t` is one of `[1]`, `[2]`, and this can be `[3]`"),
        (
            {"const": {"k": 1}},
            "{$const: {k: true}}",
            '`s/out.t` is one of `{"k": 1}`, and this can be `{"k": true}`',
        ),
        (
            {**NUMBERS, "uniqueItems": True},
            "{$const: [1, 2, 1.0]}",
            "`s/out.t`: the items 0 and 2 are equal, and no two may be",
        ),
        ({**NUMBERS, "minItems": 3}, "{$const: [1]}", "`s/out.t`: expected at least 3 items, found 1"),
        ({**NUMBERS, "maxItems": 1}, '"`[1, 2]`"', "`s/out.t`: expected at most 1 item, found 2"),
        ({**NUMBERS, "maxItems": 1}, '"[`1`, `2`]"', "`s/out.t`: expected at most 1 item, found 2"),
        (
            {"type": "object", "minProperties": 2},
            "{$const: {a: 1}}",
            "expected at least 2 properties, found 1",
        ),
        (NUMBERS, "{$const: [a]}", "`s/out.t[]` takes a number, and this is text"),
    ],
)
def test_a_constant_that_the_target_refuses_is_found(
    project: MakeProject, target: Any, cell: str, message: str
) -> None:
    assert message in found(project, target, cell).splitlines()[0]


@pytest.mark.parametrize(
    ("target", "cell"),
    [
        ({"const": [1]}, "{$const: [1.0]}"),
        ({"enum": [[1], [2]]}, '"[`2`]"'),
        ({**NUMBERS, "uniqueItems": True}, "{$const: [1, 2]}"),
        ({"type": "array", "uniqueItems": True}, "{$const: [1, true]}"),
    ],
)
def test_a_constant_that_the_target_takes_is_no_finding(project: MakeProject, target: Any, cell: str) -> None:
    assert found(project, target, cell) == ""


@pytest.mark.parametrize(
    ("keywords", "cell", "message"),
    [
        ({"minItems": 1}, "[]", "`s/out.t`: expected at least 1 item, found 0"),
        ({"minItems": 2}, "[f]", "`s/out.t`: expected at least 2 items, found 1"),
        ({"minItems": 2}, '"[f]"', "`s/out.t`: expected at least 2 items, found 1"),
        ({"maxItems": 1}, "[{$const: 1}, f, {$const: a}]", "`s/out.t`: expected at most 1 item, found 2"),
        ({"maxItems": 1}, '"[f, g]"', "`s/out.t`: expected at most 1 item, found 2"),
    ],
)
def test_a_list_whose_length_the_target_refuses_is_found(
    project: MakeProject, keywords: Any, cell: str, message: str
) -> None:
    report = found(project, {"type": "array", **keywords}, cell)

    assert message in report.splitlines()[0]


@pytest.mark.parametrize(
    ("keywords", "cell"),
    [
        ({"minItems": 1}, "[f]"),
        ({"maxItems": 2}, '"[f, g]"'),
        ({"maxItems": 1}, "[f, g]"),
        ({"maxItems": 1}, "[{$const: 1}, {$if: f, $const: 1}]"),
        ({"minItems": 2}, "[f, {$each: l, a: b}]"),
        ({"maxItems": 1}, "[f, {$each: l, a: b}]"),
        ({"minItems": 2}, '"l[].f"'),
        ({"minItems": 2}, '"(f && [f]) || [f, g]"'),
    ],
)
def test_a_list_whose_length_may_fit_is_no_finding(project: MakeProject, keywords: Any, cell: str) -> None:
    schema = json.dumps({"type": "object", "properties": {"t": {"type": "array", **keywords}}})
    files = {
        "schemas/s/out.schema.json": schema,
        "schemas/s/in.schema.json": '{"type": "object"}',
        "mappings/t/m.yaml": f"from: s/in\nto: s/out\nmap:\n  t: {cell}\n",
    }

    assert [item.message for item in project(files).check() if item.id in ("too-short", "too-long")] == []


def test_lists_that_are_never_equal_are_found(project: MakeProject) -> None:
    report = found(project, {"type": "boolean"}, '"`[true]` == `[1]`"')

    assert "`the list made here` is never `[1]`: it is one of `[true]`" in report


def test_a_comparison_with_several_lists_is_checked(project: MakeProject) -> None:
    assert found(project, {}, '"(f == `[1]` || f == `[2]`) && f"') == ""
