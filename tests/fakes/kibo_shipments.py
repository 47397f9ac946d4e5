"""Kibo's newer order service: shipments, with errors in its own form."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from werkzeug import Request

from fakes.channel import FakeChannel, Handler
from fakes.kibo_refusals import conflict, found, invalid


class Shipments(FakeChannel):
    """The fulfilment service."""

    orders: dict[str, dict[str, Any]]
    settle: Callable[[dict[str, Any]], None]

    def __init__(self) -> None:
        self.shipments: dict[int, dict[str, Any]] = {}
        super().__init__()

    def shipment_routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("GET", "/commerce/shipments", self.list_shipments),
            ("GET", "/commerce/shipments/<number>", self.get_shipment),
            ("POST", "/commerce/shipments/<number>/packages", self.add_to_shipment),
            ("PUT", "/commerce/shipments/<number>/fulfilled", self.fulfil_shipment),
            ("PUT", "/commerce/shipments/<number>/canceledItems", self.cancel_items),
        ]

    def add_shipment(self, number: int, order: dict[str, Any], **more: Any) -> None:
        self.shipments[number] = {
            "shipmentNumber": number,
            "orderId": order["id"],
            "orderNumber": order["orderNumber"],
            "shipmentStatus": "READY",
            "shipmentType": "STH",
            "shippingMethodCode": "ups_UPS_GROUND",
            "items": [
                {
                    "lineId": each["lineId"],
                    "originalOrderItemId": each["id"],
                    "productCode": each["product"]["productCode"],
                    "quantity": each["quantity"],
                }
                for each in order["items"]
            ],
            "packages": [],
            **more,
        }

    def list_shipments(self, request: Request) -> Any:
        match = re.fullmatch(r"orderId==(\w+)", request.args.get("filter", ""))
        if match is None:
            raise invalid("filter")
        rows = [each for each in self.shipments.values() if each["orderId"] == match[1]]
        return {
            "_embedded": {"shipments": rows},
            "page": {"size": 200, "totalElements": len(rows), "totalPages": 1, "number": 0},
        }

    def get_shipment(self, request: Request, number: str) -> Any:
        return found({str(key): row for key, row in self.shipments.items()}, number)

    def add_to_shipment(self, request: Request, number: str) -> Any:
        shipment = self.get_shipment(request, number)
        if shipment["shipmentStatus"] != "READY":
            raise conflict(f"the shipment is {shipment['shipmentStatus']}")
        packed = {**request.json, "packageId": f"{number}-{len(shipment['packages']) + 1}"}
        shipment["packages"].append(packed)
        self.record("shipment package", number, packed.get("trackingNumbers"))
        return shipment

    def fulfil_shipment(self, request: Request, number: str) -> Any:
        shipment = self.get_shipment(request, number)
        if shipment["shipmentStatus"] != "READY":
            raise conflict(f"the shipment is {shipment['shipmentStatus']}")
        shipment["shipmentStatus"] = "FULFILLED"
        self.record("shipment fulfilled", number)
        self.follow(shipment)
        return shipment

    def cancel_items(self, request: Request, number: str) -> Any:
        shipment = self.get_shipment(request, number)
        if shipment["shipmentStatus"] != "READY":
            raise conflict(f"the shipment is {shipment['shipmentStatus']}")
        rows = {each["lineId"]: each for each in shipment["items"]}
        for each in request.json["items"]:
            row = rows.get(each["lineId"])
            if row is None or not 0 < each["quantity"] <= row["quantity"]:
                raise invalid("quantity")
            row["quantity"] -= each["quantity"]
            self.record("items cancelled", number, (each["lineId"], each["quantity"]))
        if not any(each["quantity"] for each in shipment["items"]):
            shipment["shipmentStatus"] = "CANCELED"
        self.follow(shipment)
        return shipment

    def follow(self, shipment: dict[str, Any]) -> None:
        """The order follows its shipments."""
        rows = [each for each in self.shipments.values() if each["orderId"] == shipment["orderId"]]
        open_ones = [each for each in rows if each["shipmentStatus"] == "READY"]
        gone = [each for each in rows if each["shipmentStatus"] == "FULFILLED"]
        order = self.orders[shipment["orderId"]]
        if gone:
            order["fulfillmentStatus"] = "PartiallyFulfilled" if open_ones else "Fulfilled"
        self.settle(order)
