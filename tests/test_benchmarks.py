"""The benchmarks measure the same work: the handwritten conversions mean what the mappings mean."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Mapping as MappingType
from pathlib import Path
from typing import Any

import pytest
import yaml

from crossdock import EvaluationError, Mapping, Project
from crossdock.execution.interpreter import execute
from crossdock.execution.scope import Scope

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import conversation_cases  # noqa: E402
import measuring  # noqa: E402
import mutants  # noqa: E402
import payloads  # noqa: E402
import results  # noqa: E402
import rivals  # noqa: E402
import transform  # noqa: E402
from conversation_worker import conversing  # noqa: E402
from handwritten.amounts import Refused  # noqa: E402
from naive.stack import Naive  # noqa: E402

CHANNELS = ("kibo", "fabric")
MUTANTS = int(os.environ.get("CROSSDOCK_MUTANTS", "300"))


@pytest.fixture(scope="module")
def project() -> Project:
    return Project([ROOT])


def interpreted(mapping: Mapping, payload: Any, settings: MappingType[str, Any]) -> Any:
    """The result as JSON text and the checks that failed; None when the mapping refuses the payload."""
    scope = Scope(settings={**mapping.linked.settings, **settings})
    try:
        outcome = execute(mapping.linked, payload, scope, name="payload", traced=False)
    except EvaluationError:
        return None
    stated = {check.text for check in mapping.linked.checks}
    return json.dumps(outcome.value), [_statement(found.message, stated) for found in outcome.failed]


def _statement(message: str, stated: set[str]) -> str:
    """A failed check's message without the figures behind it."""
    return next((text for text in stated if message.startswith(text)), message)


def handwritten(channel: str, payload: Any, settings: MappingType[str, Any]) -> Any:
    """The same of the handwritten conversion."""
    convert = getattr(importlib.import_module(f"handwritten.{channel}_order"), f"{channel}_order")
    try:
        value, failed = convert(payload, **settings)
    except Refused:
        return None
    return json.dumps(value), failed


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_handwritten_conversion_gives_what_the_mapping_gives_for_every_example(
    project: Project, channel: str
) -> None:
    mapping = project.mapping(f"{channel}/order")
    for case, payload in mutants.examples(channel).items():
        settings = ROOT / "examples" / channel / "order" / f"{case}.settings.yaml"
        given = yaml.safe_load(settings.read_text()) if settings.exists() else {}
        assert handwritten(channel, payload, given) == interpreted(mapping, payload, given), case


@pytest.mark.parametrize("channel", CHANNELS)
def test_it_gives_or_refuses_the_same_for_orders_with_something_wrong(project: Project, channel: str) -> None:
    mapping = project.mapping(f"{channel}/order")
    results = []
    for payload in mutants.mutants(channel, MUTANTS):
        expected = interpreted(mapping, payload, {})
        assert handwritten(channel, payload, {}) == expected, json.dumps(payload)
        results.append(expected)
    refused = results.count(None)
    flagged = sum(bool(result[1]) for result in results if result)
    assert refused > MUTANTS / 10, "the mutants hold too little that is refused"
    assert flagged > MUTANTS / 10, "the mutants hold too little that fails a check"


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("lines", [1, 3, 30])
def test_generated_orders_are_valid_and_pass_every_check(project: Project, channel: str, lines: int) -> None:
    result = project.mapping(f"{channel}/order").run(payloads.BUILDERS[channel](lines))
    assert isinstance(result.value, dict)
    assert len(result.value["items"]) == lines  # type: ignore[arg-type]
    assert not result.warnings


def test_generated_orders_are_the_same_each_time() -> None:
    assert payloads.as_bytes(payloads.kibo_order(3)) == payloads.as_bytes(payloads.kibo_order(3))


def test_an_order_of_a_stream_has_a_number_of_its_own() -> None:
    orders = [json.loads(line) for line in payloads.stream("kibo", 1, 3)]
    assert [order["orderNumber"] for order in orders] == [1, 2, 3]


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_naive_stack_gives_the_same_for_a_full_example(project: Project, channel: str) -> None:
    payload = mutants.examples(channel)["full"]
    assert Naive(channel).transform(payload) == project.mapping(f"{channel}/order")(payload)


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_naive_stack_gives_the_same_from_bytes_to_bytes(project: Project, channel: str) -> None:
    payload = payloads.BUILDERS[channel](3)
    written = Naive(channel).pipeline(payloads.as_bytes(payload))
    assert json.loads(written) == project.mapping(f"{channel}/order")(payload)


def test_the_naive_stack_refuses_what_its_schema_refuses() -> None:
    with pytest.raises(ValueError):
        Naive("kibo").pipeline(b'{"items": 1}')


def counting(order: list[str], name: str, seconds: float) -> measuring.Row:
    """A row that says when it is measured, and always takes the same time."""

    def timed(calls: int) -> float:
        order.append(name)
        return seconds * calls

    return measuring.Row(name, timed=timed)


def test_each_round_measures_every_row_once_in_another_order() -> None:
    order: list[str] = []
    rows = [counting(order, name, 1.0) for name in "abc"]
    measuring.measured(rows, rounds=3, seconds=1.0)
    assert order[-9:] == [*"abc", *"bca", *"cab"]


def test_a_ratio_is_formed_within_the_round() -> None:
    slower = measuring.Figure("slower", "", (2.0, 40.0, 3.0))
    base = measuring.Figure("base", "", (1.0, 10.0, 2.0))
    assert slower.to(base) == measuring.Spread(2.0, 1.75, 3.0)


def test_a_measurement_is_as_many_calls_as_fill_its_time() -> None:
    figures = measuring.measured([counting([], "a", 0.001), counting([], "b", 1.0)], rounds=2, seconds=0.01)
    assert [figure.seconds.median for figure in figures] == [pytest.approx(0.001), 1.0]


def test_the_page_has_a_line_for_each_row_and_says_why_one_was_not_measured() -> None:
    base = measuring.Figure("base", "", (1e-3, 1e-3))
    other = measuring.Figure("other", "leaves out much", (2e-3, 4e-3))
    column = [base, other, measuring.Skipped("third", "not installed")]
    rows = results.side_by_side([column, [base]], results.against("base"))
    table = results.Table("Title", "Lead.", ("", "3 lines", "30 lines"), rows, results.notes_of(column))
    page = results.page([table], how="Two rounds.")
    assert "## Title\n\nLead.\n\n|  | 3 lines | 30 lines |\n| --- | --- | --- |\n" in page
    assert "| other | 3.00 ms · **3.00** (2.50 to 3.50) | not measured |\n" in page
    assert "| third | not installed | not measured |\n\n- other: leaves out much\n" in page


def test_the_page_names_neither_the_machine_nor_a_path() -> None:
    page = results.page([], how="")
    assert "cores" in page
    assert os.uname().nodename not in page
    assert "/" not in page.replace("benchmarks/run.py", "")


def test_agreement_counts_the_values_at_the_same_places() -> None:
    expected = {"a": 1, "b": [{"c": "x"}, {"c": "y"}], "d": "2.50"}
    assert rivals.agreement(expected, expected) == (4, 4)
    assert rivals.agreement({"a": 1.0, "b": [{"c": "x"}], "d": "2.50"}, expected) == (2, 4)
    assert rivals.agreement(None, expected) == (0, 4)


def test_the_table_of_the_conversion_alone_has_all_rows_of_crossdock() -> None:
    table = transform.table("fabric", (3,), rounds=2, seconds=0.0001)
    assert [row[0] for row in table.rows][:5] == [
        "handwritten Python",
        "crossdock, generated Python",
        "crossdock, interpreter",
        "crossdock, interpreter with trace",
        "naive stack",
    ]
    assert all("µs · **" in row[1] or "ms · **" in row[1] for row in table.rows)


# What is measured is a conversation that does its work: the calls, and how many lines or orders are answered.
# The fabric of the benchmark changes nothing, and RetailOPS hears so of each of the three lines.
CONVERSED = [
    ("writeback", "kibo", 8, 0, "line_items"),
    ("writeback", "fabric", 5, 3, "line_items"),
    ("shipment", "kibo", 22, 0, None),
    ("shipment", "fabric", 12, 0, None),
    ("fetch", "kibo", 1, 0, "orders"),
    ("fetch", "fabric", 1, 0, "orders"),
]


@pytest.mark.parametrize(("kind", "channel", "calls", "events", "answered"), CONVERSED)
def test_the_conversations_do_what_they_are_measured_for(
    kind: str, channel: str, calls: int, events: int, answered: str | None
) -> None:
    result = conversing(ROOT, getattr(conversation_cases, kind)(channel, 20))()

    assert result.warnings == []
    assert len(result.calls) == calls
    assert len(result.response.get("events", [])) == events
    assert answered is None or len(result.response[answered]) == 20
