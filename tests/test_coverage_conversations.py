"""Which steps, conditions and reports of a conversation do its examples show?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import MakeProject, Run
from test_mutation_conversations import FILES, KNOWN, SENT, UNKNOWN, with_examples

FILE = "mappings/shop/notify/conversation.yaml"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("shop")
def test_what_no_example_shows_is_listed(project: MakeProject, run_crossdock: Run) -> None:
    with_examples(project, {"known": KNOWN})

    assert run_crossdock("coverage", "shop/notify").out == (
        "shop/notify\n"
        "  rules   7 of 20 seen in 1 example\n"
        "  rows    1 of 1 hit\n"
        f"    {FILE}:4:13: the cell never gives a value: id\n"
        f"    {FILE}:6:25: the cell never gives a value: n\n"
        f"    {FILE}:12:18: `none` never reports: UNKNOWN\n"
        f"    {FILE}:14:11: `each` never has an element: parcels\n"
        f"    {FILE}:14:11: `each` never has more than one element: parcels\n"
        f"    {FILE}:15:9: `if` is never true: n\n"
        f"    {FILE}:15:9: `if` is never false: n\n"
        f"    {FILE}:17:15: the step never runs: send\n"
        f"    {FILE}:19:22: the cell never gives a value: $of\n"
        f"    {FILE}:22:19: no answer is tolerated: status == `404`\n"
        f"    {FILE}:23:18: no answer is refused: !(body.ok)\n"
        f"    {FILE}:25:26: `unless` is never false: $order\n"
        f"    {FILE}:25:40: `warn` never reports: LATE\n"
    )


@pytest.mark.usefixtures("shop")
def test_more_examples_show_more(project: MakeProject, run_crossdock: Run) -> None:
    with_examples(project, {"known": KNOWN, "sent": SENT, "unknown": UNKNOWN})

    ran = run_crossdock("coverage", "shop/notify", "--strict")
    assert ran.code == 1
    assert ran.out == (
        "shop/notify\n"
        "  rules   18 of 20 seen in 3 examples\n"
        "  rows    1 of 1 hit\n"
        f"    {FILE}:25:26: `unless` is never false: $order\n"
        f"    {FILE}:25:40: `warn` never reports: LATE\n"
    )


@pytest.mark.usefixtures("shop")
def test_shared_steps_are_covered_by_the_examples_of_their_users(
    project: MakeProject, run_crossdock: Run
) -> None:
    with_examples(project, {"known": KNOWN})

    assert run_crossdock("coverage", "shop/find").out == (
        "shop/find\n"
        "  rules   2 of 3 seen in 1 example\n"
        "    mappings/shop/find.yaml:3:63: no answer is tolerated: status == `404`\n"
    )


@pytest.mark.usefixtures("shop")
def test_the_coverage_of_a_conversation_for_programs(project: MakeProject, run_crossdock: Run) -> None:
    with_examples(project, {"known": KNOWN})

    (found,) = json.loads(run_crossdock("coverage", "shop/find", "--format", "json").out)
    assert found == {
        "mapping": "shop/find",
        "examples": {
            "run": {"shop/notify": 1},
            "rules": {"all": 3, "seen": 2},
            "rows": {"all": 0, "hit": 0},
            "missed": [
                {
                    "kind": "tolerate",
                    "file": "mappings/shop/find.yaml",
                    "line": 3,
                    "column": 63,
                    "rule": "status == `404`",
                    "says": "no answer is tolerated",
                }
            ],
        },
    }


@pytest.mark.usefixtures("shop")
def test_payloads_without_answers_cannot_replace_the_examples(
    project: MakeProject, run_crossdock: Run
) -> None:
    project(FILES)

    ran = run_crossdock("coverage", "shop/notify", "--examples", "request.json")
    assert ran.code == 2
    assert "--examples gives payloads of mappings, and a conversation needs answers too" in ran.err
