"""What RetailOPS knows of an order, the requests that it sends about it, and what each of them is to change.

Units and money are whole numbers; money is in the smallest unit of the order's currency.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from fakes import retailops
from laws.histories import CURRENCIES, Ask, Sold

NUMBER = 1001


@dataclass
class Line:
    """A line of the order, by the channel's name for it."""

    id: str
    number: int
    sku: str
    ordered: int
    price: int
    shipped: int = 0
    cancelled: int = 0
    returned: int = 0

    @property
    def left(self) -> int:
        return self.ordered - self.shipped - self.cancelled

    @property
    def named(self) -> dict[str, Any]:
        return {"id": self.id, "lineId": self.number, "product": {"productCode": self.sku}}


@dataclass
class Wanted:
    """A request, and what it is to change."""

    request: dict[str, Any]
    shipped: dict[str, int] = field(default_factory=dict)
    cancelled: dict[str, int] = field(default_factory=dict)
    returned: dict[str, int] = field(default_factory=dict)
    collected: int = 0
    refunded: int = 0
    credited: int = 0
    codes: tuple[str, ...] = ()
    """The failures that RetailOPS is to hear of, once each."""
    may: tuple[str, ...] = ()
    """Those that it may hear of, and the warnings."""
    without: dict[str, int] = field(default_factory=dict)
    """The units that are not shipped as long as the channel refuses that."""
    refused: str = ""
    """The text of calls that the channel refuses at the first attempt."""


Request = Callable[["Merchant", Ask], "Wanted | None"]


@dataclass
class Merchant:
    """RetailOPS, with one order of a channel."""

    sold: Sold
    lines: list[Line]
    authorized: int
    collected: int = 0
    given_back: int = 0
    state: str = "open"
    sent: list[Wanted] = field(default_factory=list)
    repeated: set[int] = field(default_factory=set)
    serial: int = 0

    def text(self, amount: int) -> str:
        digits = CURRENCIES[self.sold.currency]
        return f"{amount / 10**digits:.{digits}f}"

    def line(self, pick: int) -> Line:
        return self.lines[pick % len(self.lines)]

    def of(self, id: str) -> Line:
        return next(each for each in self.lines if each.id == id)

    def next(self) -> str:
        self.serial += 1
        return str(self.serial)

    def want(self, ask: Ask) -> Wanted | None:
        """The request of a plan, or None where it says nothing now."""
        if ask.action == "again":
            return self.again(ask)
        made = REQUESTS[ask.action](self, ask)
        if made is not None:
            self.sent.append(made)
        return made

    def again(self, ask: Ask) -> Wanted | None:
        """A request of before, as it was. Edits are of their day, and are not sent again later.

        Nor is what was refused in part: there may be room for it by then.
        """
        kept = [each for each in self.sent if each.request["action"] not in TIMELY and not each.codes]
        if not kept:
            return None
        return Wanted(kept[ask.form % len(kept)].request, may=("*",))


TIMELY = ("order_writeback", "order_complete", "order_cancel", "order_fetch", "inv_push", "catpush_transmit")


def ship(merchant: Merchant, ask: Ask) -> Wanted | None:
    by_sku, tracking = ask.form % 4 == 3, ("own", "own", "same", "none")[ask.form // 3]
    wanted = Wanted({})
    id, packages, left = merchant.next(), [], {each.id: each.left for each in merchant.lines}
    for number, part in enumerate(ask.parts, 1):
        items: dict[str, int] = {}
        for pick, units in part:
            line = merchant.line(pick)
            if taken := min(units, left[line.id]):
                left[line.id] -= taken
                items[line.id] = items.get(line.id, 0) + taken
        if items:
            label = {"own": f"1Z{id}{number}", "same": "1ZSAME", "none": ""}[tracking]
            named = [(merchant.of(key).named, count) for key, count in items.items()]
            packages.append(retailops.package(str(number), label, *named))
            _count(wanted.shipped, items)
    if not packages or merchant.state == "completed":
        return None
    _break_package(merchant, ask, wanted, packages, left)
    if by_sku and ask.broken != "too much":
        for item in (item for package in packages for item in package["ship_items"]):
            item["channel_refnum"] = None
    wanted.request = retailops.ship(NUMBER, f"90{id}", *packages)
    if merchant.state == "cancelled":
        return Wanted(wanted.request, may=("*",))
    return wanted


def _break_package(
    merchant: Merchant, ask: Ask, wanted: Wanted, packages: list[dict[str, Any]], left: dict[str, int]
) -> None:
    first = packages[0]["ship_items"]
    if ask.broken == "unknown":
        first.append({**first[0], "id": "x", "sku_num": "NO-SUCH", "channel_refnum": None})
        wanted.codes = ("ITEM_UNKNOWN",)
    elif ask.broken == "unnamed":
        packages.append({**packages[0], "id": "", "tracking_number": ""})
        wanted.codes = ("PACKAGE_UNNAMED",)
    elif ask.broken == "too much":
        item = packages[-1]["ship_items"][-1]
        item["quantity"] += left[item["channel_refnum"]] + 1
        _count(wanted.shipped, {item["channel_refnum"]: left[item["channel_refnum"]]})
        wanted.codes = ("QUANTITY_TOO_LARGE",)
    elif ask.broken == "refused" and packages[-1]["tracking_number"] not in ("", "1ZSAME"):
        wanted.refused = packages[-1]["tracking_number"]
        for item in packages[-1]["ship_items"]:
            _count(wanted.without, {item["channel_refnum"]: item["quantity"]})


def take_back(merchant: Merchant, ask: Ask) -> Wanted | None:
    wanted, items = Wanted({}), {}
    for pick, units in (each for part in ask.parts for each in part):
        line = merchant.line(pick)
        if taken := min(units, line.shipped - line.returned - items.get(line.id, 0)):
            _count(items, {line.id: taken})
    if not items or merchant.state == "cancelled":
        return None
    worth = sum(merchant.of(key).price * units for key, units in items.items()) * ask.percent // 100
    most = merchant.collected - merchant.given_back
    worth = max(0, min(worth, most))
    wanted.returned = dict(items)
    if ask.broken == "too much":
        key = next(iter(items))
        over = merchant.of(key).shipped - merchant.of(key).returned
        items[key], wanted.returned[key] = over + 1, over
        wanted.codes = ("QUANTITY_TOO_LARGE",)
    named = [(merchant.of(key).named, count) for key, count in items.items()]
    request = retailops.take_back(NUMBER, merchant.next(), 0, *named)
    told = request["data"]["return"]
    if ask.broken == "unnamed":
        worth, wanted.codes = most, ("REFUND_NOT_COVERED",)
    asked = worth + 100 if ask.broken == "unnamed" else worth
    for name in ("product_amt", "subtotal_amt", "refund_amt"):
        told[name] = merchant.text(asked)
    for place, each in enumerate(told["credit_items_ref"]):
        each["item_credit_amt"] = merchant.text(asked if place == 0 else 0)
    if ask.broken == "unknown":
        strange = {"channel_refnum": None, "order_item_id": "0", "sku": "NO-SUCH"}
        told["items"].append({**told["items"][0], **strange})
        wanted.codes = ("ITEM_UNKNOWN",)
    if ask.form % 4 == 3:
        told["refund_action"] = "storecredit"
        wanted.credited = worth
    else:
        wanted.refunded = worth
    return replace(wanted, request=request)


def capture(merchant: Merchant, ask: Ask) -> Wanted | None:
    left = merchant.authorized - merchant.collected
    amount = left * ask.percent // 100
    if merchant.state != "open" or amount <= 0:
        return None
    over = ask.broken == "too much"
    asked = left + 100 if over else amount
    request = retailops.capture(NUMBER, 0, 0)
    for each in (request["data"]["order"]["channel_payment"], request["data"]["order"]["payment_status"]):
        for account in (each, *each.get("by_account", ())):
            account["settled"] = merchant.text(merchant.collected)
            account["unsettled_external"] = merchant.text(asked)
            account["charged"] = merchant.text(asked + merchant.collected)
    codes = ("PAYMENT_NOT_COVERED",) if over else ()
    return Wanted(request, collected=left if over else amount, codes=codes)


def write(merchant: Merchant, ask: Ask) -> Wanted | None:
    """Fewer units of some lines, and none of others; never of all, which is a cancellation."""
    cut: dict[str, int] = {}
    for pick, units in ask.parts[0]:
        line = merchant.line(pick)
        if taken := min(units, line.left - cut.get(line.id, 0)):
            _count(cut, {line.id: taken})
    stays = sum(each.ordered - each.cancelled for each in merchant.lines) - sum(cut.values())
    if not cut or merchant.state != "open" or not stays:
        return None
    rows, wanted = [], Wanted({}, cancelled=cut)
    for line in merchant.lines:
        before = line.ordered - line.cancelled
        units = before - cut.get(line.id, 0)
        if before:
            named = (str(7000 + line.number), line.sku, units or before)
            row = retailops.written(*named, 0, removed=int(not units))
            rows.append({**row, "unit_price": merchant.text(line.price)})
    if ask.broken == "unknown":
        rows.append(retailops.written("7999", "NO-SUCH", 0, 1, removed=1))
    request = retailops.write_back(NUMBER, *rows)
    names = (("shipping_amt", "shipping"), ("discount_amt", "discount"), ("tax_amt", "tax"))
    for name, part in names:
        request["data"]["order_info"][name] = merchant.text(getattr(merchant.sold, part))
    return replace(wanted, request=request)


def complete(merchant: Merchant, ask: Ask) -> Wanted | None:
    """All that is left will not be shipped, or only some of it."""
    if merchant.state != "open" or not any(each.shipped for each in merchant.lines):
        return None
    gone = [each for each in merchant.lines if each.left][: None if ask.form % 3 else 1]
    told: list[dict[str, Any]] = [
        {"channel_item_refnum": each.id, "sku": each.sku, "quantity": each.left, "reason": "ShortShip"}
        for each in gone
    ]
    if ask.broken == "unknown":
        told.append({"channel_item_refnum": "0", "sku": "NO-SUCH", "quantity": 1, "reason": "ShortShip"})
    request = retailops.complete(NUMBER, unshipped_items_ref=told)
    return Wanted(request, cancelled={each.id: each.left for each in gone}, may=("*",))


def cancel(merchant: Merchant, ask: Ask) -> Wanted | None:
    if merchant.state != "open":
        return None
    left = {each.id: each.left for each in merchant.lines if each.left}
    return Wanted(retailops.cancel(NUMBER), cancelled=left, may=("*",))


def acknowledge(merchant: Merchant, ask: Ask) -> Wanted | None:
    numbers = (NUMBER, 4711) if ask.broken == "unknown" else (NUMBER,)
    return Wanted(retailops.acknowledge(*numbers), may=("ORDER_UNKNOWN",) if len(numbers) > 1 else ())


def fetch(merchant: Merchant, ask: Ask) -> Wanted | None:
    return Wanted(retailops.fetch_one(NUMBER), may=("*",))


def stock(merchant: Merchant, ask: Ask) -> Wanted | None:
    rows = [(each.sku, each.ordered + ask.form) for each in merchant.lines]
    request = retailops.stock(*dict(rows).items())
    if ask.broken == "unnamed":
        request["data"]["inventory"]["data"].insert(0, {"sku": "", "qty_available": 3, "qty_breakdown": []})
        return Wanted(request, codes=("SKU_MISSING",))
    return Wanted(request)


def products(merchant: Merchant, ask: Ask) -> Wanted | None:
    codes = {each.sku for each in merchant.lines} | {"POT"}
    return Wanted(retailops.catalog(*sorted(codes)))


REQUESTS: dict[str, Request] = {
    "ack": acknowledge,
    "ship": ship,
    "return": take_back,
    "write": write,
    "capture": capture,
    "complete": complete,
    "cancel": cancel,
    "fetch": fetch,
    "stock": stock,
    "products": products,
}


def _count(into: dict[str, int], more: dict[str, int]) -> None:
    for key, units in more.items():
        into[key] = into.get(key, 0) + units
