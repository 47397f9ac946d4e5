"""The life of orders at fabric, over a real socket: every action once, every action twice, every fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import life
from crossdock import Project
from crossdock.channels.config import Channel, parse_channel
from crossdock.channels.messages import Call
from crossdock.core.diagnostics import Source
from crossdock.core.json_types import MISSING
from fakes import faults, retailops
from fakes.channel import CLIENT_ID, CLIENT_SECRET, Fault
from fakes.fabric import FakeFabric
from fakes.fabric_orders import line, order, payment
from life import ALL_FAULTS, FAULTS, Repeat, Three

ENVIRON = {"FABRIC_CLIENT_ID": CLIENT_ID, "FABRIC_CLIENT_SECRET": CLIENT_SECRET}
BY_STATUS = {"capture": "payment_status"}
BY_LOG = {"capture": "payment_log"}


class Shop(life.Shop[FakeFabric]):
    """Crossdock between RetailOPS and a fabric."""

    @property
    def fabric(self) -> FakeFabric:
        return self.fake


@pytest.fixture(scope="module")
def mappings(repository: Path) -> Project:
    """The compiled conversations, which all tests share; each test has a fabric of its own."""
    return Project.open(repository)


@pytest.fixture(scope="module")
def channel(repository: Path) -> Channel:
    """The channel's own file: where fabric is, is a setting."""
    text = (repository / "mappings/fabric/channel.yaml").read_text(encoding="utf-8")
    return parse_channel(Source("channel.yaml", text))


@pytest.fixture
def shop(mappings: Project, channel: Channel) -> Iterator[Shop]:
    with FakeFabric() as fabric:
        fabric.add(order(1001))
        with life.opened(Shop("fabric", fabric, mappings, fabric.addresses), channel, ENVIRON) as shop:
            yield shop


def sold(row: dict[str, Any]) -> dict[str, Any]:
    """A line of fabric's, in the words that requests are made from."""
    return {"id": row["lineItemId"], "lineId": row["lineItemNumber"], "product": {"productCode": row["sku"]}}


def lines(fabric: FakeFabric, number: int = 1001) -> list[dict[str, Any]]:
    return [sold(row) for row in fabric.numbered(number)["items"]]


# The life of one order


def whole_life(shop: Shop, number: int = 1001) -> list[dict[str, Any]]:
    """Every request of an order's life. RetailOPS takes one of three mugs off before it ships."""
    mugs, bowl = lines(shop.fabric, number)
    first = retailops.package("370", "1Z370", (mugs, 1))
    second = retailops.package("371", "1Z371", (mugs, 1), (bowl, 1))
    kept = [retailops.written("7397", "MUG-BLUE", 2, 12.5), retailops.written("7398", "BOWL", 1, 20)]
    return [
        retailops.acknowledge(number),
        retailops.write_back(number, *kept),
        retailops.ship(number, "900", first),
        retailops.ship(number, "901", second),
        retailops.capture(number, 50),
        retailops.complete(number),
        retailops.take_back(number, "87", 12.5, (mugs, 1)),
    ]


LIFE = ["attribute", "cancelled", "shipment", "shipment", "capture", "attribute", "return"]


def three_mugs(fabric: FakeFabric) -> None:
    fabric.add(order(1001, line(1, "MUG-BLUE", 3, 12.5), line(2, "BOWL", 1, 20)))


@pytest.mark.parametrize("settings", [BY_STATUS, BY_LOG], ids=lambda each: each["capture"])
def test_an_order_lives_and_living_again_has_no_second_effect(shop: Shop, settings: dict[str, Any]) -> None:
    fabric = shop.fabric
    three_mugs(fabric)
    assert [each["channel_refnum"] for each in shop.done(retailops.fetch())["orders"]] == ["1001"]
    requests = whole_life(shop)
    for request in requests:
        shop.done(request, **settings)
    assert [each.effect for each in fabric.ledger] == LIFE
    lived = fabric.numbered(1001)
    assert (lived["statusCode"], lived["payments"][0]["chargedAmount"]) == ("ORDER_SHIPPED", 50)
    assert lived["version"] == 1 + len(LIFE)
    assert shop.done(retailops.fetch())["orders"] == []
    with fabric.unchanged():
        for request in requests:
            shop.done(request, **settings)


def test_fabric_collects_what_is_shipped_and_is_not_told_to(shop: Shop) -> None:
    three_mugs(shop.fabric)
    shop.fabric.captures = True
    requests = whole_life(shop)
    for _ in range(2):
        for request in requests:
            shop.done(request)
    collected = [*LIFE[:2], *("shipment", "capture") * 2, *LIFE[5:]]
    assert [each.effect for each in shop.fabric.ledger] == collected


def test_lines_that_hear_late_of_their_shipments_are_not_shipped_twice(shop: Shop) -> None:
    """Only the end of the order is not sure then: its lines are still open."""
    shop.fabric.lines_learn_late = True
    shop.fabric.numbered(1001)["payments"][0]["chargedAmount"] = 50
    acknowledge, _, first, second, _, complete, returned = whole_life(shop)
    for _ in range(2):
        for request in (acknowledge, first, second, returned):
            shop.done(request)
        assert life.codes(shop.answer(complete)) == ["LINE_OPEN", "LINE_OPEN"]
    assert shop.fabric.effects("shipment", "cancelled") == ["1001"] * 2


def test_a_token_may_run_out_between_any_two_requests(shop: Shop) -> None:
    three_mugs(shop.fabric)
    for request in whole_life(shop):
        shop.fabric.expire_tokens()
        shop.done(request, **BY_LOG)
    assert [each.effect for each in shop.fabric.ledger] == LIFE
    assert len(shop.fabric.calls("oauth")) == len(LIFE)


@pytest.mark.parametrize(
    ("fault", "every"), [(faults.late_reset, 1), (faults.reset, 2)], ids=["done", "not done"]
)
@pytest.mark.parametrize("settings", [BY_STATUS, BY_LOG], ids=lambda each: each["capture"])
def test_an_answer_that_got_lost_is_made_up_for_by_the_repeat_and_nothing_is_done_twice(
    shop: Shop, fault: Fault, every: int, settings: dict[str, Any]
) -> None:
    for number in range(0, len(LIFE), every):
        shop.fabric.ledger.clear()
        shop.fabric.shipments.clear()
        three_mugs(shop.fabric)
        life.live_with_a_loss(shop, whole_life(shop), life.nth(fault, number), **settings)
        assert sorted(each.effect for each in shop.fabric.ledger) == sorted(LIFE), f"change {number}"


def test_an_order_may_be_named_by_its_id_or_by_its_name_elsewhere(shop: Shop) -> None:
    for by, name in (("id", f"{1001:024x}"), ("external_id", "EXT-1001")):
        three_mugs(shop.fabric)
        shop.fabric.shipments.clear()
        shop.fabric.ledger.clear()
        settings = {"order_reference": by, **BY_LOG}
        fetched = shop.done(retailops.fetch(), **settings)["orders"]
        assert [each["channel_refnum"] for each in fetched] == [name]
        for request in whole_life(shop):
            text = json.dumps(request).replace('"1001"', f'"{name}"')
            shop.done(json.loads(text), **settings)
        assert [each.effect for each in shop.fabric.ledger] == LIFE


# Every action once, and again


def mugs_only(fabric: FakeFabric) -> None:
    """The mugs have left, the bowl has not."""
    fabric.numbered(1001)["items"][0]["shippedQuantity"] = 2
    fabric.numbered(1001)["statusCode"] = "ORDER_PARTIALLY_SHIPPED"


def unshipped(fabric: FakeFabric) -> dict[str, Any]:
    told = [{"channel_item_refnum": "2", "sku": "BOWL", "quantity": 1, "reason": "ShortShip"}]
    return retailops.complete(1001, unshipped_items_ref=told)


def two_packages(fabric: FakeFabric) -> dict[str, Any]:
    mugs, bowl = lines(fabric)
    first, second = retailops.package("1", "1Z1", (mugs, 2)), retailops.package("2", "1Z2", (bowl, 1))
    return retailops.ship(1001, "900", first, second)


def stocked(fabric: FakeFabric) -> None:
    for sku in ("ONE", "TWO", "THREE", "MUG-BLUE", "BOWL"):
        fabric.stock[1, "12", sku] = {"sku": sku, "locationNumber": 1, "counters": {"onHand": 99}}


def edited(fabric: FakeFabric) -> dict[str, Any]:
    fewer = retailops.written("1", "MUG-BLUE", 1, 12.5)
    return retailops.write_back(1001, fewer, retailops.written("2", "BOWL", 1, 20, removed=1))


def dearer(fabric: FakeFabric) -> dict[str, Any]:
    kept = [retailops.written("1", "MUG-BLUE", 2, 12.5), retailops.written("2", "BOWL", 1, 20)]
    request = retailops.write_back(1001, *kept)
    request["data"]["order_info"] |= {"shipping_amt": "7", "tax_amt": "3.6"}
    return request


def left(fabric: FakeFabric) -> None:
    """All has been shipped, in two shipments, and collected."""
    order = fabric.numbered(1001)
    order["payments"][0]["chargedAmount"] = order["orderTotal"]
    for number, row in enumerate(order["items"], 1):
        item = {"lineItemId": row["lineItemId"], "shippedQuantity": row["orderedQuantity"]}
        made = fabric.made(order, {"shipmentNumber": f"{900 + number}", "cartons": [{"items": [item]}]})
        fabric.shipments.append(made)
        fabric.learn(order, made)


def two_back(fabric: FakeFabric) -> dict[str, Any]:
    mugs, bowl = lines(fabric)
    return retailops.take_back(1001, "87", 45, (mugs, 2), (bowl, 1))


def credited(fabric: FakeFabric) -> dict[str, Any]:
    request = retailops.take_back(1001, "87", 12.5, (lines(fabric)[0], 1))
    request["data"]["return"]["refund_action"] = "storecredit"
    return request


def two_products(fabric: FakeFabric) -> dict[str, Any]:
    return retailops.catalog("ONE", "TWO")


def listed(fabric: FakeFabric) -> None:
    """Products with what only fabric says about them."""
    for number, sku in enumerate(("ONE", "TWO", "THREE"), 1):
        own = {"collections": [{"id": "7", "name": "Spring"}], "type": "BUNDLE"}
        fabric.products[sku] = {"sku": sku, "id": f"{number:024x}", "itemId": number, **own}


def priced_one_by_one(fabric: FakeFabric) -> None:
    fabric.most_prices = 1


REPEATS: list[Repeat[FakeFabric]] = [
    Repeat("ack", lambda fabric: retailops.acknowledge(1001), ["attribute"]),
    Repeat("two in one ack", lambda fabric: retailops.acknowledge(1001, 1001), ["attribute"]),
    Repeat("edit lines", edited, ["cancelled", "cancelled"]),
    Repeat("edit amounts", dearer, ["amounts"], {"writeback_amounts": "send"}),
    Repeat("cancel", lambda fabric: retailops.cancel(1001), ["cancelled"]),
    Repeat(
        "cancel the rest",
        lambda fabric: retailops.cancel(1001),
        ["cancelled"],
        prepare=mugs_only,
        codes=["ORDER_PARTIALLY_SHIPPED"],
    ),
    Repeat("ship two packages", two_packages, ["shipment", "shipment"]),
    Repeat("ship two cartons", two_packages, ["shipment"], {"shipments": "per_shipment"}),
    Repeat("capture by status", lambda fabric: retailops.capture(1001, 50), ["capture"], BY_STATUS),
    Repeat("capture a part", lambda fabric: retailops.capture(1001, 20), ["capture"], BY_STATUS),
    Repeat("log a part", lambda fabric: retailops.capture(1001, 20), ["capture"], BY_LOG),
    Repeat("complete", lambda fabric: retailops.complete(1001), ["attribute"], codes=["LINE_OPEN"] * 2),
    Repeat("complete short", unshipped, ["cancelled", "attribute"], prepare=mugs_only),
    Repeat("stock", lambda fabric: retailops.stock(("MUG-BLUE", 24), ("BOWL", 0)), ["stock", "stock"]),
    Repeat("store credit", credited, ["return"], prepare=left),
    Repeat("two lines back", two_back, ["return"], prepare=left),
    Repeat(
        "stock with what is allocated",
        lambda fabric: retailops.stock(("MUG-BLUE", 24)),
        ["stock"],
        {"inventory_count": "plus_allocated"},
        stocked,
    ),
    Repeat("products", two_products, ["product", "product", "price", "price"]),
    Repeat("products alone", two_products, ["product", "product"], {"prices": "keep"}),
    Repeat(
        "known products",
        two_products,
        [*("product replaced", "price") * 2],
        prepare=listed,
    ),
    Repeat(
        "known stock",
        lambda fabric: retailops.stock(("MUG-BLUE", 24), ("BOWL", 0)),
        ["stock", "stock"],
        prepare=stocked,
    ),
]


@pytest.mark.parametrize("case", REPEATS, ids=lambda case: case.name)
def test_a_request_has_its_effects_once_however_often_it_comes(shop: Shop, case: Repeat[FakeFabric]) -> None:
    life.has_its_effects_once(shop, case)


# Faults: one element of three


def three_orders(fabric: FakeFabric) -> None:
    fabric.add(order(1002), order(1003))


def three_lines(fabric: FakeFabric) -> None:
    codes = ("ONE", "TWO", "THREE")
    fabric.add(order(1001, *(line(number, code, 2, 5) for number, code in enumerate(codes, 1))))


def three_payments(fabric: FakeFabric) -> None:
    fabric.numbered(1001)["payments"] = [payment(1, 20), payment(2, 20), payment(3, 10)]


def three_packages(fabric: FakeFabric) -> dict[str, Any]:
    mugs, bowl = lines(fabric)
    held = [(mugs, 1), (mugs, 1), (bowl, 1)]
    rows = (retailops.package(str(n), f"1Z{n}", each) for n, each in enumerate(held, 1))
    return retailops.ship(1001, "900", *rows)


def three_edits(fabric: FakeFabric) -> dict[str, Any]:
    rows = [retailops.written(str(n), code, 1, 5) for n, code in enumerate(("ONE", "TWO", "THREE"))]
    return retailops.write_back(1001, *rows)


def three_unshipped(fabric: FakeFabric) -> dict[str, Any]:
    told = [
        {"channel_item_refnum": each["lineItemId"], "sku": each["sku"], "quantity": 1}
        for each in fabric.numbered(1001)["items"]
    ]
    return retailops.complete(1001, unshipped_items_ref=told)


def three_halves(fabric: FakeFabric) -> None:
    """One of each line was shipped, and of each line one will not be."""
    three_lines(fabric)
    for each in fabric.numbered(1001)["items"]:
        each["shippedQuantity"] = 1


def three_counts(fabric: FakeFabric) -> dict[str, Any]:
    return retailops.stock(("ONE", 1), ("TWO", 2), ("THREE", 3))


def three_products(fabric: FakeFabric) -> dict[str, Any]:
    return retailops.catalog("ONE", "TWO", "THREE")


SECOND_LINE = r'^POST .*/actions/cancel\n.*"lineItemId":"2"'
THREES: list[Three[FakeFabric]] = [
    Three(
        "acks",
        lambda fabric: retailops.acknowledge(1001, 1002, 1003),
        "^POST .*/order-number/1002/actions/update-attributes",
        "attribute",
        True,
        prepare=three_orders,
        no_failures={"404": 2},  # an unknown order is a warning
    ),
    Three("packages", three_packages, r"^POST .*/create-order-shipment\n.*1Z2", "shipment", False),
    Three(
        "payments",
        lambda fabric: retailops.capture(1001, 50),
        r"^POST .*/update-payment-status\n.*pay-2",
        "capture",
        True,
        BY_STATUS,
        three_payments,
    ),
    Three(
        "payment logs",
        lambda fabric: retailops.capture(1001, 50),
        "^PUT .*/payments/2/payment-logs",
        "capture",
        True,
        BY_LOG,
        three_payments,
    ),
    Three("edited lines", three_edits, SECOND_LINE, "cancelled", False, prepare=three_lines),
    Three("unshipped lines", three_unshipped, SECOND_LINE, "cancelled", True, prepare=three_halves),
    Three(
        "stock",
        three_counts,
        r'^POST .*/find-and-update\n.*"TWO"',
        "stock",
        True,
        prepare=stocked,
        no_failures={"404": 2},  # what fabric does not know is a warning
    ),
    Three(
        "new stock",
        three_counts,
        r'^POST .*/inventories\n.*"TWO"',
        "stock",
        True,
        no_failures={"404": 2, "409": 2},
    ),
    Three("new products", three_products, r'^POST .*/products\?.*\n.*"sku":"TWO"', "product", False),
    Three("changed products", three_products, "^PUT .*/skus/TWO", "product replaced", True, prepare=listed),
    Three(
        "prices",
        three_products,
        r'^POST .*/prices/batch\n\{"data":\[\{"itemSku":"TWO"',
        "price",
        True,
        prepare=priced_one_by_one,
    ),
]
# Every fault where a call may be repeated and where it may not be; elsewhere those that differ most.
CELLS = [
    (case, fault)
    for case in THREES
    for fault in (ALL_FAULTS if case.name in ("packages", "acks") else FAULTS)
]


@pytest.mark.parametrize(("case", "fault"), CELLS, ids=lambda each: getattr(each, "name", each))
def test_a_fault_in_one_of_three_is_one_failure_and_two_successes(
    shop: Shop, case: Three[FakeFabric], fault: str
) -> None:
    life.one_of_three_fails(shop, case, fault)


@pytest.mark.parametrize("case", THREES, ids=lambda case: case.name)
def test_an_error_that_passes_is_a_failure_only_where_a_repeat_might_do_harm(
    shop: Shop, case: Three[FakeFabric]
) -> None:
    life.an_error_passes(shop, case)


@pytest.mark.parametrize("case", THREES, ids=lambda case: case.name)
@pytest.mark.parametrize("fault", list(life.PASSING_REFUSALS))
def test_a_refusal_that_passes_is_no_failure(shop: Shop, case: Three[FakeFabric], fault: str) -> None:
    life.a_refusal_passes(shop, case, ALL_FAULTS[fault])


@pytest.mark.parametrize("case", THREES, ids=lambda case: case.name)
def test_after_a_fault_the_same_request_does_the_rest_and_no_more(
    shop: Shop, case: Three[FakeFabric]
) -> None:
    life.a_repeat_does_the_rest(shop, case)


# Faults: the only change


ONES: list[Three[FakeFabric]] = [
    Three("cancel", lambda fabric: retailops.cancel(1001), "/actions/cancel", "cancelled", True),
    Three("return", two_back, "/actions/submit-return-request", "return", False, prepare=left),
    Three("store credit", credited, "/actions/submit-return-request", "return", False, prepare=left),
    Three("amounts", dearer, "/update-fees-and-taxes", "amounts", True, {"writeback_amounts": "send"}),
    Three(
        "complete",
        lambda fabric: retailops.complete(1001),
        "/actions/update-attributes",
        "attribute",
        True,
        prepare=left,
    ),
    Three(
        "cartons",
        two_packages,
        "/create-order-shipment",
        "shipment",
        False,
        {"shipments": "per_shipment"},
    ),
]


@pytest.mark.parametrize("fault", list(FAULTS))
@pytest.mark.parametrize("case", ONES, ids=lambda case: case.name)
def test_a_change_that_fails_is_one_failure_and_the_repeat_makes_it_once(
    shop: Shop, case: Three[FakeFabric], fault: str
) -> None:
    case.prepare(shop.fabric)
    if fault in life.SILENT:
        shop.be_impatient()
    shop.fabric.fault(ALL_FAULTS[fault], matching=case.change)
    failures, changes = life.asked(shop, case)
    assert (len(failures), len(changes)) == (1, int(fault in life.DONE_ALL_THE_SAME)), failures
    shop.fabric.mend()
    shop.transport.limits = life.QUICK
    for _ in range(2):
        assert [len(each) for each in life.asked(shop, case)] == [0, 1]


# What is counted and what is given


def test_units_that_wait_for_orders_are_on_hand_too(shop: Shop) -> None:
    stocked(shop.fabric)
    key = (1, "12", "MUG-BLUE")
    shop.fabric.stock[key]["counters"]["allocated"] = 3
    shop.done(retailops.stock(("MUG-BLUE", 24)), inventory_count="plus_allocated")
    assert shop.fabric.stock[key]["counters"] == {"onHand": 27, "allocated": 3}


def test_a_sku_that_fabric_does_not_know_holds_up_no_other(shop: Shop) -> None:
    shop.fabric.unknown_skus = {"TWO"}
    assert life.codes(shop.answer(three_counts(shop.fabric))) == ["SKU_UNKNOWN"]
    assert sorted(shop.fabric.effects("stock")) == ["ONE", "THREE"]


def test_store_credit_is_told_each_time_and_given_once(shop: Shop) -> None:
    left(shop.fabric)
    request = credited(shop.fabric)
    for _ in range(2):
        assert shop.done(request)["return"]["channel_store_credit_amount"] == 12.5
    assert len(shop.fabric.effects("return")) == 1


# The catalog


def test_what_only_fabric_says_about_a_product_stays(shop: Shop) -> None:
    listed(shop.fabric)
    shop.done(retailops.catalog("ONE"))
    product = shop.fabric.products["ONE"]
    assert (product["productName"], product["type"]) == ("Product ONE", "BUNDLE")
    assert product["collections"] == [{"id": "7", "name": "Spring"}]


def test_a_price_that_fabric_refuses_holds_up_no_other(shop: Shop) -> None:
    """The batch is refused for it, and each price then goes by itself."""
    shop.fabric.fault(faults.status(400), matching=r'^POST .*/prices/batch\n.*"TWO"')
    assert len(life.codes(shop.answer(retailops.catalog("ONE", "TWO", "THREE")))) == 1
    assert shop.fabric.effects("price") == ["ONE", "THREE"]


# Fetching


@pytest.mark.parametrize("fault", list(ALL_FAULTS))
def test_a_fetch_that_fails_is_an_error_and_never_an_empty_list(shop: Shop, fault: str) -> None:
    life.a_fetch_fails(shop, fault, "POST .*/orders/search")


def test_pages_bring_every_order_once_while_orders_are_taken_over(shop: Shop) -> None:
    """What is taken over stays in the search, so that no page shifts."""
    shop.fabric.add(*(order(number) for number in range(1002, 1042)))
    assert life.page_by_page(shop) == [str(number) for number in range(1001, 1042)]
    assert len(shop.fabric.effects("attribute")) == 41


def test_one_order_is_fetched_whatever_became_of_it(shop: Shop) -> None:
    shop.done(retailops.acknowledge(1001))
    assert len(shop.done(retailops.fetch_one(1001))["orders"]) == 1
    assert life.codes(shop.answer(retailops.fetch_one(9))) == ["ORDER_UNKNOWN"]


# What fabric refuses


def cancelled(shop: Shop) -> list[str]:
    return life.codes(shop.answer(retailops.cancel(1001)))


def test_an_order_that_a_warehouse_has_is_not_cancelled_and_that_is_said(shop: Shop) -> None:
    shop.fabric.numbered(1001)["statusCode"] = "ORDER_ALLOCATED"
    with shop.fabric.unchanged():
        assert cancelled(shop) == ["ORDER_NOT_CANCELLABLE"]


def test_what_is_cancelled_meanwhile_is_cancelled(shop: Shop) -> None:
    """The order is read as open, and fabric then says that it is cancelled already."""
    shop.fabric.fault(faults.late_reset, matching="/actions/cancel", times=1)
    assert cancelled(shop) == []
    assert shop.fabric.effects("cancelled") == ["1001"]


def test_a_shipment_that_is_there_by_its_number_is_no_failure(shop: Shop) -> None:
    """Two requests meet: the search finds nothing yet, and the shipment is refused as a repeat."""
    shop.fabric.refuses_repeats = True
    shop.fabric.fault(faults.late_reset, matching="create-order-shipment", times=1)
    request = retailops.ship(1001, "900", retailops.package("1", "1Z1", (lines(shop.fabric)[0], 1)))
    assert len(life.codes(shop.answer(request))) == 1
    shop.done(request)
    assert shop.fabric.effects("shipment") == ["1001"]


ERRORS = {
    "new": ({"code": "SERVICE-4006"}, "SERVICE-4006"),
    "old": ({"generation": "old"}, "CLIENT_ERROR"),
    "catalog": ({"generation": "catalog", "code": "REQUEST_DENIED"}, "REQUEST_DENIED"),
}


@pytest.mark.parametrize("generation", list(ERRORS))
def test_every_generation_of_errors_is_told_in_its_own_words(shop: Shop, generation: str) -> None:
    more, code = ERRORS[generation]
    body = shop.fabric.error(400, "Modified by another request", **more)
    shop.fabric.fault(faults.json_body(body, 400), matching="update-attributes")
    events = shop.answer(retailops.acknowledge(1001))["events"]
    assert [(each["data"]["code"], each["data"]["status"]) for each in events] == [(code, 400)]
    assert "Modified by another request" in events[0]["data"]["message"]


BROKEN = '{"type":"CLIENT_ERROR","message":"Out of order","errors":[{"type":"CLIENT_ERROR",]}'


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        (faults.json_body(BROKEN, 400), 400, "Out of order"),
        (faults.text(BROKEN, 400, "application/json"), 400, "Out of order"),
        (faults.text("not a valid key=value pair", 403, "text/plain"), 403, "not a valid key=value pair"),
        (faults.text("", 403), 403, "403"),
        (faults.json_body([], 400), 400, "400"),
        (faults.json_body({"errors": ["strange"]}, 400), 400, "strange"),
    ],
    ids=["JSON in a text", "broken JSON", "the gateway's text", "empty", "a list", "texts for errors"],
)
def test_an_error_of_no_generation_is_told_too(shop: Shop, fault: Fault, status: int, said: str) -> None:
    shop.fabric.fault(fault, matching="update-attributes")
    events = shop.answer(retailops.acknowledge(1001))["events"]
    assert [(each["data"]["status"], each["data"]["is_failure"]) for each in events] == [(status, 1)]
    assert said in events[0]["data"]["message"]


@pytest.mark.parametrize(
    "reference", ["../1001", "1001/actions", "1001?x=1", "1001#", "1001\r\nX: y", "..", "%2e%2e"]
)
@pytest.mark.parametrize("by", ["number", "id"])
def test_a_reference_never_leads_a_call_elsewhere(shop: Shop, reference: str, by: str) -> None:
    request = retailops.cancel(1001)
    request["data"]["order"]["channel_refnum"] = reference
    with shop.fabric.unchanged():
        shop.answer(request, order_reference=by)
    below, pieces = ("/v3/orders/order-number/", 4) if by == "number" else ("/v3/orders/", 3)
    paths = {seen.target.partition("?")[0] for seen in shop.fabric.calls("^(?!POST .*oauth)")}
    assert all(path.startswith(below) and path.count("/") == pieces for path in paths), paths


# The fake itself


def test_the_fake_takes_twice_what_fabric_may_take_twice(shop: Shop) -> None:
    """Else a missing look before a call would not be seen."""
    item = {"lineItemId": "1", "shippedQuantity": 1, "orderNumber": "1001"}
    body: Any = {"shipmentNumber": "900", "cartons": [{"items": [item]}]}
    for _ in range(2):
        shop.transport.ask(Call("ship", "POST", "/shipments/create-order-shipment", body=body))
    assert shop.fabric.effects("shipment") == ["1001"] * 2


def calls(shop: Shop, method: str, path: str, body: Any) -> Any:
    given = MISSING if body is None else body
    return shop.transport.ask(Call("call", method, path, body=given))


def searching(**one: Any) -> dict[str, Any]:
    return {"filters": [one]}


ACTIONS = "/orders/order-number/1001/actions"
STOCK = {"sku": "A", "locationNumber": 1, "counters": {"onHand": 1}}
LOG = {"type": "CAPTURE", "amount": 1}
OFFER = {"startAt": "2030-01-01T00:00:00Z", "endAt": "2031-01-01T00:00:00Z", "price": {"base": 1}}
REFUSED: list[tuple[str, str, Any, int]] = [
    ("GET", "/orders/none", None, 404),
    ("GET", "/orders/order-number/none", None, 404),
    ("GET", "/orders/order-external-id/EXT-1001", None, 404),
    ("POST", "/orders/search", {}, 400),
    ("POST", "/orders/search?limit=101", {"filters": []}, 400),
    ("POST", "/orders/search", searching(field="order.x1", value="1"), 400),
    ("POST", "/orders/search", searching(field="shipment.orderId", value="1"), 400),
    ("POST", "/orders/search", searching(field="order.statusCode", condition="IN", value="1"), 400),
    ("POST", "/orders/search", searching(field="order.type", condition="IN", values=["x"] * 26), 400),
    ("POST", "/orders/search", searching(field="order.statusCode", condition="LIKE", value="1"), 400),
    ("POST", "/orders", {"orderNumber": "1002"}, 400),
    ("POST", f"{ACTIONS}/cancel", {"items": []}, 400),
    ("POST", f"{ACTIONS}/cancel", {"reasonCode": "RFC", "items": [{"lineItemId": "1"}]}, 400),
    ("POST", f"{ACTIONS}/update-attributes", {}, 400),
    ("POST", f"{ACTIONS}/update-attributes", {"attributes": {"retailopsAck": True}}, 400),
    ("POST", "/orders/order-number/none/actions/update-attributes", {"attributes": {"a": "b"}}, 400),
    ("POST", f"{ACTIONS}/update-payment-status", {"paymentIdentifier": "none"}, 400),
    ("PUT", "/orders/order-number/1001/payments/9/payment-logs", LOG, 400),
    ("POST", f"{ACTIONS}/update-fees-and-taxes", {"items": [{"lineItemId": "9"}]}, 400),
    ("POST", "/shipments/create-order-shipment", {"cartons": []}, 400),
    ("POST", f"{ACTIONS}/submit-return-request", {"source": "CSR", "items": [{"quantity": 1}]}, 400),
    ("POST", "/inventories/actions/find-and-update", STOCK, 404),
    ("POST", "/inventories/actions/find-and-update", {**STOCK, "counters": {}}, 400),
    ("POST", "/inventories/actions/find-and-update", {**STOCK, "leadTime": 1}, 400),
    ("POST", "/inventories", {"sku": "A", "locationNumber": "1", "counters": {"onHand": 1}}, 400),
    ("GET", "/catalog-connector/products/skus/none?locale=en-US", None, 404),
    ("POST", "/catalog-connector/products", {"sku": "A"}, 400),
    ("POST", "/catalog-connector/products?locale=en-US", {"sku": "A", "colour": 1}, 400),
    ("POST", "/prices/batch", {"data": [{"itemSku": "A", "offers": [OFFER] * 11}]}, 400),
    (
        "POST",
        "/prices/batch",
        {"data": [{"itemSku": "A", "offers": [{**OFFER, "startAt": "2030-01-01"}]}]},
        400,
    ),
    ("PUT", "/catalog-connector/products/skus/none?locale=en-US", {"sku": "A"}, 400),
    ("PUT", "/orders/order-number/1001/payments/1/payment-logs", {**LOG, "currency": "USD"}, 400),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), REFUSED)
def test_the_fake_refuses_what_fabric_refuses(
    shop: Shop, method: str, path: str, body: Any, status: int
) -> None:
    with shop.fabric.unchanged():
        found = calls(shop, method, path, body)
    assert found.status == status
    assert found.body["type"]


def test_an_order_of_retailops_is_created_once_and_fetched_again(shop: Shop) -> None:
    fetched = shop.done(retailops.fetch_one(1001))["orders"][0] | {"channel_refnum": "R-77"}
    run = shop.project.mapping("fabric/order_create").run(fetched, settings=shop.settings)
    assert [calls(shop, "POST", "/orders", run.value).status for _ in range(2)] == [201, 400]
    created = retailops.fetch_one(1001)
    created["data"]["order"]["channel_refnum"] = "R-77"
    again = shop.done(created)["orders"][0]
    assert [each["sku"] for each in again["items"]] == ["MUG-BLUE", "BOWL"]
    assert (again["payment"], again["ship_addr"]) == (fetched["payment"], fetched["ship_addr"])
    assert shop.fabric.effects("order") == ["R-77"]


def test_a_second_order_with_the_same_number_is_refused(shop: Shop) -> None:
    fetched = shop.done(retailops.fetch_one(1001))["orders"][0] | {"channel_refnum": "1002"}
    made = shop.project.mapping("fabric/order_create").run(fetched, settings=shop.settings).value
    assert calls(shop, "POST", "/orders", made).status == 201
    again = calls(shop, "POST", "/orders", made)
    assert (again.status, again.body["errorCode"]) == (400, "SERVICE-4005")
    assert shop.fabric.effects("order") == ["1002"]


@pytest.mark.parametrize(
    ("header", "status"),
    [("x-fabric-tenant-id", 401), ("x-fabric-channel-id", 400)],
    ids=["tenant", "channel"],
)
def test_a_call_names_its_tenant_and_its_channel(shop: Shop, header: str, status: int) -> None:
    call = Call("call", "GET", "/orders/order-number/1001", headers=((header, ""),))
    assert shop.transport.ask(call).status == status


def test_no_token_is_given_for_another_scope(shop: Shop) -> None:
    shop.done(retailops.acknowledge(1001))
    asked = shop.fabric.calls("oauth")[0]
    assert asked.headers["authorization"].startswith("Basic ")
    assert "origin" not in asked.headers
    assert asked.body == "grant_type=client_credentials&scope=s2s"
