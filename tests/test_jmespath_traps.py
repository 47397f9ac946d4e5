"""Where the JMESPath library raises bare Python errors or gives odd values: each has a clear outcome here."""

from __future__ import annotations

import pytest

from crossdock import CompileError, Source, Span
from crossdock.core.json_types import JSON
from crossdock.core.yaml_reader import ScalarNode
from crossdock.execution.evaluator import Evaluator, Failure
from crossdock.execution.scope import Scope
from crossdock.language.jmespath import compile_expression


def evaluate(text: str, payload: JSON) -> JSON:
    scalar = ScalarNode(text, Span(Source("m.yaml", text), 0, len(text)))
    return Evaluator(Scope()).evaluate(compile_expression(scalar), payload)


FAILURES: dict[str, tuple[str, JSON, str]] = {
    "text compared with a number": (
        "a[?p > `1`]",
        {"a": [{"p": "x"}]},
        "`>` cannot compare text with a number",
    ),
    "the greatest of a number and a text": (
        "max_by(a, &p)",
        {"a": [{"p": 1}, {"p": "x"}]},
        "`max_by` cannot take these values",
    ),
    "the smallest of nothing": (
        "min_by(a, &p)",
        {"a": [{"p": 1}, {}]},
        "`min_by` takes a number or text, not nothing",
    ),
    "sorted by a number and a text": (
        "sort_by(a, &p)",
        {"a": [{"p": 1}, {"p": "x"}]},
        "`sort_by` takes a number, not text",
    ),
    "merged with nothing": ("merge(a, b)", {"a": {}}, "`merge` cannot take these values"),
    "a sum of text": (
        "sum(a)",
        {"a": [1, "x"]},
        "`sum` takes a list of numbers, and item [1] is text that is not a number",
    ),
    "joined numbers": ("join(',', a)", {"a": [1]}, "`join` takes a list of texts, and an item is a number"),
    "a text that is too long": (
        "join(to_string(@), map(&to_string(@), @))",
        list(range(20_000)),
        "`join` gives text of more than 262144 characters",
    ),
    "a value that is too long as text": (
        "to_string([@, @, @])",
        list(range(20_000)),
        "`to_string` gives text of more than 262144 characters",
    ),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_trap_is_a_failure_with_its_reason(case: str) -> None:
    text, payload, message = FAILURES[case]
    with pytest.raises(Failure) as caught:
        evaluate(text, payload)
    assert caught.value.message == message


NUMBERS: dict[str, JSON] = {
    "19.90": 19.9,
    "-3": -3,
    "9" * 64: int("9" * 64),
    "NaN": None,
    "Infinity": None,
    "-inf": None,
    "9" * 5_000: None,
    "1e999": None,
    "1e-999": None,
    "1_000": None,
    "٣": None,
    " 1": None,
    "0x10": None,
    "": None,
}


@pytest.mark.parametrize("text", NUMBERS, ids=lambda text: text[:10])
def test_to_number_reads_numbers_and_nothing_else(text: str) -> None:
    assert evaluate("to_number(@)", text) == NUMBERS[text]


@pytest.mark.parametrize("value", [True, None, [], {}])
def test_to_number_of_what_is_no_text_and_no_number_is_nothing(value: JSON) -> None:
    assert evaluate("to_number(@)", value) is None


def test_a_key_that_is_missing_is_missing_and_no_failure() -> None:
    assert evaluate("a.b[0].c", {}) is None


LITERALS = ("`{bad`", "`bad`", "`01`", "`NaN`", "`1e999`", "`1e-999`", '`"\\ud800"`')


@pytest.mark.parametrize("text", LITERALS)
def test_what_stands_in_backticks_is_json(text: str) -> None:
    with pytest.raises(CompileError) as caught:
        evaluate(text, None)
    (finding,) = caught.value.diagnostics
    assert (finding.id, finding.message) == ("expression-syntax", "the content of backticks must be JSON")


def test_the_text_of_an_order_is_well_within_the_bound() -> None:
    line: JSON = {
        "sku": "A" * 20,
        "price": 12.5,
        "quantity": 2,
        "name": "a name of some length",
        "taxes": [1, 2],
    }
    text = evaluate("to_string(@)", {"lines": [line] * 1_000})
    assert isinstance(text, str)
    assert 100_000 < len(text) < 262_144
