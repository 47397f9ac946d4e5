"""The project's schemas: what they accept, what they refuse and where, and how they are written."""

from __future__ import annotations

import copy
import json
import re
from functools import cache
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from crossdock.core.paths import pointer
from crossdock.core.rendering import render
from crossdock.schema.store import SchemaStore
from crossdock.schema.validator import input_error, validate
from crossdock.tools.derivation import derive
from crossdock.tools.derivation.documents import blocks, load, query, section
from crossdock.tools.derivation.located import Located, plain
from test_derivation import documents

HERE = Path(__file__).parent
SCHEMAS = HERE.parent / "schemas"
FILES = sorted(
    path for recipe in SCHEMAS.glob("*/derive.yaml") for path in recipe.parent.glob("*.schema.json")
)
NAMES = [f"{path.parent.name}/{path.name.removesuffix('.schema.json')}" for path in FILES]
DELETE = object()

ACTIONS = {
    "cat_push_config": "Catalog cat_push_config",
    "catpush_transmit": "Catalog catpush_transmit",
    "capture_channel_payments": "Channel capture_channel_payments",
    "inv_push": "Inventory inv_push",
    "items_returned": "Inventory items_returned",
    "order_fetch": "Order order_fetch",
    "order_ack": "Order order_ack",
    "order_complete": "Order order_complete",
    "order_cancel": "Order order_cancel",
    "order_writeback": "Order order_writeback",
    "shipment_submit": "Order shipment_submit",
}


@cache
def store() -> SchemaStore:
    return SchemaStore([SCHEMAS])


def violations(value, name):
    """The place and the message of everything that is wrong."""
    return [(pointer(*each.parts), each.message) for each in validate(value, store().get(name))]


def read(path: Path):
    return json.loads(path.read_text(encoding="utf-8"))


@cache
def _base(name: str) -> str:
    system, shape = name.split("/")
    found = [
        HERE / "data" / "payloads" / system / f"{shape}.json",
        SCHEMAS / system / "samples" / f"{shape}.json",
    ]
    return next(path for path in found if path.is_file()).read_text(encoding="utf-8")


def base(name: str):
    return json.loads(_base(name))


def nodes(schema, path=()):
    """Every schema within a schema, with its place."""
    yield path, schema
    for group in ("properties", "$defs"):
        for key, inner in schema.get(group, {}).items():
            yield from nodes(inner, (*path, key))
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from nodes(schema[key], (*path, "[]"))
    if "x-documented-as" in schema:
        yield from nodes(schema["x-documented-as"], path)


# --- how they are written


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_schema_is_one_and_its_references_lead_somewhere(path):
    schema = read(path)
    Draft202012Validator.check_schema(schema)
    name = f"{path.parent.name}/{path.name.removesuffix('.schema.json')}"
    assert schema["$id"] == f"https://crossdock.dev/schemas/{name}"
    store().get(name)


KEYWORDS = {
    *("$schema", "$id", "$defs", "$ref", "title", "description", "type", "format", "pattern", "enum"),
    *("minimum", "exclusiveMinimum", "minItems", "maxItems", "minLength", "maxLength", "minProperties"),
    *("required", "properties", "items", "additionalProperties", "contentMediaType", "contentSchema"),
    *(
        "x-documented-as",
        "x-described-by",
        "x-fails-alone",
        "x-known-values",
        "x-numbers-as-text",
        "x-sensitive",
        "x-status",
        "x-source",
        "x-format",
    ),
}


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_schema_uses_known_words_and_none_that_can_do_harm(path):
    for place, node in nodes(read(path)):
        assert set(node) <= KEYWORDS, place
        assert "multipleOf" not in node
        assert "://" not in node.get("$ref", ""), "nothing is fetched"
        assert not re.search(r"[+*}]\)[+*{]", node.get("pattern", "")), "no repetition of a repetition"
        assert set(node.get("required", ())) <= set(node.get("properties", ())), place


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_every_property_names_its_source_and_status(path):
    for place, node in nodes(read(path)):
        for key, inner in node.get("properties", {}).items():
            assert inner["x-status"] in ("documented", "observed", "inferred"), (place, key)
            assert set(inner["x-source"]) == {"document", "line"}, (place, key)
            if inner["x-source"]["document"].startswith("samples/"):
                assert (path.parent / inner["x-source"]["document"]).is_file()


def test_reading_schemas_enumerate_nothing_and_take_unknown_keys():
    for path, name in zip(FILES, NAMES, strict=True):
        written = path.parent.name.startswith("retailops") or name.endswith((".request", "order_create"))
        closed = {
            key for _, node in nodes(read(path)) for key in ("enum", "additionalProperties") if key in node
        }
        assert written or not closed, name


def test_documents_are_not_copied_into_descriptions():
    if not (folder := documents()):
        return
    texts = " ".join(path.read_text(encoding="utf-8") for path in folder.glob("00*.txt"))
    texts = " ".join(texts.split()).lower()
    for path in FILES:
        for place, node in nodes(read(path)):
            words = node.get("description", "").rstrip(".").lower()
            assert len(words.split()) < 6 or words not in texts, (path.name, place)


# --- what is sensitive


SENSITIVE = re.compile(
    r"(?i)(.*(password|secret)|ticket|access_token|refresh_token|id_token|token|first_?name|last_?name\w*|middle_?name\w*"
    r"|name_?on_?card|e-?mail(_?address)?|phone(_number|number)?|address_?(line)?_?\d|postal\w*|zip\w*|ip_?address"
    r"|card_?(number\w*|pin|identifier)|cc_?last_?four|expir(e|ation)_?(month|year)|gift_?message|customer_?tax_?id)"
)


def leaves():
    for path in FILES:
        for place, node in nodes(read(path)):
            if place and "properties" not in node and "$ref" not in node and SENSITIVE.fullmatch(place[-1]):
                yield f"{path.parent.name}/{path.name}", place, node


def test_every_leaf_whose_name_tells_of_a_person_or_a_credential_is_marked():
    found = list(leaves())
    assert len(found) > 60
    assert not [(name, place) for name, place, node in found if node.get("x-sensitive") is not True]


def test_country_region_and_city_are_not_marked():
    plainly = {
        "countryCode",
        "region",
        "city",
        "cityOrTown",
        "stateOrProvince",
        "state_match",
        "country_match",
    }
    for path in FILES:
        marked = {place[-1] for place, node in nodes(read(path)) if place and node.get("x-sensitive")}
        assert not marked & plainly, path.name


PAYLOADS = [
    *("kibo/order", "fabric/order", "fabric/order_create", "retailops/order", "retailops/inv_push.request"),
    *("kibo/token", "fabric/token", "kibo/token.request"),
]


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_sensitive_value_is_in_no_diagnostic(name):
    """Canaries of the wrong kind at every place: the findings tell of them and show none."""

    def canaries(value):
        match value:
            case dict():
                return {key: canaries(inner) for key, inner in value.items()}
            case list():
                return [canaries(inner) for inner in value]
        return ["CANARY-7291"]

    found = validate(canaries(base(name)), store().get(name))
    assert found
    assert "CANARY" not in render(input_error(found, "payload.json").diagnostics)


# --- what is accepted


@pytest.mark.parametrize(
    "name", sorted(p.parent.name + "/" + p.stem for p in HERE.glob("data/payloads/*/*.json"))
)
def test_a_whole_payload_is_accepted(name):
    assert violations(base(name), name) == []


# Samples of a part, and the schemas that have it.
PARTS = {
    "retailops/envelope.request": [f"retailops/{action}.request" for action in ACTIONS],
    "kibo/order_packages": ["kibo/order"],
}


@pytest.mark.parametrize(
    "path", sorted(SCHEMAS.glob("*/samples/*.json")), ids=lambda p: f"{p.parts[-3]}/{p.stem}"
)
def test_every_sample_is_accepted_by_the_schema_of_its_name(path):
    name = f"{path.parent.parent.name}/{path.stem}"
    for whole in PARTS.get(name, ()):
        found = violations(read(path), whole)
        assert [each for each in found if not each[1].startswith("the required property")] == []
    if name in PARTS:
        return
    if name not in store().names():
        name = name.rpartition(".")[0]
    assert name in store().names()
    assert violations(read(path), name) == []


@pytest.mark.parametrize("action", ACTIONS)
def test_the_documents_requests_and_answers_are_accepted(action):
    source = load(documents() / "000_fe89d2c17c778917.txt")
    part = section(source, ACTIONS[action])
    values = [plain(each.json) for each in blocks(part) if isinstance(each.json, Located)]
    if action == "order_fetch":
        values.insert(0, plain(query(part, 1)))
    assert len(values) == 2
    assert violations(values[0], f"retailops/{action}.request") == []
    assert violations(values[1], f"retailops/{action}.response") == []


@pytest.mark.parametrize(
    ("document", "names"),
    [
        ("003_a2f25c1d24782c80.txt", ["fabric/order_create", "fabric/order"] * 2),
        ("004_33c41c03e30fadcc.txt", ["kibo/order", "kibo/order"]),
    ],
)
def test_the_documents_orders_are_accepted(document, names):
    every = blocks(section(load(documents() / document), None))
    orders = [plain(each.json) for each in every if isinstance(each.json, Located)][: len(names)]
    for order, name in zip(orders, names, strict=True):
        assert violations(order, name) == []


def nulled(value):
    return dict.fromkeys(value)


def test_anything_that_is_not_required_may_be_null_in_what_a_channel_answers():
    assert violations(nulled(base("kibo/order")), "kibo/order") == []
    order = base("fabric/order")
    required = store().get("fabric/order").node["required"]
    assert violations({**nulled(order), **{key: order[key] for key in required}}, "fabric/order") == []


@pytest.mark.parametrize(
    ("name", "where", "value"),
    [
        ("retailops/inv_push.request", "/data/inventory/data", {"sku": "53", "qty_available": "24"}),
        ("retailops/inv_push.request", "/data/inventory/data", None),
        ("retailops/inv_push.request", "/data/inventory/data/0/qty_available", 2.5),
        ("retailops/inv_push.request", "/data/inventory/data/0/qty_breakdown", [None]),
        ("retailops/inv_push.request", "/data/inventory/data/0/qty_breakdown", None),
        ("retailops/order_complete.request", "/data/order/unshipped_items_ref", ["496", 497, None]),
        ("retailops/order_complete.request", "/data/order/shipments", [None]),
        ("retailops/order_complete.request", "/data/order/shipments", None),
        ("retailops/order_complete.request", "/data/order/shipments/0/packages/0/ship_items", [None]),
        ("retailops/order_complete.request", "/data/order/grand_total", 4.98),
        ("retailops/order_complete.request", "/headers/client_id", 497),
        ("retailops/order_complete.request", "/version", "1"),
        (
            "retailops/order_complete.request",
            "/data/channel/params",
            {"push_cancel": "0", "email_return": True},
        ),
        ("retailops/order_writeback.request", "/data/line_items/0/removed", None),
        ("retailops/order_writeback.request", "/data/rmas", [None]),
        ("retailops/order_writeback.request", "/data/line_items/0/quantity", "-1"),
        ("retailops/items_returned.request", "/data/return/rma_id", "null"),
        ("fabric/order", "/retail", {"locationNumber": 334}),
        ("fabric/order", "/orderTotal", "-10."),
        ("fabric/order", "/items/0/newKey", {"a": 1}),
        ("kibo/order", "/items/0/product/newKey", 1),
        ("kibo/order", "/billingInfo", None),
        ("kibo/error", "/message", {"success": False}),
    ],
)
def test_what_real_senders_send_is_accepted(name, where, value):
    payload = base(name)
    put(payload, where, value)
    assert violations(payload, name) == []


# --- what is refused, and where


def put(payload, where: str, value) -> None:
    """Change one place of a payload."""
    *way, last = [int(step) if step.isdigit() else step for step in where.strip("/").split("/")]
    for step in way:
        payload = payload[step]
    if value is DELETE:
        del payload[last]
    else:
        payload[last] = copy.deepcopy(value)


def place(where: str, value) -> str:
    """Where an error is reported: a missing property at the object that lacks it."""
    return where.rpartition("/")[0] if value is DELETE else where


TOLD = [
    (
        "kibo/order",
        "/items/0/quantity",
        "2",
        "wrong-type",
        "expected a whole number, found text",
    ),
    (
        "kibo/order",
        "/items/0/quantity",
        1.5,
        "wrong-type",
        "expected a whole number, found a number with decimals",
    ),
    (
        "kibo/order",
        "/items/0/quantity",
        DELETE,
        "missing-required",
        "the required property `quantity` is missing",
    ),
    (
        "kibo/order",
        "/items/0/product",
        None,
        "wrong-type",
        "expected an object, found null",
    ),
    (
        "kibo/order",
        "/total",
        "26.06",
        "wrong-type",
        "expected a number or null, found text",
    ),
    (
        "kibo/order_collection",
        "/items",
        DELETE,
        "missing-required",
        "the required property `items` is missing",
    ),
    (
        "kibo/token.request",
        "/grant_type",
        "password",
        "not-allowed-value",
        "expected one of `client_credentials`, `refresh_token`, found text of 8 characters",
    ),
    (
        "kibo/package.request",
        "/items",
        [],
        "too-short",
        "expected at least 1 item, found 0",
    ),
    (
        "kibo/package.request",
        "/fulfillmentDate",
        "8 March 2024",
        "format-mismatch",
        "expected a date and time such as `2024-05-01T09:30:00Z`, found text of 12 characters",
    ),
    (
        "kibo/product.request",
        "/colour",
        "blue",
        "unknown-property",
        "there is no property `colour` here",
    ),
    (
        "kibo/return.request",
        "/returnType",
        "refund",
        "not-allowed-value",
        "expected one of `Refund`, `Replace`, found text of 6 characters",
    ),
    (
        "kibo/order_note.request",
        "/text",
        "x" * 251,
        "too-long",
        "expected at most 250 characters, found 251",
    ),
    (
        "fabric/order",
        "/items",
        [],
        "too-short",
        "expected at least 1 item, found 0",
    ),
    (
        "fabric/order",
        "/items/0/itemUnitPrice",
        "12,50",
        "pattern-mismatch",
        r"expected text that matches `^-?[0-9]+(\.[0-9]*)?$`, found text of 5 characters",
    ),
    (
        "fabric/order_create",
        "/shipInfo/0/shipToId",
        DELETE,
        "missing-required",
        "the required property `shipToId` is missing",
    ),
    (
        "fabric/order_create",
        "/orderedAt",
        "2024-03-08",
        "format-mismatch",
        "expected a date and time such as `2024-05-01T09:30:00Z`, found text of 10 characters",
    ),
    (
        "fabric/order_create",
        "/customer/phone/type",
        "WORK",
        "not-allowed-value",
        "expected one of `MOBILE`, `HOME`, `BUSINESS`, found text of 4 characters",
    ),
    (
        "fabric/search.request",
        "/filters/0/field",
        "order.addressLine1",
        "pattern-mismatch",
        r"expected text that matches `^[a-z]+\.[a-zA-Z._-]*$`, found text of 18 characters",
    ),
    (
        "fabric/inventory.request",
        "/counters/onHand",
        "24",
        "wrong-type",
        "expected a whole number, found text",
    ),
    (
        "retailops/order",
        "/shipping_amt",
        4.5,
        "wrong-type",
        "expected text, found a number",
    ),
    (
        "retailops/order",
        "/tax_amt",
        "2,06",
        "pattern-mismatch",
        r"expected text that matches `^-?[0-9]+(\.[0-9]+)?$`, found text of 4 characters",
    ),
    (
        "retailops/order",
        "/discount_amt",
        "5.50",
        "wrong-type",
        "expected a number, found text",
    ),
    (
        "retailops/order",
        "/channel_refnum",
        DELETE,
        "missing-required",
        "the required property `channel_refnum` is missing",
    ),
    (
        "retailops/order",
        "/items/0/sku",
        None,
        "wrong-type",
        "expected text, found null",
    ),
    (
        "retailops/order",
        "/payment/0/amount",
        "$26.06",
        "pattern-mismatch",
        r"expected text that matches `^-?[0-9]+(\.[0-9]+)?$`, found text of 6 characters",
    ),
    (
        "retailops/inv_push.request",
        "/headers",
        DELETE,
        "missing-required",
        "the required property `headers` is missing",
    ),
]
FAULTS = [
    ("kibo/order", "/items/0/product", DELETE),
    ("kibo/order", "/items/0", None),
    ("kibo/order", "/items", {}),
    ("kibo/order", "/orderNumber", "1042"),
    ("kibo/order", "/payments/0/amountRequested", "26.06"),
    ("kibo/order", "/orderDiscounts/0/impact", "5"),
    ("kibo/order", "/orderDiscounts/0/discount", "Spring"),
    ("kibo/order", "/fulfillmentInfo/fulfillmentContact", "Ada"),
    ("kibo/order", "/fulfillmentInfo/fulfillmentContact/address/postalOrZipCode", 98101),
    ("kibo/order", "/items/0/unitPrice/extendedAmount", [12.5]),
    ("kibo/order", "/items/0/product/price", 12.5),
    ("kibo/order", "/submittedDate", True),
    ("kibo/order_collection", "/startIndex", "0"),
    ("kibo/token", "/access_token", DELETE),
    ("kibo/package.request", "/items/0/quantity", 0),
    ("kibo/package.request", "/measurements/weight/unit", DELETE),
    ("kibo/payment_action.request", "/actionName", "Capture"),
    ("kibo/payment_action.request", "/amount", 0),
    ("kibo/product.request", "/packageWeight/unit", DELETE),
    ("kibo/product.request", "/content/productTitle", "Mug"),
    ("kibo/product.request", "/productInCatalogs/0/catalogId", None),
    ("kibo/product.request", "/productUsage", "standard"),
    ("kibo/inventory_refresh.request", "/locationCode", DELETE),
    ("kibo/inventory_refresh.request", "/items/0/quantity", -1),
    ("fabric/order", "/items/0/sku", DELETE),
    ("fabric/order", "/items/0/itemId", "1234"),
    ("fabric/order", "/items/0/orderedQuantity", "2"),
    ("fabric/order", "/orderTotal", "29.06 USD"),
    ("fabric/order", "/version", "1"),
    ("fabric/order", "/statusCode", 7),
    ("fabric/order", "/items/0/lineItemId", DELETE),
    ("fabric/order", "/shipInfo/0/shipToAddress/city", ["Oslo"]),
    ("fabric/order_collection", "/data", DELETE),
    ("fabric/order_collection", "/data/0/orderNumber", 1042),
    ("fabric/order_create", "/type", "web"),
    ("fabric/order_create", "/orderTotal", "29.06"),
    ("fabric/order_create", "/items/0/itemId", None),
    ("fabric/order_create", "/shipInfo/0/shipToAddress/latitude", DELETE),
    ("fabric/search.request", "/filters", DELETE),
    ("fabric/search.request", "/filters/0/condition", "LIKE"),
    ("fabric/search.request", "/sort", "order.createdAt"),
    ("fabric/cancel.request", "/items/0/quantity", 0),
    ("fabric/return.request", "/items/0/shipmentId", "87"),
    ("fabric/shipment.request", "/cartons/0/items/0/lineItemId", DELETE),
    ("fabric/inventory.request", "/locationNumber", "WH334"),
    ("retailops/order", "/channel_date_created", "2024-03-08T21:13:11Z"),
    ("retailops/order", "/channel_refnum", 1042),
    ("retailops/order", "/items", []),
    ("retailops/order", "/items/0/quantity", 1.5),
    ("retailops/order", "/items/0/unit_price", "12.5."),
    ("retailops/order", "/ship_addr/postal_code", 98101),
    ("retailops/order", "/bill_addr", None),
    ("retailops/inv_push.request", "/data/inventory", DELETE),
    ("retailops/inv_push.request", "/data/inventory/data", "many"),
    ("retailops/inv_push.request", "/headers/ticket", DELETE),
    ("retailops/inv_push.request", "/data", None),
    ("retailops/order_complete.request", "/data/order/shipments", {}),
    ("retailops/order_complete.request", "/data/order/grand_total", "35 USD"),
    ("retailops/order_complete.request", "/data/order/shipments/0/packages/0/weight", [1]),
    ("retailops/items_returned.request", "/data/return", DELETE),
    ("retailops/order_writeback.request", "/data/line_items/0/unit_price", "free"),
]


@pytest.mark.parametrize(("name", "where", "value", "id_", "message"), TOLD)
def test_a_fault_is_told_in_these_words(name, where, value, id_, message):
    payload = base(name)
    put(payload, where, value)
    (told,) = input_error(validate(payload, store().get(name)), "payload.json").diagnostics
    assert (told.id, told.message) == (id_, message)
    assert told.input.pointer == place(where, value)


@pytest.mark.parametrize(("name", "where", "value"), FAULTS)
def test_one_fault_is_refused_at_its_place(name, where, value):
    payload = base(name)
    put(payload, where, value)
    assert [found for found, _ in violations(payload, name)] == [place(where, value)]


def test_there_are_enough_faults():
    assert len(FAULTS) + len(TOLD) >= 60
    assert len(TOLD) >= 20


def test_a_made_up_system_of_one_sample_refuses_too(tmp_path):
    hub = tmp_path / "parcelhub"
    hub.mkdir()
    for path, text in derive(HERE / "data" / "parcelhub").items():
        (hub / path.name).write_text(text, encoding="utf-8")
    own = SchemaStore([tmp_path]).get("parcelhub/order")
    order = read(HERE / "data" / "parcelhub" / "samples" / "order.json")
    assert validate(order, own) == []
    del order["lines"][1]["article"]
    order["total"]["net"] = "100,5"
    assert [each.parts for each in validate(order, own)] == [("lines", 1), ("total", "net")]
