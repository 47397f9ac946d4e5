"""Requests of any length, and a channel in memory that answers their calls.

    case = writeback("kibo", 500)       an order of 500 lines, three of which RetailOPS changes
    case.request                        what RetailOPS sends
    case.answer("GET", "/orders/1")     what the channel answers to a call

The shapes are those of the examples, so that requests and answers are valid.
"""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

EXAMPLES: Final = Path(__file__).resolve().parents[1] / "examples"
CHANGED: Final = 3  # of an order's lines: what a channel answers to each change is the whole order again
PACKAGES: Final = 10
ORDERS: Final = 50
_SUBTOTALS: Final = {"kibo": "subtotal", "fabric": "itemSubtotal"}

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A request for an action of a channel. ``order`` is what the channel has, ``found`` what a search finds.

    ``made`` is what it answers when a package or a shipment is made.
    """

    channel: str
    action: str
    request: Payload
    order: Payload
    found: Payload
    made: Payload

    def answer(self, method: str, path: str) -> Payload:
        """The body of the channel's answer."""
        match method, path:
            case ("GET", "/commerce/orders") | ("POST", "/orders/search"):
                return self.found
            case "POST", "/shipments/search":
                return {"data": [], "pagination": {"offset": 0, "limit": 100, "count": 0}}
            case "POST", made if made.endswith(("/packages", "/create-order-shipment")):
                return self.made
        return self.order


def writeback(channel: str, lines: int) -> Case:
    """An order of so many lines, of which RetailOPS wants one unit less of each of the last three."""
    request, order, found = _order(channel, "order_writeback", lines)
    shape = request["data"]["line_items"][0]
    items = order["items"]
    request["data"]["line_items"] = [
        {
            **shape,
            "corr": str(7000 + number),
            "sku": _sku(item),
            "quantity": str(3 if number >= lines - CHANGED else 4),
            "unit_price": str(_price(item)),
        }
        for number, item in enumerate(items)
    ]
    return Case(channel, "order_writeback", request, order, found, {})


def shipment(channel: str, lines: int) -> Case:
    """An order of so many lines, all of them in ten packages."""
    request, order, found = _order(channel, "shipment_submit", lines)
    shape = request["data"]["shipment"]["packages"][0]
    item = shape["ship_items"][0]
    packages: list[Payload] = []
    for number in range(PACKAGES):
        goods = [
            {**item, "channel_refnum": _id(line), "sku_num": _sku(line), "quantity": 4}
            for line in order["items"][number::PACKAGES]
        ]
        label = f"1Z12345E02052{number:05}"
        packages.append({**shape, "id": str(370 + number), "tracking_number": label, "ship_items": goods})
    request["data"]["shipment"]["packages"] = packages
    answers = _example(channel, "shipment_submit", "three-packages.answers")
    made = answers["parcel"][0]["package"] if channel == "kibo" else answers["shipment"][0]
    return Case(channel, "shipment_submit", request, order, found, made)


def fetch(channel: str, orders: int) -> Case:
    """So many orders of the seed's size."""
    request = _example(channel, "order_fetch", "full")
    request["data"]["max_page_size"] = orders
    page = _example(channel, "order_fetch", "seed-example.answers")["page"]
    name = "items" if channel == "kibo" else "data"
    number = "orderNumber"
    seed = page[name][0]
    found = [deepcopy(seed) for _ in range(orders)]
    for place, order in enumerate(found):
        order[number] = 1000 + place if channel == "kibo" else str(1000 + place)
        order["id" if channel == "kibo" else "orderId"] = f"{place:032x}"
    page[name] = found
    return Case(channel, "order_fetch", request, seed, page, {})


def _order(channel: str, action: str, lines: int) -> tuple[Payload, Payload, Payload]:
    """The request of an example, an order of so many lines, and what a search for it finds."""
    name = "three-packages" if action == "shipment_submit" else "full"
    request = _example(channel, action, name)
    found = _example(channel, action, f"{name}.answers")["by_number"]
    order = found["items"][0] if channel == "kibo" else found
    before = order["items"]
    order["items"] = [_line(channel, before[0], number) for number in range(1, lines + 1)]
    more = sum(item[_SUBTOTALS[channel]] for item in order["items"])
    more -= sum(item[_SUBTOTALS[channel]] for item in before)
    total = order.get("total", order.get("orderTotal"))
    for part in (order, *order.get("payments", ())):
        for name, amount in part.items():
            if total is not None and amount == total:
                part[name] = round(total + more, 2)
    return request, order, found


def _line(channel: str, shape: Payload, number: int) -> Payload:
    line = deepcopy(shape)
    if channel == "kibo":
        line |= {"id": f"{number:032x}", "lineId": number, "quantity": 4, "subtotal": 98.0}
        line["product"]["variationProductCode"] = f"MUG-{number}"
        return line
    numbers = {"lineItemId": str(number), "lineItemNumber": number, "itemId": 700_000 + number}
    return {**line, **numbers, "sku": f"MUG-{number}", "orderedQuantity": 4, "itemSubtotal": 50.0}


def _sku(line: Payload) -> str:
    return str(line["sku"] if "sku" in line else line["product"]["variationProductCode"])


def _id(line: Payload) -> str:
    return str(line["lineItemId"] if "lineItemId" in line else line["id"])


def _price(line: Payload) -> float:
    return float(line["itemUnitPrice"] if "itemUnitPrice" in line else line["unitPrice"]["extendedAmount"])


def _example(channel: str, action: str, name: str) -> Payload:
    found: Payload = json.loads((EXAMPLES / channel / action / f"{name}.json").read_text(encoding="utf-8"))
    return found
