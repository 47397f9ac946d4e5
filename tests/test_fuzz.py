"""Hostile input, a bounded number of it: the kept corpus, and the same few thousand inputs each time.

More of it: ``make fuzz``, or ``python -m fuzz`` in the folder ``tests``; ``fuzz/targets.py`` lists
what the targets assert.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import REPOSITORY
from crossdock import CompileError, InputError, ProjectError, Source
from crossdock.core.diagnostics import shorten
from crossdock.core.json_reader import decode
from crossdock.language.jinja import compile_template
from crossdock.language.jmespath import compile_expression
from crossdock.project.compiler import compile_mapping
from crossdock.schema.dialect import Reading
from fuzz.choices import Choices, drawn
from fuzz.documents import changed, document
from fuzz.engine import Tally, attempt, checked, keep
from fuzz.grammar import FUNCTIONS, expression, template
from fuzz.promises import exact, outcome
from fuzz.targets import ODD, OWN, SMALL, TARGETS, Target, compiled, evaluated

CORPUS = REPOSITORY / "tests" / "fuzz" / "corpus"
KEPT = sorted(path for path in CORPUS.glob("*/*") if path.is_file())
# How many inputs each target has: as many as take a second or two.
INPUTS = {
    "payload": 2_000,
    "file": 500,
    "expression": 600,
    "template": 600,
    "schema": 400,
    "run": 200,
}  # the generated code has more in test_codegen_agrees.py


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_was_a_finding_once_is_none_now(path: Path) -> None:
    finding = checked(TARGETS[path.parent.name], path.read_bytes())

    assert finding is None, finding.told


def test_the_corpus_is_small_and_each_file_is_for_a_target() -> None:
    assert 0 < len(KEPT) < 300
    assert sum(path.stat().st_size for path in KEPT) < 300_000
    assert {path.parent.name for path in KEPT} <= set(TARGETS)
    assert all(path.suffix == f".{TARGETS[path.parent.name].suffix}" for path in KEPT)


@pytest.mark.parametrize("name", INPUTS)
def test_drawn_inputs_find_nothing(name: str) -> None:
    tally = Tally(name)
    for seed in range(INPUTS[name]):
        attempt(TARGETS[name], drawn(seed), tally)

    assert [f"{item.kind}: {shorten(str(item.data), 2000)}" for item in tally.findings.values()] == []
    assert tally.inputs == INPUTS[name]


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Inputs of a target; when one is a finding, Hypothesis makes its choices fewer and plainer."""
    return st.binary(max_size=300).map(lambda data: target.make(Choices(data)))


@pytest.mark.parametrize("name", INPUTS)
@given(data=st.data())
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_inputs_that_hypothesis_draws_find_nothing(name: str, data: st.DataObject) -> None:
    finding = checked(TARGETS[name], data.draw(inputs(TARGETS[name])))

    assert finding is None, finding.told


# --- what makes the inputs does make them


def test_the_same_choices_are_the_same_input() -> None:
    for target in TARGETS.values():
        assert [target.make(Choices(drawn(seed))) for seed in range(20)] == [
            target.make(Choices(drawn(seed))) for seed in range(20)
        ]


def test_no_choices_make_the_plainest_input() -> None:
    assert expression(Choices(b"")) == "a"
    assert template(Choices(b"")) == "x"
    assert document(Choices(b"")) == 0
    assert changed(Choices(b""), {"a": 1}) == {"a": -1}


def test_expressions_call_every_function() -> None:
    text = " ".join(expression(Choices(drawn(seed))) for seed in range(4_000))

    assert [function.name for function in FUNCTIONS if f"{function.name}(" not in text] == []


def is_taken(data: bytes) -> bool:
    try:
        decode(data, "payload")
    except InputError:
        return False
    return True


def compiles(data: bytes) -> bool:
    try:
        compile_mapping("shop/file", Source("file.yaml", data.decode()), SMALL)
    except (CompileError, ProjectError):
        return False
    return True


def is_evaluated(data: bytes) -> bool:
    case = json.loads(data)
    text = case.get("expression", case.get("template"))
    found = compiled(text, compile_expression if "expression" in case else compile_template)
    return found is not None and any(evaluated(found, each)[0] == "value" for each in ODD)


def is_a_schema(data: bytes) -> bool:
    reading = Reading(lambda reference: reference)
    reading.schema(json.loads(data)["schema"])
    return not reading.problems


def gives_a_result(data: bytes) -> bool:
    case = json.loads(data)
    return not isinstance(outcome(OWN.mapping(case["mapping"]), case["payload"]), InputError)


REACHES = {
    "payload": (is_taken, 60),
    "file": (compiles, 30),
    "expression": (is_evaluated, 100),
    "template": (is_evaluated, 50),
    "schema": (is_a_schema, 80),
    "run": (gives_a_result, 70),
}


@pytest.mark.parametrize("name", REACHES)
def test_many_inputs_get_past_the_door(name: str) -> None:
    """Else the promises would be kept by refusing everything."""
    reaches, least = REACHES[name]

    assert sum(reaches(TARGETS[name].make(Choices(drawn(seed)))) for seed in range(200)) >= least


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (1, True), (0.0, -0.0), ([], {}), (None, False), ({"a": 1, "b": 2}, {"b": 2, "a": 1})],
)
def test_exact_tells_apart_what_python_calls_equal(one: object, other: object) -> None:
    assert exact(one) != exact(other)
    assert exact([one]) == exact([one])


# --- the engine of the runs finds what there is to find


def boom(data: bytes) -> None:
    if data.startswith(b"a"):
        raise ZeroDivisionError
    if data.startswith(b"b"):
        while True:
            pass


def test_a_finding_is_kept_with_its_smallest_input() -> None:
    target, tally = Target("boom", lambda choices: choices.rest(), boom, seconds=0.05), Tally("boom")
    for data in (b"ab", b"c", b"a", b"abc", b"b"):
        attempt(target, data, tally)

    (error, slow) = tally.findings.values()
    assert (error.data, error.times) == (b"a", 3)
    assert error.kind.startswith("ZeroDivisionError test_fuzz.py:")
    assert (slow.data, slow.times, slow.told) == (b"b", 1, "more than 0.05 s")
    assert tally.slowest_input == b"b" and tally.slowest >= 0.02  # the timer's ticks are not the clock's
    assert Tally.read(tally.written()) == tally


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fuzz", *arguments]
    return subprocess.run(
        command, cwd=REPOSITORY / "tests", capture_output=True, text=True, check=False, timeout=60
    )


def test_the_long_run_counts_what_it_does() -> None:
    ran = run("payload", "template", "--inputs", "7")

    assert (ran.returncode, ran.stderr) == (0, "")
    header, payload, template, total = ran.stdout.splitlines()
    assert header.split() == ["target", "inputs", "minutes", "slowest,", "ms", "memory,", "+MB", "findings"]
    assert [line.split()[:3] + line.split()[-1:] for line in (payload, template)] == [
        ["payload", "7", "0.0", "0"],
        ["template", "7", "0.0", "0"],
    ]
    assert total == "14 inputs in all"


def test_a_kept_input_is_replayed_by_its_path() -> None:
    path = "fuzz/corpus/payload/empty.json"
    ran = run("--replay", path)

    assert (ran.returncode, ran.stdout) == (0, f"{path}: every promise is kept\n")


def test_a_target_that_is_none_is_told() -> None:
    ran = run("payloads")

    assert ran.returncode == 2
    assert "there is no target payloads; there are payload, file, expression" in ran.stderr


def test_findings_are_written_for_the_replay(tmp_path: Path) -> None:
    target, tally = Target("boom", lambda choices: choices.rest(), boom), Tally("boom")
    attempt(target, b"ab", tally)
    (path,) = keep(tally, target, tmp_path)

    assert path.name.startswith("boom-0-ZeroDivisionError-test-fuzz-py-")
    assert path.read_bytes() == b"ab"
    assert "ZeroDivisionError" in path.with_suffix(".txt").read_text(encoding="utf-8")
