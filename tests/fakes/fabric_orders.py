"""fabric's orders: search, attributes, cancellations, payments, fees and taxes, new orders."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from werkzeug import Request

from fakes.channel import FakeChannel, Handler, Refusal, answer
from fakes.fabric_refusals import invalid, required, searched, unknown

Order = dict[str, Any]
Line = dict[str, Any]

_NAMES = {"order-id": "orderId", "order-number": "orderNumber", "order-external-id": "orderExternalId"}
_KEPT = ("ORDER_ALLOCATED", "ORDER_SHIPPED", "ORDER_DELIVERED")


def line(number: int, sku: str, quantity: int, price: float, **more: Any) -> Line:
    return {
        "lineItemId": str(number),
        "lineItemNumber": number,
        "itemId": 4000 + number,
        "sku": sku,
        "itemName": f"Product {sku}",
        "type": "WEB_SHIP",
        "shipToId": "ship-1",
        "orderedQuantity": quantity,
        "cancelledQuantity": 0,
        "shippedQuantity": 0,
        "returnedQuantity": 0,
        "itemUnitPrice": price,
        "itemDiscountsTotal": 0,
        "itemTaxTotal": 0,
        "itemFeeTotal": 0,
        "uom": "EA",
        **more,
    }


def address() -> dict[str, Any]:
    return {
        "name": {"firstName": "Anna", "lastName": "Reyes"},
        "email": "anna.reyes@example.com",
        "phone": {"number": "503-555-0142", "type": "HOME"},
        "addressLine1": "48 Orchard Lane",
        "city": "Portland",
        "region": "OR",
        "postalCode": "97205",
        "countryCode": "US",
        "latitude": 45.5,
        "longitude": -122.7,
        "type": "Home",
    }


def payment(counter: int, amount: float, **more: Any) -> dict[str, Any]:
    return {
        "paymentCounter": counter,
        "paymentIdentifier": {"paymentId": f"pay-{counter}"},
        "paymentMethod": "CREDIT_CARD",
        "paymentStatus": "AUTHORIZED",
        "paymentToken": {"paymentType": "VISA"},
        "authorizedAmount": amount,
        "chargedAmount": 0,
        "currency": "USD",
        "billToAddress": address(),
        "paymentLogs": [],
        **more,
    }


def order(number: int, *lines: Line, **more: Any) -> Order:
    """A confirmed order with one authorised payment for its total; shipping is one of its fees."""
    made: Order = {
        "orderId": f"{number:024x}",
        "orderNumber": str(number),
        "orderExternalId": f"EXT-{number}",
        "channelId": "12",
        "version": 1,
        "statusCode": "ORDER_CONFIRMED",
        "type": "WEB",
        "currency": "USD",
        "orderedAt": f"2025-03-14T16:{number // 60:02}:{number % 60:02}.000Z",
        "createdAt": f"2025-03-14T16:{number // 60:02}:{number % 60:02}.500Z",
        "customer": {
            "name": {"firstName": "Anna", "lastName": "Reyes"},
            "email": "anna.reyes@example.com",
            "phone": {"number": "503-555-0142", "type": "HOME"},
        },
        "orderDiscount": 0,
        "taxTotal": 0,
        "feeTotal": 5,
        "fees": [{"name": "SHIPPING", "amount": 5, "currency": "USD"}],
        "items": list(lines) or [line(1, "MUG-BLUE", 2, 12.5), line(2, "BOWL", 1, 20)],
        "shipInfo": [
            {
                "shipToId": "ship-1",
                "shipToType": "SHIP_TO_ADDRESS",
                "shipMethod": "Ground",
                "shipToPrice": 5,
                "shipToAddress": address(),
            }
        ],
        "attributes": {},
        "returns": [],
        **more,
    }
    totalled(made)
    made.setdefault("payments", [payment(1, made["orderTotal"])])
    return made


def totalled(order: Order) -> None:
    """fabric's sums: what is cancelled has left them."""
    for each in order["items"]:
        count = each["orderedQuantity"] - each.get("cancelledQuantity", 0)
        each["itemSubtotal"] = round(count * each["itemUnitPrice"], 2)
        parts = (each.get("itemTaxTotal", 0), each.get("itemFeeTotal", 0), -each.get("itemDiscountsTotal", 0))
        each["itemTotal"] = round(each["itemSubtotal"] + sum(parts), 2)
    order["orderSubtotal"] = round(sum(each["itemSubtotal"] for each in order["items"]), 2)
    parts = (-order.get("orderDiscount", 0), order.get("feeTotal", 0), order.get("taxTotal", 0))
    order["orderTotal"] = round(order["orderSubtotal"] + sum(parts), 2)


def open_units(row: Line) -> int:
    return int(row["orderedQuantity"] - row.get("cancelledQuantity", 0) - row.get("shippedQuantity", 0))


def settled(order: Order) -> None:
    """The status that follows from the lines."""
    rows = order["items"]
    shipped, left = any(row["shippedQuantity"] for row in rows), any(open_units(row) for row in rows)
    cancelled = any(row["cancelledQuantity"] for row in rows)
    if not left:
        order["statusCode"] = "ORDER_SHIPPED" if shipped else "ORDER_CANCELLED"
    elif shipped:
        order["statusCode"] = "ORDER_PARTIALLY_SHIPPED"
    elif cancelled:
        order["statusCode"] = "ORDER_PARTIALLY_CANCELLED"
    totalled(order)


class Orders(FakeChannel):
    """The order service, of the newer generation."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        super().__init__()

    def add(self, *orders: Order) -> None:
        self.orders |= {each["orderId"]: each for each in orders}

    def numbered(self, number: int) -> Order:
        return self.named("order-number", str(number))

    def order_routes(self) -> list[tuple[str, str, Handler]]:
        actions: dict[str, Handler] = {
            "cancel": self.cancel,
            "update-attributes": self.update_attributes,
            "update-payment-status": self.update_payment_status,
            "update-fees-and-taxes": self.update_fees_and_taxes,
        }
        one = "/orders/<kind>/<name>"
        return [
            ("POST", "/orders", self.create_order),
            ("POST", "/orders/search", self.search_orders),
            ("GET", "/orders/<id>", lambda request, id: self.named("order-id", id)),
            ("GET", "/orders/order-number/<name>", lambda request, name: self.named("order-number", name)),
            *(("POST", f"{one}/actions/{name}", handler) for name, handler in actions.items()),
            ("PUT", f"{one}/payments/<counter>/payment-logs", self.put_payment_log),
        ]

    def named(self, kind: str, name: str) -> Order:
        if kind not in _NAMES:
            raise unknown(kind)
        for each in self.orders.values():
            if each.get(_NAMES[kind]) == name:
                return each
        raise unknown(f"The order {name}")

    def search_orders(self, request: Request) -> Any:
        return searched(deepcopy(list(self.orders.values())), request.json, request.args, "order")

    def create_order(self, request: Request) -> Any:
        given = request.json
        required(given, "items", "orderNumber", "statusCode", "orderedAt")
        for each in given["items"]:
            required(each, "itemId", "lineItemId", "lineItemNumber", "shipToId", "sku")
        if any(each["orderNumber"] == given["orderNumber"] for each in self.orders.values()):
            raise Refusal(400, f"Order {given['orderNumber']} is already created", code="SERVICE-4005")
        zeros = dict.fromkeys(("cancelledQuantity", "shippedQuantity", "returnedQuantity"), 0)
        items = [{**each, **zeros} for each in given["items"]]
        id, now = f"{0xABC000 + len(self.orders):024x}", "2025-03-14T16:21:00.000Z"
        made = {**given, "items": items, "orderId": id, "version": 1, "createdAt": now, "channelId": "12"}
        made.setdefault("shipInfo", [])
        self.add(made)
        self.record("order", given["orderNumber"])
        return answer(made, 201)

    def changed(self, order: Order, effect: str, data: Any = None) -> Order:
        order["version"] += 1
        self.record(effect, order["orderNumber"], data)
        return deepcopy(order)

    # Attributes

    def update_attributes(self, request: Request, kind: str, name: str) -> Any:
        """An order that is not known is a refusal of another status here."""
        required(request.json, "attributes")
        try:
            order = self.named(kind, name)
        except Refusal as refusal:
            raise unknown(f"The order {name}", 400) from refusal
        given = request.json["attributes"]
        if not all(isinstance(value, str) for value in given.values()):
            raise invalid("attributes", "are texts")
        after = {**(order.get("attributes") or {}), **given}
        for key in request.json.get("keysToRemove") or ():
            after.pop(key, None)
        if after == order.get("attributes"):
            return order
        order["attributes"] = after
        return self.changed(order, "attribute", given)

    # Cancellations

    def cancel(self, request: Request, kind: str, name: str) -> Any:
        order, given = self.named(kind, name), request.json
        required(given, "reasonCode")
        if order["statusCode"] == "ORDER_CANCELLED":
            raise Refusal(400, "The order is already cancelled", code="ORDER-2004")
        if order["statusCode"] in _KEPT or not any(map(open_units, order["items"])):
            message = "Order can't be cancelled as there is no line item available for cancellation"
            raise Refusal(412, message, code="ORDER-2001")
        rows = {each["lineItemId"]: each for each in order["items"]}
        taken = given.get("items") or [
            {"lineItemId": key, "quantity": open_units(row), "itemUnitNumber": 1}
            for key, row in rows.items()
            if open_units(row)
        ]
        for each in taken:
            self.cancellable(rows, each)
        for each in taken:
            rows[each["lineItemId"]]["cancelledQuantity"] += each["quantity"]
        settled(order)
        counts = {each["lineItemId"]: each["quantity"] for each in taken}
        return self.changed(order, "cancelled", counts)

    def cancellable(self, rows: dict[str, Line], each: dict[str, Any]) -> None:
        required(each, "lineItemId", "quantity", "itemUnitNumber")
        row = rows.get(each["lineItemId"])
        if row is None or not open_units(row):
            raise Refusal(400, "Line item doesn't exist or is already cancelled", code="ORDER-2011")
        if not 1 <= each["quantity"] <= open_units(row):
            raise Refusal(400, "The quantity is not available", code="ORDER-2012")

    # Payments

    def update_payment_status(self, request: Request, kind: str, name: str) -> Any:
        """The balances are set and not added."""
        order, given = self.named(kind, name), request.json
        required(given, "paymentIdentifier")
        paid = self.paid(order, "paymentId", given["paymentIdentifier"])
        before = (paid["chargedAmount"], paid["paymentStatus"])
        paid["chargedAmount"] = (given.get("balances") or {}).get("captured", paid["chargedAmount"])
        paid["paymentStatus"] = given.get("status", paid["paymentStatus"])
        if (paid["chargedAmount"], paid["paymentStatus"]) == before:
            return order
        return self.changed(order, "capture", paid["chargedAmount"])

    def put_payment_log(self, request: Request, kind: str, name: str, counter: str) -> Any:
        """An entry with the id of one that is there takes its place."""
        order, given = self.named(kind, name), request.json
        required(given, "type", "amount")
        paid = self.paid(order, "paymentCounter", counter)
        if any(each.get("paymentLogId") == given.get("paymentLogId") for each in paid["paymentLogs"]):
            return order
        paid["paymentLogs"].append(given)
        if given["type"] == "CAPTURE":
            paid["chargedAmount"] = round(paid["chargedAmount"] + given["amount"], 2)
        return self.changed(order, "capture", given["amount"])

    def paid(self, order: Order, key: str, value: str) -> dict[str, Any]:
        for each in order["payments"]:
            if str({**each, **each["paymentIdentifier"]}[key]) == value:
                return each  # type: ignore[no-any-return]
        raise unknown(f"The payment {value}", 400)

    # Fees and taxes

    def update_fees_and_taxes(self, request: Request, kind: str, name: str) -> Any:
        order, given = self.named(kind, name), request.json
        totals = {key: given[key] for key in ("feeTotal", "taxTotal") if key in given}
        rows = {each["lineItemId"]: each for each in order["items"]}
        for each in given.get("items") or ():
            if each.get("lineItemId") not in rows:
                raise Refusal(400, "Line item doesn't exist", code="ORDER-2011")
            rows[each["lineItemId"]] |= each
        if all(order[key] == value for key, value in totals.items()) and not given.get("items"):
            return order
        order |= totals
        totalled(order)
        return self.changed(order, "amounts", totals)
