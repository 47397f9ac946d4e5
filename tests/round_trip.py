"""What the round trips of both channels share: RetailOPS orders whose amounts add up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

DIGITS = {"USD": 2, "JPY": 0, "KWD": 3}

words = st.text("abcdefgXYZäøß東京 '-", min_size=1, max_size=12).map(str.strip).filter(bool)
countries = st.sampled_from(["US United States", "JP Japan", "KW Kuwait", "AT Austria"])


def text(amount: Decimal, currency: str) -> str:
    return str(amount.quantize(Decimal(1).scaleb(-DIGITS[currency])))


def decimal(value: object) -> Decimal:
    return Decimal(str(value))


def figure(holder: Any, *keys: str) -> Decimal:
    """The sum of some amounts of an object."""
    return sum((decimal(holder[key]) for key in keys), Decimal(0))


def amounts(currency: str, most: int = 99_999_99) -> st.SearchStrategy[Decimal]:
    return st.integers(0, most).map(lambda units: Decimal(units).scaleb(-DIGITS[currency]))


def optional(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({}, optional=fields)


def drawn_order(
    draw: st.DrawFn,
    currency: str,
    kinds: Sequence[str],
    payment_names: Callable[[int], st.SearchStrategy[Any]],
    **more: Any,
) -> Any:
    """An order with amounts that add up, paid in two parts, with ``more`` fields of the channel's own."""
    lines = draw(
        st.lists(
            st.tuples(st.integers(1, 99), amounts(currency), st.sampled_from(["A-1", "B-2", "C-3"])),
            min_size=1,
            max_size=5,
        )
    )
    subtotal = sum((quantity * price for quantity, price, _ in lines), Decimal(0))
    shipping, tax = draw(amounts(currency, 9999)), draw(amounts(currency, 9999))
    discount = min(subtotal, draw(amounts(currency, 9999)))
    total = subtotal - discount + shipping + tax
    first = min(total, draw(amounts(currency)))
    paid = zip(draw(st.permutations(kinds)), (first, total - first), strict=False)
    return {
        "channel_refnum": draw(words),
        "channel_date_created": draw(st.integers(0, 4_000_000_000)),
        "calc_mode": "order",
        **({} if currency == "USD" else {"currency_code": currency}),
        "items": [
            {
                "channel_refnum": str(171617 + number),
                "sku": sku,
                "sku_title": f"Title of {sku}",
                "quantity": quantity,
                "unit_price": text(price, currency),
                "unit_tax": 0,
            }
            for number, (quantity, price, sku) in enumerate(lines)
        ],
        "shipping_amt": text(shipping, currency),
        "tax_amt": text(tax, currency),
        "discount_amt": float(discount),
        "payment": [
            {
                "type": "charge",
                "amount": text(amount, currency),
                "params": {"payment_type": kind, **draw(payment_names(number))},
            }
            for number, (kind, amount) in enumerate(paid)
        ],
        **more,
    }
