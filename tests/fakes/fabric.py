"""A small fabric: orders, shipments, returns, stock, products and prices, with its refusals.

It knows what the mappings need, and refuses what fabric refuses: a call without its tenant or channel, a
filter of another form, units that are not open, a second order with the same number. What fabric may take
twice it takes twice: a second shipment with the same number is a second effect, as long as there are goods
for it, unless ``refuses_repeats`` is set.
"""

from __future__ import annotations

from typing import Any

from werkzeug import Request

from fakes.channel import Handler, Refusal
from fakes.fabric_catalog import Catalog, Inventory, Prices
from fakes.fabric_orders import Orders
from fakes.fabric_refusals import error_body, invalid
from fakes.fabric_shipments import Shipments

TENANT = "5f328bf0b5f328bf0b5f328b"
CHANNEL = "12"


class FakeFabric(Orders, Shipments, Catalog, Prices, Inventory):
    """All of it behind one host; the merchant's own host, which gives tokens, is the same one."""

    channel = "fabric"
    version = "/v3"
    token_path = "/oauth2/default/v1/token"
    open_paths = frozenset({token_path})

    def routes(self) -> list[tuple[str, str, Handler]]:
        api = [
            *self.order_routes(),
            *self.shipment_routes(),
            *self.catalog_routes(),
            *self.price_routes(),
            *self.inventory_routes(),
        ]
        called = [(method, f"/v3{path}", handler) for method, path, handler in api]
        return [("POST", self.token_path, self.token), *called]

    @property
    def addresses(self) -> dict[str, Any]:
        """The settings of a channel that is this one."""
        return {"api_url": f"{self.url}/v3", "token_url": f"{self.url}{self.token_path}"}

    def token(self, request: Request) -> dict[str, Any]:
        given = request.authorization
        if given is None or given.type != "basic" or request.mimetype != "application/x-www-form-urlencoded":
            raise Refusal(401, "Client authentication failed")
        if request.form.to_dict() != {"grant_type": "client_credentials", "scope": "s2s"}:
            raise Refusal(400, "The grant type or the scope is not one of this client's")
        found = self.give_token(given.username, given.password)
        return {**found, "token_type": "Bearer", "id_token": "canary-id-token", "scope": "s2s"}

    def _authorize(self, request: Request) -> None:
        super()._authorize(request)
        path = request.path.removeprefix("/v3")
        if request.headers.get("x-fabric-tenant-id") != TENANT:
            raise Refusal(401, "The tenant is unknown", code="TENANT_HEADER_REQUIRED", generation="catalog")
        if path.startswith("/catalog-connector"):
            return
        if not request.headers.get("x-fabric-channel-id"):
            raise Refusal(
                400, "Mandatory param(s): `x-fabric-channel-id` is/are missing", code="SERVICE-4003"
            )

    def bad_body(self, path: str, place: str, message: str) -> Refusal:
        if path.startswith(("/catalog-connector", "/prices")):
            return invalid(place, message, code="REQUEST_DENIED", generation="catalog")
        return invalid(place, message)

    def error(self, status: int, message: str, **more: Any) -> Any:
        """The error body of the newer services, or of the generation that is asked for."""
        return error_body(status, message, **more)
