"""An order of one channel becomes an order of the other by two mappings, one after the other.

    kibo/order   -> RetailOPS' order -> fabric/order_create
    fabric/order -> RetailOPS' order -> kibo/order_import

There is no mapping of its own for this. Each of the two has the settings of its own channel, so they are
joined by a pipe and not by `$use`. What RetailOPS' order has no field for does not arrive: `ignored:` of the
first mapping says what that is. What is lost besides is listed in LOST, and tested as such.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest

from conftest import REPOSITORY
from crossdock import CrossdockError, OutputError, Project
from crossdock.checking.lineage import lineage

Test = TypeVar("Test", bound=Callable[..., None])

TO_FABRIC = ("kibo/order", "fabric/order_create")
TO_KIBO = ("fabric/order", "kibo/order_import")
CHAINS = (TO_FABRIC, TO_KIBO)

# What is lost on the way, beside what the first mapping ignores. Each has a test below.
LOST = {
    "the currency, when it is US dollars": "an order names others: the second channel's setting has to",
    "payments that failed": "RetailOPS is not told of money that will not come",
    "amounts of a line": "tax and discount are stated for the order, and shared out anew; the sums stay",
    "handling, duty and fees": "they go with the shipping",
    "the store where goods are fetched": "RetailOPS' order names no location",
    "all places but one": "RetailOPS has one ship-to",
    "parts of a bundle": "RetailOPS ships the bundle",
    "the lines that gift messages are for": "RetailOPS has one message, for the order",
    "fractions of a second": "RetailOPS counts seconds",
    "cancelled units": "what is cancelled is no longer ordered",
    "lines three and four of an address": "RetailOPS has two",
    "the names of lines and payments, at Kibo": "Kibo names them itself; the names are beside them",
    "attributes, at Kibo": "the merchant's own names in fabric do not exist in Kibo; they are beside them",
    "the shopper's address on the net, at fabric": "fabric has no field for it",
    "the ship-to's company, at fabric": "fabric keeps one company, and the bill-to's is it",
    "orders to an unknown country, at fabric": "an address there is refused",
}
TESTED: set[str] = set()


def loses(name: str) -> Callable[[Test], Test]:
    TESTED.add(name)
    return lambda test: test


@pytest.fixture(scope="module")
def project() -> Project:
    return Project.open(REPOSITORY)


def example(name: str) -> Any:
    return json.loads((REPOSITORY / "examples" / f"{name}.json").read_text())


def currency_of(order: Any) -> str:
    paid = [payment.get("currency") for payment in order["payments"]]
    named = [order.get("currencyCode"), order.get("currency"), *paid]
    return next((code.strip() for code in named if code and len(code.strip()) == 3), "USD")


def sent(project: Project, chain: tuple[str, str], order: Any, **given: Any) -> Any:
    """The order in the other channel. What passes between the mappings is JSON, as in a pipe."""
    first, second = chain
    between = project.mapping(first).run(order, settings={"currency": currency_of(order)}).value
    given = {"currency": currency_of(order), **given}
    return project.mapping(second).run(json.loads(json.dumps(between)), settings=given).value


def total(order: Any) -> Decimal:
    return Decimal(str(order.get("orderTotal", order.get("total"))))


def added(values: Any) -> Decimal:
    return sum((Decimal(str(value)) for value in values), Decimal())


# What the second mapping refuses.
REFUSED = {
    "kibo/order/seed-example": "its country is filler",
    "kibo/order/addresses-of-a-postal-code": "its payer's country is not a country",
    "kibo/order/curbside-with-both-addresses": "its ship-to's country is not a country",
}
# Their totals are off in the channel that they come from, and the sums of their parts are taken.
OFF = {
    *("seed-example", "totals-that-do-not-reconcile", "cancelled-quantity-but-totals-as-placed"),
    *("no-reading-and-fees-above-shipping", "no-reading-and-shipping-above-fees"),
    *("amounts-of-the-lines-only", "amounts-of-the-lines-and-no-total"),  # without a total
    "payments-that-are-not-its-lines",
    "price-by-a-subtotal-that-does-not-divide",
}


def whole_examples() -> list[Any]:
    """The examples of which the first mapping makes an order, and the second too."""
    cases = []
    for chain in CHAINS:
        for path in sorted((REPOSITORY / "examples" / chain[0]).glob("*.json")):
            snapshot = REPOSITORY / "snapshots" / chain[0] / f"{path.stem}.json"
            if snapshot.exists() and f"{chain[0]}/{path.stem}" not in REFUSED:
                cases.append(pytest.param(chain, path, id=f"{chain[0]}/{path.stem}"))
    return cases


@pytest.mark.parametrize(("chain", "path"), whole_examples())
def test_goods_and_money_arrive(project: Project, chain: tuple[str, str], path: Path) -> None:
    order = json.loads(path.read_text())
    between: Any = project.mapping(chain[0]).run(order, settings={"currency": currency_of(order)}).value
    arrived = sent(project, chain, order)

    skus = [line.get("sku") or line["product"]["productCode"] for line in arrived["items"]]
    quantities = [line.get("orderedQuantity") or line["quantity"] for line in arrived["items"]]
    assert skus == [line["sku"] for line in between["items"]]
    assert quantities == [line["quantity"] for line in between["items"]]
    parts = added(
        [
            *(line["quantity"] * Decimal(line["unit_price"]) for line in between["items"]),
            -Decimal(str(between["discount_amt"])),
            between["shipping_amt"],
            between["tax_amt"],
        ]
    )
    assert total(arrived) == parts
    if path.stem not in OFF:
        assert total(arrived) == round(total(order), 9)
    amount = {TO_FABRIC: "authorizedAmount", TO_KIBO: "amountRequested"}[chain]
    assert added(payment[amount] for payment in arrived["payments"]) == added(
        payment["amount"] for payment in between["payment"]
    )


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain[0])
def test_the_second_mapping_reads_what_the_first_writes(project: Project, chain: tuple[str, str]) -> None:
    first, second = (lineage(project.mapping(name).linked) for name in chain)
    written = {link.target for link in first}
    read = {source for link in second for source in (*link.sources, *link.because_of)}
    unread = {field for field in written if not any(same_place(field, other) for other in read)}
    lost = {TO_FABRIC: {"ip_address", "ship_addr.company"}, TO_KIBO: set[str]()}[chain]
    assert unread == lost | {"calc_mode", "currency_code"}  # which checks read


def same_place(one: str, other: str) -> bool:
    """Whether one path is the other, or within it."""
    short, long = sorted((one, other), key=len)
    return long == short or long.startswith((f"{short}.", f"{short}["))


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain[0])
def test_a_pipe_is_enough(project: Project, chain: tuple[str, str]) -> None:
    order = REPOSITORY / "examples" / chain[0] / "full.json"
    command = [sys.executable, "-m", "crossdock.cli", "-C", str(REPOSITORY), "transform"]
    first = subprocess.run([*command, chain[0], str(order)], capture_output=True, check=True)
    second = subprocess.run([*command, chain[1], "-"], input=first.stdout, capture_output=True, check=True)
    assert json.loads(second.stdout) == sent(project, chain, json.loads(order.read_text()))


def test_who_and_where_arrive(project: Project) -> None:
    arrived = sent(project, TO_FABRIC, example("kibo/order/full"))
    ship, bill = arrived["shipInfo"][0]["shipToAddress"], arrived["payments"][0]["billToAddress"]
    assert (ship["addressLine1"], ship["city"]) == ("1200 Harbor View Road", "San Diego")
    assert (bill["postalCode"], bill["countryCode"]) == ("97205", "US")
    assert arrived["customer"]["email"] == "anna.reyes@example.com"
    assert arrived["shipInfo"][0]["shipMethod"] == "UPS Ground"
    assert json.loads(arrived["shipInfo"][0]["attributes"]["giftMessage"]) == ["Happy birthday, Marcus!"]

    arrived = sent(project, TO_KIBO, example("fabric/order/full"))
    ship, bill = (
        arrived["fulfillmentInfo"]["fulfillmentContact"],
        arrived["billingInfo"]["billingContact"],
    )
    assert (ship["firstName"], ship["address"]["cityOrTown"]) == ("Sam", "Astoria")
    assert (bill["companyOrOrganization"], bill["address"]["countryCode"]) == ("Larkspur & Daughters", "US")
    assert arrived["shopperNotes"]["giftMessage"] == "Welcome home!"


def test_there_and_back(project: Project) -> None:
    """What RetailOPS would pull from the second channel is what it would pull from the first."""
    order = example("kibo/order/full")
    once: Any = project.mapping("kibo/order").run(order).value
    arrived = json.loads(json.dumps(sent(project, TO_FABRIC, order)))
    again: Any = project.mapping("fabric/order").run(arrived).value
    assert {key for key in once.keys() | again.keys() if once.get(key) != again.get(key)} == {"ip_address"}


# What is lost


@loses("the currency, when it is US dollars")
def test_the_second_channel_says_the_currency_of_dollars(project: Project) -> None:
    assert sent(project, TO_FABRIC, example("kibo/order/full"), currency="CAD")["currency"] == "CAD"
    assert sent(project, TO_KIBO, example("fabric/order/full"), currency="CAD")["currencyCode"] == "CAD"


def test_no_amount_becomes_as_much_of_another_currency(project: Project) -> None:
    message = "the order is in another currency than the one that the channel's setting `currency` names"
    cases = ((TO_FABRIC, "kibo/order/kwd-three-decimals"), (TO_KIBO, "fabric/order/jpy-no-decimals"))
    for chain, name in cases:
        order = example(name)
        arrived = sent(project, chain, order)
        assert currency_of(arrived) == currency_of(order)
        with pytest.raises(OutputError, match=message):
            sent(project, chain, order, currency="USD")
        with pytest.raises(OutputError, match=message):
            project.mapping(chain[0]).run(order)


def test_money_that_is_only_authorised_arrives_as_authorised(project: Project) -> None:
    order = example("kibo/order/voided-and-declined-payments")
    assert order["payments"][2]["status"] == "Authorized"
    assert order["payments"][2]["amountCollected"] == 0
    [payment] = sent(project, TO_FABRIC, order)["payments"]
    assert (payment["paymentStatus"], payment["chargedAmount"]) == ("AUTHORIZED", 0)

    order = example("fabric/order/full")
    order["payments"][0] |= {"paymentStatus": "AUTHORIZED", "chargedAmount": 0}
    [payment] = sent(project, TO_KIBO, order)["payments"]
    assert (payment["status"], payment["amountCollected"]) == ("Authorized", 0)


@loses("payments that failed")
def test_failed_payments_stay_behind(project: Project) -> None:
    for chain, name in ((TO_FABRIC, "voided-and-declined-payments"), (TO_KIBO, "declined-payment")):
        order = example(f"{chain[0]}/{name}")
        assert len(order["payments"]) > len(sent(project, chain, order)["payments"]) == 1


@loses("amounts of a line")
def test_tax_is_shared_out_anew(project: Project) -> None:
    order = example("fabric/order/full")
    for line, tax in zip(order["items"], (17.07, 0), strict=True):
        line["itemTaxTotal"] = tax
    arrived = sent(project, TO_KIBO, order)
    assert [line["itemTaxTotal"] for line in arrived["items"]] == [7.75, 9.32]
    assert added(line["itemTaxTotal"] for line in arrived["items"]) == Decimal(str(order["taxTotal"]))


@loses("handling, duty and fees")
def test_handling_duty_and_fees_go_with_the_shipping(project: Project) -> None:
    order = example("kibo/order/handling-and-duty")
    parts = ("shippingTotal", "handlingTotal", "dutyTotal")
    [fee] = sent(project, TO_FABRIC, order)["fees"]
    assert (fee["name"], Decimal(str(fee["amount"]))) == ("SHIPPING", added(order[part] for part in parts))

    order = example("fabric/order/full")
    order["feeTotal"] += 2
    order["orderTotal"] += 2
    before = sent(project, TO_KIBO, example("fabric/order/full"))
    assert sent(project, TO_KIBO, order)["shippingTotal"] == before["shippingTotal"] + 2


@loses("the store where goods are fetched")
def test_the_store_stays_behind(project: Project) -> None:
    order = example("kibo/order/pickup-without-ship-to")
    arrived = sent(project, TO_FABRIC, order)
    assert (arrived["shipInfo"][0]["shipToType"], arrived["items"][0]["type"]) == ("BOPIS", "WEB_PICKUP")
    assert order["items"][0]["fulfillmentLocationCode"] == "STORE07"
    assert "STORE07" not in json.dumps(arrived)

    order = example("fabric/order/pickup-without-ship-to")
    [place] = {info["locationNumber"] for info in order["shipInfo"]}
    assert place not in json.dumps(sent(project, TO_KIBO, order))


@loses("all places but one")
def test_one_place_arrives(project: Project) -> None:
    order = example("fabric/order/several-ship-tos")
    streets = [info["shipToAddress"]["addressLine1"] for info in order["shipInfo"] if "shipToAddress" in info]
    contact = sent(project, TO_KIBO, order)["fulfillmentInfo"]["fulfillmentContact"]
    assert len(order["shipInfo"]) > 1
    assert contact["address"]["address1"] == streets[0]


@loses("parts of a bundle")
def test_the_parts_of_a_bundle_stay_behind(project: Project) -> None:
    arrived = json.dumps(sent(project, TO_FABRIC, example("kibo/order/variation-and-bundle")))
    assert "CAMP-SET" in arrived
    assert "CAMP-POT" not in arrived


@loses("the lines that gift messages are for")
def test_gift_messages_are_one(project: Project) -> None:
    arrived = sent(project, TO_FABRIC, example("kibo/order/gift-messages-on-lines"))
    assert json.loads(arrived["shipInfo"][0]["attributes"]["giftMessage"]) == ["For Mia / For Noah"]


@loses("fractions of a second")
def test_seconds_are_whole(project: Project) -> None:
    order = example("kibo/order/full")
    assert order["submittedDate"] == "2025-03-14T16:20:45.118Z"
    assert sent(project, TO_FABRIC, order)["orderedAt"] == "2025-03-14T16:20:45Z"


@loses("cancelled units")
def test_cancelled_units_stay_behind(project: Project) -> None:
    order = example("fabric/order/cancelled-quantities")
    ordered = sum(line["orderedQuantity"] for line in order["items"])
    cancelled = sum(line["cancelledQuantity"] for line in order["items"])
    arrived = sent(project, TO_KIBO, order)
    assert cancelled
    assert sum(line["quantity"] for line in arrived["items"]) == ordered - cancelled

    order = example("kibo/order/cancelled-line")
    assert len(sent(project, TO_FABRIC, order)["items"]) < len(order["items"])


@loses("lines three and four of an address")
def test_an_address_has_two_lines(project: Project) -> None:
    order = example("fabric/order/address-lines-three-and-four")
    lines = [order["shipInfo"][0]["shipToAddress"].get(f"addressLine{number}") for number in (2, 3, 4)]
    contact = sent(project, TO_KIBO, order)["fulfillmentInfo"]["fulfillmentContact"]
    assert contact["address"]["address2"] == ", ".join(filter(None, lines))
    assert "address3" not in contact["address"]


@loses("the names of lines and payments, at Kibo")
@loses("attributes, at Kibo")
def test_names_and_attributes_stand_beside(project: Project) -> None:
    order = example("fabric/order/full")
    arrived = sent(project, TO_KIBO, order)
    assert arrived["externalId"] == order["orderNumber"]
    assert [line["data"]["retailopsRefnum"] for line in arrived["items"]] == [
        line["lineItemId"] for line in order["items"]
    ]
    assert arrived["data"]["retailopsAttributes"] == order["attributes"]
    names = [payment["externalTransactionId"] for payment in arrived["payments"]]
    assert names == [payment["paymentIdentifier"]["paymentId"] for payment in order["payments"]]
    assert not any("id" in entry for entry in [*arrived["items"], *arrived["payments"]])


@loses("the shopper's address on the net, at fabric")
def test_fabric_is_not_told_the_address_on_the_net(project: Project) -> None:
    order = example("kibo/order/full")
    assert order["ipAddress"] not in json.dumps(sent(project, TO_FABRIC, order))


@loses("the ship-to's company, at fabric")
def test_fabric_keeps_one_company(project: Project) -> None:
    order = example("kibo/order/full")
    order["fulfillmentInfo"]["fulfillmentContact"]["companyOrOrganization"] = "Harbor Works"
    arrived = sent(project, TO_FABRIC, order)
    assert arrived["customer"]["company"] == "Reyes Ceramics"
    assert "Harbor Works" not in json.dumps(arrived)


@loses("orders to an unknown country, at fabric")
def test_an_unknown_country_is_refused(project: Project) -> None:
    with pytest.raises(CrossdockError, match="countryCode"):
        sent(project, TO_FABRIC, example("kibo/order/seed-example"))


def test_each_loss_is_tested() -> None:
    assert LOST.keys() == TESTED
