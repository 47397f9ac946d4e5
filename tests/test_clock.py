"""`now()`: the time of a conversation, known nowhere else, and the same for every run of a plan."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from conftest import MakeProject, Refuse, Run
from crossdock import CompileError, InputError, Project
from crossdock.channels import runner
from crossdock.channels.dry_run import plan
from crossdock.channels.messages import Answer, Call
from crossdock.channels.runner import run_conversation
from crossdock.core.json_types import JSON
from crossdock.execution import codegen
from crossdock.execution.scope import Scope

CONVERSATION = """\
response_schema: desk/any
steps:
  - {step: at, value: now()}
  - {step: many, each: ids, call: "GET /orders/{{ id }}", query: {since: now()}}
  - {step: order, call: PUT /orders/1, body: {$with: "{at: now(), id: id}", $use: ./body}}
response: {at: answers().at, text: "at {{ now() }}", seconds: epoch(now()), order: answers().order}
"""
FILES = {
    "mappings/shop/channel.yaml": "base_url: https://shop.example.com",
    "mappings/shop/notify/conversation.yaml": CONVERSATION,
    "mappings/shop/notify/body.yaml": "map: {seen: at, id: id}",
    "schemas/desk/any.schema.json": '{"type": "object"}',
    "request.json": '{"id": 7, "ids": [{"id": 1}, {"id": 2}]}',
    "answers.json": '{"many": [{}, {}], "order": {"ok": true}, "$now": "2026-03-01T10:30:00+02:00"}',
    "other.json": '{"many": [{}, {}], "order": {"ok": true}}',
}
REQUEST: JSON = json.loads(FILES["request.json"])
ANSWERS: dict[str, JSON] = json.loads(FILES["other.json"])
Planned: TypeAlias = Callable[..., dict[str, JSON]]


@pytest.fixture
def planned(project: MakeProject) -> Planned:
    made = project(FILES)

    def make(answers: JSON, now: str | None = None) -> dict[str, JSON]:
        channel = made.channel_of("shop")
        conversation = made.conversation("shop", "notify")
        shown, _ = plan(conversation, channel, REQUEST, settings={}, answers=answers, name="request", now=now)
        assert isinstance(shown, dict)
        return shown

    return make


def test_a_plan_has_a_fixed_time_everywhere(planned: Planned) -> None:
    shown = planned(ANSWERS)
    assert shown["response"] == {
        "at": "2026-01-01T00:00:00Z",
        "text": "at 2026-01-01T00:00:00Z",
        "seconds": 1767225600,
        "order": {"ok": True},
    }
    assert [call.get("body") or call["query"] for call in shown["calls"]] == [  # type: ignore[union-attr]
        {"since": "2026-01-01T00:00:00Z"},
        {"since": "2026-01-01T00:00:00Z"},
        {"seen": "2026-01-01T00:00:00Z", "id": 7},
    ]


def test_the_answers_may_have_the_time(planned: Planned) -> None:
    shown = planned({**ANSWERS, "$now": "2026-03-01T10:30:00+02:00"})
    assert shown["response"]["at"] == "2026-03-01T08:30:00Z"  # type: ignore[call-overload, index]


def test_a_given_time_overrides_that_of_the_answers(planned: Planned) -> None:
    shown = planned({**ANSWERS, "$now": "2026-03-01T10:30:00Z"}, now="2027-01-01T00:00:00Z")
    assert shown["response"]["at"] == "2027-01-01T00:00:00Z"  # type: ignore[call-overload, index]


@pytest.mark.parametrize("given", ["yesterday", "2026-03-01", "2026-03-01T10:30:00", 1767225600, None, {}])
def test_a_time_that_is_none_is_refused(planned: Planned, given: JSON) -> None:
    with pytest.raises(InputError) as caught:
        planned({**ANSWERS, "$now": given})
    assert str(caught.value) == (
        "error[format-mismatch]: this is not a date-time such as `2026-11-30T09:00:00Z`\n"
        "  --> the answers at /$now"
    )


def test_the_command_prints_the_same_for_the_same_answers(
    project: MakeProject, tmp_path: Path, run_crossdock: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(FILES)
    monkeypatch.chdir(tmp_path)

    def printed(*options: str) -> str:
        outcome = run_crossdock("plan", "shop", "notify", "request.json", *options)
        assert outcome.code == 0, outcome.err
        return outcome.out

    assert printed("--answers", "answers.json") == printed("--answers", "answers.json")
    assert '"at": "2026-03-01T08:30:00Z"' in printed("--answers", "answers.json")
    assert '"at": "2026-01-01T00:00:00Z"' in printed("--answers", "other.json")
    later = printed("--answers", "answers.json", "--now", "2030-01-01T00:00:00Z")
    assert '"at": "2030-01-01T00:00:00Z"' in later
    # The clock of the machine makes no difference.
    monkeypatch.setattr(runner, "current_time", lambda: "2099-01-01T00:00:00Z")
    assert printed("--answers", "answers.json", "--now", "2030-01-01T00:00:00Z") == later


def test_steps_that_run_at_the_same_time_print_in_one_order(project: MakeProject) -> None:
    steps = (
        "response_schema: desk/any\nsteps:\n"
        '  - {step: many, each: ids, at_once: 8, call: "GET /orders/{{ id }}", query: {at: now()}}\n'
        "response: {many: answers().many, events: events()}\nfailure: ../failure\n"
    )
    made = project(
        {
            **FILES,
            "mappings/shop/failure.yaml": "map: {what: message}",
            "mappings/shop/notify/conversation.yaml": steps,
        }
    )
    conversation, channel = made.conversation("shop", "notify"), made.channel_of("shop")
    answers: JSON = {"many": [{"$status": 500} if n % 3 else {"n": n} for n in range(40)]}
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        printed = {
            json.dumps(
                plan(
                    conversation,
                    channel,
                    {"ids": [{"id": n} for n in range(40)]},
                    settings={},
                    answers=answers,
                    name="request",
                )[0]
            )
            for _ in range(10)
        }
    finally:
        sys.setswitchinterval(before)
    assert len(printed) == 1
    assert [each["n"] for each in json.loads(*printed)["response"]["many"]] == [*range(0, 40, 3)]


def test_a_directory_of_answers_may_have_the_time(
    project: MakeProject, tmp_path: Path, run_crossdock: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {f"given/{step}.json": json.dumps(answer) for step, answer in ANSWERS.items()}
    project({**FILES, **given, "given/$now.json": '"2031-05-06T07:08:09Z"'})
    monkeypatch.chdir(tmp_path)
    outcome = run_crossdock("plan", "shop", "notify", "request.json", "--answers", "given")
    assert '"at": "2031-05-06T07:08:09Z"' in outcome.out


def test_a_wrong_option_says_so(
    project: MakeProject, tmp_path: Path, run_crossdock: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(FILES)
    monkeypatch.chdir(tmp_path)
    outcome = run_crossdock("plan", "shop", "notify", "request.json", "--now", "noon")
    assert (outcome.code, outcome.err) == (
        3,
        "error[format-mismatch]: this is not a date-time such as `2026-11-30T09:00:00Z`\n  --> --now\n",
    )


def test_a_run_has_one_time_from_its_beginning_to_its_end(project: MakeProject) -> None:
    made = project(FILES)
    asked: list[Call] = []

    def ask(call: Call, _: object) -> Answer:
        asked.append(call)
        return Answer(200, {})

    conversation = made.conversation("shop", "notify")
    response = run_conversation(conversation, REQUEST, ask).response
    assert isinstance(response, dict)
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(response["at"]))
    assert asked[-1].body == {"seen": response["at"], "id": 7}
    at = "2026-11-30T09:00:00Z"
    fixed = run_conversation(conversation, REQUEST, ask, now=at).response
    assert isinstance(fixed, dict) and fixed["at"] == at


def test_a_mapping_has_no_time(refused: Refuse) -> None:
    assert refused('map:\n  at: "{{ now() }}"\n') == (
        "error[no-clock]: `now` is only known in a conversation\n"
        "  --> mappings/shop/order.yaml:2:11\n"
        "  |\n"
        '2 |   at: "{{ now() }}"\n'
        "  |           ^^^\n"
        "  = help: a mapping gives the same result at any time: let the conversation write the time"
    )


@pytest.mark.parametrize(
    "text",
    [
        "fragments: {a: {x: now()}}\nmap: {$use: a}",
        "map: [{$each: lines, x: now()}]",
        "map: {$if: now(), $const: 1}",
        "checks: [{check: a == now(), message: late}]\nmap: {a: a}",
        'checks: [{check: a, message: "{{ now() }}"}]\nmap: {a: a}',
        'map: {x: "a && b[?c == now()]"}',
    ],
)
def test_no_part_of_a_mapping_has_one(refused: Refuse, text: str) -> None:
    assert "error[no-clock]" in refused(text)


def test_a_mapping_that_a_conversation_uses_has_none(project: MakeProject) -> None:
    made = project({**FILES, "mappings/shop/notify/body.yaml": "map: {at: now()}"})
    with pytest.raises(CompileError, match="no-clock"):
        made.conversation("shop", "notify")


@pytest.mark.parametrize(
    "name, text, read",
    [
        ("mappings/shop/channel.yaml", "headers: {x-at: now()}", lambda made: made.check()),
        ("mappings/actions.yaml", "notify: {call: POST /x, when: now()}", lambda made: made.check()),
    ],
)
def test_channels_and_actions_have_none(
    project: MakeProject, name: str, text: str, read: Callable[[Project], object]
) -> None:
    made = project({**FILES, name: text})
    try:
        shown = str(read(made))
    except CompileError as error:
        shown = str(error)
    assert "no-clock" in shown


def test_the_generated_code_has_the_time_of_the_scope(project: MakeProject) -> None:
    cells = project(FILES).conversation("shop", "notify").cells
    function = codegen.compile_mapping(cells)
    assert function is not None
    found = function(REQUEST, Scope(request=REQUEST, now="2026-11-30T09:00:00Z"))
    assert "2026-11-30T09:00:00Z" in json.dumps(found)
