"""A small Kibo: orders, payments, packages, shipments, returns, products and stock, with its refusals.

It knows what the mappings need, and refuses what Kibo refuses: an action that an order's state does not
allow, a field that a product does not have, a version that is not the newest, a token that has run out.
What Kibo takes twice it takes twice: a second package with the same tracking number is a second effect.
"""

from __future__ import annotations

from typing import Any

from werkzeug import Request

from fakes.channel import Handler, Refusal
from fakes.kibo_catalog import Catalog, Inventory
from fakes.kibo_orders import Orders
from fakes.kibo_refusals import invalid
from fakes.kibo_returns import Returns
from fakes.kibo_shipments import Shipments


class FakeKibo(Orders, Shipments, Returns, Catalog, Inventory):
    """All of it, behind one host as a tenant sees it."""

    channel = "kibo"
    base = "/api"
    open_paths = frozenset({"/platform/applications/authtickets/oauth"})

    def routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("POST", "/platform/applications/authtickets/oauth", self.token),
            *self.order_routes(),
            *self.shipment_routes(),
            *self.return_routes(),
            *self.catalog_routes(),
            *self.inventory_routes(),
        ]

    def token(self, request: Request) -> dict[str, Any]:
        given = request.json if request.is_json else {}
        found = self.give_token(given.get("client_id"), given.get("client_secret"))
        return {**found, "refresh_token": "canary-refresh-token"}

    def bad_body(self, path: str, place: str, message: str) -> Refusal:
        return invalid(place, message)

    def error(
        self, status: int, message: str, code: str = "", name: str = "", value: str = "", **_: Any
    ) -> Any:
        """The error body of commerce and catalog."""
        codes = {400: "MISSING_OR_INVALID_PARAMETER", 404: "ITEM_NOT_FOUND", 409: "VALIDATION_CONFLICT"}
        return {
            "applicationName": "CommerceRuntime",
            "correlationId": "0f3c8ad4b1cd4bfcb34be04d42fd8b05",
            "errorCode": code or codes.get(status, "UNEXPECTED_ERROR"),
            "message": message,
            "additionalErrorData": [{"name": name, "value": value}] if name else [],
            "exceptionDetail": None,
            "items": [],
        }
