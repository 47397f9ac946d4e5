"""A Kibo order as RetailOPS pulls it, written by hand: mappings/kibo/order.yaml in Python.

    result, failed = kibo_order(payload)

``failed`` are the statements about the result that do not hold. A payload that cannot be converted
raises Refused. What the source schema would refuse is refused or passed over as the mapping does it.
"""

from __future__ import annotations

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
    ratio,
    refuse_other_types,
    rounded,
    settled,
)
from handwritten.values import (
    CURRENCY,
    NOTHING,
    NUMBERS,
    as_object,
    country,
    first_text,
    flat,
    full_name,
    joined,
    named_currency,
    other_currency,
    same,
    text_of,
    trimmed,
    true,
    unknown_country,
    upper,
    without_nulls,
)

DEAD_PAYMENT: Final = frozenset(
    {"Voided", "VoidPending", "Declined", "RolledBack", "New", "CreditPending", "Failed", "Expired"}
)
FAILED: Final = frozenset({"Failed", "Failure", "Declined"})
NOT_SHIPPED: Final = frozenset({"Pickup", "Curbside", "Digital"})
PLACE: Final = ("address1", "address2", "address3", "address4", "cityOrTown", "postalOrZipCode")
FULL_NAME: Final = ("firstName", "lastNameOrSurname")
TENDER: Final = {
    "VISA": "Visa",
    "MC": "MasterCard",
    "MASTERCARD": "MasterCard",
    "AMEX": "American Express",
    "DISCOVER": "Discover",
    "DINERS": "Diners Club",
    "JCB": "JCB",
    "CHECK": "Check",
    "PURCHASEORDER": "Purchase Order",
    "GIFTCARD": "Gift Card",
    "STORECREDIT": "Store Credit",
    "PAYPALEXPRESS": "PayPal",
    "PAYPALEXPRESS2": "PayPal",
    "PAYWITHAMAZON": "Amazon Pay",
    "APPLEPAY": "Apple Pay",
    "GOOGLEPAY": "Google Pay",
    "VISACHECKOUT": "Visa Checkout",
}
TOTALS: Final = "lines, discount, shipping and tax do not add up to the order's total"
PAYMENTS: Final = "the payments do not add up to the order's total"
EXTRAS: Final = "a product extra has no line of its own; it is in the title of its line, to be picked with it"
COUNTRY: Final = "the country of an address is not known, and RetailOPS gets it as Kibo has it"
TWO_WAYS: Final = (
    "the lines leave in several ways, such as shipped and picked up, "
    "and RetailOPS knows one address and one method"
)
NOWHERE: Final = "goods are to be shipped, and the order does not say to which address"
NO_STREET: Final = "the ship-to has no street"


def kibo_order(
    order: dict[str, Any],
    *,
    order_reference: str = "number",
    handling_and_duty: str = "in_shipping",
    currency: str = "USD",
) -> tuple[dict[str, Any], list[str]]:
    """RetailOPS' order, and the checks that failed. Raises Refused."""
    places = places_of(currency)
    items = order["items"] if type(order.get("items")) is list else []
    billing = as_object(order.get("billingInfo")).get("billingContact")
    fulfillment = as_object(order.get("fulfillmentInfo"))
    shipping = fulfillment.get("fulfillmentContact")
    payers, shipped = _payers(order.get("payments")), _is_shipped(items)
    lines, goods = _lines(items, places)
    impacts, extras = _discounts(order)
    discount = _discount(order, impacts, places)
    payments, paid = _payments(order, places)
    result = without_nulls(
        {
            "channel_refnum": _reference(order, order_reference),
            "channel_date_created": epoch(_date(order), milliseconds=True),
            "calc_mode": "order",
            "currency_code": named_currency(currency),
            "customer": _customer(order, flat([billing, payers, shipping, order.get("alternateContact")])),
            "bill_addr": _address(flat([billing, payers, shipping])),
            "ship_addr": _address(flat([shipping] if shipped else [shipping, billing, payers])),
            "shipcode": _shipcode(order, fulfillment, items),
            "gift_message": _gift_message(order),
            "ip_address": order.get("ipAddress"),
            "attributes": {},
            "items": lines,
            "shipping_amt": _shipping(order, handling_and_duty, places),
            "tax_amt": _tax(order, places),
            "discount_amt": plain(discount),
            "payment": payments,
        }
    )
    amounts = goods - discount + Decimal(result["shipping_amt"]) + Decimal(result["tax_amt"])
    failed = [CURRENCY] if other_currency([order.get("currencyCode")], currency) else []
    failed += _failed(order.get("total"), settled(amounts), paid, extras=extras, items=items)
    if shipped and "ship_addr" not in result:
        failed.append(NOWHERE)
    if "ship_addr" in result and not true(result["ship_addr"].get("address1")):
        failed.append(NO_STREET)
    if unknown_country([as_object(contact).get("address") for contact in flat([billing, shipping])]):
        failed.append(COUNTRY)
    return result, failed


def _reference(order: dict[str, Any], by: str) -> Any:
    if by != "number":
        return order.get("id")
    number = order.get("orderNumber")
    return text_of(number) if true(number) else number


def _date(order: dict[str, Any]) -> Any:
    for name in ("submittedDate", "acceptedDate"):
        moment = order.get(name)
        if true(moment):
            return moment
    return as_object(order.get("auditInfo")).get("createDate")


def _payers(payments: Any) -> list[Any]:
    """The billing contacts of the payments."""
    contacts = []
    for payment in flat(payments):
        billing = payment.get("billingInfo") if type(payment) is dict else None
        contact = billing.get("billingContact") if type(billing) is dict else None
        if contact is not None:
            contacts.append(contact)
    return contacts


def _customer(order: dict[str, Any], contacts: list[Any]) -> dict[str, Any]:
    name, own = _person(contacts)
    email, phone = _email(own), _phone([*own, *contacts])
    stated = order.get("email")
    return without_nulls(
        {
            "first_name": name.get("firstName"),
            "last_name": name.get("lastNameOrSurname"),
            "email_address": stated if true(stated) else email,
            "phone_number": phone,
        }
    )


def _person(contacts: list[Any]) -> tuple[dict[str, Any], list[Any]]:
    """The first contact with a name; and all of this name, then all without one."""
    named = [(full_name(as_object(contact), FULL_NAME), as_object(contact)) for contact in contacts]
    whole = next((name for name, _ in named if name), None)
    person = [contact for name, contact in named if name == whole]
    return next(iter(person), NOTHING), [*person, *(contact for name, contact in named if not name)]


def _email(contacts: list[Any]) -> str | None:
    return first_text([contact.get(name) for contact in contacts for name in ("email", "emailAddress")])


def _phone(contacts: list[Any]) -> str | None:
    return first_text([number for contact in contacts for number in _numbers(as_object(contact))])


def _numbers(contact: dict[str, Any]) -> list[Any]:
    """All phone numbers of a contact."""
    given, other = contact.get("phoneNumbers"), contact.get("phoneNumber")
    numbers = [given.get("home"), given.get("mobile"), given.get("work")] if type(given) is dict else []
    if other is not None:
        numbers += flat([other])
    return numbers


def _address(contacts: list[Any]) -> dict[str, Any] | None:
    """The first contact that has an address, as RetailOPS' address."""
    found = [contact for contact in map(as_object, contacts) if any(_place(contact, PLACE))]
    if not found:
        return None
    contact, address = found[0], as_object(found[0].get("address"))
    lines = _place(contact, PLACE[:4])
    return without_nulls(
        {
            "first_name": contact.get("firstName"),
            "last_name": contact.get("lastNameOrSurname"),
            "company": contact.get("companyOrOrganization"),
            "address1": lines[0] if lines else None,
            "address2": joined(", ", lines[1:]),
            "city": address.get("cityOrTown"),
            "state_match": address.get("stateOrProvince"),
            "postal_code": address.get("postalOrZipCode"),
            "country_match": country(address.get("countryCode")),
        }
    )


def _place(contact: dict[str, Any], names: tuple[str, ...]) -> list[Any]:
    """What of the contact's address is not blank; all of it must be text."""
    address = as_object(contact.get("address"))
    return [address[name] for name in names if address.get(name) is not None and trimmed(address[name])]


def _is_shipped(items: list[Any]) -> bool:
    """Whether a line that is not cancelled leaves for an address."""
    found = [not _is_in(NOT_SHIPPED, way) for way in _ways(items)]
    return any(found)


def _ways(items: list[Any]) -> list[Any]:
    """How the lines that are not cancelled leave; null where a line does not say it."""
    lines = [as_object(item) for item in items if item is not None]
    return [line.get("fulfillmentMethod") for line in lines if not same(line.get("quantity"), 0)]


def _is_in(names: frozenset[str], name: Any) -> bool:
    """Whether a table lists the name. Raises Refused for what is not a key."""
    if name is not None and type(name) not in (str, int):
        raise Refused("not a key")
    return name in names


def _method(place: Any) -> Any:
    """The shipping method of an order or a line: its name, else its code."""
    name = as_object(place).get("shippingMethodName")
    return name if true(name) else as_object(place).get("shippingMethodCode")


def _shipcode(order: dict[str, Any], fulfillment: dict[str, Any], items: list[Any]) -> Any:
    method = _method(fulfillment)
    if true(method):
        return method
    method = next((found for found in map(_method, flat(order.get("items"))) if found is not None), None)
    if true(method):
        return method
    ways = _ways(items)
    if any(not true(way) or way == "Ship" for way in ways):
        return None
    return "Delivery" if "Delivery" in ways else next(iter(ways), None)


def _gift_message(order: dict[str, Any]) -> str | None:
    gifts = [as_object(item).get("giftInfo") for item in flat(order.get("items"))]
    messages = [gift.get("giftMessage") for gift in gifts if type(gift) is dict]
    written = flat([as_object(order.get("shopperNotes")).get("giftMessage"), messages])
    texts = [trimmed(text) for text in written if text is not None]
    return " / ".join(dict.fromkeys([text for text in texts if text])) or None


def _lines(items: list[Any], places: int) -> tuple[list[dict[str, Any]], Decimal]:
    """The lines that are not cancelled, and what they cost together."""
    lines, goods = [], ZERO
    for item in items:
        if item is None:
            continue
        line = _line(item if type(item) is dict else NOTHING, places)
        if line is not None:
            lines.append(line)
            goods += line_total(line.get("quantity"), line.get("unit_price"))
    return lines, settled(goods)


def _line(item: dict[str, Any], places: int) -> dict[str, Any] | None:
    """A line; None when it is cancelled."""
    quantity = item.get("quantity")
    if quantity == 0 and quantity is not False:
        return None
    reference = item.get("id")
    if not reference and type(reference) not in NUMBERS:
        number = item.get("lineId")
        reference = text_of(number) if true(number) else number
    product = item.get("product")
    if type(product) is not dict:
        product = NOTHING
    sku = product.get("variationProductCode")
    if not sku and type(sku) not in NUMBERS:
        sku = product.get("productCode")
        if not sku and type(sku) not in NUMBERS:
            sku = product.get("sku")
    name, parts = product.get("name"), product.get("bundledProducts")
    price = _price(item.get("unitPrice"), item.get("subtotal"), quantity)
    return without_nulls(
        {
            "channel_refnum": reference,
            "sku": sku,
            "sku_title": (name or None) if type(name) is str and not parts else _title(name, parts),
            "quantity": quantity,
            "unit_price": None if price is None else money(price, places),
            "unit_tax": 0,
        }
    )


def _title(name: Any, parts: Any) -> str | None:
    """A product's name with those of its extras."""
    extras = [part.get("name") for part in parts if _is_extra(part)] if type(parts) is list else []
    names = [*flat([name]), *extras]
    found = [text for text in names if text is not None]
    if not all(type(text) is str for text in found):
        raise Refused("not a name")
    return " + ".join(found) or None


def _is_extra(part: Any) -> bool:
    return type(part) is dict and true(part.get("optionAttributeFQN"))


def _price(prices: Any, subtotal: Any, quantity: Any) -> Any:
    """What a unit was sold for: the first of its prices that is stated, or else its part of the subtotal."""
    part = None
    if subtotal is not None and quantity is not None:
        part = ratio(decimal_of(subtotal), quantity)
    else:
        refuse_other_types(subtotal)
        refuse_other_types(quantity)
    stated = as_object(prices)
    for name in ("extendedAmount", "overrideAmount", "saleAmount", "listAmount"):
        price = stated.get(name)
        if price is not None:
            return price
    return part


def _shipping(order: dict[str, Any], handling_and_duty: str, places: int) -> str:
    """Shipping, with handling and duty where the setting says so."""
    total = _stated_or_lines(order, "shippingTotal", "shippingTotal")
    if handling_and_duty == "in_shipping":
        handling = _stated_or_lines(order, "handlingTotal", "handlingAmount")
        total += settled(handling + _stated_or_lines(order, "dutyTotal", "dutyAmount"))
    return money_text(settled(total), places)


def _stated_or_lines(order: dict[str, Any], name: str, of_line: str) -> Decimal:
    """An amount of the order, or else the sum of its lines', which must be numbers in any case."""
    lines = [as_object(item).get(of_line) for item in flat(order.get("items"))]
    total, stated = settled(_sum(lines)), order.get(name)
    return total if stated is None else decimal_of(stated)


def _tax(order: dict[str, Any], places: int) -> str:
    """The tax, or else its parts, which must be numbers in any case."""
    parts = _stated_or_lines(order, "itemTaxTotal", "itemTaxTotal") + _sum([order.get("handlingTaxTotal")])
    parts += _stated_or_lines(order, "shippingTaxTotal", "shippingTaxTotal")
    total = order.get("taxTotal")
    return money_text(settled(parts), places) if total is None else money(total, places)


def _sum(amounts: list[Any]) -> Decimal:
    """The sum of those amounts that are there."""
    return sum((decimal_of(amount) for amount in amounts if amount is not None), ZERO)


def _discounts(order: dict[str, Any]) -> tuple[Decimal, bool]:
    """What the discounts that count take off together; and whether a product has extras."""
    total, extras = _impact(order.get("orderDiscounts")), False
    for item in flat(order.get("items")):
        if type(item) is not dict:
            continue
        several, stated = item.get("productDiscounts"), item.get("discountTotal")
        parts = _impact(several if true(several) else [item.get("productDiscount")])
        total += parts if stated is None else magnitude(stated)
        product = item.get("product")
        parts = product.get("bundledProducts") if type(product) is dict else None
        if parts and type(parts) is list and any(map(_is_extra, parts)):
            extras = True
    return settled(total), extras


def _impact(discounts: Any) -> Decimal:
    """What discounts take off, whichever sign they are written with."""
    total = ZERO
    for discount in map(as_object, discounts if type(discounts) is list else ()):
        impact = discount.get("impact")
        if impact is not None and not true(discount.get("excluded")):
            total += magnitude(impact)
    return settled(total)


def _discount(order: dict[str, Any], impacts: Decimal, places: int) -> Decimal:
    """The order's discount, less what a merchant's adjustment adds."""
    stated = order.get("discountTotal")
    adjustment = as_object(order.get("adjustment")).get("amount")
    total = impacts if stated is None else magnitude(stated)
    if adjustment is not None:
        total = settled(total - decimal_of(adjustment))
    return settled(rounded(total, places))


def _payments(order: dict[str, Any], places: int) -> tuple[list[dict[str, Any]], Decimal]:
    """The payments whose money will come, as this order's share; and their sum."""
    payments, number = order.get("payments"), order.get("id")
    found, paid = [], ZERO
    for payment in payments if type(payments) is list else ():
        if payment is None or _is_dead(fields := as_object(payment)):
            continue
        shares = _shares(fields, number)
        if shares == []:
            continue
        credited = _total(fields, shares, "amountCredited")
        covered = _less(_total(fields, shares, "amountRequested"), credited)
        collected = _less(_total(fields, shares, "amountCollected"), credited)
        came = collected is not None and covered is not None and covered <= collected
        kind = "charge" if came or fields.get("status") == "Collected" else "auth"
        text = None if covered is None else money_text(covered, places)
        paid += ZERO if text is None else Decimal(text)
        found.append(_payment(fields, kind, text))
    return found, settled(paid)


def _is_dead(payment: dict[str, Any]) -> bool:
    """Whether the payment's money will not come, or was given back."""
    status = payment.get("status")
    if _is_in(DEAD_PAYMENT, status):
        return True
    if status == "Pending" and not _is_above(payment.get("amountCollected")):
        talk = payment.get("interactions")
        return type(talk) is list and bool(talk) and _is_in(FAILED, as_object(talk[-1]).get("status"))
    requested, credited = payment.get("amountRequested"), payment.get("amountCredited")
    if not _is_above(credited):
        return status == "Credited"
    return not true(payment.get("subPayments")) and (requested is None or requested <= credited)


def _is_above(amount: Any) -> bool:
    """Whether an amount is more than 0."""
    return amount is not None and decimal_of(amount) > 0


def _shares(payment: dict[str, Any], number: Any) -> list[dict[str, Any]] | None:
    """The sub-payments that are this order's; None when the payment is for one order."""
    shares = payment.get("subPayments")
    if not true(shares):
        return None
    return [
        share
        for share in map(as_object, shares if type(shares) is list else ())
        if same(as_object(share.get("target")).get("targetId"), number)
        and not _is_in(DEAD_PAYMENT, share.get("status"))
    ]


def _total(payment: dict[str, Any], shares: list[dict[str, Any]] | None, name: str) -> Decimal | None:
    """An amount of the payment, or of this order's shares in it."""
    if shares is not None:
        return settled(_sum([share.get(name) for share in shares]))
    amount = payment.get(name)
    return None if amount is None else decimal_of(amount)


def _less(amount: Decimal | None, credited: Decimal | None) -> Decimal | None:
    return None if amount is None else settled(amount - (credited or ZERO))


def _payment(payment: dict[str, Any], kind: str, amount: str | None) -> dict[str, Any]:
    tender = as_object(as_object(payment.get("billingInfo")).get("card")).get("paymentOrCardType")
    if not true(tender):
        tender = payment.get("paymentType")
    key = upper(tender)
    params = {
        "payment_type": None if key is None else TENDER.get(key, tender),
        "channel_refnum": payment.get("id"),
    }
    return without_nulls({"type": kind, "amount": amount, "params": without_nulls(params)})


def _failed(total: Any, amounts: Decimal, paid: Decimal, *, extras: bool, items: list[Any]) -> list[str]:
    """The checks that failed, in the order of the mapping."""
    stated = paid if total is None else decimal_of(total)
    ways = [way if true(way) else "Ship" for way in _ways(items)]
    checks = (
        (TOTALS, amounts == stated),
        (PAYMENTS, paid == stated),
        (EXTRAS, not extras),
        (TWO_WAYS, all(way == ways[0] for way in ways)),
    )
    return [message for message, holds in checks if not holds]
