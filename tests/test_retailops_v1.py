"""RetailOPS' later dialect where examples do not reach: over HTTP, on the command line, and at its limits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import REPOSITORY, Run
from crossdock import Project
from crossdock.channels.messages import Answer, Call
from crossdock.channels.runner import run_conversation
from crossdock.core.json_types import JSON, Missing
from fakes import faults, retailops
from fakes.kibo import FakeKibo
from fakes.kibo_orders import line, order
from gateway_kit import TICKET, Served, config_for, project_for, served

DIALECT = "retailops_v1"


def request(action: str, **more: Any) -> dict[str, Any]:
    path = REPOSITORY / "schemas" / DIALECT / "samples" / f"{action}.request.json"
    return {**json.loads(path.read_text("utf-8")), "integration_auth_token": TICKET, **more}


@pytest.fixture(scope="module")
def kibo() -> Iterator[FakeKibo]:
    with FakeKibo() as fake:
        fake.add(*(order(number, line(1, "MUG", 2, 10)) for number in range(1001, 1010)))
        yield fake


@pytest.fixture(scope="module")
def gateway(kibo: FakeKibo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    place = tmp_path_factory.mktemp("shop")
    project = Project.open(project_for(place, REPOSITORY, "kibo", kibo.url))
    config = config_for("kibo", f"sqlite:///{place}/journal.db", dialects=(DIALECT,), channel_id="21")
    with served(project, config) as shop:
        yield shop


def cancel(number: int, **more: Any) -> dict[str, Any]:
    return request("order_cancel", order={"channel_order_refnum": str(number)}, **more)


# Over HTTP


@pytest.mark.parametrize("wrong", ["other-key", "", None, 7])
def test_a_wrong_key_is_refused_before_anything_else(gateway: Served, wrong: Any) -> None:
    sent = {**request("order_cancel"), "integration_auth_token": wrong, "order": "not an order"}
    answer = gateway.post("/order_cancel_v1", sent)
    assert (answer.status_code, answer.json()["detail"]) == (401, "the ticket is missing or not valid")


def test_the_ticket_of_one_dialect_is_not_looked_for_where_the_other_has_it(gateway: Served) -> None:
    sent = {**request("order_cancel"), "headers": {"ticket": TICKET}}
    del sent["integration_auth_token"]
    assert gateway.post("/order_cancel_v1", sent).status_code == 401
    sent = {**retailops.cancel(1001), "integration_auth_token": TICKET}
    del sent["headers"]
    assert gateway.post("/orders/cancel", sent).status_code == 401


def test_what_else_is_refused(gateway: Served) -> None:
    assert gateway.client.get("/order_cancel_v1").status_code == 405
    assert gateway.post("/order_cancel_v2", cancel(1001)).status_code == 404
    refused = gateway.post("/order_cancel_v1", request("order_cancel", order=None))
    assert (refused.status_code, refused.json()["errors"]) == (
        422,
        [
            {
                "code": "wrong-type",
                "detail": "expected an object, found null",
                "pointer": "/order",
            }
        ],
    )
    other = gateway.post("/order_cancel_v1", cancel(1001, channel_info={"id": 22}))
    assert (other.status_code, other.json()["detail"]) == (
        403,
        "the request is for another channel than this ticket",
    )


def test_a_pull_that_could_not_ask_its_channel_is_no_empty_page(gateway: Served, kibo: FakeKibo) -> None:
    rule = kibo.fault(faults.status(500), matching="GET .*orders")
    answer = gateway.post("/order_pull_v1", request("order_pull"))
    rule.left = 0
    assert answer.status_code == 502


def test_a_repeat_gets_the_answer_that_is_saved(gateway: Served, kibo: FakeKibo) -> None:
    first, second = (gateway.post("/order_cancel_v1", cancel(1002)) for _ in range(2))
    assert first.json() == second.json() == {"status": "success", "events": []}
    # In the other dialect it is another request, and the channel says that nothing is left to do.
    third = gateway.post("/orders/cancel", retailops.cancel(1002))
    assert (third.status_code, third.json()) == (200, {"events": []})
    assert kibo.effects("cancelled") == ["1002"]


def test_a_failure_is_tried_again_when_it_is_sent_again(gateway: Served, kibo: FakeKibo) -> None:
    rule = kibo.fault(faults.status(500), matching="cancel/")
    failed = gateway.post("/order_cancel_v1", cancel(1003))
    rule.left = 0
    assert (failed.status_code, failed.json()["status"]) == (200, "fail")
    assert gateway.post("/order_cancel_v1", cancel(1003)).json()["status"] == "success"
    assert "1003" in kibo.effects("cancelled")


def test_stock_is_one_state_for_both_dialects(gateway: Served, kibo: FakeKibo) -> None:
    """5 in one dialect, 3 in the other, and 5 in the first again is a change, and no repeat."""
    updates = [{"sku": "MUG", "quantity_available": 3, "quantity_detail": []}]
    three = ("/inventory_push_v1", request("inventory_push", inventory_updates=updates))
    five = ("/inventory", retailops.stock(("MUG", 5)))
    answers = [gateway.post(*each).json()["events"] for each in (five, three, five, five)]
    assert (answers, kibo.effects("stock")) == ([[]] * 4, ["MUG"] * 3)
    pushed = [each for each in gateway.gateway.journal.entries() if each.subjects == '["all of inv_push"]']
    assert [each.action for each in pushed] == ["inv_push", "inventory_push", "inv_push"]


def test_the_pages_of_a_pull_come_to_an_end(gateway: Served, kibo: FakeKibo) -> None:
    token, seen = "", []
    kibo.add(*(order(number, line(1, "MUG", 1, 10)) for number in range(2001, 2111)))
    for _ in range(9):
        page = gateway.post("/order_pull_v1", request("order_pull", page_token=token)).json()
        seen += [each["channel_order_refnum"] for each in page["orders"]]
        token = page["next_page_token"]
        assert len(page["orders"]) <= 100
        assert len(token) <= 35
        if not token:
            break
    assert token == ""
    assert len(seen) == len(set(seen)) > 110


def test_of_more_than_a_hundred_named_orders_the_first_hundred_are_asked_for() -> None:
    asked = []

    def ask(call: Call, given: JSON | Missing) -> Answer:
        asked.append(call.path)
        return Answer(200, {"startIndex": 0, "pageSize": 20, "pageCount": 0, "totalCount": 0, "items": []})

    named = [{"channel_refnum": str(number)} for number in range(1, 103)]
    sent = request("order_pull", specific_orders=named)
    conversation = Project.open(REPOSITORY).dialects.conversation("kibo", "order_pull", DIALECT)
    response: Any = run_conversation(conversation, sent, ask).response
    assert len(asked) == 100
    assert [event["code"] for event in response["events"]] == ["TOO_MANY_ORDERS", *["ORDER_UNKNOWN"] * 100]
    assert response["events"][0]["message"] == (
        "The request names 102 orders, and a page has 100 of them at most. The others are left out."
    )


# On the command line


def test_a_gateway_is_told_its_dialects(
    run_crossdock: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("KIBO_CLIENT_ID", "KIBO_CLIENT_SECRET", "RETAILOPS_TICKET"):
        monkeypatch.setenv(name, "x")
    journal = f"sqlite:///{tmp_path}/journal.db"
    ran = run_crossdock("serve", "kibo", "--journal", journal, "--dialect", "retailops_v2")
    assert (ran.code, ran.out) == (2, "")
    assert re.search(
        r"error\[unknown-dialect\]: there is no dialect `retailops_v2`\n.*did you mean `retailops_v1`\?",
        ran.err,
    )
    file = tmp_path / "gateway.yaml"
    file.write_text("profiles: {}\n", encoding="utf-8")
    ran = run_crossdock("serve", "--config", str(file), "--dialect", DIALECT)
    assert "Error: --dialect goes with a channel: a file has `dialects:`" in ran.err
