"""The fields of orders that a page of Kibo is asked for are all those that are read of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crossdock import Project
from crossdock.tools.coverage.accounts import accounts_of

PROJECT = Project.open(Path(__file__).parents[1])
WHAT_AN_ORDER_IS = ("kibo/order", "kibo/acknowledged")
OF_THE_CONVERSATION = (
    *("id", "orderNumber", "status", "isImport", "isHistoricalImport", "fulfillmentStatus"),
    *("packages", "pickups", "digitalPackages", "items.id", "items.lineId", "items.quantity"),
    *("items.product.productCode", "items.product.variationProductCode", "items.product.sku"),
    *("items.product.fulfillmentStatus", "items.product.bundledProducts.productCode"),
    "items.product.bundledProducts.quantity",
)


def asked_for() -> set[str]:
    """The paths of the setting's default, below an order: of `items(id,product(name))` also `product`."""
    text = str(PROJECT.settings("kibo", {})["order_fields"])
    found: set[str] = set()
    path: list[str] = []
    last = ""
    for name, mark in re.findall(r"([A-Za-z]+)|([()])", text):
        if mark == "(":
            path.append(last)
        elif mark == ")":
            path.pop()
        else:
            last = name
            found.add(".".join([*path, name]))
    return {each.removeprefix("items.") for each in found if each.startswith("items.")}


def is_asked_for(field: str, fields: set[str]) -> bool:
    """A field is in the answer when it is named, or is a part of one that is named as a whole."""
    parts = field.split(".")
    for length in range(1, len(parts) + 1):
        part = ".".join(parts[:length])
        if part not in fields:
            return False
        if not any(other.startswith(f"{part}.") for other in fields):
            return True
    return True


@pytest.mark.parametrize("mapping", WHAT_AN_ORDER_IS)
def test_what_a_mapping_reads_of_an_order_is_asked_for(mapping: str) -> None:
    fields = asked_for()
    source = next(each for each in accounts_of(PROJECT.mapping(mapping).linked) if each.side == "source")
    read = {".".join(part for part in map(str, parts) if part != "[]") for parts in source.done}
    assert len(read) > 3
    assert [field for field in sorted(read) if not is_asked_for(field, fields)] == []


def test_what_the_conversation_reads_of_an_order_is_asked_for() -> None:
    fields = asked_for()
    assert [field for field in OF_THE_CONVERSATION if not is_asked_for(field, fields)] == []


def test_the_long_texts_of_products_are_not_asked_for() -> None:
    fields = asked_for()
    assert [
        each for each in ("description", "properties") if is_asked_for(f"items.product.{each}", fields)
    ] == []
