"""The life of orders at Kibo, over a real socket: every action once, every action twice, every fault."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import life
from crossdock import Project
from crossdock.channels.config import parse_channel
from crossdock.channels.messages import Call
from crossdock.cli import app
from crossdock.core.diagnostics import Source
from crossdock.core.json_types import MISSING
from fakes import faults, retailops
from fakes.channel import CLIENT_ID, CLIENT_SECRET, Fault
from fakes.kibo import FakeKibo
from fakes.kibo_orders import line, order, payment
from life import ALL_FAULTS, FAULTS, Repeat, Three

ENVIRON = {"KIBO_CLIENT_ID": CLIENT_ID, "KIBO_CLIENT_SECRET": CLIENT_SECRET}


class Shop(life.Shop[FakeKibo]):
    """Crossdock between RetailOPS and a Kibo."""

    @property
    def kibo(self) -> FakeKibo:
        return self.fake


def channel_file(repository: Path, url: str) -> str:
    """The channel's own file, with Kibo at another address."""
    text = (repository / "mappings/kibo/channel.yaml").read_text(encoding="utf-8")
    changed = re.sub(r"(?m)^base_url: .*$", f"base_url: {url}", text)
    assert changed != text
    return changed


@pytest.fixture(scope="module")
def mappings(repository: Path) -> Project:
    """The compiled conversations, which all tests share; each test has a Kibo of its own."""
    return Project.open(repository)


@pytest.fixture
def shop(mappings: Project, repository: Path) -> Iterator[Shop]:
    with FakeKibo() as kibo:
        channel = parse_channel(Source("channel.yaml", channel_file(repository, kibo.url)))
        with life.opened(Shop("kibo", kibo, mappings), channel, ENVIRON) as shop:
            yield shop


# The life of one order


def whole_life(shop: Shop, number: int = 1001) -> list[dict[str, Any]]:
    """Every request of an order's life. RetailOPS lowers a price, and adds a lid for what that saves."""
    mugs, bowl = shop.kibo.numbered(number)["items"][:2]
    total = shop.kibo.numbered(number)["total"]
    lid = line(3, "LID", 1, 5)
    first = retailops.package("370", "1Z370", (mugs, 1))
    second = retailops.package("371", "1Z371", (mugs, 1), (bowl, 1), (lid, 1))
    lines = [("7397", "MUG-BLUE", 2, 10), ("7398", "BOWL", 1, 20), ("7399", "LID", 1, 5)]
    return [
        retailops.acknowledge(number),
        retailops.write_back(number, *(retailops.written(*each) for each in lines)),
        retailops.ship(number, "900", first),
        retailops.ship(number, "901", second),
        retailops.capture(number, total),
        retailops.complete(number),
        retailops.take_back(number, "87", 12.5, (mugs, 1)),
    ]


LIFE = [
    "attribute",
    *("added", "price", "price"),
    *("packages", "ship", "packages", "ship"),
    "capture",
    "completed",
    *("return", "return authorize", "return receive", "credit", "return close"),
]


def test_an_order_lives_and_living_again_has_no_second_effect(shop: Shop) -> None:
    kibo = shop.kibo
    kibo.add(order(1001))
    assert [each["channel_refnum"] for each in shop.done(retailops.fetch())["orders"]] == ["1001"]
    requests = whole_life(shop)
    for request in requests:
        shop.done(request)
    assert [each.effect for each in kibo.ledger] == LIFE
    paid = kibo.numbered(1001)["payments"][0]
    assert (paid["amountCollected"], paid["amountCredited"]) == (50, 12.5)
    assert kibo.numbered(1001)["status"] == "Completed"
    assert shop.done(retailops.fetch())["orders"] == []
    with kibo.unchanged():
        for request in requests:
            shop.done(request)


def test_an_order_that_completes_by_itself_is_complete(shop: Shop) -> None:
    shop.kibo.completes_by_itself = True
    shop.kibo.add(order(1001))
    for request in whole_life(shop):
        shop.done(request)
    assert [each.effect for each in shop.kibo.ledger] == LIFE


def test_what_a_search_leaves_out_is_read_before_anything_is_changed(shop: Shop) -> None:
    shop.kibo.left_out_of_a_search = {"status", "items", "packages", "pickups", "digitalPackages", "payments"}
    shop.kibo.add(order(1001))
    requests = whole_life(shop)
    for request in requests:
        shop.done(request)
    assert [each.effect for each in shop.kibo.ledger] == LIFE
    with shop.kibo.unchanged():
        for request in requests:
            shop.done(request)


def test_a_token_may_run_out_between_any_two_requests(shop: Shop) -> None:
    shop.kibo.add(order(1001))
    for request in whole_life(shop):
        shop.kibo.expire_tokens()
        shop.done(request)
    assert [each.effect for each in shop.kibo.ledger] == LIFE
    assert len(shop.kibo.calls("oauth")) == len(whole_life(shop))


@pytest.mark.parametrize(
    ("fault", "every"), [(faults.late_reset, 1), (faults.reset, 3)], ids=["done", "not done"]
)
def test_an_answer_that_got_lost_is_made_up_for_by_the_repeat_and_nothing_is_done_twice(
    shop: Shop, fault: Fault, every: int
) -> None:
    """Each change of a life loses its answer once, done or not; RetailOPS then sends the request again."""
    for number in range(0, len(LIFE), every):
        shop.kibo.ledger.clear()
        shop.kibo.returns.clear()
        shop.kibo.add(order(1001))
        requests = whole_life(shop)
        life.live_with_a_loss(shop, requests, life.nth(fault, number))
        assert sorted(each.effect for each in shop.kibo.ledger) == sorted(LIFE), f"change {number}"


def test_newer_order_services_hear_of_shipments_by_their_own_calls(shop: Shop) -> None:
    kibo = shop.kibo
    kibo.add(order(1001, isUnified=True))
    kibo.add_shipment(7, kibo.numbered(1001))
    mugs, bowl = kibo.numbered(1001)["items"]
    acknowledge, _, _, _, *rest = whole_life(shop)
    first = retailops.package("370", "1Z370", (mugs, 1))
    second = retailops.package("371", "1Z371", (mugs, 1), (bowl, 1))
    rest = [retailops.ship(1001, "900", first), retailops.ship(1001, "901", second), *rest]
    for request in (acknowledge, *rest):
        shop.done(request, fulfillment="shipments")
    shipped = ["shipment package", "shipment package", "shipment fulfilled"]
    assert [each.effect for each in kibo.ledger] == ["attribute", *shipped, *LIFE[8:]]
    with kibo.unchanged():
        for request in (acknowledge, *rest):
            shop.done(request, fulfillment="shipments")


# Every action once, and again


def shipped(kibo: FakeKibo) -> None:
    """The order has left and is paid."""
    order = kibo.numbered(1001)
    items = [
        {
            "productCode": each["product"]["productCode"],
            "quantity": each["quantity"],
            "lineId": each["lineId"],
        }
        for each in order["items"]
    ]
    order["packages"] = [{"id": "p1", "status": "Fulfilled", "trackingNumber": "1Z1", "items": items}]
    kibo.count_fulfilled(order)
    order["payments"][0] |= {"status": "Collected", "amountCollected": 50}
    kibo.settle(order)


def taken(kibo: FakeKibo) -> None:
    kibo.numbered(1001)["status"] = "PendingReview"


def with_account(kibo: FakeKibo) -> None:
    shipped(kibo)
    kibo.numbered(1001)["customerAccountId"] = 1042


def with_products(kibo: FakeKibo) -> None:
    for code in ("MUG-BLUE", "BOWL"):
        kibo.products[code] = {"productCode": code, "productTypeId": 1}


def unshipped(kibo: FakeKibo) -> dict[str, Any]:
    bowl = kibo.numbered(1001)["items"][1]
    told = [{"channel_item_refnum": bowl["id"], "sku": "BOWL", "quantity": 1, "reason": "ShortShip"}]
    return retailops.complete(1001, unshipped_items_ref=told)


def mugs_only(kibo: FakeKibo) -> None:
    """The mugs have left, the bowl has not, and what left is paid."""
    order = kibo.numbered(1001)
    items = [{"productCode": "MUG-BLUE", "quantity": 2, "lineId": 1}]
    order["packages"] = [{"id": "p1", "status": "Fulfilled", "trackingNumber": "1Z1", "items": items}]
    kibo.count_fulfilled(order)
    order["payments"][0] |= {"status": "Collected", "amountCollected": 30, "amountRequested": 30}
    kibo.settle(order)


def credited(kibo: FakeKibo) -> dict[str, Any]:
    request = retailops.take_back(1001, "87", 12.5, (kibo.numbered(1001)["items"][0], 1))
    request["data"]["return"]["refund_action"] = "storecredit"
    return request


def announced(kibo: FakeKibo) -> None:
    """A customer said in the shop that a mug will come back; nothing has come yet."""
    shipped(kibo)
    mug = {
        "id": "rma-item-1",
        "orderItemId": kibo.numbered(1001)["items"][0]["id"],
        "orderLineId": 1,
        "product": {"productCode": "MUG-BLUE"},
        "reasons": [{"reason": "Damaged", "quantity": 1}],
        "quantityReceived": 0,
    }
    kibo.returns["rma-1"] = {
        "id": "rma-1",
        "returnNumber": 1,
        "originalOrderId": kibo.numbered(1001)["id"],
        "originalOrderNumber": 1001,
        "externalId": None,
        "status": "Created",
        "items": [mug],
        "payments": [],
        "refundAmount": 0,
    }


RECEIVED = ["return changed", "return authorize", "return receive", "credit", "return close"]


def two_packages(kibo: FakeKibo) -> dict[str, Any]:
    mugs, bowl = kibo.numbered(1001)["items"]
    first, second = retailops.package("1", "1Z1", (mugs, 2)), retailops.package("2", "1Z2", (bowl, 1))
    return retailops.ship(1001, "900", first, second)


def entered(kibo: FakeKibo) -> None:
    """A package without RetailOPS' number, which only its tracking number can tell."""
    items = [{"productCode": "MUG-BLUE", "quantity": 2, "lineId": 1}]
    held = {"id": "p9", "status": "NotFulfilled", "trackingNumber": "1Z1", "items": items}
    kibo.numbered(1001)["packages"] = [held]


REPEATS: list[Repeat[FakeKibo]] = [
    Repeat("ack by attribute", lambda kibo: retailops.acknowledge(1001), ["attribute"]),
    Repeat("ack by note", lambda kibo: retailops.acknowledge(1001), ["note"], {"acknowledge_by": "note"}),
    Repeat(
        "ack by external id",
        lambda kibo: retailops.acknowledge(1001),
        ["replaced"],
        {"acknowledge_by": "external_id"},
    ),
    Repeat(
        "ack by acceptance",
        lambda kibo: retailops.acknowledge(1001),
        ["accepted"],
        {"acknowledge_by": "accept"},
        taken,
    ),
    Repeat("two in one ack", lambda kibo: retailops.acknowledge(1001, 1001), ["attribute"]),
    Repeat(
        "edit lines",
        lambda kibo: retailops.write_back(
            1001,
            retailops.written("1", "MUG-BLUE", 3, 12.5),
            retailops.written("2", "BOWL", 1, 20, removed=1),
        ),
        ["quantity", "removed"],
    ),
    Repeat("cancel", lambda kibo: retailops.cancel(1001), ["void", "cancelled"]),
    Repeat(
        "cancel by action",
        lambda kibo: retailops.cancel(1001),
        ["void", "cancelled"],
        {"cancel_call": "action"},
    ),
    Repeat("ship two packages", two_packages, ["packages", "packages", "ship", "ship"]),
    Repeat(
        "ship a package that somebody entered in Kibo",
        lambda kibo: retailops.ship(
            1001, "900", retailops.package("1", "1Z1", (kibo.numbered(1001)["items"][0], 2))
        ),
        ["ship"],
        prepare=entered,
    ),
    Repeat("capture", lambda kibo: retailops.capture(1001, 50), ["capture"]),
    Repeat("capture a part", lambda kibo: retailops.capture(1001, 20), ["capture"]),
    Repeat("complete", lambda kibo: retailops.complete(1001), ["completed"], prepare=shipped),
    Repeat("complete short", unshipped, ["removed", "completed"], prepare=mugs_only),
    Repeat(
        "store credit",
        credited,
        ["return", "return authorize", "return receive", "store credit", "return close"],
        prepare=with_account,
    ),
    Repeat(
        "receive what the customer announced",
        lambda kibo: retailops.take_back(1001, "87", 12.5, (kibo.numbered(1001)["items"][0], 1)),
        RECEIVED,
        prepare=announced,
    ),
    Repeat(
        "stock",
        lambda kibo: retailops.stock(("MUG-BLUE", 24), ("BOWL", 0)),
        ["stock", "stock"],
    ),
    Repeat(
        "classic stock",
        lambda kibo: retailops.stock(("MUG-BLUE", 24), ("BOWL", 0)),
        ["stock", "stock"],
        {"inventory_service": "location_inventory"},
        with_products,
    ),
    Repeat(
        "products",
        lambda kibo: retailops.catalog("POT", "PAN"),
        ["product", "product"],
    ),
]


@pytest.mark.parametrize("case", REPEATS, ids=lambda case: case.name)
def test_a_request_has_its_effects_once_however_often_it_comes(shop: Shop, case: Repeat[FakeKibo]) -> None:
    shop.kibo.add(order(1001))
    life.has_its_effects_once(shop, case)


@pytest.mark.parametrize("number", range(len(RECEIVED)), ids=RECEIVED)
def test_what_a_customer_announced_is_received_once_when_an_answer_is_lost(shop: Shop, number: int) -> None:
    shop.kibo.add(order(1001))
    announced(shop.kibo)
    shop.kibo.ledger.clear()
    request = retailops.take_back(1001, "87", 12.5, (shop.kibo.numbered(1001)["items"][0], 1))
    life.live_with_a_loss(shop, [request], life.nth(faults.late_reset, number))
    assert sorted({each.effect for each in shop.kibo.ledger}) == sorted(RECEIVED)
    assert [each.data for each in shop.kibo.ledger if each.effect == "credit"] == [("return rma-1", 12.5)]
    assert list(shop.kibo.returns) == ["rma-1"]


@pytest.mark.parametrize(("action", "given"), [("storecredit", "store credit"), ("refund", "credit")])
def test_what_was_given_as_store_credit_is_not_given_back_again(shop: Shop, action: str, given: str) -> None:
    kibo = shop.kibo
    kibo.add(order(1001))
    with_account(kibo)
    first, second = (
        retailops.take_back(1001, id, 30, (kibo.numbered(1001)["items"][0], 1)) for id in ("87", "88")
    )
    first["data"]["return"]["refund_action"] = "storecredit"
    second["data"]["return"]["refund_action"] = action
    kibo.ledger.clear()

    shop.done(first)
    events = shop.answer(second)["events"]

    assert [each["data"]["message"] for each in events] == [
        "10.00 of the 30.00 to be given back for return 88 is on no payment that Kibo has collected."
    ]
    amounts = [(each.effect, each.data) for each in kibo.ledger if each.effect in ("store credit", "credit")]
    assert amounts[0] == ("store credit", 30)
    assert amounts[1:] == [(given, 20 if given == "store credit" else ("return return-2", 20))]


# Faults: one element of three


def three_orders(kibo: FakeKibo) -> None:
    kibo.add(order(1002), order(1003))


def three_payments(kibo: FakeKibo) -> None:
    kibo.numbered(1001)["payments"] = [payment(1, 20), payment(2, 20), payment(3, 10)]


def three_packages(kibo: FakeKibo) -> dict[str, Any]:
    mugs, bowl = kibo.numbered(1001)["items"]
    held = [(mugs, 1), (mugs, 1), (bowl, 1)]
    return retailops.ship(
        1001, "900", *(retailops.package(str(n), f"1Z{n}", each) for n, each in enumerate(held, 1))
    )


def three_products(kibo: FakeKibo) -> None:
    for code in ("ONE", "TWO", "THREE"):
        kibo.products[code] = {"productCode": code, "productTypeId": 1}


def three_refunds(kibo: FakeKibo) -> None:
    shipped(kibo)
    kibo.numbered(1001)["payments"] = [
        payment(number, amount, status="Collected", amountCollected=amount)
        for number, amount in ((1, 20), (2, 20), (3, 10))
    ]


def three_lines(kibo: FakeKibo) -> None:
    codes = ("ONE", "TWO", "THREE")
    kibo.add(order(1001, *(line(number, code, 2, 5) for number, code in enumerate(codes, 1))))


def three_edits(kibo: FakeKibo) -> dict[str, Any]:
    rows = [retailops.written(str(n), code, 3, 5) for n, code in enumerate(("ONE", "TWO", "THREE"))]
    return retailops.write_back(1001, *rows)


def three_unshipped(kibo: FakeKibo) -> dict[str, Any]:
    """One of each line was shipped, and of each line one will not be."""
    told = [
        {"channel_item_refnum": each["id"], "sku": each["product"]["productCode"], "quantity": 1}
        for each in kibo.numbered(1001)["items"]
    ]
    return retailops.complete(1001, unshipped_items_ref=told)


def three_halves(kibo: FakeKibo) -> None:
    three_lines(kibo)
    order = kibo.numbered(1001)
    items = [
        {"productCode": each["product"]["productCode"], "quantity": 1, "lineId": each["lineId"]}
        for each in order["items"]
    ]
    order["packages"] = [{"id": "p1", "status": "Fulfilled", "trackingNumber": "1Z1", "items": items}]
    kibo.count_fulfilled(order)
    order["payments"][0] |= {"status": "Collected", "amountRequested": 20, "amountCollected": 20}
    kibo.settle(order)


THREES: list[Three[FakeKibo]] = [
    Three(
        "ack by attribute",
        lambda kibo: retailops.acknowledge(1001, 1002, 1003),
        f"^PUT .*{1002:032x}/attributes",
        "attribute",
        True,
        prepare=three_orders,
    ),
    Three(
        "ack by note",
        lambda kibo: retailops.acknowledge(1001, 1002, 1003),
        f"^POST .*{1002:032x}/notes",
        "note",
        False,
        {"acknowledge_by": "note"},
        three_orders,
    ),
    Three("packages", three_packages, r"^POST .*/packages\n.*1Z2", "packages", False),
    Three(
        "payments",
        lambda kibo: retailops.capture(1001, 50),
        f"^POST .*{2:08x}{'af01' * 6}/actions",
        "capture",
        False,
        prepare=three_payments,
    ),
    Three(
        "refunds",
        lambda kibo: retailops.take_back(
            1001, "87", 50, *((each, 1) for each in kibo.numbered(1001)["items"])
        ),
        f"^POST .*/returns/.*{2:08x}{'af01' * 6}/actions",
        "credit",
        False,
        prepare=three_refunds,
    ),
    Three("edited lines", three_edits, f"^PUT .*{2:08x}.*/quantity/3", "quantity", True, prepare=three_lines),
    Three(
        "unshipped lines",
        three_unshipped,
        f"^PUT .*{2:08x}.*/quantity/1",
        "quantity",
        True,
        prepare=three_halves,
        follows="ORDER_NOT_COMPLETABLE",
    ),
    Three(
        "new products",
        lambda kibo: retailops.catalog("ONE", "TWO", "THREE"),
        r'^POST .*/products\n.*"productCode":"TWO"',
        "product",
        False,
    ),
    Three(
        "changed products",
        lambda kibo: retailops.catalog("ONE", "TWO", "THREE"),
        "^PUT .*/products/TWO",
        "product replaced",
        True,
        prepare=three_products,
    ),
    Three(
        "classic stock",
        lambda kibo: retailops.stock(("ONE", 1), ("TWO", 2), ("THREE", 3)),
        "^POST .*/products/TWO/LocationInventory",
        "stock",
        True,
        {"inventory_service": "location_inventory"},
        three_products,
        no_failures={"404": 2},  # an unknown SKU is a warning
    ),
]

# Every fault where a call may be repeated and where it may not be; elsewhere those that differ most.
CELLS = [
    (case, fault)
    for case in THREES
    for fault in (ALL_FAULTS if case.name in ("packages", "edited lines") else FAULTS)
]


@pytest.mark.parametrize(("case", "fault"), CELLS, ids=lambda each: getattr(each, "name", each))
def test_a_fault_in_one_of_three_is_one_failure_and_two_successes(
    shop: Shop, case: Three[FakeKibo], fault: str
) -> None:
    shop.kibo.add(order(1001))
    life.one_of_three_fails(shop, case, fault)


@pytest.mark.parametrize("case", THREES, ids=lambda case: case.name)
def test_an_error_that_passes_is_a_failure_only_where_a_repeat_might_do_harm(
    shop: Shop, case: Three[FakeKibo]
) -> None:
    shop.kibo.add(order(1001))
    life.an_error_passes(shop, case)


@pytest.mark.parametrize("case", THREES, ids=lambda case: case.name)
@pytest.mark.parametrize("fault", list(life.PASSING_REFUSALS))
def test_a_refusal_that_passes_is_no_failure(shop: Shop, case: Three[FakeKibo], fault: str) -> None:
    shop.kibo.add(order(1001))
    life.a_refusal_passes(shop, case, ALL_FAULTS[fault])


@pytest.mark.parametrize("case", THREES, ids=lambda case: case.name)
def test_after_a_fault_the_same_request_does_the_rest_and_no_more(shop: Shop, case: Three[FakeKibo]) -> None:
    shop.kibo.add(order(1001))
    life.a_repeat_does_the_rest(shop, case)


# Fetching


@pytest.mark.parametrize("fault", list(ALL_FAULTS))
def test_a_fetch_that_fails_is_an_error_and_never_an_empty_list(shop: Shop, fault: str) -> None:
    shop.kibo.add(order(1001))
    life.a_fetch_fails(shop, fault, "GET .*/orders")


def test_pages_bring_every_order_once_while_orders_are_taken_over(shop: Shop) -> None:
    shop.kibo.add(*(order(number) for number in range(1001, 1042)))
    assert sorted(life.page_by_page(shop)) == [str(number) for number in range(1001, 1042)]
    assert len(shop.kibo.effects("attribute")) == 41


# What Kibo refuses


def test_an_order_that_has_left_is_not_cancelled_and_that_is_said(shop: Shop) -> None:
    shop.kibo.add(order(1001))
    mugs_only(shop.kibo)
    with shop.kibo.unchanged():
        events = shop.answer(retailops.cancel(1001))["events"]
    assert [each["data"]["code"] for each in events] == ["VALIDATION_CONFLICT"]


def test_a_declined_payment_is_told_although_the_answer_is_200(shop: Shop) -> None:
    shop.kibo.add(order(1001))
    three_payments(shop.kibo)
    shop.kibo.declining.add(shop.kibo.numbered(1001)["payments"][1]["id"])
    events = shop.answer(retailops.capture(1001, 50))["events"]
    assert len(events) == 1
    assert events[0]["data"]["status"] == 200
    assert len(shop.kibo.effects("capture")) == 2


def test_an_order_that_changed_meanwhile_is_not_overwritten(shop: Shop) -> None:
    shop.kibo.add(order(1001))

    def change(wire: faults.Wire) -> Any:
        shop.kibo.numbered(1001)["version"] = "9"
        return wire.real()

    shop.kibo.fault(change, matching="^PUT")
    events = shop.answer(retailops.acknowledge(1001), acknowledge_by="external_id")["events"]
    assert [each["data"]["status"] for each in events] == [409]
    assert shop.kibo.ledger == []


def test_a_product_that_kibo_refuses_is_told_in_kibos_words(shop: Shop) -> None:
    body = shop.kibo.error(
        400,
        "Missing or invalid parameter: PackageWeight.Unit",
        name="ParameterName",
        value="PackageWeight.Unit",
    )
    shop.kibo.fault(faults.json_body(body, 400), matching=r'^POST .*\n.*"TWO"')
    events = shop.answer(retailops.catalog("ONE", "TWO", "THREE"))["events"]
    assert [each["secondary"] for each in events] == [{"id": "TWO", "concept": "sku"}]
    data = events[0]["data"]
    assert (data["code"], data["status"]) == ("MISSING_OR_INVALID_PARAMETER", 400)
    assert json.loads(data["additonal"]) == [{"name": "ParameterName", "value": "PackageWeight.Unit"}]
    assert data["request_url"] == f"{shop.kibo.url}/commerce/catalog/admin/products"


@pytest.mark.parametrize(
    "reference", ["../1001", "1001/actions", "1001?x=1", "1001#", "1001\r\nX: y", "..", "%2e%2e"]
)
def test_a_reference_never_leads_a_call_elsewhere(shop: Shop, reference: str) -> None:
    shop.kibo.add(order(1001))
    request = retailops.cancel(1001)
    request["data"]["order"]["channel_refnum"] = reference
    with shop.kibo.unchanged():
        shop.answer(request, order_reference="id")
    paths = {seen.target.partition("?")[0] for seen in shop.kibo.calls("^(?!POST .*oauth)")}
    assert all(path.startswith("/api/commerce/orders/") and path.count("/") == 4 for path in paths), paths


# The fake itself


def test_the_fake_takes_twice_what_kibo_takes_twice(shop: Shop) -> None:
    """Else a missing look before a call would not be seen."""
    shop.kibo.add(order(1001))
    id = shop.kibo.numbered(1001)["id"]
    body = {"trackingNumber": "1Z1", "items": [{"productCode": "BOWL", "quantity": 1, "lineId": 2}]}
    for _ in range(2):
        shop.transport.ask(Call("package", "POST", f"/commerce/orders/{id}/packages", body=body))
        shop.transport.ask(Call("note", "POST", f"/commerce/orders/{id}/notes", body={"text": "x"}))
    assert shop.kibo.effects("packages", "note") == ["1001"] * 4


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/commerce/orders?filter=colour eq red", None, 400),
        ("GET", "/commerce/orders?filter=status eq A or status eq B", None, 400),
        ("GET", "/commerce/orders?pageSize=201", None, 400),
        ("GET", "/commerce/orders/none", None, 404),
        ("GET", "/commerce/nothing", None, 404),
        ("POST", "/commerce/orders/{id}/actions", {"actionName": "CompleteOrder"}, 409),
        ("POST", "/commerce/orders/{id}/actions", {"actionName": "AcceptOrder"}, 409),
        ("PUT", "/commerce/orders/{id}", {"version": "0", "items": [1]}, 409),
        ("PUT", "/commerce/orders/cancel/{id}", {"reasonCode": "None"}, 400),
        ("PUT", "/commerce/orders/{id}/attributes", [{"fullyQualifiedName": "a~b", "values": [1]}], 400),
        ("POST", "/commerce/orders/{id}/packages", {"items": [{"productCode": "NONE", "quantity": 1}]}, 404),
        (
            "POST",
            "/commerce/orders/{id}/fulfillment/actions",
            {"actionName": "Ship", "packageIds": ["x"]},
            404,
        ),
        ("POST", "/commerce/orders/{id}/payments/none/actions", {"actionName": "CapturePayment"}, 404),
        (
            "POST",
            "/commerce/returns",
            {"originalOrderId": "{id}", "items": [{"reasons": [{"reason": "Other", "quantity": 1}]}]},
            409,
        ),
        ("POST", "/commerce/returns", {"originalOrderId": "{id}", "items": [{"reason": "Other"}]}, 400),
        ("POST", "/commerce/orders/{id}/notes", {"txet": "taken"}, 400),
        ("POST", "/commerce/orders/{id}/packages", {"items": [{"productCode": "MUG", "quantity": "1"}]}, 400),
        ("POST", "/commerce/orders/{id}/packages", {"items": [], "trackingUrl": "x"}, 400),
        ("PUT", "/commerce/orders/{id}/items/none/quantity/2?updateMode=ApplyToOriginal", None, 404),
        ("PUT", "/commerce/orders/{id}/items/none/quantity/2", None, 400),
        ("DELETE", "/commerce/orders/{id}/items/x?updateMode=ApplyToOriginal&version=0", None, 409),
        (
            "POST",
            "/commerce/catalog/admin/products",
            {"productCode": "A", "productTypeId": 1, "colour": 1},
            400,
        ),
        (
            "POST",
            "/commerce/catalog/admin/products",
            {"productCode": "A", "productTypeId": 1, "packageWeight": {"value": 1}},
            400,
        ),
        (
            "POST",
            "/commerce/catalog/admin/products",
            {"productCode": "A", "productTypeId": 1, "productInCatalogs": [{"catalogId": 1, "content": {}}]},
            400,
        ),
        ("POST", "/commerce/inventory/v5/inventory/refresh", {"items": [{"sku": "A", "quantity": 1}]}, 400),
    ],
)
def test_the_fake_refuses_what_kibo_refuses(
    shop: Shop, method: str, path: str, body: Any, status: int
) -> None:
    shop.kibo.add(order(1001))
    id = shop.kibo.numbered(1001)["id"]
    body = json.loads(json.dumps(body).replace("{id}", id))
    call = Call(
        "call", method, path.replace("{id}", id).replace(" ", "%20"), body=MISSING if body is None else body
    )
    with shop.kibo.unchanged():
        found = shop.transport.ask(call)
    assert found.status == status
    assert isinstance(found.body, dict)
    assert found.body.get("errorCode") or found.body["error"]


# The command line


def command(capsys: pytest.CaptureFixture[str], directory: Path, *arguments: str) -> tuple[int, str, str]:
    code = app.run(["-C", str(directory), "answer", "kibo", *arguments])
    written = capsys.readouterr()
    return code, written.out, written.err


@pytest.fixture
def directory(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project whose Kibo is the fake; only the channel's file is its own."""
    with FakeKibo() as kibo:
        kibo.add(order(1001))
        (tmp_path / "mappings/kibo").mkdir(parents=True)
        text = channel_file(repository, kibo.url)
        (tmp_path / "mappings/kibo/channel.yaml").write_text(text, encoding="utf-8")
        for name, value in ENVIRON.items():
            monkeypatch.setenv(name, value)
        request = tmp_path / "request.json"
        request.write_text(json.dumps(retailops.fetch()), encoding="utf-8")
        with kibo.described():
            yield tmp_path


def test_the_command_answers_the_request(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = command(capsys, directory, str(directory / "request.json"))
    assert (code, err) == (0, "")
    assert [each["channel_refnum"] for each in json.loads(out)["orders"]] == ["1001"]


def test_without_its_secret_the_command_asks_nothing(
    directory: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KIBO_CLIENT_SECRET")
    code, out, err = command(capsys, directory, str(directory / "request.json"))
    assert (code, out) == (2, "")
    assert "`KIBO_CLIENT_SECRET` is not set" in err
    assert "canary" not in err


def test_a_channel_that_takes_no_credentials_is_exit_5_and_no_response(
    directory: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIBO_CLIENT_SECRET", "canary-of-another")
    code, out, err = command(capsys, directory, str(directory / "request.json"))
    assert (code, out) == (5, "")
    assert "no token was given: the channel answered 401" in err
    assert "canary" not in err
