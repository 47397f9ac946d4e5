"""Complete orders of any length, always the same ones, whose totals add up.

    kibo_order(30)         an order of 30 lines, as Kibo's API states it
    as_bytes(payload)      as it comes over the network

Every field that the channel documents is there, filled by its name; what the mapping reads is then
overwritten with values that belong together. So the payloads weigh what real ones weigh, and most of
an order is of no interest to the mapping, as in practice.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

EXAMPLES: Final = Path(__file__).resolve().parents[1] / "examples"
SIZES: Final = (3, 30, 300)

Payload = dict[str, Any]

_AFTERWARDS_KIBO: Final = ("refunds", "credits", "packages", "pickups", "digitalPackages", "shipments")
_AFTERWARDS_FABRIC: Final = ("appeasements", "cancellations", "returns", "cancelledAt")
_GOODS: Final = ("Glazed mug", "Assam tea, 250 g", "Beech chair", "Linen napkin", "Teapot", "Oat biscuits")
_TAX_PERCENT: Final = 7


def as_bytes(payload: Payload) -> bytes:
    """A payload as an API sends it: UTF-8, without spaces."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def kibo_order(lines: int) -> Payload:
    """A Kibo order of so many lines."""
    chance = random.Random(lines)
    order: Payload = _filled(_example("kibo", "seed-example"), "order", 1) | _example("kibo", "full")
    shape = _example("kibo", "seed-example")["items"][0]
    items = [_kibo_line(shape, number, chance) for number in range(1, lines + 1)]
    goods = sum(_cents(item["unitPrice"]["extendedAmount"]) * item["quantity"] for item in items)
    off_lines = sum(_cents(item["discountTotal"]) for item in items)
    shipping, handling, off_order, tax = 995, 200, 500, goods * _TAX_PERCENT // 100
    total = goods - off_lines - off_order + shipping + handling + tax
    order |= {key: [] for key in _AFTERWARDS_KIBO}
    order |= {
        "items": items,
        "canceledItems": [],
        "adjustment": {"amount": 0, "description": None, "internalComment": None},
        "subtotal": _amount(goods),
        "discountTotal": _amount(off_lines + off_order),
        "shippingTotal": _amount(shipping),
        "handlingTotal": _amount(handling),
        "dutyTotal": 0,
        "taxTotal": _amount(tax),
        "total": _amount(total),
    }
    order["payments"] = _kibo_payments(order["payments"][0], total)
    return order


def _kibo_line(shape: Payload, number: int, chance: random.Random) -> Payload:
    line: Payload = _filled(shape, "line", number)
    quantity, price = chance.randint(1, 4), chance.randint(199, 14_999)
    off = price * quantity // 10 if number % 3 == 1 else 0
    discount = line["productDiscount"] | {"impact": _amount(off), "excluded": False}
    line |= {
        "id": f"{number:032x}",
        "lineId": number,
        "quantity": quantity,
        "unitPrice": {
            "extendedAmount": _amount(price),
            "listAmount": _amount(price + 100),
            "saleAmount": _amount(price),
            "overrideAmount": None,
        },
        "productDiscount": discount if off else None,
        "productDiscounts": [discount] if off else [],
        "discountTotal": _amount(off),
        "subtotal": _amount(price * quantity),
        "fulfillmentMethod": "Ship",
        "giftInfo": {"isGiftItem": False, "giftMessage": None},
    }
    parts = [part | {"optionAttributeFQN": None} for part in line["product"]["bundledProducts"]]
    line["product"] |= {
        "productCode": f"GOODS-{number:04}",
        "variationProductCode": f"GOODS-{number:04}-BLU" if number % 2 else None,
        "name": _GOODS[number % len(_GOODS)],
        "bundledProducts": parts if number % 5 == 0 else [],
    }
    return line


def _kibo_payments(card: Payload, total: int) -> list[Payload]:
    """A gift card, the rest by card, and a first attempt that was declined."""
    gift = min(2500, total // 2)
    return [
        card | {"id": f"{1:032x}", "status": "Declined", "amountRequested": _amount(total)},
        card
        | {
            "id": f"{2:032x}",
            "paymentType": "GiftCard",
            "amountRequested": _amount(gift),
            "billingInfo": {"paymentType": "GiftCard", "card": None, "billingContact": None},
        },
        card | {"id": f"{3:032x}", "amountRequested": _amount(total - gift)},
    ]


def fabric_order(lines: int) -> Payload:
    """A fabric order of so many lines."""
    chance = random.Random(lines)
    shape = _example("fabric", "seed-example")
    order: Payload = _filled(shape, "order", 1) | _example("fabric", "full")
    items = [_fabric_line(shape["items"][0], number, chance) for number in range(1, lines + 1)]
    goods = sum(_cents(item["itemUnitPrice"]) * item["orderedQuantity"] for item in items)
    off = sum(_cents(item["itemDiscountsTotal"]) for item in items)
    fees, tax = 1395, goods * _TAX_PERCENT // 100
    total = goods - off + fees + tax
    order |= dict.fromkeys(_AFTERWARDS_FABRIC)
    order |= {
        "items": items,
        "orderSubtotal": _amount(goods),
        "orderDiscount": _amount(off),
        "feeTotal": _amount(fees),
        "taxTotal": _amount(tax),
        "orderTotal": _amount(total),
    }
    order["payments"] = _fabric_payments(order["payments"][0], total)
    return order


def _fabric_line(shape: Payload, number: int, chance: random.Random) -> Payload:
    line: Payload = _filled(shape, "line", number)
    quantity, price = chance.randint(1, 4), chance.randint(199, 14_999)
    off = price * quantity // 10 if number % 3 == 1 else 0
    line |= {
        "lineItemId": f"9e6f6a52-55d4-4c1c-a5ce-{number:012x}",
        "lineItemNumber": number,
        "sku": f"GOODS-{number:04}",
        "itemName": _GOODS[number % len(_GOODS)],
        "itemUnitPrice": _amount(price),
        "orderedQuantity": quantity,
        "cancelledQuantity": 0,
        "itemSubtotal": _amount(price * quantity),
        "itemDiscountsTotal": _amount(off),
        "appeasements": [],
        "cancellations": [],
        "currency": "USD",
    }
    return line


def _fabric_payments(card: Payload, total: int) -> list[Payload]:
    """A gift card that was charged, the rest by card, and a first attempt that was declined."""
    gift = min(2500, total // 2)
    nothing = {"authorizedAmount": 0, "chargedAmount": 0}
    charged = {"authorizedAmount": _amount(gift), "chargedAmount": _amount(gift)}
    return [
        card | nothing | {"paymentStatus": "Declined"},
        card | charged | {"paymentMethod": "GIFT_CARD", "paymentToken": None, "paymentStatus": "Captured"},
        card | {"authorizedAmount": _amount(total - gift)},
    ]


BUILDERS: Final[dict[str, Callable[[int], Payload]]] = {"kibo": kibo_order, "fabric": fabric_order}


def stream(channel: str, lines: int, orders: int) -> Iterator[bytes]:
    """So many orders, one to a line, each with a number of its own."""
    payload = BUILDERS[channel](lines)
    for number in range(1, orders + 1):
        payload["orderNumber"] = number if channel == "kibo" else str(number)
        yield as_bytes(payload) + b"\n"


def _example(channel: str, case: str) -> Payload:
    payload: Payload = json.loads((EXAMPLES / channel / "order" / f"{case}.json").read_bytes())
    return payload


def _filled(shape: Any, key: str, number: int) -> Any:
    """An example of the documentation with texts that name their field, each line with its own."""
    if isinstance(shape, dict):
        return {name: _filled(inner, name, number) for name, inner in shape.items()}
    if isinstance(shape, list):
        return [_filled(inner, key, number) for inner in shape]
    return f"{key} {number}" if shape in ("<string>", "<unknown>") else shape


def _amount(cents: int) -> float:
    """Cents as JSON states an amount: the float that prints with two decimals."""
    return cents / 100


def _cents(amount: float) -> int:
    return round(amount * 100)
