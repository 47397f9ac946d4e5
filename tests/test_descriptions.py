"""Every call that an example sends is as the channel's published description has it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import REPOSITORY
from crossdock import CrossdockError, Project
from described_schemas import differences, named_calls, operation, read
from descriptions import BASES, NO_BODY, Outside, Sent, descriptions, folder, known, query_of, unlisted
from fakes.channel import Seen
from fakes.kibo import FakeKibo

PROJECT = Project.open(REPOSITORY)
SNAPSHOTS = REPOSITORY / "snapshots"
CREATIONS = {"kibo/order_import": "/api/commerce/orders", "fabric/order_create": "/v3/orders"}
"""Mappings that make the body of a call, and where an integrator sends it."""

DIFFERENCES: dict[str, dict[str, str]] = yaml.safe_load(
    (Path(__file__).parent / "described_schemas.yaml").read_text(encoding="utf-8")
)
SENT_BACK = {
    "kibo: PUT /commerce/catalog/admin/products/{productCode}",
    "kibo: PUT /commerce/catalog/admin/products/{productCode}/variations",
    "kibo: PUT /commerce/orders/{orderId}",
    "kibo: PUT /commerce/returns/{returnId}",
}
"""Calls that send back the whole of what Kibo answered: their bodies have the schema of the answer."""

pytestmark = pytest.mark.skipif(
    folder() is None,
    reason="the channels' API descriptions are not at hand: name their directory in CROSSDOCK_DESCRIPTIONS",
)


def sent_by(path: Path) -> Iterator[Sent]:
    """The calls that the result of an example shows."""
    shown: Any = json.loads(path.read_text(encoding="utf-8"))
    if url := CREATIONS.get(f"{path.parent.parent.name}/{path.parent.name}"):
        yield Sent("POST", url, {}, shown)
        return
    for call in shown.get("calls", []) if isinstance(shown, dict) else []:
        body = {"body": call["body"]} if "body" in call else {}
        query = {**query_of(call["url"]), **call.get("query", {})}
        headers = {**shown["headers"], **call.get("headers", {})}
        yield Sent(call["method"], call["url"], query, **body, headers=headers)


@cache
def examples(channel: str) -> list[tuple[str, Sent]]:
    return [
        (f"{path.parent.name}/{path.stem}", sent)
        for path in sorted((SNAPSHOTS / channel).rglob("*.json"))
        for sent in sent_by(path)
    ]


@pytest.mark.parametrize("channel", BASES)
def test_every_call_of_every_example_is_described(channel: str) -> None:
    found: dict[str, str] = {}
    for name, sent in examples(channel):
        for each in unlisted(channel, [sent]):
            found.setdefault(each, name)
    assert len(examples(channel)) > 800
    assert [f"{each} ({name})" for each, name in found.items()] == []


def test_every_listed_difference_is_one() -> None:
    left = list(known())
    for channel in BASES:
        described = descriptions(channel)
        assert described
        for _, sent in examples(channel):
            for each in described.outside(sent):
                left = [entry for entry in left if not entry.covers(channel, each)]
    assert left == []


PACKAGE = {
    "carrier": "UPS",
    "trackingNumbers": ["1Z"],
    "measurements": {"weight": {"unit": "kg", "value": 1}},
}
PRICE = {"startAt": "2025-03-01T00:00:00Z", "endAt": "2026-03-01T00:00:00Z", "price": {"base": 1}}


TENANT = {"x-fabric-tenant-id": "5f328bf0b5f328bf0b5f328b"}
ORDER = Sent("GET", "/v3/orders/1", {}, headers={**TENANT, "x-fabric-channel-id": "12"})


def package(**more: Any) -> Sent:
    return Sent("POST", "/api/commerce/shipments/12/packages", {}, {**PACKAGE, **more})


def prices(**more: Any) -> Sent:
    offer = {key: value for key, value in {**PRICE, **more}.items() if value is not None}
    return Sent("POST", "/v3/prices/batch", {}, {"data": [{"itemSku": "A", "offers": [offer]}]})


@pytest.mark.parametrize(
    "channel, sent, told",
    [
        ("kibo", package(), []),
        ("kibo", package(fulfillmentDate="2025-03-17T21:13:11Z"), ["body.fulfillmentDate is not described"]),
        ("kibo", package(carrier=1), ["body.carrier is not of type string"]),
        ("kibo", package(trackings=[{"number": 1}]), ["body.trackings[].number is not of type string"]),
        ("kibo", package()._replace(query={"pageSzie": 1}), ["query.pageSzie is not described"]),
        (
            "kibo",
            Sent("GET", "/api/commerce/orders", {"pageSize": "x"}),
            ["query.pageSize is not of type integer"],
        ),
        ("kibo", Sent("GET", "/api/commerce/orders/1", {}, {}), ["body is not described"]),
        ("fabric", prices(), []),
        ("fabric", prices(startAt=None), ["body.data[].offers[].startAt is required"]),
        (
            "fabric",
            prices(endAt="2026-03-01"),
            ["body.data[].offers[].endAt '2026-03-01' is not a 'date-time'"],
        ),
        ("fabric", Sent("POST", "/v3/inventories/search", {}), ["body is required"]),
        ("fabric", ORDER, []),
        (
            "fabric",
            ORDER._replace(headers={"X-Fabric-Channel-Id": "12"}),
            ["header.x-fabric-tenant-id is required"],
        ),
        (
            "fabric",
            prices()._replace(headers={"x-fabric-tenant-id": "short"}),
            ["header.x-fabric-tenant-id has 5 characters"],
        ),
    ],
)
def test_what_is_not_described_is_told(channel: str, sent: Sent, told: list[str]) -> None:
    described = descriptions(channel)
    assert described
    assert [f"{each.at} {each.message}" for each in described.outside(sent)] == told


def test_a_call_that_is_not_described_is_told() -> None:
    assert unlisted("kibo", [Sent("POST", "/api/commerce/order", {})]) == [
        "POST /commerce/order: call is not described"
    ]


def test_a_listed_difference_covers_its_own_place_only() -> None:
    listed = next(entry for entry in known() if entry.at == "body.attributes.*")
    message = "is not of type object"
    call = listed.call.replace("*", "order-number/{orderNumber}")
    assert listed.covers(listed.channel, Outside(call, "body.attributes.done", message))
    assert not listed.covers(listed.channel, Outside(call, "body.attributes", message))
    assert not listed.covers("shop", Outside(call, "body.attributes.done", message))
    assert not listed.covers(listed.channel, Outside("GET /orders", "body.attributes.done", message))


def test_a_fake_channel_tells_what_is_not_described() -> None:
    kibo = FakeKibo()
    kibo.seen.append(Seen("POST", "/api/before", {}, "{}"))
    with pytest.raises(AssertionError, match="POST /commerce/order: call is not described"), kibo.described():
        kibo.seen.append(Seen("POST", "/api/platform/applications/authtickets/oauth", {}, "{}"))
        kibo.seen.append(Seen("POST", "/api/commerce/order", {}, "{}"))


CALLS = [(channel, *call) for channel in BASES for call in named_calls(channel)]


@pytest.mark.parametrize("channel, name, kind, call", CALLS)
def test_a_schema_has_what_the_description_of_its_call_has(
    channel: str, name: str, kind: str, call: str
) -> None:
    listed = DIFFERENCES.get(f"{channel}/{name}", {})
    assert sorted(differences(channel, name, kind, call)) == sorted(listed)


def test_a_schema_names_a_description_by_its_title_and_version() -> None:
    for channel, name, _, call in CALLS:
        info = operation(channel, call).document.content["info"]
        by = next(
            each
            for each in read(channel, name)["x-described-by"]
            if call in [*each.get("request", ()), *each.get("answer", ())]
        )
        assert (by["title"], by["version"]) == (" ".join(info["title"].split()), info["version"]), name


def test_every_body_that_is_sent_has_a_schema_that_names_its_call() -> None:
    named = {(channel, call) for channel, _, kind, call in CALLS if kind == "request"}
    found = set()
    for channel in BASES:
        described = descriptions(channel)
        assert described
        for _, sent in examples(channel):
            path = sent.url.partition(BASES[channel])[2]
            one = described.operation(sent.method, path)
            if one and sent.body is not NO_BODY:
                found.add((channel, f"{one.method} {one.path}"))
    assert {f"{channel}: {call}" for channel, call in found - named} == SENT_BACK


@pytest.mark.parametrize("creation", CREATIONS)
@pytest.mark.parametrize("order", ["kibo/order", "fabric/order"])
def test_orders_of_both_channels_are_created_as_described(order: str, creation: str) -> None:
    channel = creation.partition("/")[0]
    made: list[Sent] = []
    for path in sorted((SNAPSHOTS / order).glob("*.json")):
        payload = json.loads(path.read_text(encoding="utf-8"))
        try:
            run = PROJECT.mapping(creation).run(payload, settings=PROJECT.settings(channel, {}))
        except CrossdockError:
            continue  # refused with a reason
        made.append(Sent("POST", CREATIONS[creation], {}, run.value))
    assert len(made) > 30
    assert unlisted(channel, made) == []
