"""The benchmarks measure the same work: the handwritten conversions mean what the mappings mean."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Mapping as MappingType
from pathlib import Path
from typing import Any

import pytest
import yaml

from crossdock import EvaluationError, Mapping, Project
from crossdock.expressions import Scope
from crossdock.interpreter import execute

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import mutants  # noqa: E402
import payloads  # noqa: E402
from handwritten.amounts import Refused  # noqa: E402

CHANNELS = ("kibo", "fabric")
MUTANTS = 300


@pytest.fixture(scope="module")
def project() -> Project:
    return Project([ROOT])


def interpreted(mapping: Mapping, payload: Any, settings: MappingType[str, Any]) -> Any:
    """The result as JSON text and the checks that failed; None when the mapping refuses the payload."""
    scope = Scope(settings={**mapping.settings, **settings})
    try:
        outcome = execute(mapping, payload, scope, name="payload", traced=False)
    except EvaluationError:
        return None
    stated = {check.text for check in mapping.checks}
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
