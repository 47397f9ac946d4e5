"""A fabric order as RetailOPS pulls it, written by hand: mappings/fabric/order.yaml in Python.

    result, failed = fabric_order(payload)

``failed`` are the statements about the result that do not hold. A payload that cannot be converted
raises Refused. What the source schema would refuse is refused or passed over as the mapping does it.
"""

from __future__ import annotations

from collections.abc import Hashable
from decimal import Decimal
from typing import Any, Final

from handwritten.amounts import (
    ZERO,
    Refused,
    decimal_of,
    epoch,
    line_total,
    magnitude,
    money,
    money_text,
    places_of,
    plain,
    product,
    ratio,
    refuse_no_number,
    refuse_other_types,
    rounded,
    settled,
)
from handwritten.messages import parse_json
from handwritten.values import (
    CURRENCY,
    NOTHING,
    as_object,
    country,
    first_text,
    flat,
    full_name,
    joined,
    named_currency,
    other_currency,
    present,
    text_of,
    trimmed,
    true,
    unknown_country,
    upper,
    without_nulls,
)

DEAD_PAYMENT: Final = frozenset(
    {"ERROR", "FAILED", "DECLINED", "REFUSED", "REJECTED", "VOIDED", "CANCELLED", "CANCELED", "EXPIRED"}
    | {"NEW", "CREDITED", "REFUNDED", "CHARGED_BACK", "CHARGEBACK", "VOID"}
)
FULL_NAME: Final = ("firstName", "middleName", "lastName")
TENDER: Final = {
    "VISA": "Visa",
    "MASTERCARD": "MasterCard",
    "AMERICAN EXPRESS": "American Express",
    "AMEX": "American Express",
    "DISCOVER": "Discover",
    "DINERS": "Diners Club",
    "JCB": "JCB",
    "CARD": "Credit Card",
    "CREDIT_CARD": "Credit Card",
    "GIFT_CARD": "Gift Card",
    "GIFTCARD": "Gift Card",
    "STORE_CREDIT": "Store Credit",
    "PAYPAL": "PayPal",
    "APPLE_PAY": "Apple Pay",
    "APPLEPAY": "Apple Pay",
    "GOOGLE_PAY": "Google Pay",
    "GOOGLEPAY": "Google Pay",
    "CASH": "Cash",
    "CASH_ON_DELIVERY": "Cash on Delivery",
}
NAMES: Final = {"number": "orderNumber", "id": "orderId", "external_id": "orderExternalId"}
SHIPPED: Final = "SHIP_TO_ADDRESS"
NOT_SHIPPED: Final = frozenset({"BOPIS", "POS", "WEB_PICKUP"})
PLACE: Final = ("addressLine1", "addressLine2", "addressLine3", "addressLine4", "city", "postalCode")
NOWHERE: Final = "goods are to be shipped, and the order does not say to which address"
NO_STREET: Final = "the ship-to has no street"
TOTALS: Final = "lines, discount, shipping and tax do not add up to the order's total"
PAYMENTS: Final = "the payments do not add up to the order's total"
COUNTRY: Final = "the country of an address is not known, and RetailOPS gets it as fabric has it"
SEVERAL: Final = "the order goes to several places, and RetailOPS gets one address for all of it"


def fabric_order(
    order: dict[str, Any], *, order_reference: str = "number", currency: str = "USD"
) -> tuple[dict[str, Any], list[str]]:
    """RetailOPS' order, and the checks that failed. Raises Refused."""
    places = places_of(currency)
    customer, ships = order.get("customer"), _ships(order)
    payers = present([as_object(payment).get("billToAddress") for payment in flat(order.get("payments"))])
    pickups = _pickups(ships)
    receivers = present([as_object(ship).get("shipToAddress") for ship in flat(ships)])
    shipped = [ship for ship in ships if as_object(ship).get("shipToType") == SHIPPED]
    addresses = present([ship.get("shipToAddress") for ship in shipped])
    leaving, nowhere = _leaving(order, ships)
    ordered = order.get("orderedAt")
    attributes = order.get("attributes")
    lines, goods, listed = _lines(order.get("items"), places)
    discount, shipping, tax = _amounts(order, listed, places)
    payments, paid = _payments(order, places)
    result = without_nulls(
        {
            "channel_refnum": order.get(NAMES[order_reference]),
            "channel_date_created": epoch(ordered if true(ordered) else order.get("createdAt")),
            "calc_mode": "order",
            "currency_code": named_currency(currency),
            "customer": _customer(flat([customer, payers, pickups, receivers]), payers),
            "bill_addr": _bill_to(
                payers, flat([addresses, leaving, receivers]), as_object(customer).get("company")
            ),
            "ship_addr": _address(
                flat([addresses, leaving] if nowhere else [addresses, leaving, receivers, payers])
            ),
            "shipcode": _shipcode((shipped or ships or [None])[0]),
            "gift_message": _gift_message(ships),
            "attributes": attributes if true(attributes) else {},
            "items": lines,
            "discount_amt": plain(discount),
            "shipping_amt": money_text(shipping, places),
            "tax_amt": money_text(tax, places),
            "payment": payments,
        }
    )
    amounts = goods - settled(discount) + Decimal(result["shipping_amt"]) + Decimal(result["tax_amt"])
    failed = [CURRENCY] if other_currency(_currencies(order), currency) else []
    failed += _failed(order.get("orderTotal"), settled(amounts), paid, places, ships)
    if nowhere and (ships or lines) and "ship_addr" not in result:
        failed.append(NOWHERE)
    if "ship_addr" in result and not true(result["ship_addr"].get("address1")):
        failed.append(NO_STREET)
    if unknown_country(flat([payers, receivers])):
        failed.append(COUNTRY)
    return result, failed


def _ships(order: dict[str, Any]) -> list[Any]:
    """Where the order goes. Raises Refused for other values than lists."""
    ships = order.get("shipInfo")
    if type(ships) is list:
        return ships
    if ships is not None:
        raise Refused("not a list of places")
    return []


def _leaving(order: dict[str, Any], ships: list[Any]) -> tuple[list[Any], bool]:
    """The addresses that goods leave for; and whether goods leave for any, as far as the order says."""
    leaving = [
        ship for ship in map(as_object, present(ships)) if upper(ship.get("shipToType")) not in NOT_SHIPPED
    ]
    if ships:
        return present([ship.get("shipToAddress") for ship in leaving]), bool(leaving)
    items = order.get("items")
    lines = map(as_object, present(items) if type(items) is list else [])
    found = [upper(line.get("type")) not in NOT_SHIPPED for line in lines]
    return [], any(found)


def _pickups(ships: list[Any]) -> list[Any]:
    """Who fetches the goods."""
    return present(flat([as_object(ship).get("pickups") for ship in flat(ships)]))


def _currencies(order: dict[str, Any]) -> list[Any]:
    """All currencies that the order, its lines and its live payments name."""
    items, payments = order.get("items"), order.get("payments")
    lines = flat(items) if type(items) is list else []
    live = (
        [as_object(payment) for payment in payments or [] if _is_live(payment)]
        if type(payments) is list
        else []
    )
    return flat([order.get("currency"), [as_object(part).get("currency") for part in [*lines, *live]]])


def _is_live(payment: Any) -> bool:
    return payment is not None and upper(as_object(payment).get("paymentStatus")) not in DEAD_PAYMENT


def _customer(people: list[Any], payers: list[Any]) -> dict[str, Any]:
    """The first name; an e-mail address of the same person or of a payer; and a phone number."""
    named = [(full_name(as_object(as_object(who).get("name")), FULL_NAME), as_object(who)) for who in people]
    whole = next((name for name, _ in named if name), None)
    person = [who for name, who in named if name == whole]
    own = [*person, *(who for name, who in named if not name)]
    name = as_object(person[0].get("name")) if person else NOTHING
    email = first_text([as_object(who).get("email") for who in flat([own, payers])])
    phones = [as_object(who.get("phone")).get("number") for who in [*own, *map(as_object, people)]]
    return without_nulls(
        {
            "first_name": _first_name(name),
            "last_name": name.get("lastName"),
            "email_address": email,
            "phone_number": first_text(phones),
        }
    )


def _first_name(name: dict[str, Any]) -> str | None:
    """The first and the middle name; None without a first one."""
    first, middle = name.get("firstName"), name.get("middleName")
    if first is None:
        return None
    return f"{_printed(first)} {_printed(middle)}" if true(middle) else _printed(first)


def _printed(value: Any) -> str:
    if type(value) in (list, dict):
        raise Refused("not text")
    return text_of(value)


def _bill_to(payers: list[Any], receivers: list[Any], company: Any) -> dict[str, Any] | None:
    """The first address, with the customer's company where it is a payer's."""
    address = _first_address(flat([payers, receivers]))
    places = [_frozen([it.get("city"), it.get("postalCode")]) for it in payers if type(it) is dict]
    is_payer = _frozen([address.get("city"), address.get("postalCode")]) in places
    return _written_out(address, company if is_payer and true(company) else None)


def _address(addresses: list[Any]) -> dict[str, Any] | None:
    """The first that is an address, as RetailOPS' address."""
    return _written_out(_first_address(addresses))


def _first_address(addresses: list[Any]) -> dict[str, Any]:
    found = [address for address in map(as_object, addresses) if any(_written(address, PLACE))]
    return found[0] if found else NOTHING


def _written_out(address: dict[str, Any], company: Any = None) -> dict[str, Any] | None:
    if not address:
        return None
    lines = _written(address, PLACE[:4])
    name = as_object(address.get("name"))
    return without_nulls(
        {
            "first_name": _first_name(name),
            "last_name": name.get("lastName"),
            "address1": lines[0] if lines else None,
            "address2": joined(", ", lines[1:]),
            "city": address.get("city"),
            "state_match": address.get("region"),
            "postal_code": address.get("postalCode"),
            "country_match": country(address.get("countryCode")),
            "company": company,
        }
    )


def _written(address: dict[str, Any], names: tuple[str, ...]) -> list[Any]:
    """What of an address is not blank; all of it must be text."""
    return [address[name] for name in names if address.get(name) is not None and trimmed(address[name])]


def _shipcode(ship: Any) -> Any:
    """The method, else the way the goods leave."""
    fields = as_object(ship)
    for code in (fields.get("shipMethod"), fields.get("shipToType")):
        if true(code) and code != SHIPPED:
            return code
    return None


def _gift_message(ships: list[Any]) -> str | None:
    """The messages, which are JSON in a string by habit, and plain text in some stores."""
    messages = []
    for ship in ships:
        written = as_object(as_object(ship).get("attributes")).get("giftMessage")
        if written is None or written == "null":
            continue
        stated = parse_json(written)
        messages.append(written if stated is None else stated)
    texts = []
    for message in present(flat(messages)):
        inner = as_object(message).get("message")
        texts.append(text_of(inner if true(inner) else message))
    return " ".join(texts) or None


def _lines(items: Any, places: int) -> tuple[list[dict[str, Any]], Decimal, Decimal]:
    """The lines of which something is left; what they cost together; and what all lines cost as listed."""
    lines, goods, listed = [], ZERO, ZERO
    for item in items if type(items) is list else ():
        if type(item) is not dict:
            if item is None:
                continue
            for inner in item if type(item) is list else ():
                listed += _listed(as_object(inner), _left(as_object(inner)))
            item = NOTHING
        quantity = _left(item)
        listed += _listed(item, quantity)
        if quantity is None or quantity > 0:
            line = _line(item, quantity, places)
            lines.append(line)
            goods += line_total(line.get("quantity"), line.get("unit_price"))
    return lines, settled(goods), settled(listed)


def _left(item: dict[str, Any]) -> int | float | None:
    """The quantity that is still ordered."""
    ordered, cancelled = item.get("orderedQuantity"), item.get("cancelledQuantity")
    if type(ordered) is int and 0 <= ordered < 1000 and (cancelled is None or cancelled == 0):
        if type(cancelled) is bool:
            raise Refused("not a quantity")
        return ordered
    if ordered is None:
        refuse_other_types(cancelled)
        return None
    return plain(decimal_of(ordered) - (ZERO if cancelled is None else decimal_of(cancelled)))


def _listed(item: dict[str, Any], quantity: int | float | None) -> Decimal:
    """What a line costs by its stated price; 0 when there is none."""
    price = item.get("itemUnitPrice")
    if price is None or quantity is None:
        refuse_other_types(price)
        return ZERO
    return product(quantity, price)


def _line(item: dict[str, Any], quantity: int | float | None, places: int) -> dict[str, Any]:
    if type(quantity) is float:
        raise Refused("not a whole quantity")
    price, subtotal = item.get("itemUnitPrice"), item.get("itemSubtotal")
    if subtotal is None or quantity is None:
        refuse_other_types(subtotal)
    elif price is None:
        price = ratio(decimal_of(subtotal), quantity)
    else:
        refuse_no_number(subtotal)
    return without_nulls(
        {
            "channel_refnum": item.get("lineItemId"),
            "sku": item.get("sku"),
            "sku_title": item.get("itemName"),
            "quantity": quantity,
            "unit_price": None if price is None else money(price, places),
            "unit_tax": 0,
        }
    )


def _amounts(order: dict[str, Any], lines: Decimal, places: int) -> tuple[Decimal, Decimal, Decimal]:
    """Discount, shipping and tax by the first reading of fabric's formula that explains the total."""
    ships, items = flat(order.get("shipInfo")), flat(order.get("items"))
    discount = _discount(order.get("orderDiscount"), items)
    fees = _stated(
        order.get("feeTotal"), _sum(flat(order.get("fees")), "amount") + _sum(items, "itemFeeTotal")
    )
    tax = _stated(order.get("taxTotal"), _sum(items, "itemTaxTotal"))
    prices = present([as_object(ship).get("shipToPrice") for ship in ships])
    price = _sum(ships, "shipToPrice") if prices else _sum(items, "itemShippingTotal")
    shipping = settled(price - _sum(ships, "shipToDiscount"))
    shipping_tax = _sum(ships, "shipToTaxTotal")
    goods = _goods(order.get("orderSubtotal"), lines, discount)
    total = order.get("orderTotal")
    if total is not None:
        gap = settled(decimal_of(total) - settled(goods - discount + fees + tax))
        all_shipping, all_tax = settled(fees + shipping), settled(tax + shipping_tax)
        readings = (
            (ZERO, discount, fees, tax),
            (shipping, discount, all_shipping, tax),
            (settled(shipping + shipping_tax), discount, all_shipping, all_tax),
            (discount, ZERO, fees, tax),
            (settled(discount + shipping), ZERO, all_shipping, tax),
        )
        for closing, taken_off, shipped, taxed in readings:
            if not rounded(settled(gap - closing), places):
                return rounded(taken_off, places), shipped, taxed
    return rounded(discount, places), max(fees, shipping), tax


def _discount(stated: Any, items: list[Any]) -> Decimal:
    """The discount, or else that of the lines, whichever sign they are written with."""
    amounts = present([as_object(item).get("itemDiscountsTotal") for item in items])
    total = settled(sum(map(magnitude, amounts), ZERO))
    return total if stated is None else magnitude(stated)


def _stated(value: Any, parts: Decimal) -> Decimal:
    """An amount of the order, or else the sum of its parts."""
    return settled(parts if value is None else decimal_of(value))


def _sum(ships: list[Any], name: str) -> Decimal:
    amounts = [as_object(ship).get(name) for ship in ships]
    return settled(sum((decimal_of(amount) for amount in amounts if amount is not None), ZERO))


def _goods(subtotal: Any, lines: Decimal, discount: Decimal) -> Decimal:
    """The lines before discounts: of the lines' own sum and the subtotal the one that says so."""
    if subtotal is None:
        return lines
    stated = decimal_of(subtotal)
    return lines if settled(lines - discount) == stated else stated


def _payments(order: dict[str, Any], places: int) -> tuple[list[dict[str, Any]], Decimal]:
    """The payments whose money will come; and their sum."""
    payments = order.get("payments")
    found, paid = [], ZERO
    for payment in payments if type(payments) is list else ():
        fields = as_object(payment)
        if payment is None or upper(fields.get("paymentStatus")) in DEAD_PAYMENT:
            continue
        charged, is_final = fields.get("chargedAmount"), true(fields.get("isFinalCapture"))
        if is_final and charged is not None and not decimal_of(charged):
            continue
        if is_final and true(charged):
            amount: Decimal | None = decimal_of(charged)
        else:
            amounts = [decimal_of(it) for it in (fields.get("authorizedAmount"), charged) if it is not None]
            amount = max(amounts, default=None)
        came = charged is not None and amount is not None and decimal_of(charged) >= amount
        kind = "charge" if came else "auth"
        text = None if amount is None else money_text(amount, places)
        paid += ZERO if text is None else Decimal(text)
        found.append(_payment(fields, kind, text))
    return found, settled(paid)


def _payment(payment: dict[str, Any], kind: str, amount: str | None) -> dict[str, Any]:
    tender = as_object(payment.get("paymentToken")).get("paymentType")
    if not true(tender):
        tender = payment.get("paymentMethod")
    key = upper(tender)
    params = {
        "payment_type": None if key is None else TENDER.get(key, tender),
        "channel_refnum": as_object(payment.get("paymentIdentifier")).get("paymentId"),
    }
    return without_nulls({"type": kind, "amount": amount, "params": without_nulls(params)})


def _failed(total: Any, amounts: Decimal, paid: Decimal, places: int, ships: list[Any]) -> list[str]:
    """The checks that failed, in the order of the mapping."""
    stated = settled(rounded(paid if total is None else decimal_of(total), places))
    checks = ((TOTALS, amounts == stated), (PAYMENTS, paid == stated), (SEVERAL, not _goes_elsewhere(ships)))
    return [message for message, holds in checks if not holds]


def _goes_elsewhere(ships: list[Any]) -> bool:
    """Whether there is a second place, and it has a name."""
    places = [_place(as_object(ship)) for ship in ships]
    first = _frozen(places[0]) if places else None
    second = next((place for place in places[1:] if _frozen(place) != first), None)
    return true(second)


def _place(ship: dict[str, Any]) -> Any:
    for place in (as_object(ship.get("shipToAddress")).get("addressLine1"), ship.get("locationNumber")):
        if true(place):
            return place
    return ship.get("shipToType")


def _frozen(value: Any) -> Hashable:
    """A key that is equal for equal JSON; true is not 1."""
    if type(value) is dict:
        return "object", frozenset((key, _frozen(inner)) for key, inner in value.items())
    if type(value) is list:
        return "array", tuple(_frozen(inner) for inner in value)
    return ("boolean", value) if type(value) is bool else value
