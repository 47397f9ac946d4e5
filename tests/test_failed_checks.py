"""Checks that fail in the mappings of a conversation become warning events, if it has a code for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import pytest

from conftest import MakeProject
from crossdock import CompileError, Project
from crossdock.channels.messages import Answer
from crossdock.channels.runner import run_conversation

MakeShop: TypeAlias = Callable[..., Project]
HEAD = "failure: ../failure\nevents: ../event\nchecks: LOOK_AT_IT"
FILES = {
    "mappings/shop/failure.yaml": "map: {failed: step, id: id}",
    "mappings/shop/event.yaml": "map: {of: action, level: level, code: code, message: message, id: id}",
    "mappings/shop/order.yaml": (
        "map: {id: id, total: total}\n"
        "checks:\n"
        "  - {check: 'equal(total, sum(root().lines))', message: the lines do not add up}\n"
        "  - {check: id != 'odd', message: the name is odd}\n"
        "  - {check: '!(root().refused)', message: it is refused, level: error}\n"
    ),
    "schemas/desk/any.schema.json": '{"type": "object", "properties": {"events": {}, "answers": {}}}',
    "schemas/shop/notice.schema.json": (
        '{"type": "object", "properties": {"orders": {"type": "array", "items": {"type": "object",'
        ' "properties": {"id": {"type": "string"}, "total": {"type": "number"},'
        ' "refused": {"type": "boolean"}, "lines": {"type": "array", "items": {"type": "number"}}}}}}}'
    ),
}
EACH = "  - {step: order, each: orders, about: {id: id}, value: {$use: ../order}}\n"
GOOD = {"id": "good", "total": 3, "lines": [1, 2]}
OFF = {"id": "odd", "total": 4.5, "lines": [1, 2]}


@pytest.fixture
def shop(project: MakeProject) -> MakeShop:
    """Makes the project of an invented shop whose conversation `notify` has these steps."""

    def make(steps: str, files: Mapping[str, str] | None = None, head: str = HEAD) -> Project:
        text = (
            f"request: shop/notice\nresponse_schema: desk/any\n{head}\nsteps:\n{steps}"
            "response: {events: events(), answers: answers()}\n"
        )
        return project({**FILES, "mappings/shop/notify/conversation.yaml": text, **(files or {})})

    return make


def ran(made: Project, *orders: dict[str, Any]) -> tuple[Any, list[str]]:
    conversation = made.conversation("shop", "notify")
    outcome = run_conversation(conversation, {"orders": [*orders]}, lambda call, given: Answer(200, {}))
    return outcome.response, [each.message for each in outcome.warnings]


def warning(message: str) -> dict[str, Any]:
    return {"of": "notify", "level": "warning", "code": "LOOK_AT_IT", "message": message, "id": "odd"}


ADDED = "the lines do not add up: 4.50 against 3.00, a difference of 1.50"


def test_each_check_that_fails_is_an_event_of_its_element(shop: MakeShop) -> None:
    response, warnings = ran(shop(EACH), GOOD, OFF)
    assert response["answers"]["order"] == [{"id": "good", "total": 3}, {"id": "odd", "total": 4.5}]
    assert response["events"] == [warning(ADDED), warning("the name is odd")]
    assert warnings == [ADDED, "the name is odd"]


def test_without_a_code_there_is_a_warning_and_no_event(shop: MakeShop) -> None:
    response, warnings = ran(shop(EACH, head="failure: ../failure\nevents: ../event"), OFF)
    assert response["events"] == []
    assert warnings == [ADDED, "the name is odd"]


def test_a_mapping_anywhere_in_a_value_counts(shop: MakeShop) -> None:
    steps = (
        "  - {step: a, about: {id: 'orders[0].id'}, value: {first: {$with: 'orders[0]', $use: ../order}}}\n"
    )
    assert ran(shop(steps), OFF)[0]["events"] == [warning(ADDED), warning("the name is odd")]


def test_a_check_that_refuses_is_a_failure_only(shop: MakeShop) -> None:
    response, _ = ran(shop(EACH), {"id": "x", "total": 3, "lines": [1, 2], "refused": True})
    assert response["answers"]["order"] == []
    assert response["events"] == [{"failed": "order", "id": "x"}]


def test_nested_and_shared_steps_report_once(shop: MakeShop) -> None:
    shared = "inputs: {orders: {describe: the orders}}\nsteps:\n" + EACH.replace("../order", "./order")
    use = "{step: a, use: ../look, with: {orders: orders}}"
    steps = f"  - {{step: outer, steps: [{use}, {{step: b, value: orders}}]}}\n"
    made = shop(steps, {"mappings/shop/look.yaml": shared})
    assert ran(made, OFF)[0]["events"] == [warning(ADDED), warning("the name is odd")]


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (
            "events: ../event\nchecks: {code: orders}",
            "error[event-code]: this cannot be the code of an event\n"
            "  --> mappings/shop/notify/conversation.yaml:4:9\n"
            "  |\n"
            "4 | checks: {code: orders}\n"
            "  |         ^^^^^^^^^^^^^^\n"
            "  = help: a code is letters, digits and _ . : -, such as ORDER_NOT_FOUND",
        ),
        (
            "checks: A",
            "error[missing-events]: `checks` needs `events:`, and the file has none\n"
            "  --> mappings/shop/notify/conversation.yaml:3:9\n"
            "  |\n"
            "3 | checks: A\n"
            "  |         ^\n"
            "  = help: `events: ../event` names the mapping that makes RetailOPS' event",
        ),
    ],
)
def test_what_is_wrong_with_the_code_is_reported(shop: MakeShop, head: str, said: str) -> None:
    with pytest.raises(CompileError) as caught:
        shop(EACH, head=head).conversation("shop", "notify")
    assert str(caught.value) == said
