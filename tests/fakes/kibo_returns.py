"""Kibo's returns: recorded, received, refunded, closed."""

from __future__ import annotations

from typing import Any

from werkzeug import Request

from fakes.channel import FakeChannel, Handler, Refusal, answer
from fakes.kibo_refusals import conflict, filtered, found, invalid, page

_NEXT = {
    "Created": {"Authorize": "ReturnAuthorized", "Cancel": "Cancelled"},
    "ReturnAuthorized": {"Await": "ReturnPending", "Receive": "ReturnReceived", "Cancel": "Cancelled"},
    "ReturnPending": {"Receive": "ReturnReceived", "Cancel": "Cancelled"},
    "ReturnReceived": {"Close": "Closed"},
}


class Returns(FakeChannel):
    """The return service; it needs the orders beside it."""

    orders: dict[str, dict[str, Any]]

    def __init__(self) -> None:
        self.returns: dict[str, dict[str, Any]] = {}
        self.credits: dict[str, dict[str, Any]] = {}
        super().__init__()

    def return_routes(self) -> list[tuple[str, str, Handler]]:
        one = "/commerce/returns/<id>"
        return [
            ("GET", "/commerce/returns", self.list_returns),
            ("POST", "/commerce/returns", self.add_return),
            ("POST", "/commerce/returns/actions", self.act_on_returns),
            ("GET", one, lambda request, id: self.shown_return(found(self.returns, id))),
            ("PUT", one, self.put_return),
            ("GET", f"{one}/actions", lambda request, id: self.return_actions(found(self.returns, id))),
            ("POST", f"{one}/payments/<payment>/actions", self.credit),
            ("POST", f"{one}/restock", self.restock),
            ("POST", "/commerce/orders/<id>/refunds", self.refund),
            ("GET", "/commerce/customer/credits/<code>", lambda request, code: found(self.credits, code)),
            ("POST", "/commerce/customer/credits", self.add_credit),
        ]

    def list_returns(self, request: Request) -> Any:
        rows = [self.shown_return(each) for each in self.returns.values()]
        known = {"externalId", "originalOrderId", "originalOrderNumber", "status", "returnNumber"}
        return page(filtered(rows, request.args.get("filter", ""), known), request.args)

    def shown_return(self, row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "availableActions": self.return_actions(row)}

    def return_actions(self, row: dict[str, Any]) -> list[str]:
        return list(_NEXT.get(row["status"], {}))

    def add_return(self, request: Request) -> Any:
        given = request.json
        order = found(self.orders, given.get("originalOrderId", ""))
        if order["fulfillmentStatus"] == "NotFulfilled" or order["status"] not in ("Completed", "Processing"):
            raise conflict(f"nothing of an order that is {order['status']} can be returned")
        if not given.get("items"):
            raise invalid("items")
        lines = {each["id"] for each in order["items"]}
        for each in given["items"]:
            if each.get("orderItemId") not in lines and not each.get("product"):
                raise invalid("orderItemId")
        number = len(self.returns) + 1
        items = [{**each, "id": f"return-item-{number}-{n}"} for n, each in enumerate(given["items"], 1)]
        row = {
            **given,
            "id": f"return-{number}",
            "returnNumber": number,
            "originalOrderNumber": order["orderNumber"],
            "status": "Created",
            "items": items,
            "payments": [],
            "refundAmount": 0,
        }
        self.returns[row["id"]] = row
        self.record("return", given.get("externalId"), order["orderNumber"])
        return answer(self.shown_return(row), 201)

    def put_return(self, request: Request, id: str) -> Any:
        """A full replace of what may be written."""
        row, given = found(self.returns, id), request.json
        if row["status"] not in ("Created", "ReturnAuthorized", "ReturnPending"):
            raise conflict(f"a return that is {row['status']} cannot be changed")
        if not given.get("items"):
            raise invalid("items")
        kept = (
            "id",
            "returnNumber",
            "originalOrderId",
            "originalOrderNumber",
            "status",
            "payments",
            "refundAmount",
        )
        given = {key: value for key, value in given.items() if key != "availableActions"}
        self.returns[id] = {**given, **{key: row[key] for key in kept}}
        self.record("return changed", given.get("externalId"), id)
        return self.shown_return(self.returns[id])

    def act_on_returns(self, request: Request) -> Any:
        given = request.json
        rows = [found(self.returns, each) for each in given.get("returnIds") or ()]
        if not rows:
            raise invalid("returnIds")
        for row in rows:
            states = _NEXT.get(row["status"], {})
            if given.get("actionName") not in states:
                raise conflict(f"{given.get('actionName')} is not valid for a return that is {row['status']}")
            row["status"] = states[given["actionName"]]
            self.record(f"return {given['actionName'].lower()}", row["id"])
        return page([self.shown_return(row) for row in rows], {})

    def credit(self, request: Request, id: str, payment: str) -> Any:
        row, given = found(self.returns, id), request.json
        if given.get("actionName") != "CreditPayment" or row["status"] not in ("ReturnReceived", "Closed"):
            raise conflict(f"{given.get('actionName')} is not valid for a return that is {row['status']}")
        self.give_back(self.orders[row["originalOrderId"]], payment, given.get("amount"), f"return {id}")
        row["refundAmount"] = round(row["refundAmount"] + given["amount"], 2)
        credited = {"id": payment, "status": "Credited", "amountCredited": given["amount"]}
        row["payments"].append(credited)
        return self.shown_return(row)

    def give_back(self, order: dict[str, Any], payment: str, amount: Any, why: str) -> None:
        paid = found({each["id"]: each for each in order["payments"]}, payment)
        left = round(paid["amountCollected"] - paid["amountCredited"], 2)
        if not isinstance(amount, int | float) or not 0 < amount <= left:
            raise invalid("amount", f"must be above 0 and at most {left:.2f}")
        paid["amountCredited"] = round(paid["amountCredited"] + amount, 2)
        self.record("credit", payment, (why, amount))

    def refund(self, request: Request, id: str) -> Any:
        order, given = found(self.orders, id), request.json
        self.give_back(order, (given.get("payment") or {}).get("id", ""), given.get("amount"), "refund")
        made = {**given, "id": f"refund-{len(order.setdefault('refunds', [])) + 1}", "orderId": id}
        order["refunds"].append(made)
        return answer(made, 201)

    def restock(self, request: Request, id: str) -> Any:
        row = found(self.returns, id)
        self.record("restock", id, request.json)
        return self.shown_return(row)

    def add_credit(self, request: Request) -> Any:
        given = request.json
        if given.get("code") in self.credits:
            raise Refusal(409, f"Item already exists: {given['code']}", code="ITEM_ALREADY_EXISTS")
        self.credits[given["code"]] = given
        self.record("store credit", given["code"], given["initialBalance"])
        return answer(given, 201)
