"""The channels that histories run against: fakes in this process, an order in each, and its state."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from crossdock import Connection, CrossdockError, Project
from crossdock.channels.call_limits import Limits
from crossdock.channels.config import parse_channel
from crossdock.core.diagnostics import Source
from crossdock.core.json_types import MISSING
from crossdock.schema.validator import validate
from fakes import fabric_orders, kibo_orders
from fakes.channel import FakeChannel
from fakes.fabric import FakeFabric
from fakes.kibo import FakeKibo
from laws.histories import CURRENCIES, History, Sold
from laws.model import NUMBER, Line
from laws.wire import Direct, Wire

BESIDE = (100, 10010)
"""Other orders of the shop, with the same lines and numbers that look alike."""


@dataclass
class State:
    """What the channel says of the order now: units by line, and money."""

    shipped: dict[str, int] = field(default_factory=dict)
    cancelled: dict[str, int] = field(default_factory=dict)
    returned: dict[str, int] = field(default_factory=dict)
    collected: int = 0
    refunded: int = 0
    credited: int = 0
    name: str = "open"


@dataclass
class Told:
    """What RetailOPS hears: the failures and the warnings by their codes, or that there was no response."""

    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    wrong: str = ""
    response: Any = None

    @property
    def codes(self) -> list[str]:
        return [*self.failures, *self.warnings, *([self.wrong] if self.wrong else [])]


class World(ABC):
    """A channel with one order that histories are about, and others that they are not about."""

    name: ClassVar[str]
    modes: ClassVar[tuple[dict[str, Any], ...]]
    tenant: ClassVar[tuple[str, str]]

    def __init__(self, root: Path) -> None:
        self.project = Project.open(root)
        self.settings = {**self.project.settings(self.name, {}), **self.own_settings()}
        text = (root / f"mappings/{self.name}/channel.yaml").read_text(encoding="utf-8")
        limits = Limits(seconds=30, attempts=3, wait_seconds=0)
        self.channel = replace(parse_channel(Source("channel.yaml", self.addressed(text))), limits=limits)
        self.wire = Wire()
        self.transport = Direct(self.channel, self.settings, self.wire)
        self.find = partial(self.project.dialects.conversation_of, self.name)

    def close(self) -> None:
        self.transport.close()

    def answer(self, request: dict[str, Any], mode: int) -> Told:
        """What RetailOPS hears of a request, whose calls the connection makes as it always does."""
        action = request["action"]
        settings = {**self.settings, **self.modes[mode], "currency": self.history.sold.currency}
        connection = Connection(self.channel, settings, self.find, transport=self.transport)
        try:
            with self.fake.described():
                response = connection.answer(action, request).response
        except (CrossdockError, AssertionError) as error:
            return Told(wrong=str(error))
        if response is MISSING or validate(response, self.project.schema(f"retailops/{action}.response")):
            return Told(wrong="the response breaks its schema")
        told = Told(response=response)
        for each in (response.get("events") if isinstance(response, dict) else None) or ():
            kept = told.failures if each["data"]["is_failure"] else told.warnings
            kept.append(each["data"]["code"])
        return told

    def begin(self, history: History) -> None:
        """A new channel, with the order of the history and those beside it."""
        self.history = history
        self.wire.fake = self.fake = self.made(history)
        self.beside = deepcopy(self.others())
        self.transport.forget()

    def money(self, amount: int) -> float | int:
        digits = CURRENCIES[self.history.sold.currency]
        return round(amount / 10**digits, digits) if digits else amount

    def units(self, amount: float) -> int:
        return round(amount * 10 ** CURRENCIES[self.history.sold.currency])

    def own_settings(self) -> dict[str, Any]:
        return {}

    def addressed(self, text: str) -> str:
        return text

    @abstractmethod
    def made(self, history: History) -> FakeChannel: ...

    @abstractmethod
    def others(self) -> Any: ...

    @abstractmethod
    def lines(self) -> list[Line]: ...

    @abstractmethod
    def state(self) -> State: ...

    @abstractmethod
    def total(self) -> int: ...


def parts_of(total: int, sold: Sold) -> Iterator[int]:
    """The payments of an order."""
    left = total
    for percent in sold.paid[:-1]:
        part = total * percent // 100
        left -= part
        yield part
    yield left


class _Kibo(FakeKibo):
    """Finds more than was searched for, where it is sloppy."""

    sloppy = False

    def list_orders(self, request: Any) -> Any:
        if not self.sloppy:
            return super().list_orders(request)
        rows = sorted(self.orders.values(), key=lambda each: each["orderNumber"] == NUMBER)
        return kibo_orders.page([self.shown(row) for row in rows], {"pageSize": 200})


class Kibo(World):
    name = "kibo"
    modes = (
        {},
        {"acknowledge_by": "note", "cancel_call": "action"},
        {"fulfillment": "shipments"},
        {"acknowledge_by": "external_id"},
    )
    tenant = ("x-vol-tenant", "15394")
    fake: _Kibo

    def addressed(self, text: str) -> str:
        return re.sub(r"(?m)^base_url: .*$", "base_url: http://127.0.0.1:9/api", text)

    def made(self, history: History) -> FakeChannel:
        fake = _Kibo()
        fake.sloppy = history.sloppy
        unified = self.modes[history.mode].get("fulfillment") == "shipments"
        for place, number in enumerate((BESIDE[0], NUMBER, BESIDE[1])):
            order = self.order(number, history.sold)
            fake.add(order)
            if unified:
                order["isUnified"] = True
                fake.add_shipment(70 + place, order)
        for sku in {row.sku for row in history.sold.rows}:
            fake.products[sku] = {"productCode": sku, "productTypeId": 1}
        return fake

    def order(self, number: int, sold: Sold) -> dict[str, Any]:
        lines = [
            kibo_orders.line(place, row.sku, row.quantity, self.money(row.price))
            for place, row in enumerate(sold.rows, 1)
        ]
        order = kibo_orders.order(
            number,
            *lines,
            currencyCode=sold.currency,
            shippingTotal=self.money(sold.shipping),
            taxTotal=self.money(sold.tax),
            discountTotal=self.money(min(sold.discount, sold.rows[0].price)),
            customerAccountId=1042,
            payments=[],
        )
        amounts = parts_of(self.units(order["total"]), sold)
        order["payments"] = [
            kibo_orders.payment(place, self.money(amount)) for place, amount in enumerate(amounts, 1)
        ]
        return order

    def others(self) -> Any:
        shipments = [each for each in self.fake.shipments.values() if each["orderNumber"] != NUMBER]
        return [[self.fake.numbered(number) for number in BESIDE], shipments]

    def lines(self) -> list[Line]:
        return [
            Line(
                each["id"],
                each["lineId"],
                each["product"]["productCode"],
                each["quantity"],
                self.units(each["unitPrice"]["extendedAmount"]),
            )
            for each in self.fake.numbered(NUMBER)["items"]
        ]

    def total(self) -> int:
        return self.units(self.fake.numbered(NUMBER)["total"])

    def state(self) -> State:
        order, state = self.fake.numbered(NUMBER), State()
        numbers = {place: f"{place:08x}{'c2f4' * 6}" for place, _ in enumerate(self.history.sold.rows, 1)}
        unified = order.get("isUnified")
        shipments = [each for each in self.fake.shipments.values() if each["orderNumber"] == NUMBER]
        packages = [box for box in order["packages"] if box["status"] == "Fulfilled"]
        boxes = [box for each in shipments for box in each["packages"]] if unified else packages
        for box in boxes:
            for item in box.get("packingSlipItemDetails") or box.get("items") or ():
                _add(state.shipped, numbers[item["lineId"]], item["quantity"])
        for place, row in enumerate(self.history.sold.rows, 1):
            rows = [each for one in shipments for each in one["items"]] if unified else order["items"]
            now = sum(each["quantity"] for each in rows if each["lineId"] == place)
            if order["status"] == "Cancelled":
                now = state.shipped.get(numbers[place], 0)
            _add(state.cancelled, numbers[place], row.quantity - now)
        for each in self.fake.returns.values():
            if each["status"] != "Cancelled" and each["originalOrderNumber"] == NUMBER:
                for item in each["items"]:
                    _add(state.returned, item["orderItemId"], sum(n["quantity"] for n in item["reasons"]))
        state.collected = self.units(sum(each["amountCollected"] for each in order["payments"]))
        state.refunded = self.units(sum(each["amountCredited"] for each in order["payments"]))
        state.credited = self.units(sum(each["initialBalance"] for each in self.fake.credits.values()))
        names = {"Cancelled": "cancelled", "Completed": "completed"}
        state.name = names.get(order["status"], "open")
        return state


class _Fabric(FakeFabric):
    sloppy = False

    def search_shipments(self, request: Any) -> Any:
        if not self.sloppy:
            return super().search_shipments(request)
        page = {"offset": 0, "limit": 100, "count": len(self.shipments)}
        return {"data": deepcopy(self.shipments), "pagination": page}

    def search_orders(self, request: Any) -> Any:
        if not self.sloppy:
            return super().search_orders(request)
        rows = sorted(self.orders.values(), key=lambda each: each["orderNumber"] == str(NUMBER))
        page = {"offset": 0, "limit": 100, "count": len(rows)}
        return {"data": deepcopy(rows), "pagination": page}


class Fabric(World):
    name = "fabric"
    modes = (
        {"capture": "payment_status"},
        {"capture": "payment_log"},
        {"capture": "payment_log", "shipments": "per_shipment"},
        {"capture": "payment_status", "missing_lines": "cancel"},
        {"capture": "payment_log", "order_reference": "external_id"},
    )
    tenant = ("x-fabric-tenant-id", "5f328bf0b5f328bf0b5f328b")
    fake: _Fabric

    def own_settings(self) -> dict[str, Any]:
        return {"api_url": "http://127.0.0.1:9/v3", "token_url": f"http://127.0.0.1:9{FakeFabric.token_path}"}

    def made(self, history: History) -> FakeChannel:
        fake = _Fabric()
        fake.sloppy = history.sloppy
        for number in (BESIDE[0], NUMBER, BESIDE[1]):
            order = self.order(number, history.sold)
            fake.add(order)
            if number != NUMBER:
                self.one_left(fake, order, f"901-{number % 9}")
        return fake

    def one_left(self, fake: _Fabric, order: dict[str, Any], name: str) -> None:
        """A unit of another order has left, in a shipment with a name that one of this order may have."""
        item = {"lineItemId": "1", "shippedQuantity": 1, "orderNumber": order["orderNumber"]}
        carton = {"cartonNumber": "1", "trackingNumber": "1Z11", "items": [item]}
        made = fake.made(order, {"shipmentNumber": name, "cartons": [carton]})
        fake.shipments.append(made)
        fake.learn(order, made)

    def order(self, number: int, sold: Sold) -> dict[str, Any]:
        lines = [
            fabric_orders.line(place, row.sku, row.quantity, self.money(row.price))
            for place, row in enumerate(sold.rows, 1)
        ]
        shipping = self.money(sold.shipping)
        order = fabric_orders.order(
            number,
            *lines,
            currency=sold.currency,
            feeTotal=shipping,
            fees=[{"name": "SHIPPING", "amount": shipping, "currency": sold.currency}],
            taxTotal=self.money(sold.tax),
            orderDiscount=self.money(min(sold.discount, sold.rows[0].price)),
            orderExternalId=str(number),
            payments=[],
        )
        order["shipInfo"][0]["shipToPrice"] = shipping
        amounts = parts_of(self.units(order["orderTotal"]), sold)
        order["payments"] = [
            fabric_orders.payment(place, self.money(amount), currency=sold.currency)
            for place, amount in enumerate(amounts, 1)
        ]
        return order

    def others(self) -> Any:
        shipments = [each for each in self.fake.shipments if each["orderNumber"] != str(NUMBER)]
        return [[self.fake.numbered(number) for number in BESIDE], shipments]

    def lines(self) -> list[Line]:
        return [
            Line(
                each["lineItemId"],
                each["lineItemNumber"],
                each["sku"],
                each["orderedQuantity"],
                self.units(each["itemUnitPrice"]),
            )
            for each in self.fake.numbered(NUMBER)["items"]
        ]

    def total(self) -> int:
        return self.units(self.fake.numbered(NUMBER)["orderTotal"])

    def state(self) -> State:
        order, state = self.fake.numbered(NUMBER), State()
        for shipment in self.fake.shipments:
            if shipment["orderNumber"] == str(NUMBER):
                for carton in shipment["cartons"]:
                    for item in carton["items"]:
                        _add(state.shipped, item["lineItemId"], item["shippedQuantity"])
        for row in order["items"]:
            _add(state.cancelled, row["lineItemId"], row["cancelledQuantity"])
            _add(state.returned, row["lineItemId"], row["returnedQuantity"])
        state.collected = self.units(sum(each["chargedAmount"] for each in order["payments"]))
        for each in order["returns"]:
            state.refunded += self.units(each.get("totalRefundAmount", 0))
            state.credited += self.units(float(each["attributes"].get("retailopsStoreCredit", 0)))
        state.name = "cancelled" if order["statusCode"] == "ORDER_CANCELLED" else "open"
        return state


def _add(into: dict[str, int], key: str, units: int) -> None:
    if units:
        into[key] = into.get(key, 0) + units


WORLDS: dict[str, type[World]] = {"kibo": Kibo, "fabric": Fabric}
