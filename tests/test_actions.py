"""Which action a request is: by its name when its shape agrees, else by its shape; and the rule's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossdock import CompileError, InputError, Project
from crossdock.channels.actions import parse_actions
from crossdock.core.diagnostics import Source
from crossdock.core.json_types import JSON

ORDER: dict[str, JSON] = {"channel_payment": {"settled": 35}, "channel_refnum": "496", "shipments": [None]}
ACKS: JSON = {"order": {"acks": ["496"]}, "channel": {"id": 21}}
SHIPMENT: JSON = {"shipment": {"id": "10987", "packages": [{"id": "370"}]}, "order": {**ORDER}, "channel": {}}
WRITEBACK: JSON = {"rmas": [None], "line_items": [{"corr": "7397"}], "order_info": {}, "order": {**ORDER}}
RETURN: JSON = {"return": {"id": "7"}, "order": {**ORDER}, "channel": {}}
INVENTORY: JSON = {"inventory": {"data": {"sku": "53"}}, "client_id": 1, "channel": {"id": 21}}
FETCH: JSON = {"page_state": None, "single": 0, "max_page_size": 50, "order": {"channel_refnum": "496"}}
FETCH_BY_GET: JSON = {"single": "0", "order": {"channel_refnum": "496"}, "channel": {"id": "21"}}
FEED: JSON = {"feed": {"data": {}}, "channel": {}}
ALWAYS = "testco.orderpull.order_fetch"


@pytest.fixture(scope="module")
def project(repository: Path) -> Project:
    return Project.open(repository)


DOCUMENTED = [
    ({}, ALWAYS, "cat_push_config"),  # catpush_transmit is documented with the same request
    ({"order": {**ORDER}, "channel": {}}, "Spree.order.capture_channel_payments", "capture_channel_payments"),
    (INVENTORY, ALWAYS, "inv_push"),
    (RETURN, ALWAYS, "items_returned"),
    (FETCH, ALWAYS, "order_fetch"),
    (FETCH_BY_GET, ALWAYS, "order_fetch"),
    (ACKS, ALWAYS, "order_ack"),
    (WRITEBACK, ALWAYS, "order_writeback"),
    (SHIPMENT, "Aabaco.order.shipment_submit", "shipment_submit"),
]
NAMED = [
    ({"order": {**ORDER}}, "SDK.order_complete", "order_complete"),
    ({"order": {**ORDER}}, "SDK.order_cancel", "order_cancel"),
    ({"order": {**ORDER}}, "order_settle_payment", "capture_channel_payments"),
    (FEED, "Mozu.catalog.catpush_transmit", "catpush_transmit"),
    (FEED, "catalog_push", "catpush_transmit"),
    ({}, "catpush_config", "cat_push_config"),
    ({}, "catalog_get_config", "cat_push_config"),
    (INVENTORY, "Mozu.inventory.invpush_transmit", "inv_push"),
    (INVENTORY, "inventory_push", "inv_push"),
    (RETURN, "order_returned", "items_returned"),
    (FETCH, "order_pull", "order_fetch"),
    (ACKS, "order_acknowledge", "order_ack"),
    (WRITEBACK, "MagentoExtension.order.writeback", "order_writeback"),
    (WRITEBACK, "order_update", "order_writeback"),
    (SHIPMENT, "order_shipment_submit", "shipment_submit"),
]
TELLING = [
    (FEED, None, "catpush_transmit"),
    (FEED, 7, "catpush_transmit"),
    (SHIPMENT, "", "shipment_submit"),
    (SHIPMENT, "order_shipment_submit.", "shipment_submit"),
    (SHIPMENT, "SHIPMENT_SUBMIT", "shipment_submit"),
    (SHIPMENT, "order_cancel", "shipment_submit"),
    (RETURN, "capture_channel_payments", "items_returned"),
    (ACKS, "inv_push", "order_ack"),
]
INCOMPLETE = [
    ({}, "SDK.order_cancel", "order_cancel"),
    ("text", "SDK.order_cancel", "order_cancel"),
    ({"order": {"channel_refnum": "1001"}}, "SDK.order_cancel", "order_cancel"),
    ({"order": {"channel_refnum": "1001"}}, "SDK.order_complete", "order_complete"),
    ({"order": {"channel_refnum": "1001"}}, "Mozu.orderpull.order_fetch", "order_fetch"),
    ({"order": {"acks": []}}, "Aabaco.orderpull.order_ack", "order_ack"),
    ({"order": {"acks": []}}, ALWAYS, "order_ack"),
    ({"order": {"acks": None}}, ALWAYS, "order_ack"),
    ({"rmas": [{"id": "1"}], "order": {**ORDER}}, "SDK.order_complete_all", "order_writeback"),
    ({"rmas": [], "order": {"channel_refnum": "1"}}, "MagentoExtension.order.writeback", "order_writeback"),
    ({"feed": {}}, "Mozu.catalog.catpush_transmit", "catpush_transmit"),
    ({"feed": {}}, ALWAYS, "catpush_transmit"),
    ({}, "Mozu.catalog.catpush_transmit", "catpush_transmit"),
    ({}, "no.such.name", "cat_push_config"),
    ({"inventory": {}}, "Mozu.inventory.invpush_transmit", "inv_push"),
]


@pytest.mark.parametrize("data, name, action", [*DOCUMENTED, *NAMED, *TELLING, *INCOMPLETE])
def test_a_name_counts_unless_the_request_has_the_shape_of_another_action(
    project: Project, data: JSON, name: JSON, action: str
) -> None:
    request: dict[str, JSON] = {"headers": {}, "version": 1, "action": name, "data": data}
    if name is None:
        del request["action"]
    assert project.actions.find(request) == action


TWO_SHAPES: JSON = {"shipment": {"id": "10987"}, "return": {"id": "7"}, "order": {**ORDER}}
PAYMENT = "capture_channel_payments, order_complete, order_cancel"
ALL = (
    "order_fetch, order_ack, shipment_submit, order_writeback, items_returned, inv_push, catpush_transmit, "
    f"cat_push_config, {PAYMENT}"
)


@pytest.mark.parametrize(
    "request_, candidates",
    [
        ({"action": ALWAYS, "data": {"order": {**ORDER}, "channel": {}}}, PAYMENT),
        ({"data": {"order": {**ORDER}}}, PAYMENT),
        ({"data": TWO_SHAPES}, "shipment_submit, items_returned"),
        ({"action": ALWAYS, "data": {"order": {"id": 1}}}, ALL),
        ({"action": "SDK.order_cancelled", "data": {"order": {"id": 1}}}, ALL),
        ({"action": "order_cancel", "data": TWO_SHAPES}, "shipment_submit, items_returned"),
        ({"data": {"channel": {}}}, ALL),
    ],
)
def test_a_request_that_does_not_say_is_refused_with_the_actions_that_it_may_be(
    project: Project, request_: JSON, candidates: str
) -> None:
    with pytest.raises(InputError) as caught:
        project.actions.find(request_)
    assert str(caught.value) == (
        "error[unknown-action]: the request does not say which action it is\n"
        f"  = help: name it on the command line: {candidates}"
    )


@pytest.mark.parametrize("request_", [[], "text", 7, None])
def test_what_is_no_request_is_no_action(request_: JSON) -> None:
    actions = parse_actions(Source("actions.yaml", "a: {call: POST /a, when: data.a}"))
    with pytest.raises(InputError, match="name it on the command line: a"):
        actions.find(request_)


def test_a_shape_that_cannot_be_asked_of_a_request_is_not_its_shape() -> None:
    text = "a: {call: POST /a, when: 'abs(data) > `1`'}\nb: {call: POST /b, when: data}"
    assert parse_actions(Source("actions.yaml", text)).find({"data": "text"}) == "b"


def test_actions_keep_what_their_file_says() -> None:
    text = "a: {call: POST /a, when: data, aliases: [b, c], status: 201}\nd: {call: GET /d, when: data.d}"
    actions = parse_actions(Source("actions.yaml", text)).by_name
    assert list(actions) == ["a", "d"]
    assert (actions["a"].aliases, actions["a"].status, actions["a"].calls) == (
        ("b", "c"),
        201,
        (("POST", "/a"),),
    )
    assert (actions["d"].aliases, actions["d"].status) == ((), 200)
    assert (actions["d"].effect, actions["d"].subject) == ("once", None)


def test_a_file_says_where_a_request_has_its_ticket_and_what_it_changes() -> None:
    text = (
        "$ticket: h.key\n$channel: h.id\na: {call: [GET /a, POST /b], when: data, effect: none, subject: d.e}"
    )
    actions = parse_actions(Source("actions.yaml", text))
    assert (actions.ticket and actions.ticket.text, actions.channel and actions.channel.text) == (
        "h.key",
        "h.id",
    )
    (action,) = actions.by_name.values()
    assert action.calls == (("GET", "/a"), ("POST", "/b"))
    assert (action.effect, action.subject and action.subject.text) == ("none", "d.e")


def test_an_action_without_a_shape_is_found_by_its_name_or_its_path() -> None:
    actions = parse_actions(Source("a.yaml", "a: {call: POST /a}\nb: {call: POST /b}"))
    assert actions.find({"action": "shop.b"}) == "b"
    assert actions.find({"action": "a"}, ["b"]) == "b"
    with pytest.raises(InputError, match="the request does not say which action it is"):
        actions.find({})


def test_the_path_decides_among_its_actions(project: Project) -> None:
    request: JSON = {"action": "testco.orderpull.order_fetch", "data": {"order": {**ORDER}}}
    assert project.actions.find(request, ["order_cancel"]) == "order_cancel"
    assert project.actions.find({"data": INVENTORY}, ["inv_push", "items_returned"]) == "inv_push"
    with pytest.raises(InputError, match="the request does not say which action it is"):
        project.actions.find({"data": {}}, ["inv_push", "items_returned"])


@pytest.mark.parametrize(
    "text, expected",
    [
        ("[a]", "[not-actions]: the file contains no actions"),
        ("", "[not-actions]: the file contains no actions"),
        ("a: b", "[not-an-object]: an action must be an object with `call:`"),
        ("a: {when: data}", "[incomplete-action]: the action `a` needs `call:`"),
        ("a: {call: GET /a, when: data, alias: [b]}", "[unknown-key]: an action has no key `alias`"),
        ("a: {call: GET /a, when: data, aliases: b}", "[not-a-list]: `aliases` must be a list of names"),
        ("a: {call: GET /a, when: data, aliases: [1]}", "[not-a-list]: `aliases` must be a list of names"),
        (
            "a: {call: GET /a, when: data, placeholders: b}",
            "[not-a-list]: `placeholders` must be a list of names",
        ),
        (
            "a: {call: GET /a, when: data, status: '201'}",
            "[action-status]: `status` must be a success status: 200 to 299",
        ),
        (
            "a: {call: GET /a, when: data, status: 404}",
            "[action-status]: `status` must be a success status: 200 to 299",
        ),
        (
            "a: {call: /a, when: data}",
            "[action-call]: `call` must be a method and a path, or a list of them",
        ),
        (
            "a: {call: [GET /a, 7], when: data}",
            "[action-call]: `call` must be a method and a path, or a list of them",
        ),
        (
            "a: {call: [], when: data}",
            "[action-call]: `call` must be a method and a path, or a list of them",
        ),
        (
            "a: {call: GET /a, when: data, effect: twice}",
            "[action-effect]: this is not an effect of an action",
        ),
        (
            "a: {call: GET /a, when: data, effect: [once]}",
            "[action-effect]: this is not an effect of an action",
        ),
        ("a: {call: GET /a, when: data, subject: 7}", "[not-an-expression]: `subject` takes an expression"),
        ("$ticket: [a]", "[not-an-expression]: `$ticket` takes an expression"),
        ("a: {call: GET /a, when: 'data['}", "[expression-syntax]: the expression is not finished"),
        (
            "a: {call: GET /a, when: '!data.b'}",
            "[unknown-property]: `true or false` has no property `b`",
        ),
    ],
)
def test_a_file_that_does_not_describe_actions_is_refused(text: str, expected: str) -> None:
    with pytest.raises(CompileError) as caught:
        parse_actions(Source("actions.yaml", text))
    assert [f"[{item.id}]: {item.message}" for item in caught.value.diagnostics] == [expected]
    assert caught.value.diagnostics[0].span is not None
    assert "actions.yaml:1:" in str(caught.value)


def test_all_mistakes_of_the_file_are_told_at_once() -> None:
    text = "a: b\nc: {whn: x}\nd: {call: 7, when: '[', status: x}\n"
    with pytest.raises(CompileError) as caught:
        parse_actions(Source("actions.yaml", text))
    assert [item.id for item in caught.value.diagnostics] == [
        "not-an-object",
        "unknown-key",
        "incomplete-action",
        "action-call",
        "expression-syntax",
        "action-status",
    ]
