"""A dialect: requests of another API, answered with RetailOPS' actions as a channel answers them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TypeAlias

import pytest

from conftest import MakeProject, Run
from crossdock import CompileError, Project
from crossdock.channels.dry_run import plan
from crossdock.channels.given_answers import placed_answers
from crossdock.channels.messages import Answer, Call
from crossdock.channels.runner import run_conversation
from crossdock.core.errors import InputError
from crossdock.core.json_types import JSON, MISSING, Missing
from crossdock.execution.errors import OutputError
from crossdock.project.cases import cases_of, run_case

REQUEST = {
    "type": "object",
    "required": ["refnum"],
    "properties": {"refnum": {"type": "string"}, "note": {"type": "string"}},
    "additionalProperties": False,
}
RESPONSE = {
    "type": "object",
    "required": ["events"],
    "properties": {
        "events": {"type": "array", "items": {"type": "object", "properties": {"code": {}, "step": {}}}}
    },
}
BATCH = {
    "type": "object",
    "required": ["orders"],
    "properties": {
        "orders": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["number"],
                "properties": {"number": {"type": "string"}},
            },
        }
    },
}
SHOP = """\
request: retailops/ack.request
steps:
  - step: order
    call: GET /orders/{{ refnum }}
  - step: note
    call: POST /orders/{{ refnum }}/notes
    body: {till: settings().till}
response: {events: events()}
failure: {code: kind, step: step}
"""
ALL = """\
describe: Acknowledge several orders.
request: desk/batch
response_schema: desk/any
steps:
  - step: ack
    each: {order: orders}
    adapts: ack
    with: {refnum: $order.number}
response:
  acked: $ack
  first: $ack[0].events[0].code
"""
FILES = {
    "mappings/shop/channel.yaml": "settings: {till: {describe: which till, default: T1}}",
    "mappings/shop/ack/conversation.yaml": SHOP,
    "mappings/desk/dialect.yaml": "describe: What the desk sends.\n",
    "mappings/desk/ack_all/conversation.yaml": ALL,
    "schemas/retailops/ack.request.schema.json": json.dumps(REQUEST),
    "schemas/retailops/ack.response.schema.json": json.dumps(RESPONSE),
    "schemas/desk/batch.schema.json": json.dumps(BATCH),
    "schemas/desk/any.schema.json": "{}",
}
ORDERS: JSON = {"orders": [{"number": "1"}, {"number": "2"}]}
MakeDesk: TypeAlias = Callable[..., Project]


@pytest.fixture
def desk(project: MakeProject) -> MakeDesk:
    """Makes the project of an invented shop and the dialect of an invented desk."""

    def make(files: Mapping[str, str] | None = None) -> Project:
        return project({**FILES, **(files or {})})

    return make


def planned(made: Project, request: JSON, answers: JSON) -> dict[str, JSON]:
    conversation = made.dialects.conversation("shop", "ack_all", "desk")
    given = placed_answers(answers, "a.json", conversation)
    channel = made.channel_of("shop")
    settings: dict[str, JSON] = {"till": "T9"}
    shown, _ = plan(conversation, channel, request, settings=settings, answers=given, name="request")
    assert isinstance(shown, dict)
    return shown


def test_a_dialect_answers_with_the_actions_of_the_channel(desk: MakeDesk) -> None:
    made = desk()
    assert made.check() == []
    answers: JSON = {"ack": [{"order": {}, "note": {}}, {"order": {"$status": 404}}]}
    assert planned(made, ORDERS, answers) == {
        "calls": [
            {"step": "order", "method": "GET", "url": "/orders/1"},
            {"step": "note", "method": "POST", "url": "/orders/1/notes", "body": {"till": "T9"}},
            {"step": "order", "method": "GET", "url": "/orders/2"},
        ],
        "response": {"acked": [{"events": []}, {"events": [{"code": "status", "step": "order"}]}]},
    }


def test_answers_are_also_given_by_the_names_of_the_steps_of_the_channel(desk: MakeDesk) -> None:
    made = desk()
    nested: JSON = {"ack": [{"order": {}, "note": {}}, {"order": {}, "note": {}}]}
    by_name: JSON = {"order": [{}, {}], "note": [{}, {}]}
    assert planned(made, ORDERS, nested) == planned(made, ORDERS, by_name)


def test_a_plan_shows_the_calls_that_wait_for_no_answer(desk: MakeDesk) -> None:
    shop = SHOP.replace("body: {till: settings().till}", "body: {till: $order.till}")
    assert planned(desk({"mappings/shop/ack/conversation.yaml": shop}), ORDERS, {}) == {
        "calls": [
            {"step": "order", "method": "GET", "url": "/orders/1"},
            {"step": "order", "method": "GET", "url": "/orders/2"},
        ],
        "waiting": [{"step": "note", "call": "POST /orders/{{ refnum }}/notes", "for": ["order"]}],
    }


def test_a_request_that_breaks_the_schema_of_the_action_fails_its_step(desk: MakeDesk) -> None:
    dialect = ALL.replace("$order.number}", "$order.number, note: $order.note}")
    dialect = dialect.replace("response:\n", "response:\n  events: events()\n")
    dialect = dialect.replace("request: desk/batch\n", "") + "failure: {code: kind, message: message}\n"
    made = desk({"mappings/desk/ack_all/conversation.yaml": dialect})
    shown = planned(made, {"orders": [{"number": "1", "note": 5}]}, {"ack": [{"order": {}, "note": {}}]})
    assert shown == {
        "calls": [],
        "response": {
            "acked": [],
            "events": [{"code": "request", "message": "expected text, found a whole number, at /note"}],
        },
    }


def test_an_error_of_the_adapted_conversation_is_a_failure_of_the_step(desk: MakeDesk) -> None:
    dialect = ALL.replace("response:\n", "response:\n  events: events()\n") + (
        "failure: {code: kind, status: status, step: step}\n"
    )
    shop = SHOP.replace("failure: {code: kind, step: step}\n", "")
    made = desk(
        {"mappings/shop/ack/conversation.yaml": shop, "mappings/desk/ack_all/conversation.yaml": dialect}
    )
    answers: JSON = {"ack": [{"order": {"$status": 503}}, {"order": {}, "note": {}}]}
    shown = planned(made, ORDERS, answers)
    assert shown["response"] == {
        "acked": [{"events": []}],
        "events": [{"code": "status", "status": 503, "step": "ack"}],
    }
    assert isinstance(shown["calls"], list)
    assert len(shown["calls"]) == 3


def test_an_element_of_the_adapted_request_that_cannot_be_used_is_left_out_and_reported(
    desk: MakeDesk,
) -> None:
    """What the dialect's schema lets pass, the channel's action reports as if it had come to it."""
    line = {"type": ["object", "null"], "properties": {"sku": {"type": "string"}}}
    lines = {"type": "array", "items": line, "x-fails-alone": {"concept": "sku", "id": "sku"}}
    request = {**REQUEST, "properties": {**REQUEST["properties"], "lines": lines}}
    shop = SHOP.replace("steps:\n", "events: {code: code, step: message}\nsteps:\n", 1).replace(
        "  - step: note\n", "  - step: line\n    each: lines[?@]\n    value: sku\n  - step: note\n"
    )
    made = desk(
        {
            "schemas/retailops/ack.request.schema.json": json.dumps(request),
            "schemas/desk/batch.schema.json": json.dumps({"type": "object"}),
            "mappings/shop/ack/conversation.yaml": shop,
            "mappings/desk/ack_all/conversation.yaml": ALL.replace(
                "$order.number", "$order.number, lines: $order.lines"
            ),
        }
    )
    orders: JSON = {"orders": [{"number": "1", "lines": [{"sku": 5}, {"sku": "A"}]}]}
    shown = planned(made, orders, {"ack": [{"order": {}, "note": {}}]})
    message = "lines[0] cannot be used and is left out: `sku`: expected text, found a whole number."
    event = {"code": "ELEMENT_UNUSABLE", "step": message}
    assert shown["response"] == {"acked": [{"events": [event]}], "first": "ELEMENT_UNUSABLE"}
    # Where something else is wrong too, the request is.
    orders = {"orders": [{"number": 1, "lines": [{"sku": 5}]}]}
    with pytest.raises(OutputError, match="expected text, found a whole number"):
        planned(made, orders, {})


@pytest.mark.parametrize(
    "action, expected",
    [
        ("{call: /all}", [("action-call", "`call` must be a method and a path, or a list of them")]),
        (
            "{call: POST /all, subject: 'orders[].numbr'}",
            [("unknown-property", "`desk/batch.orders[]` has no property `numbr`")],
        ),
        ("{call: POST /all, subject: 'orders[].number'}", []),
    ],
)
def test_the_actions_of_a_dialect_are_checked(
    desk: MakeDesk, action: str, expected: list[tuple[str, str]]
) -> None:
    made = desk({"mappings/desk/actions.yaml": f"ack_all: {action}\n"})
    shown = [item for item in made.check() if item.span and "actions" in item.span.source.name]
    assert [(item.id, item.message) for item in shown] == expected


def test_the_calls_of_a_dialect_go_to_the_channel(desk: MakeDesk) -> None:
    made = desk()
    asked: list[str] = []

    def ask(call: Call, given: JSON | Missing) -> Answer:
        assert given is MISSING
        asked.append(f"{call.method} {call.path}")
        return Answer(200, {})

    result = run_conversation(made.dialects.conversation("shop", "ack_all", "desk"), ORDERS, ask)
    assert asked == ["GET /orders/1", "POST /orders/1/notes", "GET /orders/2", "POST /orders/2/notes"]
    assert [f"{call.method} {call.path}" for call in result.calls] == asked
    assert result.response == {"acked": [{"events": []}, {"events": []}]}


def test_an_example_of_a_dialect_is_for_a_channel(desk: MakeDesk) -> None:
    made = desk()
    folder = made.roots[0] / "examples/desk/ack_all/shop"
    folder.mkdir(parents=True)
    (folder / "two.json").write_text(json.dumps(ORDERS), encoding="utf-8")
    (folder / "two.answers.json").write_text('{"order": [{}, {}], "note": [{}, {}]}', encoding="utf-8")
    (folder / "two.settings.yaml").write_text("till: T7\n", encoding="utf-8")
    (case,) = cases_of(made, "desk/ack_all/shop")
    result, diagnostics = run_case(made, case)
    assert diagnostics is None
    shown = json.loads(result or "")
    assert [call.get("body") for call in shown["calls"]] == [None, {"till": "T7"}, None, {"till": "T7"}]
    assert shown["response"] == {"acked": [{"events": []}, {"events": []}]}


def test_an_answer_that_is_wrong_is_not_a_failure_of_the_channel(desk: MakeDesk) -> None:
    with pytest.raises(InputError) as caught:
        planned(desk(), ORDERS, {"ack": [{"order": {"$stats": 1}}]})
    assert str(caught.value).startswith("error[unknown-key]: an answer has no key `$stats` beside")


def test_a_plan_hides_what_is_sensitive_in_a_dialect(desk: MakeDesk) -> None:
    request = {
        **REQUEST,
        "properties": {**REQUEST["properties"], "refnum": {"type": "string", "x-sensitive": True}},
    }
    made = desk({"schemas/retailops/ack.request.schema.json": json.dumps(request)})
    conversation = made.dialects.conversation("shop", "ack_all", "desk")
    channel = made.channel_of("shop")
    shown, _ = plan(conversation, channel, ORDERS, settings={}, answers={}, name="request", masked=True)
    assert isinstance(shown, dict)
    assert shown["calls"] == [
        {"step": "order", "method": "GET", "url": "/orders/•••"},
        {"step": "note", "method": "POST", "url": "/orders/•••/notes", "body": {"till": "T1"}},
        {"step": "order", "method": "GET", "url": "/orders/•••"},
        {"step": "note", "method": "POST", "url": "/orders/•••/notes", "body": {"till": "T1"}},
    ]


def found(made: Project, *names: str) -> list[str]:
    return [
        f"{item.severity}[{item.id}] {item.span} {item.message}"
        + "".join(f" ({note})" for note in item.notes)
        for item in made.check(list(names) or None)
    ]


@pytest.mark.parametrize(
    "old, new, expected",
    [
        (
            "{refnum: $order.number}",
            "{refnm: $order.number}",
            [
                "error[never-written] mappings/desk/ack_all/conversation.yaml:8:11 "
                "`retailops/ack.request` requires `refnum`, which is never written",
                "error[unknown-property] mappings/desk/ack_all/conversation.yaml:8:12 "
                "`retailops/ack.request` has no property `refnm`",
            ],
        ),
        (
            "$ack[0].events[0]",
            "$ack[0].evnts[0]",
            [
                "error[unknown-property] mappings/desk/ack_all/conversation.yaml:11:18 "
                "`retailops/ack.response` has no property `evnts`"
            ],
        ),
        (
            "adapts: ack",
            "adapts: akc",
            [
                "error[unknown-action] mappings/desk/ack_all/conversation.yaml:7:13 "
                "no conversation answers the action `akc`"
            ],
        ),
        (
            "    with: {refnum: $order.number}\n",
            "",
            [
                "error[missing-input] mappings/desk/ack_all/conversation.yaml:7:13 "
                "`adapts` needs `with`, the request"
            ],
        ),
        (
            "    each: {order: orders}\n    adapts: ack\n    with: {refnum: $order.number}",
            "    call: GET /orders",
            [
                "error[call-in-dialect] mappings/desk/ack_all/conversation.yaml:5:11 "
                "a dialect makes no calls of its own"
            ],
        ),
    ],
)
def test_what_is_wrong_in_a_dialect(desk: MakeDesk, old: str, new: str, expected: list[str]) -> None:
    used = "  acked: $ack\n  first: $ack[0].events[0].code\n"
    text = ALL.replace(used, "  count: length(orders)\n") if "call:" in new else ALL
    assert old in text
    made = desk({"mappings/desk/ack_all/conversation.yaml": text.replace(old, new)})
    assert found(made, "desk/ack_all/conversation") == expected


def test_a_dialect_is_checked_with_every_channel(desk: MakeDesk) -> None:
    strict = {**REQUEST, "required": ["refnum", "note"]}
    made = desk(
        {
            "mappings/mall/ack/conversation.yaml": SHOP.replace("retailops/ack.request", "mall/ack").replace(
                "settings().till", "note"
            ),
            "schemas/mall/ack.schema.json": json.dumps(strict),
        }
    )
    assert found(made, "desk/ack_all/conversation") == [
        "error[never-written] mappings/desk/ack_all/conversation.yaml:8:11 `mall/ack` requires `note`, "
        "which is never written (with the channel `mall`)"
    ]


def test_a_dialect_is_answered_by_a_channel_that_has_its_actions(desk: MakeDesk) -> None:
    """The gateway leaves out the others, as it does with RetailOPS' own actions."""
    files = {
        "mappings/mall/channel.yaml": "{}",
        "mappings/mall/nack/conversation.yaml": SHOP.replace("ack.", "n."),
    }
    made = desk(files)
    assert made.dialects.is_answered("shop", "ack_all", "desk")
    assert not made.dialects.is_answered("mall", "ack_all", "desk")


def test_a_channel_adapts_its_own_actions_but_not_in_a_circle(desk: MakeDesk) -> None:
    made = desk({"mappings/shop/ack_all/conversation.yaml": ALL})
    assert [step.name for step in made.conversation("shop", "ack_all").steps] == ["ack"]
    circle = (
        "request: retailops/ack.request\nresponse_schema: desk/any\nsteps:\n"
        "  - {step: again, adapts: ACTION, with: {refnum: refnum}}\nresponse: {}\n"
    )
    made = desk(
        {
            "mappings/shop/ack/conversation.yaml": circle.replace("ACTION", "b"),
            "mappings/shop/b/conversation.yaml": circle.replace("ACTION", "ack"),
            "schemas/retailops/b.request.schema.json": json.dumps(REQUEST),
            "schemas/retailops/b.response.schema.json": json.dumps(RESPONSE),
        }
    )
    with pytest.raises(CompileError) as caught:
        made.conversation("shop", "ack")
    assert str(caught.value).startswith(
        "error[use-circle]: `adapts` forms a circle: shop/ack → shop/b → shop/ack\n"
        "  --> mappings/shop/b/conversation.yaml:4:27\n"
    )


@pytest.mark.parametrize(
    "arguments, code, err",
    [
        (
            ("shop", "ack_all", "r.json", "--dialect", "dsk"),
            2,
            "error[unknown-dialect]: there is no dialect `dsk`\n  = help: did you mean `desk`?\n",
        ),
        (
            ("desk", "ack_all", "r.json"),
            2,
            "error[unknown-channel]: `desk` is a dialect, and not a channel\n"
            "  = help: use `--dialect desk` with a channel: fabric, kibo, shop\n",
        ),
        (
            ("shop", "ack_al", "r.json", "--dialect", "desk"),
            2,
            "error[unknown-action]: `desk` has no conversation for `ack_al`\n"
            "  = help: did you mean `ack_all`?\n",
        ),
    ],
)
def test_a_dialect_that_is_not_there(
    desk: MakeDesk,
    run_crossdock: Run,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    code: int,
    err: str,
) -> None:
    root = desk().roots[0]
    (root / "r.json").write_text(json.dumps(ORDERS), encoding="utf-8")
    monkeypatch.chdir(root)
    for command in ("plan", "answer"):
        assert run_crossdock(command, *arguments) == (code, "", err)


def test_a_dialect_on_the_command_line(
    desk: MakeDesk, run_crossdock: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = desk().roots[0]
    (root / "r.json").write_text(json.dumps(ORDERS), encoding="utf-8")
    monkeypatch.chdir(root)
    ran = run_crossdock("plan", "shop", "r.json", "--dialect", "desk")
    assert ran.code == 0, ran.err
    assert [call["url"] for call in json.loads(ran.out)["calls"]][:2] == ["/orders/1", "/orders/1/notes"]
    explained = run_crossdock("explain", "shop/ack_all", "--dialect", "desk", "--payload", "r.json")
    assert explained.code == 0, explained.err
    assert explained.out.startswith("ack  2 elements ")
    assert '├─ with /refnum  $order.number  →  "1"    /request/orders/0/number\n' in explained.out
    assert "GET /orders/1  →  no answer" in explained.out
    refused = run_crossdock("explain", "ack_all", "--dialect", "desk", "--payload", "r.json")
    assert (refused.code, "with --dialect, a conversation is named CHANNEL/ACTION" in refused.err) == (
        2,
        True,
    )
    overview = run_crossdock("overview").out
    assert "## The dialect desk\n\nWhat the desk sends.\n\n| action | adapts |\n|---|---|\n" in overview
    assert "| ack_all: Acknowledge several orders. | [ack](#ack) |\n" in overview
    assert "| [ack_all]" not in overview
