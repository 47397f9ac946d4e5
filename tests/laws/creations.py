"""Orders of RetailOPS that are created in a channel: what they come to, as it is stated and as it adds up."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from crossdock import CrossdockError
from laws.worlds import World


def created(world: World, order: Any) -> tuple[set[Decimal], str]:
    """The amounts that should be one, and why there is no order."""
    mapping, totals = CREATIONS[world.name]
    settings = {**world.settings, "currency": world.history.sold.currency}
    try:
        made = world.project.mapping(mapping).run(order, settings=settings).value
    except CrossdockError as error:
        return set(), str(error)
    return {sum((Decimal(str(each)) for each in parts), Decimal()) for parts in totals(made)}, ""


def kibo(made: Any) -> Iterator[list[Any]]:
    yield [made["total"]]
    yield [
        part
        for each in made["items"]
        for part in (each["subtotal"], -each["discountTotal"], each["itemTaxTotal"], each["shippingTotal"])
    ]
    yield [made["subtotal"], -made["discountTotal"], made["taxTotal"], made["shippingTotal"]]


def fabric(made: Any) -> Iterator[list[Any]]:
    yield [made["orderTotal"]]
    lines = (
        part
        for each in made["items"]
        for part in (each["itemSubtotal"], -each["itemDiscountsTotal"], each["itemTaxTotal"])
    )
    yield [made["feeTotal"], *lines]
    yield [made["orderSubtotal"], -made["orderDiscount"], made["taxTotal"], made["feeTotal"]]


CREATIONS = {"kibo": ("kibo/order_import", kibo), "fabric": ("fabric/order_create", fabric)}
