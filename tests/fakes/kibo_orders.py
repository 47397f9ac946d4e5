"""Kibo's orders: search, actions, edits, payments, and packages that leave."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from werkzeug import Request

from fakes.channel import FakeChannel, Handler, answer
from fakes.kibo_refusals import conflict, filtered, found, invalid, not_found, page

Order = dict[str, Any]

_SEARCHED = {"orderNumber", "status", "externalId", "submittedDate", "email", "paymentStatus", "createDate"}
_UNTAKEN = ("Submitted", "Validated", "PendingReview")
_READ_ONLY = (
    *("id", "orderNumber", "status", "paymentStatus", "fulfillmentStatus", "payments", "packages", "total"),
    *("pickups", "digitalPackages", "submittedDate", "attributes", "notes"),
)


def line(number: int, code: str, quantity: int, price: float, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{number:08x}{'c2f4' * 6}",
        "lineId": number,
        "product": {"productCode": code, "name": f"Product {code}", "goodsType": "Physical"},
        "quantity": quantity,
        "unitPrice": {"listAmount": price, "extendedAmount": price},
        "fulfillmentMethod": "Ship",
        "fulfillmentLocationCode": "WRH001",
        "itemTaxTotal": 0,
        "shippingTotal": 0,
        "discountTotal": 0,
        **more,
    }


def contact() -> dict[str, Any]:
    return {
        "id": 0,
        "email": "anna.reyes@example.com",
        "firstName": "Anna",
        "lastNameOrSurname": "Reyes",
        "phoneNumbers": {"home": "503-555-0142", "mobile": None, "work": None},
        "address": {
            "address1": "48 Orchard Lane",
            "cityOrTown": "Portland",
            "stateOrProvince": "OR",
            "postalOrZipCode": "97205",
            "countryCode": "US",
        },
    }


def order(number: int, *lines: dict[str, Any], **more: Any) -> Order:
    """An accepted order with one authorised payment for its total."""
    made: Order = {
        "id": f"{number:032x}",
        "orderNumber": number,
        "version": "1",
        "status": "Accepted",
        "type": "Online",
        "currencyCode": "USD",
        "submittedDate": f"2025-03-14T16:20:{number % 60:02}.000Z",
        "email": "anna.reyes@example.com",
        "externalId": None,
        "isImport": False,
        "isUnified": False,
        "fulfillmentStatus": "NotFulfilled",
        "paymentStatus": "Pending",
        "returnStatus": "None",
        "shippingTotal": 5,
        "taxTotal": 0,
        "handlingTotal": 0,
        "dutyTotal": 0,
        "discountTotal": 0,
        "billingInfo": {"billingContact": contact()},
        "fulfillmentInfo": {
            "fulfillmentContact": contact(),
            "shippingMethodCode": "ups_UPS_GROUND",
            "shippingMethodName": "UPS Ground",
        },
        "items": list(lines) or [line(1, "MUG-BLUE", 2, 12.5), line(2, "BOWL", 1, 20)],
        "attributes": [],
        "notes": [],
        "packages": [],
        "pickups": [],
        "digitalPackages": [],
        **more,
    }
    totalled(made)
    made.setdefault("payments", [payment(number, made["total"])])
    return made


def payment(number: int, amount: float, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{number:08x}{'af01' * 6}",
        "paymentType": "CreditCard",
        "status": "Authorized",
        "amountRequested": amount,
        "amountCollected": 0,
        "amountCredited": 0,
        "billingInfo": {"card": {"paymentOrCardType": "VISA"}},
        "interactions": [{"interactionType": "Authorization", "status": "Authorized", "amount": amount}],
        **more,
    }


def totalled(order: Order) -> None:
    """Kibo's sums, from the lines and the order's own amounts."""
    goods = sum(each["quantity"] * each["unitPrice"]["extendedAmount"] for each in order["items"])
    changed = (order.get("adjustment") or {}).get("amount", 0)
    order["subtotal"] = round(goods, 2)
    order["discountedTotal"] = round(goods - order["discountTotal"], 2)
    parts = (order["shippingTotal"], order["taxTotal"], order["handlingTotal"], order["dutyTotal"], changed)
    order["total"] = round(goods - order["discountTotal"] + sum(parts), 2)


class Orders(FakeChannel):
    """The order service."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.known_attributes = {"tenant~retailops-acknowledged"}
        self.reasons = {"CustomerRequested", "OutOfStock"}
        self.declining: set[str] = set()
        self.completes_by_itself = False
        self.left_out_of_a_search = {"packages", "pickups", "digitalPackages"}
        super().__init__()

    def add(self, *orders: Order) -> None:
        self.orders |= {each["id"]: each for each in orders}

    def numbered(self, number: int) -> Order:
        return next(each for each in self.orders.values() if each["orderNumber"] == number)

    def order_routes(self) -> list[tuple[str, str, Handler]]:
        one = "/commerce/orders/<id>"
        return [
            ("GET", "/commerce/orders", self.list_orders),
            ("GET", "/commerce/orders/cancel/reasons", self.list_reasons),
            ("PUT", "/commerce/orders/cancel/<id>", self.cancel_order),
            ("GET", one, self.get_order),
            ("PUT", one, self.put_order),
            ("GET", f"{one}/actions", self.get_actions),
            ("POST", f"{one}/actions", self.act),
            ("PUT", f"{one}/attributes", self.put_attributes),
            ("GET", f"{one}/attributes", lambda request, id: found(self.orders, id)["attributes"]),
            ("POST", f"{one}/notes", self.add_note),
            ("GET", f"{one}/notes", lambda request, id: found(self.orders, id)["notes"]),
            ("POST", f"{one}/payments/<payment>/actions", self.act_on_payment),
            ("POST", f"{one}/packages", self.add_package),
            ("PUT", f"{one}/packages/<package>", self.put_package),
            ("POST", f"{one}/pickups", self.add_pickup),
            ("POST", f"{one}/digitalpackages", self.add_digital_package),
            ("POST", f"{one}/fulfillment/actions", self.fulfil),
            ("POST", f"{one}/items", self.add_item),
            ("PUT", f"{one}/items/<item>/quantity/<value>", self.set_quantity),
            ("PUT", f"{one}/items/<item>/price/<value>", self.set_price),
            ("DELETE", f"{one}/items/<item>", self.remove_item),
            ("PUT", f"{one}/adjustment", self.adjust),
            ("DELETE", f"{one}/adjustment", self.adjust),
            ("PUT", f"{one}/adjustment/shipping", self.adjust_shipping),
        ]

    # Reading

    def list_orders(self, request: Request) -> Any:
        rows = filtered(list(self.orders.values()), request.args.get("filter", ""), _SEARCHED)
        found = page([self.shown(row) for row in rows], request.args)
        for row in found["items"]:
            for key in self.left_out_of_a_search:
                del row[key]
        return found

    def get_order(self, request: Request, id: str) -> Any:
        return self.shown(found(self.orders, id))

    def shown(self, order: Order) -> Order:
        return {**deepcopy(order), "availableActions": self.allowed(order)}

    def list_reasons(self, request: Request) -> Any:
        items = [{"reasonCode": each, "name": each, "needsMoreInfo": False} for each in sorted(self.reasons)]
        return {"totalCount": len(items), "items": items}

    # States

    def get_actions(self, request: Request, id: str) -> Any:
        return self.allowed(found(self.orders, id))

    def allowed(self, order: Order) -> list[str]:
        paid = order["paymentStatus"] == "Paid"
        moved = order["fulfillmentStatus"] != "NotFulfilled"
        if order["status"] in _UNTAKEN:
            return ["AcceptOrder", "CancelOrder"]
        if order["status"] not in ("Accepted", "Processing"):
            return []
        done = ["CompleteOrder"] if paid and order["fulfillmentStatus"] == "Fulfilled" else []
        return done + ([] if moved or order.get("restrictCancellation") else ["CancelOrder"])

    def act(self, request: Request, id: str) -> Any:
        name = request.json.get("actionName")
        order = found(self.orders, id)
        if name not in self.allowed(order):
            raise conflict(f"the action {name} is not valid for an order that is {order['status']}")
        states = {"AcceptOrder": "Accepted", "CancelOrder": "Cancelled", "CompleteOrder": "Completed"}
        return self.becomes(order, states[name])

    def becomes(self, order: Order, status: str) -> Order:
        order["status"] = status
        if status == "Cancelled":
            for each in order["payments"]:
                if each["status"] == "Authorized":
                    each["status"] = "Voided"
                    self.record("void", each["id"])
        self.changed(order, status.lower())
        return self.shown(order)

    def changed(self, order: Order, effect: str, data: Any = None) -> None:
        order["version"] = str(int(order["version"]) + 1)
        self.record(effect, order["orderNumber"], data)

    def cancel_order(self, request: Request, id: str) -> Any:
        order = found(self.orders, id)
        if request.json.get("reasonCode") not in self.reasons:
            raise invalid("reasonCode", "is not one of the tenant's")
        if "CancelOrder" not in self.allowed(order):
            raise conflict(f"an order that is {order['status']} cannot be cancelled")
        return self.becomes(order, "Cancelled")

    def put_order(self, request: Request, id: str) -> Any:
        """A full replace of what may be written; what is left out is lost."""
        order, given = found(self.orders, id), request.json
        if given.get("version") != order["version"]:
            raise conflict("the version is not the newest")
        if not given.get("items"):
            raise invalid("items", "an order has items")
        kept = {name: order[name] for name in _READ_ONLY if name in order}
        written = {name: value for name, value in given.items() if name not in ("availableActions",)}
        self.orders[id] = {**written, **kept, "version": order["version"]}
        self.changed(self.orders[id], "replaced", given.get("externalId"))
        return self.shown(self.orders[id])

    def put_attributes(self, request: Request, id: str) -> Any:
        order = found(self.orders, id)
        rows = {each["fullyQualifiedName"]: each["values"] for each in order["attributes"]}
        given = {each["fullyQualifiedName"]: each["values"] for each in request.json}
        for name in given.keys() - self.known_attributes:
            raise invalid("fullyQualifiedName", f"{name} is no attribute of orders")
        after = given if request.args.get("removeMissing") == "true" else {**rows, **given}
        if after != rows:
            order["attributes"] = [{"fullyQualifiedName": key, "values": row} for key, row in after.items()]
            self.changed(order, "attribute", given)
        return order["attributes"]

    def add_note(self, request: Request, id: str) -> Any:
        order, text = found(self.orders, id), request.json.get("text", "")
        if not text or len(text) > 250:
            raise invalid("text", "has from 1 to 250 characters")
        note = {"id": f"note-{len(order['notes']) + 1}", "text": text}
        order["notes"].append(note)
        self.changed(order, "note", text)
        return answer(note, 201)

    # Payments

    def act_on_payment(self, request: Request, id: str, payment: str) -> Any:
        order, given = found(self.orders, id), request.json
        paid = found({each["id"]: each for each in order["payments"]}, payment)
        if given.get("actionName") != "CapturePayment" or paid["status"] not in ("Authorized", "Collected"):
            raise conflict(f"{given.get('actionName')} is not valid for a payment that is {paid['status']}")
        amount, left = given.get("amount"), paid["amountRequested"] - paid["amountCollected"]
        if not isinstance(amount, int | float) or not 0 < amount <= round(left, 2):
            raise invalid("amount", f"must be above 0 and at most {left:.2f}")
        declined = payment in self.declining
        step = {
            "interactionType": "Capture",
            "status": "Failed" if declined else "Captured",
            "amount": amount,
        }
        paid["interactions"].append(step)
        paid["status"] = "Declined" if declined else "Collected"
        if not declined:
            paid["amountCollected"] = round(paid["amountCollected"] + amount, 2)
            self.record("capture", payment, amount)
        self.settle(order)
        return self.shown(order)

    def settle(self, order: Order) -> None:
        """What follows from payments and packages for the order itself."""
        collected = sum(each["amountCollected"] for each in order["payments"])
        order["totalCollected"] = round(collected, 2)
        order["paymentStatus"] = "Paid" if order["totalCollected"] >= order["total"] else "Pending"
        if order["status"] == "Accepted" and (collected or order["fulfillmentStatus"] != "NotFulfilled"):
            order["status"] = "Processing"
        order["version"] = str(int(order["version"]) + 1)
        if self.completes_by_itself and "CompleteOrder" in self.allowed(order):
            self.becomes(order, "Completed")

    # Packages

    def add_package(self, request: Request, id: str) -> Any:
        return self.pack(id, "packages", request.json)

    def add_pickup(self, request: Request, id: str) -> Any:
        return self.pack(id, "pickups", request.json)

    def add_digital_package(self, request: Request, id: str) -> Any:
        return self.pack(id, "digitalPackages", request.json)

    def pack(self, id: str, kind: str, given: dict[str, Any]) -> Any:
        order = found(self.orders, id)
        if order["status"] not in ("Accepted", "Processing", "Completed"):
            raise conflict(f"an order that is {order['status']} is not shipped")
        for each in given.get("items") or ():
            self.line_of(order, each)
        number = sum(len(order[each]) for each in ("packages", "pickups", "digitalPackages")) + 1
        packed = {**given, "id": f"{order['orderNumber']}-{kind}-{number}", "status": "NotFulfilled"}
        order[kind].append(packed)
        self.changed(order, kind, given.get("trackingNumber") or given.get("code"))
        return answer(packed, 201)

    def line_of(self, order: Order, packed: dict[str, Any]) -> dict[str, Any]:
        for each in order["items"]:
            product = each["product"]
            codes = {product["productCode"], product.get("variationProductCode")}
            codes |= {part["productCode"] for part in product.get("bundledProducts") or ()}
            if packed.get("productCode") in codes and packed.get("lineId", each["lineId"]) == each["lineId"]:
                if not isinstance(packed.get("quantity"), int) or packed["quantity"] < 1:
                    raise invalid("quantity")
                return each  # type: ignore[no-any-return]
        raise not_found(packed.get("productCode"))

    def put_package(self, request: Request, id: str, package: str) -> Any:
        order = found(self.orders, id)
        packed = found({each["id"]: each for each in order["packages"]}, package)
        packed.update(request.json, id=packed["id"], status=packed["status"])
        self.changed(order, "relabel", packed.get("trackingNumber"))
        return packed

    def fulfil(self, request: Request, id: str) -> Any:
        order, given = found(self.orders, id), request.json
        lists = {"Ship": "packageIds", "PickUp": "pickupIds", "Fulfill": "digitalPackageIds"}
        kinds = {"Ship": "packages", "PickUp": "pickups", "Fulfill": "digitalPackages"}
        name = given.get("actionName")
        if name not in lists or not given.get(lists[name]):
            raise invalid(lists.get(name, "actionName"))
        packed = {each["id"]: each for each in order[kinds[name]]}
        leaving = [found(packed, each) for each in given[lists[name]]]
        if any(each["status"] == "Fulfilled" for each in leaving):
            raise conflict("a package has left already")
        for each in leaving:
            each["status"] = "Fulfilled"
            self.record("ship", each["id"])
        self.count_fulfilled(order)
        self.settle(order)
        return self.shown(order)

    def count_fulfilled(self, order: Order) -> None:
        gone: dict[int, int] = {}
        for kind in ("packages", "pickups", "digitalPackages"):
            for each in (
                item
                for packed in order[kind]
                if packed["status"] == "Fulfilled"
                for item in packed.get("items") or ()
            ):
                number = self.line_of(order, each)["lineId"]
                gone[number] = gone.get(number, 0) + each["quantity"]
        for each in order["items"]:
            done = gone.get(each["lineId"], 0) >= each["quantity"]
            each["product"]["fulfillmentStatus"] = "Fulfilled" if done else "NotFulfilled"
        all_gone = all(each["product"]["fulfillmentStatus"] == "Fulfilled" for each in order["items"])
        partly = "PartiallyFulfilled" if gone else "NotFulfilled"
        order["fulfillmentStatus"] = "Fulfilled" if all_gone else partly

    # Edits

    def edited(self, request: Request, id: str) -> Order:
        """An order that may be edited, in the version that the caller knows."""
        order = found(self.orders, id)
        if request.args.get("updateMode") not in ("ApplyToOriginal", "ApplyAndCommit"):
            raise invalid("updateMode", "only the original is kept here")
        if request.args.get("version", order["version"]) != order["version"]:
            raise conflict("the version is not the newest")
        if order.get("restrictEdit") or order["status"] in ("Completed", "Cancelled"):
            raise conflict(f"an order that is {order['status']} cannot be edited")
        return order

    def finished(self, order: Order, effect: str, data: Any) -> Order:
        totalled(order)
        self.changed(order, effect, data)
        self.settle(order)
        return self.shown(order)

    def item_of(self, order: Order, item: str) -> dict[str, Any]:
        return found({each["id"]: each for each in order["items"]}, item)  # type: ignore[no-any-return]

    def set_quantity(self, request: Request, id: str, item: str, value: str) -> Any:
        order = self.edited(request, id)
        if not value.isdecimal() or value == "0":
            raise invalid("quantity")
        row = self.item_of(order, item)
        if row["quantity"] == int(value):
            return self.shown(order)
        row["quantity"] = int(value)
        self.count_fulfilled(order)
        return self.finished(order, "quantity", (item, int(value)))

    def set_price(self, request: Request, id: str, item: str, value: str) -> Any:
        order = self.edited(request, id)
        try:
            price = float(value)
        except ValueError:
            raise invalid("price") from None
        self.item_of(order, item)["unitPrice"] |= {"overrideAmount": price, "extendedAmount": price}
        return self.finished(order, "price", (item, price))

    def remove_item(self, request: Request, id: str, item: str) -> Any:
        order = self.edited(request, id)
        order["items"].remove(self.item_of(order, item))
        self.count_fulfilled(order)
        return self.finished(order, "removed", item)

    def add_item(self, request: Request, id: str) -> Any:
        order, given = self.edited(request, id), request.json
        code = (given.get("product") or {}).get("productCode")
        if not code or not given.get("quantity"):
            raise invalid("product" if not code else "quantity")
        number = max((each["lineId"] for each in order["items"]), default=0) + 1
        price = (given.get("unitPrice") or {}).get("overrideAmount", 9.5)
        order["items"].append(line(number, code, given["quantity"], price))
        return self.finished(order, "added", code)

    def adjust(self, request: Request, id: str) -> Any:
        order = self.edited(request, id)
        order["adjustment"] = request.json if request.method == "PUT" else None
        return self.finished(order, "adjustment", (order["adjustment"] or {}).get("amount"))

    def adjust_shipping(self, request: Request, id: str) -> Any:
        order, given = self.edited(request, id), request.json
        before = (order.get("shippingAdjustment") or {}).get("amount", 0)
        order["shippingTotal"] = round(order["shippingTotal"] - before + given["amount"], 2)
        order["shippingAdjustment"] = given
        return self.finished(order, "shipping adjustment", given["amount"])
