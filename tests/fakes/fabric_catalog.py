"""fabric's catalog, prices and stock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from werkzeug import Request

from fakes.channel import FakeChannel, Handler, Refusal, answer
from fakes.fabric_refusals import invalid, required, searched, unknown

_CATALOG = {"generation": "catalog"}
_WRITTEN = (
    *("sku", "productName", "type", "parentSku", "categoryName", "categoryId", "images", "attributes"),
    *("categories", "collections"),
)


class Catalog(FakeChannel):
    """The catalog connector: it knows the tenant only, and answers 200 to whatever it makes."""

    def __init__(self) -> None:
        self.products: dict[str, dict[str, Any]] = {}
        super().__init__()

    def catalog_routes(self) -> list[tuple[str, str, Handler]]:
        one = "/catalog-connector/products/skus/<sku>"
        return [
            ("GET", one, self.get_product),
            ("POST", "/catalog-connector/products", self.add_product),
            ("PUT", one, self.put_product),
        ]

    def located(self, request: Request) -> None:
        if not request.args.get("locale"):
            raise Refusal(400, "locale is required", code="REQUEST_DENIED", **_CATALOG)

    def get_product(self, request: Request, sku: str) -> Any:
        self.located(request)
        if sku not in self.products:
            raise Refusal(404, f"{sku} is not found", code="NOT_FOUND", **_CATALOG)
        return self.products[sku]

    def checked(self, given: dict[str, Any]) -> dict[str, Any]:
        for name in given:
            if name not in _WRITTEN:
                raise Refusal(400, f"{name} is no field of a product", code="REQUEST_DENIED", **_CATALOG)
        if not given.get("sku") or (given.get("type") == "VARIANT" and not given.get("parentSku")):
            raise Refusal(400, "sku or parentSku is missing", code="REQUEST_DENIED", **_CATALOG)
        return dict(given)

    def add_product(self, request: Request) -> Any:
        self.located(request)
        made = self.checked(request.json)
        sku = made["sku"]
        if sku in self.products:
            raise Refusal(400, f"{sku} is there already", code="REQUEST_DENIED", **_CATALOG)
        number = len(self.products) + 1
        self.products[sku] = {**made, "id": f"{0xCA7000 + number:024x}", "itemId": 4000 + number}
        self.record("product", sku)
        return self.products[sku]

    def put_product(self, request: Request, sku: str) -> Any:
        """A full replace: what is left out is lost."""
        before = self.get_product(request, sku)
        given = self.checked({**request.json, "sku": request.json.get("sku", sku)})
        if given["sku"] != sku:
            raise Refusal(400, "the sku cannot be changed", code="REQUEST_DENIED", **_CATALOG)
        self.products[sku] = {**given, "id": before["id"], "itemId": before["itemId"]}
        if self.products[sku] != before:
            self.record("product replaced", sku)
        return self.products[sku]


class Prices(FakeChannel):
    """Prices are offers, each for a time."""

    def __init__(self) -> None:
        self.prices: dict[str, Any] = {}
        self.most_prices = 1000
        super().__init__()

    def price_routes(self) -> list[tuple[str, str, Handler]]:
        return [("POST", "/prices/batch", self.set_prices)]

    def set_prices(self, request: Request) -> Any:
        required(request.json, "data")
        if len(request.json["data"]) > self.most_prices:
            raise invalid("data", "is too long")
        for each in request.json["data"]:
            required(each, "offers")
            if not 1 <= len(each["offers"]) <= 10 or not (each.get("itemSku") or each.get("itemId")):
                raise invalid("offers", "are from 1 to 10, for an item")
            for offer in each["offers"]:
                self.timely(offer)
        for each in request.json["data"]:
            key = str(each.get("itemSku") or each["itemId"])
            prices = [offer["price"] for offer in each["offers"]]
            if self.prices.get(key) != prices:
                self.prices[key] = prices
                self.record("price", key, prices)
        return answer({"data": request.json["data"]}, 201)

    def timely(self, offer: dict[str, Any]) -> None:
        now = datetime.now(UTC)
        begin = datetime.fromisoformat(offer["startAt"]) if offer.get("startAt") else now
        end = datetime.fromisoformat(offer["endAt"]) if offer.get("endAt") else None
        if begin < now - timedelta(minutes=5) or (end and end < begin + timedelta(minutes=15)):
            raise invalid("offers", "begin in the past, or are too short")


class Inventory(FakeChannel):
    """Counters by location, channel and SKU."""

    def __init__(self) -> None:
        self.stock: dict[tuple[int, str, str], dict[str, Any]] = {}
        self.unknown_skus: set[str] = set()
        super().__init__()

    def inventory_routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("POST", "/inventories", self.create_inventory),
            ("POST", "/inventories/search", self.search_inventories),
            ("POST", "/inventories/actions/find-and-update", self.find_and_update),
        ]

    def key(self, request: Request) -> tuple[int, str, str]:
        given = request.json
        required(given, "sku", "locationNumber", "counters")
        if not isinstance(given["locationNumber"], int):
            raise invalid("locationNumber", "is a whole number")
        if given["sku"] in self.unknown_skus:
            raise unknown(f"The item {given['sku']}")
        return given["locationNumber"], request.headers["x-fabric-channel-id"], given["sku"]

    def search_inventories(self, request: Request) -> Any:
        return searched(list(self.stock.values()), request.json, request.args, "inventory")

    def find_and_update(self, request: Request) -> Any:
        key = self.key(request)
        if key not in self.stock:
            raise unknown(f"The inventory of {key[2]}")
        return self.counted(key, request.json)

    def create_inventory(self, request: Request) -> Any:
        key = self.key(request)
        if key in self.stock:
            raise Refusal(409, f"The inventory of {key[2]} already exists", code="SERVICE-4005")
        place = {"channelId": key[1], "inventoryId": f"{0x570C00 + len(self.stock):024x}", "counters": {}}
        self.stock[key] = place
        return answer(self.counted(key, request.json), 201)

    def counted(self, key: tuple[int, str, str], given: dict[str, Any]) -> dict[str, Any]:
        before = self.stock[key]
        after = {**before, **given, "counters": {**before["counters"], **given["counters"]}}
        if after != before:
            self.stock[key] = after
            self.record("stock", key[2], given["counters"])
        return after
