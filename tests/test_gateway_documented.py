"""The requests that RetailOPS documents, in both dialects, over HTTP: each is answered as documented."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from conftest import REPOSITORY
from crossdock import Project
from crossdock.schema.store import SchemaStore
from crossdock.schema.validator import validate
from fakes import fabric_orders, kibo_orders
from fakes.fabric import FakeFabric
from fakes.kibo import FakeKibo
from gateway_kit import TICKET, Served, config_for, own_schema, project_for, served

DIALECT = "retailops_v1"
# The documented status of each action, and what an order of the channel goes through in this order.
OWN = {
    "cat_push_config": 200,
    "catpush_transmit": 201,
    "inv_push": 201,
    "order_fetch": 200,
    "order_ack": 200,
    "order_writeback": 200,
    "capture_channel_payments": 200,
    "shipment_submit": 200,
    "order_complete": 200,
    "items_returned": 200,
    "order_cancel": 200,
}
LATER = (
    *("catalog_get_config", "catalog_push", "inventory_push", "order_pull", "order_acknowledge"),
    *("order_update", "order_settle_payment", "order_shipment_submit", "order_complete", "order_returned"),
    "order_cancel",
)
# What comes of them, one after the other.
CODES = {
    "kibo": {"order_cancel": [("error", "ORDER_COMPLETED")]},
    "fabric": {
        "catalog_push": [("warning", "CATALOG_NOT_PUSHED")],
        "order_cancel": [("warning", "ORDER_PARTIALLY_SHIPPED")],
    },
}
STATUSES = {"kibo": ["success", "fail"], "fabric": ["success", "success"]}
EFFECTS = {
    "kibo": [
        *("product", "stock", "attribute", "capture", "packages", "ship", "quantity", "completed"),
        *("return", "return authorize", "return receive", "credit", "return close"),
    ],
    "fabric": [
        *("product", "stock", "attribute", "capture", "shipment", "cancelled", "attribute", "return"),
    ],
}


def fill(fake: FakeKibo | FakeFabric) -> None:
    """As new and still at its address, with one order."""
    vars(fake).update(vars(type(fake)()))
    kit: Any = kibo_orders if isinstance(fake, FakeKibo) else fabric_orders
    name = "id" if isinstance(fake, FakeKibo) else "lineItemId"
    fake.add(kit.order(496, kit.line(1, "S1234", 2, 15, **{name: "496"})))


@pytest.fixture(scope="module", params=[FakeKibo, FakeFabric], ids=["kibo", "fabric"])
def fake(request: pytest.FixtureRequest) -> Iterator[FakeKibo | FakeFabric]:
    with request.param() as channel:
        yield channel


@pytest.fixture(scope="module")
def project(fake: FakeKibo | FakeFabric, tmp_path_factory: pytest.TempPathFactory) -> Project:
    if isinstance(fake, FakeFabric):  # where it is, is a setting
        return Project.open(REPOSITORY)
    return Project.open(project_for(tmp_path_factory.mktemp("shop"), REPOSITORY, "kibo", fake.url))


@pytest.fixture(params=["sqlite", "postgresql"])
def gateway(
    request: pytest.FixtureRequest, project: Project, fake: FakeKibo | FakeFabric, tmp_path: Path
) -> Iterator[Served]:
    """Both dialects at once, with a journal in each of the databases."""
    journal = f"sqlite:///{tmp_path}/journal.db"
    if request.param == "postgresql":
        journal = own_schema(request.getfixturevalue("postgres_url"))
    assert fake.channel is not None
    fill(fake)
    settings = {**fake.addresses, "capture": "payment_status"} if isinstance(fake, FakeFabric) else {}
    config = config_for(fake.channel, journal, dialects=(DIALECT,), settings=settings)
    with served(project, config) as shop:
        yield shop


@cache
def store() -> SchemaStore:
    return SchemaStore([REPOSITORY / "schemas"])


def fits(answer: httpx.Response, schema: str) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/json"
    body: dict[str, Any] = answer.json()
    assert validate(body, store().get(schema)) == []
    return body


def documented(channel: str, action: str) -> dict[str, Any]:
    """A request of RetailOPS' document, with a ticket of today."""
    text = (REPOSITORY / "examples" / channel / action / "seed-example.json").read_text(encoding="utf-8")
    request: dict[str, Any] = json.loads(text)
    if action == "catpush_transmit":  # the document's request is that of cat_push_config to the letter
        request["action"] = "testco.catalog.catpush_transmit"
    return {**request, "headers": {**request["headers"], "ticket": TICKET}}


def later(action: str, **more: Any) -> dict[str, Any]:
    """The request of the later dialect with the values that its schemas give as examples."""
    text = (REPOSITORY / "schemas" / DIALECT / "samples" / f"{action}.request.json").read_text("utf-8")
    return {**json.loads(text), "integration_auth_token": TICKET, **more}


def bracketed(value: Any, name: str = "") -> Iterator[str]:
    """A query as RetailOPS writes it: nulls are left out."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from bracketed(inner, f"{name}[{key}]" if name else key)
    elif value is not None:
        yield f"{quote(name, safe='[]')}={quote(str(value), safe='')}"


def test_every_request_of_the_document_is_answered_as_documented(
    gateway: Served, fake: FakeKibo | FakeFabric
) -> None:
    channel = str(fake.channel)
    calls = gateway.gateway.served[0].dialects[""].by_name
    for action, status in OWN.items():
        method, path = calls[action].calls[0]
        request = documented(channel, action)
        if method == "GET":
            answer = gateway.client.get(f"{path}?{'&'.join(bracketed(request))}")
        else:
            answer = gateway.post(path, request)
        assert answer.status_code == status, (action, answer.text)
        fits(answer, f"retailops/{action}.response")


def test_every_request_of_the_later_dialect_is_answered_as_documented(
    gateway: Served, fake: FakeKibo | FakeFabric
) -> None:
    channel = str(fake.channel)
    found = {}
    for action in LATER:
        answer = gateway.post(f"/{action}_v1", later(action))
        assert answer.status_code == 200, (action, answer.text)
        found[action] = fits(answer, f"{DIALECT}/{action}.response")
    # Of two units one is shipped, one never will be, and the one comes back: then it is too late to cancel.
    assert {action: codes_of(body) for action, body in found.items() if codes_of(body)} == CODES[channel]
    assert [each["channel_order_refnum"] for each in found["order_pull"]["orders"]] == ["496"]
    assert found["order_pull"]["next_page_token"] == ""
    assert [line["refnum"] for line in found["order_update"]["line_items"]] == ["496"]
    assert [found[action]["status"] for action in ("order_complete", "order_cancel")] == STATUSES[channel]
    assert [each.effect for each in fake.ledger] == EFFECTS[channel]


def codes_of(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(event["event_type"], event["code"]) for event in body.get("events", ())]
