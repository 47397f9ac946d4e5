"""The trace of a conversation: what became of each step, which cells ran for it, and nothing unless asked."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from conftest import MakeProject
from crossdock.channels.conversation_trace import StepsTrace, StepTrace
from crossdock.channels.dry_run import given_answer
from crossdock.channels.messages import Answer, ChannelError
from crossdock.channels.runner import run_conversation
from crossdock.channels.steps import Conversation
from crossdock.core.json_types import JSON, MISSING

STEPS = """\
response_schema: desk/any
{head}
steps:
  - {{step: order, call: 'GET /orders/{{{{ id }}}}', query: {{q: id}}, tolerate: status == `404`}}
  - {{step: none, if: absent, value: id}}
  - {{step: seen, unless: id, value: id}}
  - step: parcel
    each: parcels
    if: n > `1`
    about: {{concept: {{$const: parcel}}, id: n}}
    steps:
      - {{step: first, call: PUT /first, body: {{n: n, order: answers().order}}}}
      - {{step: last, value: answers().first.ok}}
  - {{step: close, value: {{done: answers().parcel}}}}
response: {{events: events()}}
"""
FILES = {
    "mappings/shop/failure.yaml": 'map: "@"',
    "mappings/shop/channel.yaml": "{}",
    "schemas/desk/any.schema.json": '{"type": "object"}',
}
REQUEST: JSON = {"id": "7", "parcels": [{"n": 1}, {"n": 2}, {"n": 3}]}


def made(project: MakeProject, head: str = "failure: ../failure") -> Conversation:
    text = STEPS.format(head=head)
    return project({**FILES, "mappings/shop/notify/conversation.yaml": text}).conversation("shop", "notify")


def traced(conversation: Conversation, answers: JSON) -> StepsTrace:
    trace = StepsTrace()
    run_conversation(conversation, REQUEST, given_answer, given=answers, trace=trace)
    return trace


def outcomes(steps: list[StepTrace]) -> Mapping[str, str]:
    return {each.step.name: each.outcome for each in steps}


ANSWERS: JSON = {"order": {"total": 1}, "parcel": [{}, {"first": {"ok": "yes"}}, {"first": {"$status": 500}}]}


def test_every_step_and_element_has_an_outcome(project: MakeProject) -> None:
    trace = traced(made(project), ANSWERS)
    assert outcomes(trace.steps) == {
        "order": "ran",
        "none": "skipped",
        "seen": "skipped",
        "parcel": "ran",
        "close": "ran",
    }
    parcel = trace.steps[3]
    assert [each.outcome for each in parcel.elements] == ["skipped", "ran", "failed"]
    assert outcomes(parcel.elements[1].inside.steps) == {"first": "ran", "last": "ran"}
    assert outcomes(parcel.elements[2].inside.steps) == {"first": "failed", "last": "unreached"}
    assert parcel.elements[2].inside.steps[0].failure == ("status", "the channel answered 500")


def test_a_step_has_its_cells_by_their_keys_with_what_they_gave(project: MakeProject) -> None:
    trace = traced(made(project), ANSWERS)
    order, none, seen, parcel, close = trace.steps
    assert [order.part_of(each) for each in order.cells] == ["call", "query", "tolerate"]
    assert [each.value for each in order.cells] == ["7", {"q": "7"}, False]
    assert [(none.part_of(each), each.value) for each in none.cells] == [("if", MISSING)]
    assert [(seen.part_of(each), each.value) for each in seen.cells] == [("unless", "7")]
    assert [parcel.part_of(each) for each in parcel.cells] == ["each"]
    first = parcel.elements[1].inside.steps[0]
    assert [each.value for each in first.cells_of("body")] == [{"n": 2, "order": {"total": 1}}]
    assert [each.context for each in first.cells_of("body")] == [{"n": 2}]
    assert [each.scope.answers for each in first.cells_of("body")] == [{"order": {"total": 1}}]
    assert close.value == {"done": [{"first": {"ok": "yes"}, "last": "yes", "element": {"n": 2}}]}
    assert [each.mapping.target is not None for each in trace.cells] == [True]


def test_a_step_has_its_calls_and_their_answers(project: MakeProject) -> None:
    order = traced(made(project), ANSWERS).steps[0]
    assert [(each.method, each.path, each.query) for each in order.calls] == [
        ("GET", "/orders/7", (("q", "7"),))
    ]
    assert order.answers == [Answer(200, {"total": 1})]
    assert order.value == {"total": 1}


def test_the_subject_and_the_event_of_a_failure_are_cells_of_their_steps(project: MakeProject) -> None:
    failed = traced(made(project), ANSWERS).steps[3].elements[2]
    assert [failed.part_of(each) for each in failed.cells] == ["if", "about"]
    first = failed.inside.steps[0]
    assert [first.part_of(each) for each in first.cells] == ["body", "failure"]
    assert first.cells[1].value == {
        "action": "notify",
        "step": "first",
        "kind": "status",
        "message": "the channel answered 500",
        "status": 500,
        "method": "PUT",
        "url": "/first",
        "concept": "parcel",
        "id": 3,
        "skipped": [],
    }


def test_a_dry_run_says_which_answers_are_missing(project: MakeProject) -> None:
    trace = traced(made(project), {})
    assert outcomes(trace.steps) == {
        "order": "unanswered",
        "none": "skipped",
        "seen": "skipped",
        "parcel": "unanswered",
        "close": "waiting",
    }
    inside = trace.steps[3].elements[1].inside.steps
    assert outcomes(inside) == {"first": "waiting", "last": "waiting"}


def test_a_failure_that_ends_the_conversation_is_in_the_trace(project: MakeProject) -> None:
    conversation, trace = made(project, head=""), StepsTrace()
    with pytest.raises(ChannelError):
        run_conversation(conversation, REQUEST, given_answer, given={"order": {"$status": 500}}, trace=trace)
    assert outcomes(trace.steps) == {"order": "failed"}
    assert trace.steps[0].failure == ("status", "the channel answered 500")


def test_a_cell_that_fails_is_in_the_trace(project: MakeProject) -> None:
    steps = "steps: [{step: a, value: abs(id)}]"
    text = f"response_schema: desk/any\nfailure: ../failure\n{steps}\nresponse: {{events: events()}}\n"
    files = {**FILES, "mappings/shop/notify/conversation.yaml": text}
    trace = traced(project(files).conversation("shop", "notify"), {})
    event = trace.steps[0].cells[1].value
    assert event is not MISSING
    assert [(each.failed, each.value) for each in trace.steps[0].cells] == [
        (True, MISSING),
        (False, event),
    ]
    assert trace.steps[0].failure is not None


def test_elements_that_run_at_the_same_time_keep_their_order(project: MakeProject) -> None:
    steps = "steps: [{step: a, each: parcels, at_once: 8, call: 'GET /{{ n }}'}]"
    text = f"response_schema: desk/any\n{steps}\nresponse: {{events: events()}}\n"
    files = {**FILES, "mappings/shop/notify/conversation.yaml": text}
    trace = StepsTrace()
    request: JSON = {"parcels": [{"n": number} for number in range(40)]}
    conversation = project(files).conversation("shop", "notify")
    run_conversation(conversation, request, lambda call, _: Answer(200, call.path), trace=trace)
    elements = trace.steps[0].elements
    assert [each.value for each in elements] == [f"/{number}" for number in range(40)]


def test_nothing_is_kept_unless_it_is_asked_for(
    project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a trace was made")

    monkeypatch.setattr("crossdock.channels.conversation_trace.StepTrace.__init__", refuse)
    monkeypatch.setattr("crossdock.channels.cell_runner.CellTrace", refuse)
    run_conversation(made(project), REQUEST, given_answer, given=ANSWERS)
