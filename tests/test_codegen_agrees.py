"""The generated code gives the same values and types as the interpreter, and refuses the same input.

Expressions and templates are generated from their grammars and evaluated in odd documents. The mappings are
those of the project, run on changed examples, and random ones.

All of it, 50,000 expressions and 10,000 payloads: ``make agreement``, or
CODEGEN=all python -m pytest tests/test_codegen_agrees.py
"""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import Any

import pytest

from conftest import fastest
from crossdock import Source
from crossdock.core.diagnostics import shorten
from crossdock.execution.scope import Scope
from crossdock.language.expr import Expression
from crossdock.language.jinja import compile_template
from crossdock.language.jmespath import compile_expression
from crossdock.project.compiler import compile_mapping
from fuzz import agreement
from fuzz.choices import Choices, drawn
from fuzz.engine import Tally, attempt
from fuzz.targets import ODD, OWN, SMALL, TARGETS, compiled, evaluated, payloads, scope_of

ALL = os.environ.get("CODEGEN") == "all"
# How many inputs each kind has, in the normal run and in the whole one. An expression is evaluated in four
# documents, and a mapping of a few cells is run over four payloads.
INPUTS = {
    "generated-expression": (3_000, 50_000),
    "generated-mapping": (600, 10_000),
    "generated-run": (600, 10_000),
}


@pytest.mark.parametrize("name", INPUTS)
def test_what_is_generated_gives_what_the_interpreter_gives(name: str) -> None:
    tally = Tally(name)
    for seed in range(INPUTS[name][ALL]):
        attempt(TARGETS[name], drawn(seed), tally)

    assert [f"{item.kind}: {shorten(str(item.data), 2000)}" for item in tally.findings.values()] == []
    assert tally.inputs == INPUTS[name][ALL]


@pytest.mark.parametrize("name", sorted({name for name, _ in payloads()}))
def test_every_example_as_it_stands(name: str) -> None:
    mapping = OWN.mapping(name)
    function = agreement.of_mapping(mapping)
    assert function is not None
    given = [payload for of, payload in payloads() if of == name]
    scope = Scope(settings=mapping.linked.settings)
    found = [agreement.given(function, payload, scope) for payload in given]

    assert found == [agreement.interpreted(mapping, payload, scope) for payload in given]
    assert sum(kind == "value" for kind, *_ in found) >= len(found) // 3


def test_every_mapping_has_generated_code() -> None:
    without = [name for name in OWN.mapping_names() if agreement.of_mapping(OWN.mapping(name)) is None]

    assert without == []


@pytest.mark.parametrize("text", ["to_string(`1`)", "to_string(`-0.0`)", "contains(`5`, a)", "`1`.a[0]"])
def test_a_number_that_is_written_out_stops_nothing(text: str) -> None:
    found = compiled(text)

    assert found is not None and agreement.of_expression(found) is not None


def test_a_long_way_is_generated_as_quickly_as_a_short_one() -> None:
    found = compiled("b || " + ".".join("a" * 95))
    assert found is not None

    assert fastest(lambda: assert_generated(found)) < 0.1


def assert_generated(found: Expression) -> None:
    assert agreement.of_expression(found) is not None


def test_the_inputs_show_something() -> None:
    """Most expressions are generated, and what they give are values of many kinds, and failures too."""
    kinds: Counter[str] = Counter()
    for seed in range(1_000):
        case = json.loads(TARGETS["generated-expression"].make(Choices(drawn(seed))))
        text = case.get("expression", case.get("template"))
        found = compiled(text, compile_expression if "expression" in case else compile_template)
        if found is None:
            kinds["refused when read"] += 1
            continue
        kinds["generated"] += agreement.of_expression(found) is not None
        for context in ODD:
            kind, value = evaluated(found, context)
            kinds[value[0] if kind == "value" else kind] += 1

    assert kinds["generated"] >= 600
    assert kinds["generated"] >= (1_000 - kinds["refused when read"]) * 0.98, (
        "the interpreter is left with more"
    )
    for kind, least in {"failure": 200, "NoneType": 200, "str": 200, "list": 100, "object": 50}.items():
        assert kinds[kind] >= least, kinds
    for kind in ("int", "float", "bool"):
        assert kinds[kind] >= 30, kinds


# --- the comparison itself sees what differs

DOUBLED = compile_mapping("shop/file", Source("file.yaml", "map: {a: 'multiply(a, `2`)'}\n"), SMALL)


def given(executor: agreement.Executor, payload: Any) -> tuple[Any, ...]:
    return agreement.given(executor, payload, Scope())


def test_a_number_of_another_type_is_another_value() -> None:
    wanted = agreement.interpreted(DOUBLED, {"a": 0.5}, Scope())

    assert wanted == given(lambda payload, scope: {"a": 1}, {"a": 0.5})
    assert wanted != given(lambda payload, scope: {"a": 1.0}, {"a": 0.5})
    assert wanted != given(lambda payload, scope: {"a": True}, {"a": 0.5})


def test_whatever_is_raised_is_a_refusal() -> None:
    def refuse(payload: Any, scope: Scope) -> Any:
        raise KeyError(payload)

    assert given(refuse, {"a": "x"}) == agreement.interpreted(DOUBLED, {"a": "x"}, Scope())


def test_a_failing_expression_is_refused_and_explained() -> None:
    found = compiled("upper(a)")
    assert found is not None
    function = agreement.of_expression(found)
    assert function is not None
    context = {"a": 1}

    assert agreement.given(function, context, scope_of(context)) == agreement.REFUSED
    assert evaluated(found, context) == (
        "failure",
        ("`upper` takes text as its first argument, not a number", 0, 5),
    )
