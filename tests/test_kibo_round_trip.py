"""A RetailOPS order that is imported into Kibo and fetched again is the same order.

    order -> kibo/order_import -> what Kibo answers later -> kibo/order -> order

What cannot be the same is listed in LOST, and tested as such.
"""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock import OutputError, Project
from round_trip import DIGITS, countries, decimal, drawn_order, figure, optional, words

ROOT = Path(__file__).parents[1]
Test = TypeVar("Test", bound=Callable[..., None])

# Fields that do not come back as they were sent, and why. Each has a test below.
LOST = {
    "channel_refnum": "Kibo numbers its orders itself; the name goes into externalId",
    "items[].channel_refnum": "Kibo names the lines itself; the name goes into the line's data",
    "payment[].params.channel_refnum": "Kibo names the payments itself; it goes into externalTransactionId",
    "payment[].type": "money that did not come yet is a charge to come",
    "items[].unit_tax": "tax is stated once, for the order; the sum stays",
    "items[] with the quantity 0": "a line of nothing is not imported",
    "items[] with a negative price": "Kibo takes discounts, and no lines of less than nothing",
    "items[].unit_price": "digits that the currency does not have are rounded away",
    "attributes": "RetailOPS' own names are no attributes of Kibo; they go into the order's data",
    "customer name": "Kibo's customer is who is billed",
    "bill_addr, when there is none": "the order is billed to where it goes",
    "country_match": "a name or a code alone comes back as code and name",
    "payment[].params.payment_type": "a code comes back as the name that people know",
}


@pytest.fixture(scope="module")
def project() -> Project:
    return Project.open(ROOT)


def imported(project: Project, order: Any, currency: str = "USD") -> Any:
    return project.mapping("kibo/order_import")(order, settings={"currency": currency})


def hexadecimal(*names: object) -> str:
    return uuid.uuid5(uuid.NAMESPACE_OID, "/".join(map(str, names))).hex


def answered(order: Any) -> Any:
    """What Kibo answers for an imported order: the same, with names, states and sums of its own."""
    order = copy.deepcopy(order)
    name = hexadecimal(order["externalId"])
    order |= {
        "id": name,
        "orderNumber": 70001,
        "version": "2",
        "status": "Accepted",
        "paymentStatus": "Pending",
        "fulfillmentStatus": "NotFulfilled",
        "acceptedDate": "2025-03-14T16:20:45.118Z",
        "importDate": "2025-03-14T16:20:45.118Z",
        "parentOrderId": None,
        "adjustment": None,
        "refunds": [],
        "packages": [],
        "notes": None,
        "tenantId": 15394,
        "siteId": 21001,
        "totalCollected": sum(payment["amountCollected"] for payment in order["payments"]),
        "auditInfo": {"createDate": "2025-03-14T16:20:45.118Z", "createBy": "app"},
    }
    for number, line in enumerate(order["items"], 1):
        line |= {"id": hexadecimal(name, number), "lineId": number, "productDiscounts": [], "giftInfo": None}
        line["product"] |= {"goodsType": "Physical", "productUsage": "Standard", "variationProductCode": None}
        line["unitPrice"] |= {"saleAmount": None, "overrideAmount": None}
    for number, payment in enumerate(order["payments"], 1):
        payment |= {
            "id": hexadecimal(name, "payment", number),
            "orderId": name,
            "amountCredited": 0,
            "subPayments": [],
            "interactions": [],
        }
    return order


def fetched(project: Project, order: Any, currency: str = "USD") -> Any:
    """The order, imported and fetched again. What passes through it is JSON, as on the wire."""
    body = json.loads(json.dumps(imported(project, order, currency)))
    return project.mapping("kibo/order")(answered(body), settings={"currency": currency})


def without_names(order: Any) -> Any:
    """The order without the names that Kibo gives itself."""
    order = copy.deepcopy(order)
    del order["channel_refnum"]
    for line in order["items"]:
        del line["channel_refnum"]
    for payment in order["payment"]:
        del payment["params"]["channel_refnum"]
    return order


# Orders


addresses = st.builds(
    lambda always, more: always | more,
    st.fixed_dictionaries(
        {
            "first_name": words,
            "last_name": words,
            "address1": words,
            "city": words,
            "postal_code": words,
            "country_match": countries,
        }
    ),
    optional({"company": words, "address2": words, "state_match": words}),
)


@st.composite
def orders(draw: st.DrawFn, currency: str) -> Any:
    """Orders whose amounts add up, in the words that come back as they are."""
    bill, ship = draw(addresses), draw(addresses)
    return drawn_order(
        draw,
        currency,
        ["Visa", "MasterCard", "Gift Card", "PayPal", "Check", "Klarna"],
        lambda number: st.just({"channel_refnum": str(number)}),
        customer={
            "first_name": bill["first_name"],
            "last_name": bill["last_name"],
            "email_address": "ada@example.com",
            **draw(optional({"phone_number": words})),
        },
        bill_addr=bill,
        ship_addr=ship,
        shipcode=draw(st.one_of(words, st.sampled_from(["Pickup", "Digital"]))),
        attributes={},
        **draw(optional({"gift_message": words, "ip_address": st.just("203.0.113.1")})),
    )


@pytest.mark.parametrize("currency", DIGITS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_an_order_comes_back(currency: str, data: st.DataObject, project: Project) -> None:
    order = data.draw(orders(currency))
    assert without_names(fetched(project, order, currency)) == without_names(order)


@pytest.mark.parametrize("currency", DIGITS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_an_imported_order_adds_up_to_the_cent(currency: str, data: st.DataObject, project: Project) -> None:
    order = data.draw(orders(currency))
    for line in order["items"]:
        line["unit_tax"] = float(data.draw(st.decimals(0, 20, places=4)))
        line["unit_price"] = str(data.draw(st.decimals(0, 500, places=4)))
    order["discount_amt"] = 0
    body = imported(project, order, currency)

    for line in body["items"]:
        assert figure(line, "total") == figure(line, "discountedTotal", "itemTaxTotal", "shippingTotal")
    for key, of_lines in (("subtotal", "subtotal"), ("itemTaxTotal", "itemTaxTotal")):
        assert figure(body, key) == sum(figure(line, of_lines) for line in body["items"])
    parts = figure(body, "subtotal", "itemTaxTotal", "shippingTotal", "shippingTaxTotal")
    assert figure(body, "total") == parts - figure(body, "discountTotal")
    for value in (body["total"], body["taxTotal"], *(line["total"] for line in body["items"])):
        assert decimal(value) == round(decimal(value), DIGITS[currency])


@pytest.mark.parametrize("currency", DIGITS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_the_lines_of_an_import_have_all_of_its_amounts(
    currency: str, data: st.DataObject, project: Project
) -> None:
    order = data.draw(orders(currency))
    lines = imported(project, order, currency)["items"]
    coupon = {"channel_refnum": "c", "sku": "COUPON", "quantity": 1, "unit_price": "-3"}
    with_coupon = imported(project, {**order, "items": [coupon, *order["items"]]}, currency)

    assert len(with_coupon["items"]) == len(lines)
    assert figure(with_coupon, "discountTotal") == decimal(order["discount_amt"]) + 3
    for body in (imported(project, order, currency), with_coupon):
        keys = ("subtotal", "discountTotal", "discountedTotal", "itemTaxTotal", "shippingTotal", "total")
        for key in keys:
            parts = [figure(line, key) for line in body["items"]]
            assert sum(parts) == figure(body, key)
            assert all(part == round(part, DIGITS[currency]) for part in parts)
    assert all(line["discountedTotal"] >= 0 for line in lines)


@settings(max_examples=30, deadline=None)
@given(order=orders("USD"))
def test_an_import_is_the_same_whenever_it_is_made(order: Any, project: Project) -> None:
    assert imported(project, order) == imported(project, copy.deepcopy(order))


# What does not come back

TESTED: set[str] = set()


def loses(*what: str) -> Callable[[Test], Test]:
    """The test shows what becomes of these fields of LOST."""
    TESTED.update(what)
    return lambda test: test


@pytest.fixture
def order() -> Any:
    path = ROOT / "examples/kibo/order_import/full.json"
    return json.loads(path.read_text(encoding="utf-8"))


@loses("channel_refnum", "items[].channel_refnum", "payment[].params.channel_refnum")
def test_kibo_names_orders_lines_and_payments_itself(project: Project, order: Any) -> None:
    body, back = imported(project, order), fetched(project, order)
    assert back["channel_refnum"] == "70001"
    assert body["externalId"] == order["channel_refnum"]
    for sent, line, came in zip(order["items"], body["items"], back["items"], strict=True):
        assert came["channel_refnum"] != sent["channel_refnum"]
        assert line["data"]["retailopsRefnum"] == sent["channel_refnum"]
    assert back["payment"][0]["params"]["channel_refnum"] != "9001"
    assert body["payments"][0]["externalTransactionId"] == "9001"


@loses("payment[].type")
def test_money_that_did_not_come_yet_is_still_authorized(project: Project, order: Any) -> None:
    order["payment"][0]["type"] = "auth"
    payment = imported(project, order)["payments"][0]
    assert (payment["status"], payment["amountRequested"], payment["amountCollected"]) == (
        "Authorized",
        87.64,
        0,
    )
    assert fetched(project, order)["payment"][0]["type"] == "auth"


@loses("items[].unit_tax")
def test_tax_of_the_lines_becomes_tax_of_the_order(project: Project, order: Any) -> None:
    order["items"][0]["unit_tax"] = 1.25
    back = fetched(project, order)
    assert [line["unit_tax"] for line in back["items"]] == [0, 0]
    assert back["tax_amt"] == "10.34"


@loses("items[] with the quantity 0")
def test_a_line_of_nothing_is_not_imported(project: Project, order: Any) -> None:
    order["items"][1]["quantity"] = 0
    assert [line["sku"] for line in fetched(project, order)["items"]] == ["MUG-GLZ-BLU"]


@loses("items[] with a negative price")
def test_a_coupon_becomes_a_discount(project: Project, order: Any) -> None:
    before = decimal(order["discount_amt"])
    order["items"].append({"channel_refnum": "9", "sku": "COUPON", "quantity": 1, "unit_price": "-5.00"})
    back = fetched(project, order)
    assert [line["sku"] for line in back["items"]] == ["MUG-GLZ-BLU", "TEA-ASM-250"]
    assert decimal(back["discount_amt"]) == before + 5


def test_an_order_of_nothing_is_refused(project: Project, order: Any) -> None:
    for line in order["items"]:
        line["quantity"] = 0
    with pytest.raises(OutputError):
        imported(project, order)


@loses("items[].unit_price")
def test_digits_that_the_currency_has_not_are_rounded_away(project: Project, order: Any) -> None:
    order["items"][0]["unit_price"] = "24.505"
    body, back = imported(project, order), fetched(project, order)
    assert body["items"][0]["unitPrice"]["extendedAmount"] == 24.505
    assert body["items"][0]["subtotal"] == 49.01
    assert back["items"][0]["unit_price"] == "24.51"


@loses("attributes")
def test_attributes_go_into_the_data(project: Project, order: Any) -> None:
    order["attributes"] = {"text_colour": "red"}
    assert imported(project, order)["data"] == {"retailopsAttributes": {"text_colour": "red"}}
    assert fetched(project, order)["attributes"] == {}


@loses("customer name")
def test_the_customer_is_who_is_billed(project: Project, order: Any) -> None:
    order["customer"]["first_name"] = "Grace"
    assert fetched(project, order)["customer"]["first_name"] == order["bill_addr"]["first_name"]


@loses("bill_addr, when there is none")
def test_without_a_bill_to_the_order_is_billed_to_where_it_goes(project: Project, order: Any) -> None:
    del order["bill_addr"]
    back = fetched(project, order)
    assert back["bill_addr"] == back["ship_addr"] == order["ship_addr"]
    assert back["customer"] == order["customer"]


@loses("country_match")
@pytest.mark.parametrize("given", ["US", "us", "United States", "UNITED STATES", "US United States", "USA"])
def test_a_country_comes_back_as_code_and_name(given: str, project: Project, order: Any) -> None:
    order["ship_addr"]["country_match"] = given
    assert fetched(project, order)["ship_addr"]["country_match"] == "US United States"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("Austria", "AT"),
        ("AU Australia", "AU"),
        ("Australia", "AU"),
        ("UK", "GB"),
        ("CI Ivory Coast", "CI"),
        ("Atlantis", None),
    ],
)
def test_a_country_is_found_by_its_code_or_by_its_whole_name(
    given: str, code: str | None, project: Project, order: Any
) -> None:
    order["ship_addr"]["country_match"] = given
    address = imported(project, order)["fulfillmentInfo"]["fulfillmentContact"]["address"]
    assert address.get("countryCode") == code


@loses("payment[].params.payment_type")
def test_a_payment_comes_back_by_the_name_that_people_know(project: Project, order: Any) -> None:
    order["payment"][0]["params"]["payment_type"] = "VISA"
    assert fetched(project, order)["payment"][0]["params"]["payment_type"] == "Visa"


def test_every_country_of_the_table_comes_back(project: Project, order: Any) -> None:
    listed = (ROOT / "mappings/tables/country.yaml").read_text(encoding="utf-8")
    names = [line.partition(": ")[2].strip('"') for line in listed.splitlines() if not line.startswith("#")]
    assert len(names) > 50
    for name in names:
        order["ship_addr"]["country_match"] = name
        assert fetched(project, order)["ship_addr"]["country_match"] == name
        order["ship_addr"]["country_match"] = name[3:]
        assert fetched(project, order)["ship_addr"]["country_match"] == name


def test_each_loss_is_tested() -> None:
    assert LOST.keys() == TESTED
