"""A RetailOPS order that is created in fabric and fetched again is the same order.

    order -> fabric/order_create -> what fabric answers later -> fabric/order -> order

What cannot be the same is listed in LOST, and tested as such.
"""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Callable
from decimal import Decimal
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
    "items[].channel_refnum, when lines share it": "it names no line; the lines get names of their own",
    "payment[].type": "money that did not come yet is a charge to come",
    "payment[].params.payment_type": "a code comes back as the name that people know",
    "payment[].params.payment_type, when there is none": "fabric wants to be told of a method",
    "items[].unit_tax": "tax is stated once, for the order; the sum stays",
    "items[] with the quantity 0": "a line of nothing is not created",
    "items[].unit_price": "digits that the currency does not have are rounded away",
    "attributes that are no texts": "fabric's attributes are texts",
    "ip_address": "fabric has no field for it",
    "ship_addr.company": "fabric keeps one company, and the bill-to's is it",
    "bill_addr, when there is none": "the order is billed to where it goes",
    "bill_addr, when nothing is paid": "fabric keeps the bill-to at the payments",
    "names of an address, when there are none": "who orders is who is written to",
    "state_match and postal_code, when there are none": "fabric wants them, and gets empty ones",
    "country_match": "a name or a code alone comes back as code and name",
    "shipcode of what is fetched": "fabric has one word for it",
}


@pytest.fixture(scope="module")
def project() -> Project:
    return Project.open(ROOT)


def created(project: Project, order: Any, **given: Any) -> Any:
    return project.mapping("fabric/order_create")(order, settings={"currency": "USD", **given})


def answered(order: Any) -> Any:
    """What fabric answers for a created order: the same, with names, counts and states of its own."""
    order = copy.deepcopy(order)
    order |= {
        "orderId": uuid.uuid5(uuid.NAMESPACE_OID, order["orderNumber"]).hex[:24],
        "channelId": "12",
        "version": 1,
        "createdAt": "2025-03-14T16:20:47.118Z",
        "updatedAt": "2025-03-14T16:21:47.118Z",
        "orderReleasedAt": "2025-03-14T16:21:47.118Z",
        "cancelledAt": None,
        "adjustmentTotal": 0,
        "returnTotal": 0,
        "cancelTotal": 0,
        "invoiceTotal": None,
        "returns": [],
        "cancellations": [],
        "appeasements": [],
        "auditLogs": [],
    }
    for line in order["items"]:
        line |= {
            "cancelledQuantity": 0,
            "shippedQuantity": 0,
            "returnedQuantity": 0,
            "lineOrderStatus": "VALID",
            "itemShippingTotal": 0,
            "isFulfillable": True,
            "fulfillment": {"isFulfillable": True, "locationNumber": None},
        }
    for payment in order.get("payments", []):
        payment |= {
            "refundAmount": 0,
            "paymentLogs": [],
            "isFinalCapture": False,
            "billToAddress": payment.get("billToAddress", {}),
        }
    return order


def fetched(project: Project, order: Any, **given: Any) -> Any:
    """The order, created and fetched again. What passes through it is JSON, as on the wire."""
    body = json.loads(json.dumps(created(project, order, **given)))
    return project.mapping("fabric/order")(answered(body), settings={"currency": "USD", **given})


# Orders


def addresses(**more: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    always = {
        **dict.fromkeys(("first_name", "last_name", "address1", "city", "postal_code", "state_match"), words),
        "country_match": countries,
    }
    return st.builds(
        lambda given, may: given | may, st.fixed_dictionaries(always), optional({"address2": words, **more})
    )


ODD_MESSAGES = ["[]", "null", '{"message": "x"}', '"', "7"]


@st.composite
def orders(draw: st.DrawFn, currency: str) -> Any:
    """Orders whose amounts add up, in the words that come back as they are."""
    bill, ship = draw(addresses(company=words)), draw(addresses())
    return drawn_order(
        draw,
        currency,
        ["Visa", "MasterCard", "Gift Card", "PayPal", "Credit Card", "Check", "Klarna"],
        lambda _: optional({"channel_refnum": words}),
        customer={
            "first_name": draw(words),
            "last_name": draw(words),
            "email_address": "ada@example.com",
            **draw(optional({"phone_number": words})),
        },
        bill_addr=bill,
        ship_addr=ship,
        attributes=draw(st.dictionaries(words, words, max_size=3)),
        **draw(optional({"shipcode": st.one_of(words, st.sampled_from(["BOPIS", "SDD", "POS"]))})),
        **draw(optional({"gift_message": st.one_of(words, st.sampled_from(ODD_MESSAGES))})),
    )


@pytest.mark.parametrize("place", ["fee", "ship_to"])
@pytest.mark.parametrize("currency", DIGITS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_an_order_comes_back(currency: str, place: str, data: st.DataObject, project: Project) -> None:
    order = data.draw(orders(currency))
    assert fetched(project, order, currency=currency, shipping_as=place) == order


@pytest.mark.parametrize("place", ["fee", "ship_to"])
@pytest.mark.parametrize("currency", DIGITS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_created_order_adds_up_to_the_cent(
    currency: str, place: str, data: st.DataObject, project: Project
) -> None:
    order = data.draw(orders(currency))
    for line in order["items"]:
        line["unit_tax"] = float(data.draw(st.decimals(0, 20, places=4)))
        line["unit_price"] = str(data.draw(st.decimals(0, 500, places=4)))
    body = created(project, order, currency=currency, shipping_as=place)

    def of_lines(key: str) -> Decimal:
        return sum((decimal(line[key]) for line in body["items"]), Decimal(0))

    for line in body["items"]:
        gains = figure(line, "itemSubtotal", "itemTaxTotal", "itemFeeTotal")
        assert figure(line, "itemTotal") == gains - figure(line, "itemDiscountsTotal")
        assert figure(line, "itemDiscountsTotal") == sum(
            decimal(discount["amount"]) for discount in line.get("discounts", [])
        )
    assert figure(body, "orderSubtotal") == of_lines("itemSubtotal")
    assert figure(body, "orderDiscount") == of_lines("itemDiscountsTotal")
    assert figure(body, "taxTotal") == of_lines("itemTaxTotal")
    formula = figure(body, "orderSubtotal", "feeTotal", "taxTotal") - figure(body, "orderDiscount")
    shipping = decimal(order["shipping_amt"])
    assert decimal(body["shipInfo"][0]["shipToPrice"]) == shipping
    assert figure(body, "orderTotal") == (formula if place == "fee" else formula + shipping)
    assert figure(body, "feeTotal") == sum(decimal(fee["amount"]) for fee in body.get("fees", []))
    for value in (body["orderTotal"], body["taxTotal"], *(line["itemTotal"] for line in body["items"])):
        assert decimal(value) == round(decimal(value), DIGITS[currency])


@settings(max_examples=30, deadline=None)
@given(order=orders("USD"))
def test_an_order_is_created_the_same_whenever_it_is_made(order: Any, project: Project) -> None:
    assert created(project, order) == created(project, copy.deepcopy(order))


@settings(max_examples=30, deadline=None)
@given(order=orders("USD"))
def test_every_line_has_a_name_of_its_own_and_goes_where_the_order_goes(order: Any, project: Project) -> None:
    body = created(project, order)
    assert [line["lineItemNumber"] for line in body["items"]] == [*range(1, len(body["items"]) + 1)]
    assert len({line["lineItemId"] for line in body["items"]}) == len(body["items"])
    assert {line["shipToId"] for line in body["items"]} == {body["shipInfo"][0]["shipToId"]}


# What does not come back

TESTED: set[str] = set()


def loses(*what: str) -> Callable[[Test], Test]:
    """The test shows what becomes of these fields of LOST."""
    TESTED.update(what)
    return lambda test: test


@pytest.fixture
def order() -> Any:
    path = ROOT / "examples/fabric/order_create/full.json"
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_example_comes_back_but_for_what_is_lost(project: Project, order: Any) -> None:
    del order["ip_address"]
    assert fetched(project, order) == order


@loses("items[].channel_refnum, when lines share it")
def test_lines_that_share_a_name_get_names_of_their_own(project: Project, order: Any) -> None:
    for line in order["items"]:
        line["channel_refnum"] = "496"
    names = [line["channel_refnum"] for line in fetched(project, order)["items"]]
    assert len({*names, "496"}) == 3
    assert names == [line["channel_refnum"] for line in fetched(project, order)["items"]]


@loses("payment[].type")
def test_money_that_did_not_come_yet_is_still_authorized(project: Project, order: Any) -> None:
    order["payment"][0]["type"] = "auth"
    payment = created(project, order)["payments"][0]
    assert (payment["paymentStatus"], payment["authorizedAmount"], payment["chargedAmount"]) == (
        "AUTHORIZED",
        87.64,
        0,
    )
    back = fetched(project, order)["payment"][0]
    assert (back["type"], back["amount"]) == ("auth", "87.64")


@loses("payment[].params.payment_type")
def test_a_payment_comes_back_by_the_name_that_people_know(project: Project, order: Any) -> None:
    order["payment"][0]["params"]["payment_type"] = "VISA"
    assert fetched(project, order)["payment"][0]["params"]["payment_type"] == "Visa"


@loses("payment[].params.payment_type, when there is none")
def test_a_payment_of_no_kind_is_of_another_kind(project: Project, order: Any) -> None:
    del order["payment"][0]["params"]["payment_type"]
    assert fetched(project, order)["payment"][0]["params"]["payment_type"] == "OTHER"


@loses("items[].unit_tax")
def test_tax_of_the_lines_becomes_tax_of_the_order(project: Project, order: Any) -> None:
    order["items"][0]["unit_tax"] = 1.25
    back = fetched(project, order)
    assert [line["unit_tax"] for line in back["items"]] == [0, 0]
    assert back["tax_amt"] == "10.34"


@loses("items[] with the quantity 0")
def test_a_line_of_nothing_is_not_created(project: Project, order: Any) -> None:
    order["items"][1]["quantity"] = 0
    assert [line["sku"] for line in fetched(project, order)["items"]] == ["MUG-GLZ-BLU"]


def test_an_order_of_nothing_is_refused(project: Project, order: Any) -> None:
    for line in order["items"]:
        line["quantity"] = 0
    with pytest.raises(OutputError):
        created(project, order)


@loses("items[].unit_price")
def test_digits_that_the_currency_has_not_are_rounded_away(project: Project, order: Any) -> None:
    order["items"][0]["unit_price"] = "24.505"
    line = created(project, order)["items"][0]
    assert (line["itemUnitPrice"], line["itemSubtotal"]) == (24.505, 49.01)
    assert fetched(project, order)["items"][0]["unit_price"] == "24.51"


@loses("attributes that are no texts")
def test_attributes_come_back_as_texts(project: Project, order: Any) -> None:
    order["attributes"] = {"colour": "red", "points": 12, "tags": ["a"], "gift": True, "none": None}
    assert fetched(project, order)["attributes"] == {
        "colour": "red",
        "points": "12",
        "tags": '["a"]',
        "gift": "true",
    }


@loses("ip_address")
def test_fabric_does_not_hear_of_the_ip_address(project: Project, order: Any) -> None:
    assert order["ip_address"] not in json.dumps(created(project, order))


@loses("ship_addr.company")
def test_of_two_companies_the_one_that_pays_stays(project: Project, order: Any) -> None:
    order["ship_addr"]["company"] = "Harbor Freight"
    back = fetched(project, order)
    assert back["bill_addr"]["company"] == order["bill_addr"]["company"]
    assert "company" not in back["ship_addr"]


@loses("bill_addr, when there is none")
def test_without_a_bill_to_the_order_is_billed_to_where_it_goes(project: Project, order: Any) -> None:
    del order["bill_addr"]
    back = fetched(project, order)
    assert back["bill_addr"] == back["ship_addr"] == order["ship_addr"]
    assert back["customer"] == order["customer"]


@loses("bill_addr, when nothing is paid")
def test_without_a_payment_there_is_no_bill_to(project: Project, order: Any) -> None:
    order["payment"] = []
    warnings = project.mapping("fabric/order_create").run(order, settings={"currency": "USD"}).warnings
    assert "without a payment fabric has no place for the bill-to" in [each.message for each in warnings]
    assert fetched(project, order)["bill_addr"]["address1"] == order["ship_addr"]["address1"]


@loses("names of an address, when there are none")
def test_an_address_without_a_name_is_the_customer_s(project: Project, order: Any) -> None:
    del order["ship_addr"]["first_name"], order["ship_addr"]["last_name"]
    back = fetched(project, order)
    assert (back["ship_addr"]["first_name"], back["ship_addr"]["last_name"]) == ("Anna", "Reyes")


@loses("state_match and postal_code, when there are none")
def test_what_a_country_does_not_have_comes_back_empty(project: Project, order: Any) -> None:
    order["ship_addr"] |= {"city": "Singapore", "country_match": "SG Singapore"}
    del order["ship_addr"]["state_match"], order["ship_addr"]["postal_code"]
    back = fetched(project, order)["ship_addr"]
    assert back == {**order["ship_addr"], "state_match": "", "postal_code": ""}


@loses("country_match")
@pytest.mark.parametrize("given", ["US", "us", "United States", "UNITED STATES", "US United States", "USA"])
def test_a_country_comes_back_as_code_and_name(given: str, project: Project, order: Any) -> None:
    order["ship_addr"]["country_match"] = given
    assert fetched(project, order)["ship_addr"]["country_match"] == "US United States"


@pytest.mark.parametrize(("given", "code"), [("Austria", "AT"), ("AU Australia", "AU"), ("UK", "GB")])
def test_a_country_is_found_by_its_code_or_by_its_whole_name(
    given: str, code: str, project: Project, order: Any
) -> None:
    order["ship_addr"]["country_match"] = given
    assert created(project, order)["shipInfo"][0]["shipToAddress"]["countryCode"] == code


def test_an_unknown_country_is_refused(project: Project, order: Any) -> None:
    order["ship_addr"]["country_match"] = "Atlantis"
    with pytest.raises(OutputError, match="countryCode"):
        created(project, order)


@loses("shipcode of what is fetched")
@pytest.mark.parametrize("given", ["Pickup", "WillCall", "WILLCALL", "bopis"])
def test_what_is_fetched_comes_back_by_fabric_s_word(given: str, project: Project, order: Any) -> None:
    order["shipcode"] = given
    body = created(project, order)
    assert (body["shipInfo"][0]["shipToType"], body["items"][0]["type"]) == ("BOPIS", "WEB_PICKUP")
    assert "shipMethod" not in body["shipInfo"][0]
    assert fetched(project, order)["shipcode"] == "BOPIS"


def test_each_loss_is_tested() -> None:
    assert LOST.keys() == TESTED
