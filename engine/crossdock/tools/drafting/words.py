"""How similar the meanings of two names are: by their words, and by synonyms in commerce.

concepts("postalOrZipCode")                     ("zip",)
likeness(concepts("zip"), concepts("postal_code"))     1.0
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final

# Synonyms. The first of each row is its name here; two words with a space are one thing.
_SYNONYMS: Final = """
    sku: article, product code, item code, variation product code, part number, article number
    zip: postal code, post code, zip code, postcode, zipcode, postal, postal zip code, plz
    street: address 1, address line 1, line 1, street 1, address line, street address, addr 1
    street2: address 2, address line 2, line 2, street 2, addr 2
    street3: address 3, address line 3, line 3
    street4: address 4, address line 4, line 4
    city: town, city town, locality
    region: state, state province, province, county, state match, state code
    country: country code, country match, nation
    company: company organization, organization, organisation, firm, business
    firstname: first name, given name, forename
    lastname: last name, surname, family name, last name surname
    email: e mail, email address, mail
    phone: phone number, telephone, tel, mobile, telephone number, phone home
    ip: ip address, remote address
    reference: refnum, number, id, ref, no, identifier, num, key, channel refnum, reference number
    external: external id
    quantity: qty, count, units, ordered quantity, quantity ordered, qty ordered, pieces
    price: unit price, unit cost, list price, item price, item unit price
    amount: amt, total, sum, value, amount requested
    shipping: ship, delivery, deliver, fulfillment, fulfilment, freight, dispatch, ship to, shipment
    billing: bill, invoice, payer, bill to, payor
    customer: buyer, shopper, client, purchaser, consumer
    person: contact, recipient
    address: addr
    tax: vat, gst
    discount: promotion, rebate, reduction
    payment: tender, pay, pmt
    tender: payment type, payment method, tender type, payment or card type, card type
    line: item, row, position, order line, line item, entry, order item
    title: name, label, sku title, product name, item name, article name
    created: placed, submitted, ordered, created at, placed at, ordered at, date created, create, order date
    date: at, time, timestamp, on, datetime
    note: comment, remark, memo, instruction, comments
    message: text, greeting
    method: service
    shipmethod: shipcode, shipping method, ship method, carrier, delivery method, shipping service
    currency: currency code
    attribute: property, extra, custom, extended
    order: purchase
    warehouse: facility, location, store
    tracking: tracking number, track
"""
# What is not the same, but may stand for it.
_RELATED_PAIRS: Final = """
    amount price, created date, note message, customer person, address person, tender method,
    shipmethod method
"""
_RELATED: Final = {frozenset(pair.split()): 0.7 for pair in _RELATED_PAIRS.split(",")}
# What is never taken for the other.
_OPPOSITES: Final = (("shipping", "billing"),)
# Words that tell little by themselves, and words that change the meaning of the word beside them.
_WEAK_WORDS: Final = "channel match info information data detail field object order amount"
_TURNING_WORDS: Final = """
    cancelled canceled cancel original returned return refund refunded parent old previous min max expire
    expiration update updated modified appeasement invoiced invoice adjustment in currencies excluded audit
    discounted remaining collected available weight tax discount handling fee duty credit group taxable
    purchaser operator user alternate middle
"""
MONEY: Final = frozenset({"amount", "price", "tax", "discount", "shipping", "cost", "fee"})
"""The concepts that mean an amount of money."""
_WEAK: Final = frozenset(_WEAK_WORDS.split())
_TURNING: Final = frozenset(_TURNING_WORDS.split())


def _rows() -> dict[tuple[str, ...], str]:
    rows: dict[tuple[str, ...], str] = {}
    for row in _SYNONYMS.strip().splitlines():
        name, _, others = row.strip().partition(": ")
        for other in (name, *others.split(", ")):
            rows[tuple(other.split())] = name
    return rows


_THINGS: Final = _rows()
_UTC: Final = frozenset({"gmt", "utc"})
_SILENT: Final = frozenset({"or", "of", "the", "is", "has", *_UTC})
_LONGEST: Final = max(map(len, _THINGS))
_WORD: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


@lru_cache(maxsize=20_000)
def words(name: str) -> tuple[str, ...]:
    """The words of a name: ``postalOrZipCode`` is postal, zip, code."""
    found = [_singular(word.lower()) for word in _WORD.findall(name)]
    return tuple(word for word in found if word not in _SILENT)


def in_utc(name: str) -> bool:
    """Whether a name says that its time is in UTC: ``date_created_gmt``."""
    return not _UTC.isdisjoint(map(str.lower, _WORD.findall(name)))


def _singular(word: str) -> str:
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-3] + "y" if word.endswith("ies") else word[:-1]
    return word


@lru_cache(maxsize=20_000)
def concepts(name: str) -> tuple[str, ...]:
    """The words of a name, with synonyms replaced by one word, the longest first."""
    left, found = list(words(name)), list[str]()
    while left:
        for length in range(min(_LONGEST, len(left)), 0, -1):
            if (thing := _THINGS.get(tuple(left[:length]))) is not None:
                break
        else:
            length, thing = 1, left[0]
        found.append(thing)
        del left[:length]
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=200_000)
def likeness(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """From 0 to 1: how much of each is met in the other."""
    if not one or not other:
        return 0.0
    forth, back = _met(one, other), _met(other, one)
    if min(forth, back) == 0:
        return 0.0
    telling = [word for word in one if word not in _WEAK]
    told = not telling or any(_alike(word, each) >= 0.7 for word in telling for each in other)
    return (0.55 * forth + 0.45 * back) * (1.0 if told else 0.85)


def _met(these: tuple[str, ...], others: tuple[str, ...]) -> float:
    weights = [_weight(word) for word in these]
    best = [max(_alike(word, other) for other in others) for word in these]
    return sum(weight * alike for weight, alike in zip(weights, best, strict=True)) / sum(weights)


def _weight(word: str) -> float:
    if word in _WEAK:
        return 0.35
    return 1.4 if word in _TURNING else 1.0


@lru_cache(maxsize=100_000)
def _alike(one: str, other: str) -> float:
    if one == other:
        return 1.0
    if (related := _RELATED.get(frozenset((one, other)))) is not None:
        return related
    if one.rstrip("0123456789") == other.rstrip("0123456789"):
        return 0.5  # address2 is not address3
    if len(one) > 4 and len(other) > 4 and one[0] == other[0]:
        ratio = SequenceMatcher(None, one, other).ratio()
        return ratio if ratio >= 0.8 else 0.0
    return 0.0


def opposed(wanted: frozenset[str], given: frozenset[str]) -> bool:
    """Whether one side says something, and the other one its opposite only: an address to ship or to bill."""
    return any(
        (one in wanted and one not in given and other in given and other not in wanted)
        for pair in _OPPOSITES
        for one, other in (pair, pair[::-1])
    )


def shared(one: str, other: str) -> list[str]:
    """Which words of two names mean the same, for a reason: ``zip means postal_code``."""
    left, right = concepts(one), concepts(other)
    return [word for word in left if any(_alike(word, each) for each in right)]
