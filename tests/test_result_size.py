"""A result that is too large is refused before it is validated or written, in either way of running."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conftest import MakeProject, Run
from crossdock import Mapping, OutputError
from crossdock.core.json_types import JSON
from crossdock.core.limits import RESULT_CHARACTERS
from crossdock.schema.fast import writer
from crossdock.schema.fast.writer import ResultTooLargeError, counted, write

LIMIT = 1_000_000  # instead of the real one, which docs/diagnostics.md exceeds
TEXT = "x" * 10_000
TOO_LARGE: dict[str, tuple[str, JSON]] = {
    "a text in each element": ("[{$each: lines, note: root().note}]", {"note": TEXT, "lines": [{}] * 200}),
    "a template in each element": (
        "[{$each: lines, note: '{{ root().note }}!'}]",
        {"note": TEXT, "lines": [{}] * 200},
    ),
    "values, and no text": ("[{$each: lines, all: root().lines}]", {"lines": [{"n": [1] * 20}] * 200}),
    "a joined text in each element": (
        "[{$each: lines, all: \"join('-', root().lines[].n)\"}]",
        {"lines": [{"n": "y" * 100}] * 200},
    ),
}
MESSAGE = "the result has more than 134217728 characters, the limit"
HELP = "what is read of the whole payload in a list is written once for each of its elements"


def mapping(project: MakeProject, cell: str) -> Mapping:
    return project({"mappings/shop/order.yaml": f"map: {{items: {cell}}}\n"}).mapping("shop/order")


@pytest.mark.parametrize("case", TOO_LARGE)
@pytest.mark.parametrize("generated", [True, False])
def test_a_result_that_is_too_large_is_refused(
    case: str, generated: bool, project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "RESULT_CHARACTERS", LIMIT)
    cell, payload = TOO_LARGE[case]
    made = mapping(project, cell)
    if not generated:
        monkeypatch.setattr(Mapping, "prepared", lambda _: None)
    with pytest.raises(OutputError) as caught:
        made.convert(json.dumps(payload).encode(), name="order.json")
    (found,) = caught.value.diagnostics
    assert (found.id, found.message, found.help, str(found.input)) == (
        *("result-too-large", MESSAGE, HELP),
        "order.json",
    )


@pytest.mark.parametrize("generated", [True, False])
def test_the_limit_is_what_is_written(
    generated: bool, project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "RESULT_CHARACTERS", 8 * 4 + 2 * 100)  # 2 texts, the list and the result
    made = mapping(project, "lines")
    if not generated:
        monkeypatch.setattr(Mapping, "prepared", lambda _: None)
    assert made.convert(json.dumps({"lines": ["x" * 100] * 2}).encode()).endswith(b'x"]}')
    with pytest.raises(OutputError):
        made.convert(json.dumps({"lines": ["x" * 100, "x" * 101]}).encode())


def test_the_command_says_what_is_too_large(
    project: MakeProject, run_crossdock: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "RESULT_CHARACTERS", LIMIT)
    cell, payload = TOO_LARGE["a text in each element"]
    place = project({"mappings/shop/order.yaml": f"map: {{items: {cell}}}\n"}).roots[0]
    (place / "order.json").write_text(json.dumps(payload))
    monkeypatch.chdir(place)
    for _ in range(2):  # the second time with code from the cache
        ran = run_crossdock("transform", "shop/order", "order.json")
        assert (ran.code, ran.out) == (4, "")
        assert ran.err == f"error[result-too-large]: {MESSAGE}\n  --> order.json\n  = help: {HELP}\n"


@pytest.mark.parametrize(
    "value",
    [
        ["x" * 1024] * (RESULT_CHARACTERS // 1024),
        [[1] * 1024] * (RESULT_CHARACTERS // 8192),
        [1e300, ["x" * 1024] * (RESULT_CHARACTERS // 1024)],  # the encoders write the number differently
    ],
    ids=["texts", "values", "beside a number"],
)
def test_what_is_counted(value: Any) -> None:
    with pytest.raises(ResultTooLargeError):
        counted(value)
    with pytest.raises(ResultTooLargeError):
        write(value)


@pytest.mark.parametrize(
    ("value", "count"),
    [(None, 8), ("abc", 11), ([], 8), ({"a": "bc", "d": [1, True]}, 42), ([1.5, [[]]], 32)],
)
def test_how_it_is_counted(value: Any, count: int) -> None:
    assert counted(value) == count


def test_a_deep_value_is_counted_to_its_end() -> None:
    deep: Any = ["x" * 1024] * (RESULT_CHARACTERS // 1024)
    for _ in range(90):
        deep = [deep]
    with pytest.raises(ResultTooLargeError):
        counted(deep)
