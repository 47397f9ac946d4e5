"""Kibo's catalog and its two stocks."""

from __future__ import annotations

from typing import Any

from werkzeug import Request

from fakes.channel import FakeChannel, Handler, Refusal, answer
from fakes.kibo_refusals import conflict, filtered, found, invalid, page

_WRITTEN = (
    *("productCode", "productUsage", "fulfillmentTypesSupported", "productTypeId", "masterCatalogId"),
    *("isTaxable", "isRecurring", "upc", "content", "price", "productInCatalogs", "properties", "options"),
    *("extras", "supplierInfo", "inventoryInfo", "packageHeight", "packageWidth", "packageLength"),
    *("packageWeight", "seoContent", "publishingInfo", "standAlonePackageType", "isPackagedStandAlone"),
    *("bundledProducts", "pricingBehavior"),
)
_READ = (
    *("productSequence", "isVariation", "hasConfigurableOptions", "hasStandAloneOptions", "auditInfo"),
    *("isValidForProductType", "baseProductCode", "variationKey"),
)
_IN_CATALOG = {
    *("catalogId", "isActive", "isPriceOverridden", "price", "productCategories", "primaryProductCategory"),
    *("dateFirstAvailableInCatalog", "activeDateRange", "auditInfo"),
}
_MEASURES = ("packageHeight", "packageWidth", "packageLength", "packageWeight")


class Catalog(FakeChannel):
    """Products and categories."""

    def __init__(self) -> None:
        self.products: dict[str, dict[str, Any]] = {}
        self.categories: list[dict[str, Any]] = [{"id": 15, "categoryCode": "mugs", "catalogId": 1}]
        self.variations: dict[str, list[dict[str, Any]]] = {}
        self.location_stock: dict[str, dict[str, int]] = {}
        super().__init__()

    def catalog_routes(self) -> list[tuple[str, str, Handler]]:
        products = "/commerce/catalog/admin/products"
        return [
            ("GET", "/commerce/catalog/admin/categories", self.list_categories),
            ("GET", f"{products}/<code>", lambda request, code: found(self.products, code)),
            ("POST", products, self.add_product),
            ("PUT", f"{products}/<code>", self.put_product),
            ("GET", f"{products}/<code>/variations", self.list_variations),
            ("PUT", f"{products}/<code>/variations", self.put_variations),
            ("PUT", f"{products}/<code>/LocationInventory", self.put_location_inventory),
            ("POST", f"{products}/<code>/LocationInventory", self.add_location_inventory),
        ]

    def list_categories(self, request: Request) -> Any:
        rows = filtered(self.categories, request.args.get("filter", ""), {"categoryCode", "id"})
        return page(rows, request.args)

    def checked(self, given: dict[str, Any]) -> dict[str, Any]:
        for name in given:
            if name not in (*_WRITTEN, *_READ):
                raise invalid(f"{name[0].upper()}{name[1:]}", "is not a field of a product")
        for name in {name for each in given.get("productInCatalogs") or () for name in each} - _IN_CATALOG:
            raise invalid(f"ProductInCatalogs.{name}", "is not a field of a product in a catalog")
        if not given.get("productCode") or not given.get("productTypeId"):
            raise invalid("ProductCode" if not given.get("productCode") else "ProductTypeId")
        for name in _MEASURES:
            if given.get(name) is not None and not given[name].get("unit"):
                raise invalid(f"{name[0].upper()}{name[1:]}.Unit", "must be given")
        return {name: given[name] for name in _WRITTEN if name in given}

    def add_product(self, request: Request) -> Any:
        made = self.checked(request.json)
        code = made["productCode"]
        if code in self.products:
            raise Refusal(409, f"Item already exists: {code}", code="ITEM_ALREADY_EXISTS")
        self.products[code] = {**made, "isVariation": False, "productSequence": len(self.products) + 1}
        self.record("product", code)
        return answer(self.products[code], 201)

    def put_product(self, request: Request, code: str) -> Any:
        """A full replace: what is left out is lost."""
        before = found(self.products, code)
        kept = {name: before[name] for name in _READ if name in before}
        self.products[code] = {**self.checked(request.json), **kept}
        if self.products[code] != before:
            self.record("product replaced", code)
        return self.products[code]

    def list_variations(self, request: Request, code: str) -> Any:
        found(self.products, code)
        return page(self.variations.get(code, []), request.args)

    def put_variations(self, request: Request, code: str) -> Any:
        found(self.products, code)
        self.variations[code] = request.json["items"]
        self.record("variations", code)
        return {"totalCount": len(self.variations[code]), "items": self.variations[code]}

    def stock_of(self, code: str) -> dict[str, int]:
        product = found(self.products, code)
        if not (product.get("inventoryInfo") or {}).get("manageStock", True):
            raise conflict(f"the stock of {code} is not managed")
        return self.location_stock.setdefault(code, {})

    def put_location_inventory(self, request: Request, code: str) -> Any:
        stock = self.stock_of(code)
        for each in request.json:
            if each["type"] != "Absolute":
                raise invalid("type")
            found(stock, each["locationCode"])
        return [self.counted(stock, each, each["value"]) for each in request.json]

    def add_location_inventory(self, request: Request, code: str) -> Any:
        stock = self.stock_of(code)
        upserts = request.args.get("performUpserts", "").lower() == "true"
        for each in request.json:
            if each["locationCode"] in stock and not upserts:
                raise Refusal(409, "Item already exists", code="ITEM_ALREADY_EXISTS")
        return [self.counted(stock, each, each["stockOnHand"]) for each in request.json]

    def counted(self, stock: dict[str, int], row: dict[str, Any], value: int) -> dict[str, Any]:
        if stock.get(row["locationCode"]) != value:
            stock[row["locationCode"]] = value
            self.record("stock", row["productCode"], value)
        return {"locationCode": row["locationCode"], "productCode": row["productCode"], "stockOnHand": value}


class Inventory(FakeChannel):
    """The newer inventory service: it takes a job at once and does it later."""

    def __init__(self) -> None:
        self.stock: dict[tuple[str, str], Any] = {}
        self.jobs: dict[int, dict[str, Any]] = {}
        self.locations = {"main", "WRH001"}
        super().__init__()

    def inventory_routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("POST", "/commerce/inventory/v5/inventory/refresh", self.refresh),
            ("GET", "/commerce/inventory/v1/queue/<job>", self.look),
        ]

    def refresh(self, request: Request) -> Any:
        given = request.json
        location, items = given.get("locationCode"), given.get("items") or []
        if location not in self.locations:
            message = "locationCode is required" if not location else f"{location} is no location"
            return answer({"error": "Bad Request", "message": message}, 400)
        if not 0 < len(items) <= 12_000:
            return answer({"error": "Bad Request", "message": "from 1 to 12000 items"}, 400)
        for each in items:
            key = str(each.get("sku") or each.get("partNumber") or each.get("upc"))
            if self.stock.get((location, key)) != each["quantity"]:
                self.stock[location, key] = each["quantity"]
                self.record("stock", key, each["quantity"])
        number = 1000 + len(self.jobs)
        self.jobs[number] = {"jobID": number, "type": "REFRESH", "itemCount": len(items), "status": "PENDING"}
        return {"jobID": number}

    def look(self, request: Request, job: str) -> Any:
        """Each look sees the job one step further."""
        row = found({str(key): value for key, value in self.jobs.items()}, job)
        steps = {"PENDING": "WORKING", "WORKING": "SUCCESS"}
        row["status"] = steps.get(row["status"], row["status"])
        row |= {"success": row["status"] == "SUCCESS", "messages": []}
        return row
