"""Literal arguments that a function refuses for every payload are found when the file is checked."""

from __future__ import annotations

import json

import pytest

from conftest import MakeProject
from crossdock.core.rendering import render
from crossdock.language.functions import REGISTRY, Example

TEXT, NUMBER = {"type": "string"}, {"type": "number"}
SCHEMA = {
    "type": "object",
    "required": ["a", "s", "l", "w", "day", "at", "code"],
    "properties": {
        "a": NUMBER,
        "s": TEXT,
        "l": {"type": "array", "items": TEXT},
        "w": {"type": "array", "items": NUMBER},
        "day": {"type": "string", "format": "date"},
        "at": {"type": "string", "format": "date-time"},
        "code": {"enum": ["EUR", "USD"]},
        "perhaps": {"type": ["string", "null"], "format": "date"},
    },
}


def found(project: MakeProject, expression: str) -> str:
    text = f"from: s/in\nmap:\n  t: {json.dumps(expression)}\n"
    files = {"schemas/s/in.schema.json": json.dumps(SCHEMA), "mappings/t/m.yaml": text}
    return render(project(files).check())


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("round(a, `-2`)", "`round` takes 0 to 20 as its digits"),
        ("round(a, `21`)", "`round` takes 0 to 20 as its digits"),
        (
            "round(a, `2`, 'bankers')",
            "`round` takes half_up, half_even, up, down, ceiling or floor as its rounding",
        ),
        ("money(a, code, 'bankers')", "as its rounding"),
        ("pad_left(s, `5`, 'ab')", "`pad_left` takes one character as its third argument"),
        ("pad_left(s, `-1`, '0')", "`pad_left` takes a length of 0 to"),
        ("split(s, '')", "`split` takes text that is not empty as its second argument"),
        ("replace(s, '', '-')", "`replace` takes text that is not empty as its second argument"),
        ("truncate(s, `-1`)", "`truncate` takes a length that is not negative"),
        ("chunks(l, `0`)", "`chunks` takes a size of 1 or more"),
        ("l[::0]", "the step of a slice cannot be 0"),
        ("number('abc')", "`number` takes"),
        ("integer('1.5')", "`integer` takes"),
        ("integer(`1.5`)", "`integer` takes"),
        ("epoch('yesterday')", "`epoch` takes an ISO 8601 or RFC 2822 date-time, and this text is neither"),
        ("epoch('2016-04-08')", "`epoch` takes a date with a time, or a zone as its second argument"),
        ("epoch('2016-02-30', 'UTC')", "`epoch` takes a date-time that exists, and this one does not"),
        ("epoch(s, 'CET')", "`epoch` takes UTC or an offset such as +01:00 as its zone"),
        ("iso(day, '+25:00')", "`iso` takes"),
        ("iso(`1460142547000`)", "and these lie in the year 48240: probably milliseconds"),
        ("epoch(day)", "`epoch` takes a date with a time, or a zone as its second argument"),
        ("epoch(perhaps)", "`epoch` takes a date with a time, or a zone as its second argument"),
        ("number(day)", "`number` takes"),
        ("multiply(a, `1e300`)", "as its second argument"),
        ("share(a, w, `-1`)", "`share` takes"),
        ("s && split(s, '') || l", "`split` takes text that is not empty as its second argument"),
        ("object(l[].{k: @})", "`object` takes a list of objects, each with text as its `key`"),
        ("object(l)", "`object` takes a list of objects, each with text as its `key`"),
        ("object(w[].{key: @, value: `1`})", "`object` takes a list of objects, each with text as its `key`"),
    ],
)
def test_what_a_function_refuses_for_every_payload_is_found(
    project: MakeProject, expression: str, message: str
) -> None:
    report = found(project, expression)

    assert report.startswith(("error[wrong-arguments]: ", "error[wrong-type]: "))
    assert message in report.splitlines()[0]


def test_the_finding_is_at_the_call(project: MakeProject) -> None:
    assert found(project, "s && split(s, '')") == (
        "error[wrong-arguments]: `split` takes text that is not empty as its second argument\n"
        "  --> mappings/t/m.yaml:3:12\n"
        "  |\n"
        "3 |   t: \"s && split(s, '')\"\n"
        "  |            ^^^^^\n"
        "  = help: the signature is split(text: string, separator: string) -> array"
    )


@pytest.mark.parametrize(
    "expression",
    [
        "round(a, `2`, 'half_even')",
        "round(a, `20`)",
        "money(a, 'JPY')",
        "money(a, code)",
        "share(a, w, `31`)",
        "chunks(l, `1000`)",
        "epoch(at)",
        "epoch(day, 'UTC')",
        "epoch(s)",
        "epoch(s, '+01:00')",
        "iso(`1460142547`)",
        "iso(a, 'UTC')",
        "pad_left(s, `8`, '0')",
        "split(s, ',')",
        "truncate(s, `0`)",
        "number('1.5')",
        "number(s)",
        "l[::-1]",
        "object(l[].{key: @, value: `1`})",
        "object(zip(l, w)[].{key: [0], value: [1]})",
        "equal(a, `0`, `0.01`)",
        "join(s, ['a', 'b'])",
    ],
)
def test_what_some_payload_makes_right_is_no_finding(project: MakeProject, expression: str) -> None:
    assert "wrong-arguments" not in found(project, expression)


EXAMPLES = [
    pytest.param(example, id=f"{function.name}-{place}")
    for function in REGISTRY.values()
    if function.kind != "context"
    for place, example in enumerate(function.examples)
]


def test_no_example_of_a_function_has_refused_arguments(project: MakeProject) -> None:
    """They are calls that succeed."""
    cells = "".join(
        f"  x{place}: {json.dumps(each.values[0].expression)}\n"
        for place, each in enumerate(EXAMPLES)
        if isinstance(each.values[0], Example)
    )
    report = render(project({"mappings/t/m.yaml": f"map:\n{cells}"}).check())

    assert "wrong-arguments" not in report
