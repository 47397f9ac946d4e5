"""The Kibo order as a glom spec. What glom has no word for is a Python function, as its users do it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from glom import SKIP, Coalesce, Val, glom
from handwritten.kibo_order import DEAD_PAYMENT, TENDER
from handwritten.values import COUNTRIES

_CENT: Final = Decimal("0.01")
_BILLING: Final = "billingInfo.billingContact"
_SHIPPING: Final = "fulfillmentInfo.fulfillmentContact"


def convert(order: dict[str, Any]) -> Any:
    """RetailOPS' order."""
    return glom(order, _ORDER)


def _money(amount: Any) -> str | None:
    return None if amount is None else str(Decimal(str(amount)).quantize(_CENT, ROUND_HALF_UP))


def _sum(amounts: list[Any]) -> Decimal:
    return sum((Decimal(str(amount)) for amount in amounts if amount is not None), Decimal(0))


def _number(amount: Decimal) -> int | float:
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _epoch(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def _name_in(table: dict[str, str]) -> Callable[[Any], Any]:
    return lambda code: None if code is None else table.get(code.upper(), code)


def _first(*specs: Any) -> Coalesce:
    """The first of some specs that gives something."""
    return Coalesce(*specs, default=None, skip=("", None))


def _optional(*specs: Any) -> Coalesce:
    """The same; the key is left out when nothing gives anything."""
    return Coalesce(*specs, default=SKIP, skip=("", None))


def _joined(glue: str) -> Callable[[list[Any]], str | None]:
    return lambda texts: glue.join(text for text in texts if text) or None


def _having(*specs: Any) -> Callable[[list[Any]], Any]:
    """Of some contacts the first for which one of the specs gives something."""
    return lambda contacts: next((it for it in contacts if glom(it, _first(*specs))), None)


def _contacts(*specs: Any) -> Callable[[Any], list[Any]]:
    """The contacts that the specs give, each a contact or a list of them."""

    def gathered(order: Any) -> list[Any]:
        found = [glom(order, spec) for spec in specs]
        opened = [it if isinstance(it, list) else [it] for it in found]
        return [contact for contacts in opened for contact in contacts if contact]

    return gathered


def _item_value(path: str) -> Callable[[list[Any]], Any]:
    return lambda contacts: next((found for it in contacts if (found := glom(it, _first(path)))), None)


_PAYERS: Final = (_first("payments"), lambda payments: payments or [], [_first(_BILLING)])
_ADDRESS: Final = {
    "first_name": _optional("firstName"),
    "last_name": _optional("lastNameOrSurname"),
    "company": _optional("companyOrOrganization"),
    "address1": "address.address1",
    "address2": _optional(
        (
            lambda it: [
                it["address"].get("address2"),
                it["address"].get("address3"),
                it["address"].get("address4"),
            ],
            _joined(", "),
        )
    ),
    "city": _optional("address.cityOrTown"),
    "state_match": _optional("address.stateOrProvince"),
    "postal_code": _optional("address.postalOrZipCode"),
    "country_match": _optional(("address.countryCode", _name_in(COUNTRIES))),
}
_LINE: Final = {
    "channel_refnum": _optional("id", ("lineId", str)),
    "sku": _optional("product.variationProductCode", "product.productCode", "product.sku"),
    "sku_title": _optional(
        (
            "product",
            lambda it: [
                it.get("name"),
                *(part["name"] for part in it["bundledProducts"] if part["optionAttributeFQN"]),
            ],
            _joined(" + "),
        )
    ),
    "quantity": "quantity",
    "unit_price": (
        "unitPrice",
        Coalesce("extendedAmount", "overrideAmount", "saleAmount", "listAmount", skip=None),
        _money,
    ),
    "unit_tax": Val(0),
}
_PAYMENT: Final = {
    "type": Val("charge"),
    "amount": (
        _first(("subPayments", ["amountRequested"], _sum), "amountRequested"),
        _money,
    ),
    "params": {
        "payment_type": (_first("billingInfo.card.paymentOrCardType", "paymentType"), _name_in(TENDER)),
        "channel_refnum": "id",
    },
}
_ORDER: Final = {
    "channel_refnum": ("orderNumber", str),
    "channel_date_created": (_first("submittedDate", "acceptedDate", "auditInfo.createDate"), _epoch),
    "calc_mode": Val("order"),
    "customer": {
        "first_name": _optional(
            (_contacts(_first(_BILLING), _PAYERS, _first(_SHIPPING)), _having("firstName"), "firstName")
        ),
        "last_name": _optional(
            (
                _contacts(_first(_BILLING), _PAYERS, _first(_SHIPPING)),
                _having("firstName"),
                "lastNameOrSurname",
            )
        ),
        "email_address": _optional("email", (_contacts(_first(_BILLING), _PAYERS), _item_value("email"))),
        "phone_number": _optional(
            (
                _contacts(_first(_BILLING), _PAYERS, _first(_SHIPPING)),
                [_first("phoneNumbers.home", "phoneNumbers.mobile", "phoneNumbers.work", "phoneNumber")],
                lambda numbers: next((number for number in numbers if number), None),
            )
        ),
    },
    "bill_addr": (
        _contacts(_first(_BILLING), _PAYERS, _first(_SHIPPING)),
        _having("address.address1"),
        _ADDRESS,
    ),
    "ship_addr": (
        _contacts(_first(_SHIPPING), _first(_BILLING), _PAYERS),
        _having("address.address1"),
        _ADDRESS,
    ),
    "shipcode": _optional("fulfillmentInfo.shippingMethodName", "fulfillmentInfo.shippingMethodCode"),
    "gift_message": _optional(
        "shopperNotes.giftMessage", ("items", [_first("giftInfo.giftMessage")], _joined(" / "))
    ),
    "ip_address": _optional("ipAddress"),
    "attributes": Val({}),
    "items": ("items", [lambda item: item if item["quantity"] != 0 else SKIP], [_LINE]),
    "shipping_amt": (
        lambda order: [order.get("shippingTotal"), order.get("handlingTotal"), order.get("dutyTotal")],
        _sum,
        _money,
    ),
    "tax_amt": ("taxTotal", _money),
    "discount_amt": (
        lambda order: _sum([abs(order["discountTotal"]), -order["adjustment"]["amount"]]),
        _number,
    ),
    "payment": (
        "payments",
        [lambda payment: SKIP if payment.get("status") in DEAD_PAYMENT else payment],
        [_PAYMENT],
    ),
}
