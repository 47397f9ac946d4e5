"""fabric's shipments, and the returns that name them; of the older generation, with its error bodies."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from werkzeug import Request, Response

from fakes.channel import FakeChannel, Handler, Refusal, answer
from fakes.fabric_orders import Line, Order, open_units, settled
from fakes.fabric_refusals import required, searched

_TYPES = ("PENDING", "PROCESSING", "REJECTED", "RECEIVED")
_NOT_ANSWERED = ("orderId", "orderNumber", "channelId", "attributes")


class Shipments(FakeChannel):
    """The shipment service; it needs the orders beside it."""

    orders: dict[str, Order]
    named: Callable[[str, str], Order]
    changed: Callable[..., Order]

    def __init__(self) -> None:
        self.shipments: list[dict[str, Any]] = []
        self.refuses_repeats = False
        self.lines_learn_late = False
        self.captures = False
        super().__init__()

    def shipment_routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("POST", "/shipments/create-order-shipment", self.create_order_shipment),
            ("POST", "/shipments/search", self.search_shipments),
            ("POST", "/orders/<kind>/<name>/actions/submit-return-request", self.submit_return),
        ]

    def search_shipments(self, request: Request) -> Any:
        found = searched(self.shipments, request.json, request.args, "shipment")
        return {**found, "data": [shown(each) for each in found["data"]]}

    def create_order_shipment(self, request: Request) -> Any:
        """The order is found by what the cartons hold: nothing else in a shipment names it."""
        given = request.json
        required(given, "shipmentNumber", "cartons", generation="old")
        packed = [each for carton in given["cartons"] for each in carton.get("items") or ()]
        order = self.order_of(packed)
        if self.refuses_repeats and any(
            each["shipmentNumber"] == given["shipmentNumber"] for each in self.shipments
        ):
            raise Refusal(409, f"Shipment {given['shipmentNumber']} is already created", code="SERVICE-4005")
        self.packable(order, packed)
        made = self.made(order, given)
        self.shipments.append(made)
        if not self.lines_learn_late:
            self.learn(order, made)
        self.changed(order, "shipment", given["shipmentNumber"])
        if self.captures:
            self.capture(order, packed)
        return answer(shown(made), 201)

    def order_of(self, packed: list[dict[str, Any]]) -> Order:
        for each in packed:
            required(each, "lineItemId", "shippedQuantity", generation="old")
        numbers = {each.get("orderNumber") for each in packed}
        if len(numbers) != 1:
            raise Refusal(400, "The items are of one order", generation="old")
        return self.named("order-number", str(numbers.pop()))

    def packable(self, order: Order, packed: list[dict[str, Any]]) -> None:
        rows = {each["lineItemId"]: each for each in order["items"]}
        left = {key: open_units(row) for key, row in rows.items()}
        for each in packed:
            if each["lineItemId"] not in rows:
                raise Refusal(400, f"{each['lineItemId']} is no line of the order", generation="old")
            left[each["lineItemId"]] -= each["shippedQuantity"]
            if each["shippedQuantity"] < 0 or left[each["lineItemId"]] < 0:
                raise Refusal(400, "More is shipped than is open", generation="old")

    def made(self, order: Order, given: dict[str, Any]) -> dict[str, Any]:
        number = len(self.shipments) + 1
        cartons = deepcopy(given["cartons"])
        for carton_number, carton in enumerate(cartons, 1):
            for place, each in enumerate(carton["items"], 1):
                each["shipmentLineItemId"] = f"{number}-{carton_number}-{place}"
        names = {key: order[key] for key in ("orderId", "orderNumber", "channelId")}
        id = f"{0xF000 + number:024x}"
        stamp = f"2025-03-17T21:14:{number:02}.000Z"
        return {**given, **names, "cartons": cartons, "shipmentId": id, "createdAt": stamp, "version": 1}

    def learn(self, order: Order, made: dict[str, Any]) -> None:
        """The order's lines take over what a shipment holds."""
        rows = {each["lineItemId"]: each for each in order["items"]}
        for carton in made["cartons"]:
            for each in carton["items"]:
                rows[each["lineItemId"]]["shippedQuantity"] += each["shippedQuantity"]
        settled(order)

    def capture(self, order: Order, packed: list[dict[str, Any]]) -> None:
        """The tenant's switch: what is shipped is collected."""
        prices = {each["lineItemId"]: each["itemUnitPrice"] for each in order["items"]}
        amount = sum(prices[each["lineItemId"]] * each["shippedQuantity"] for each in packed)
        paid = order["payments"][0]
        paid["chargedAmount"] = round(paid["chargedAmount"] + amount, 2)
        self.record("capture", order["orderNumber"], amount)

    # Returns

    def submit_return(self, request: Request, kind: str, name: str) -> Any:
        """An unknown order is reported in a text that is not JSON itself."""
        try:
            order = self.named(kind, name) if kind != "order-id" else None
        except Refusal:
            order = None
        if order is None:
            broken = '{"type":"CLIENT_ERROR","message":"Order not found","errors":[{"type":"CLIENT_ERROR",]}'
            return Response(json.dumps(broken), 404, mimetype="application/json")
        given = request.json
        required(given, "source", "items")
        for each in given["items"]:
            self.returnable(order, each)
        rows = {each["lineItemId"]: each for each in order["items"]}
        for each in given["items"]:
            row = rows[each["orderLineItemId"]]
            row["returnedQuantity"] += each["quantity"]
            row.setdefault("returns", []).append(
                {
                    "shipmentId": each["shipmentId"],
                    "shipmentLineItemId": each["shipmentLineId"],
                    "shipmentQuantity": each["quantity"],
                    "refundAmount": each.get("refundAmount", 0),
                }
            )
        order["returns"].append(
            {
                "returnCounter": len(order["returns"]) + 1,
                "attributes": given.get("attributes") or {},
                "totalRefundAmount": given.get("totalRefundAmount", 0),
            }
        )
        self.changed(order, "return", given.get("totalRefundAmount"))
        return answer(self.told(given), 201)

    def returnable(self, order: Order, each: dict[str, Any]) -> None:
        required(
            each, "orderLineItemId", "quantity", "returnType", "scannedAt", "shipmentId", "shipmentLineId"
        )
        sent = self.sent(order, each)
        row = next((row for row in order["items"] if row["lineItemId"] == each["orderLineItemId"]), None)
        if sent is None or row is None or not re.fullmatch("[0-9a-f]{24}", each["shipmentId"]):
            raise Refusal(400, "Line item is not eligible", code="ORDER-2010")
        left = row["shippedQuantity"] - row["returnedQuantity"] if not self.lines_learn_late else 99
        if each["returnType"] not in _TYPES or not 1 <= each["quantity"] <= left:
            raise Refusal(400, "The quantity is not available", code="ORDER-2012")

    def sent(self, order: Order, each: dict[str, Any]) -> Line | None:
        """What left in the shipment that a return names."""
        for shipment in self.shipments:
            if (shipment["orderId"], shipment["shipmentId"]) == (order["orderId"], each["shipmentId"]):
                for carton in shipment["cartons"]:
                    for item in carton["items"]:
                        if item["shipmentLineItemId"] == each["shipmentLineId"]:
                            return item  # type: ignore[no-any-return]
        return None

    def told(self, given: dict[str, Any]) -> dict[str, Any]:
        items = [
            {
                "lineItemId": each["orderLineItemId"],
                "returnQuantity": each["quantity"],
                "refundAmount": each.get("refundAmount", 0),
                "returnStatus": "VALID",
            }
            for each in given["items"]
        ]
        total = given.get("totalRefundAmount", sum(each["refundAmount"] for each in items))
        return {"items": items, "refundStatus": "REFUND_INITIATED", "totalRefundAmount": total}


def shown(shipment: dict[str, Any]) -> dict[str, Any]:
    """A shipment as fabric answers it: it names its orders in a list, and has no attributes."""
    kept = {key: value for key, value in shipment.items() if key not in _NOT_ANSWERED}
    return deepcopy({**kept, "orderNumbers": [shipment["orderNumber"]]})
