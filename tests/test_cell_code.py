"""The cells of conversations give the same as generated code, interpreted without a trace, and with one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from conftest import MakeProject
from crossdock import Project
from crossdock.channels.dry_run import given_answer
from crossdock.channels.runner import run_conversation
from crossdock.channels.steps import Conversation
from crossdock.core import json_reader
from crossdock.core.errors import CrossdockError
from crossdock.core.json_types import JSON
from crossdock.execution import cell_code
from crossdock.execution.cell_code import CellCode
from crossdock.execution.fast_path import NOTHING
from crossdock.project.cases import cases_of, run_case

ROOT = Path(__file__).resolve().parents[1]
Way: TypeAlias = Callable[[pytest.MonkeyPatch], None]


def traced(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(CellCode, "value", lambda *_: NOTHING)
    patch.setattr(CellCode, "values", lambda *_: NOTHING)
    patch.setattr(CellCode, "once", lambda *_: NOTHING)


def interpreted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(cell_code, "WARM", 1_000_000_000)


def generated(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(cell_code, "WARM", -1)


WAYS = (traced, interpreted, generated)
CONVERSATIONS = Project([ROOT]).conversation_names()


@pytest.fixture(scope="module")
def projects() -> dict[Way, Project]:
    """A project for each way: what one way has made is not there for another."""
    return {way: Project([ROOT]) for way in WAYS}


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_every_example_gives_the_same_in_every_way(
    name: str, projects: dict[Way, Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for way, project in projects.items():
        with monkeypatch.context() as patch:
            way(patch)
            found.append([run_case(project, case) for case in cases_of(project, name)])

    assert found[0]
    assert found[1] == found[0]
    assert found[2] == found[0]


JOINS = """\
response_schema: desk/any
steps:
  - step: row
    each: rows
    value: {{$with: "@", key: key, n: n, tags: tags}}
  - step: found
    each: wanted
    value:
      got: "{expression}"
response: {{found: answers().found, events: events()}}
failure: ../failure
"""
FILES = {
    "mappings/shop/failure.yaml": 'map: "@"',
    "mappings/shop/channel.yaml": "{}",
    "schemas/desk/any.schema.json": '{"type": "object"}',
}
# Fewer rows are not worth an index. Equal in Python, and not in JSON: 1 and true, 0 and false.
KEYS: list[JSON] = ["a", 1, True, 1.5, None, "b", "a", 0, False, "", "c", "1", [1], {"k": True}, [True], 2]
ROWS: list[JSON] = [{"key": key, "n": number, "tags": [key]} for number, key in enumerate(KEYS)]
PLAIN = [row for row in ROWS if isinstance(row, dict) and not isinstance(row["key"], list | dict)]
WANTED: list[JSON] = [{"key": key, "limit": 5} for key in (*KEYS, "none", 1.0, {"k": 1}, 1.5)]

EXPRESSIONS = [
    "answers().row[?key == root().key].n",
    "answers().row[?root().key == key] | [0].n",
    "answers().row[?n > `3` && key == root().key].n",
    "answers().row[?n > root().limit && key == root().key].n",
    "answers().row[?key == root().key && n > root().limit].n",
    "answers().row[?(key || n) == root().key].n",
    "answers().row[?key == root().key || n == `1`].n",
    "let $key = key in answers().row[?key == $key].n",
    "contains(answers().row[].key, key)",
    "contains(answers().row[].tags, [key])",
    "contains(request().rows[].key, key)",
    "answers().row[?!contains(answers().row[?n > `6`].key, key)] | [?key == root().key].n",
    "answers().row[] | [?n >= `2`] | [?key == root().key] | length(@)",
    "sum(answers().row[?key == root().key].n || `[]`)",
    "[answers().row[?key == root().key].n, answers().row[*].tags[] | length(@)]",
]


def given(conversation: Conversation, request: JSON) -> JSON:
    """The response, its calls and warnings; the diagnostics of a failure."""
    try:
        result = run_conversation(conversation, request, given_answer)
    except CrossdockError as error:
        return [str(error)]
    return [result.response, [str(warning) for warning in result.warnings]]  # type: ignore[list-item]


def in_every_way(
    make: Callable[[], Conversation], request: JSON, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    found = []
    for way in WAYS:
        conversation = make()
        with monkeypatch.context() as patch:
            way(patch)
            found.append(json_reader.encode(given(conversation, request)))
    return found


@pytest.mark.parametrize("rows", [ROWS, PLAIN], ids=["all", "plain"])
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_what_an_index_finds_is_what_a_search_finds(
    expression: str, rows: JSON, project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {**FILES, "mappings/shop/notify/conversation.yaml": JOINS.format(expression=expression)}
    request: JSON = {"rows": rows, "wanted": WANTED}
    one, two, three = in_every_way(
        lambda: project(files).conversation("shop", "notify"), request, monkeypatch
    )

    assert two == one
    assert three == one
    assert '"got"' in one


@pytest.mark.parametrize(
    "expression",
    [
        "answers().row[?n > `3` && key == root().key].n",
        "answers().row[?key == root().key && n > `3`].n",
        "answers().row[?upper(tags) && key == root().key].n",
        "answers().row[?upper(tags) == root().key].n",
        "contains(answers().row[?n > `3`].key, key)",
    ],
)
def test_a_row_that_cannot_be_tested_fails_every_search_that_comes_to_it(
    expression: str, project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {**FILES, "mappings/shop/notify/conversation.yaml": JOINS.format(expression=expression)}
    rows: JSON = [*PLAIN, {"key": "z", "n": "text"}]
    one, two, three = in_every_way(
        lambda: project(files).conversation("shop", "notify"),
        {"rows": rows, "wanted": [*WANTED, {"key": "z"}]},
        monkeypatch,
    )

    assert two == one
    assert three == one
    assert '"kind": "request"' in one


def test_a_search_that_failed_half_way_makes_no_index(
    project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An element finds its row before the one that cannot be tested; a pass that ended there shows nothing.
    text = JOINS.format(expression="answers().row[?n > `3` && key == root().key] | [0].n")
    files = {**FILES, "mappings/shop/notify/conversation.yaml": text}
    rows: JSON = [{"key": f"k{n}", "n": n} for n in range(20)] + [{"key": "z", "n": "text"}]  # type: ignore[list-item]
    wanted: JSON = [{"key": f"k{n % 20}"} for n in range(30)]
    one, two, three = in_every_way(
        lambda: project(files).conversation("shop", "notify"), {"rows": rows, "wanted": wanted}, monkeypatch
    )

    assert two == one
    assert three == one
    assert one.count('"kind"') == 30


ELEMENTS = """\
response_schema: desk/any
steps:
  - step: row
    each: {row: rows}
    about: {concept: {$const: row}, id: n}
    value: {half: "subtract($row.n, `1`)", one: root().n}
response: {row: answers().row, events: events()}
failure: ../failure
"""


@pytest.mark.parametrize("way", WAYS)
def test_an_element_that_fails_leaves_the_others(
    way: Way, project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values of a list are computed in one go; one that fails is reported on its own all the same."""
    way(monkeypatch)
    conversation = project({**FILES, "mappings/shop/notify/conversation.yaml": ELEMENTS}).conversation(
        "shop", "notify"
    )
    result = run_conversation(conversation, {"rows": [{"n": 2}, {"n": "two"}, {"n": 6}]}, given_answer)

    assert isinstance(result.response, dict)
    assert result.response["row"] == [{"half": 1, "one": 2}, {"half": 5, "one": 6}]
    [event] = result.response["events"]
    said = "`subtract` takes a number as its first argument, and this text is not a number, at /n"
    assert (event["id"], event["message"]) == ("two", said)


def test_code_is_generated_when_cells_have_run_often(project: MakeProject) -> None:
    text = JOINS.format(expression="key")
    conversation = project({**FILES, "mappings/shop/notify/conversation.yaml": text}).conversation(
        "shop", "notify"
    )
    code = conversation.cells.once(CellCode)
    few: JSON = {"rows": ROWS[:2], "wanted": []}
    run_conversation(conversation, few, given_answer)
    assert [kept.generated for kept in code._kept.values()] == [False] * 4

    many: JSON = {"rows": ROWS * 20, "wanted": WANTED}
    run_conversation(conversation, many, given_answer)
    assert sum(kept.generated for kept in code._kept.values()) == 4  # not the first list


def test_a_trace_runs_no_generated_code(project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> None:
    from crossdock.channels.conversation_trace import StepsTrace

    generated(monkeypatch)
    text = JOINS.format(expression="key")
    conversation = project({**FILES, "mappings/shop/notify/conversation.yaml": text}).conversation(
        "shop", "notify"
    )
    trace = StepsTrace()
    run_conversation(conversation, {"rows": ROWS, "wanted": WANTED}, given_answer, trace=trace)

    assert conversation.cells.once(CellCode)._kept == {}
    assert trace.steps[1].elements[0].cells[0].value == {"got": "a"}
