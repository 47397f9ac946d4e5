"""The schemas of RetailOPS' later dialect, compared with those that RetailOPS publishes for it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft4Validator

from crossdock.schema.store import SchemaStore
from crossdock.schema.validator import validate
from test_derivation import SCHEMAS, published_schemas

ACTIONS = (
    *("catalog_get_config", "catalog_push", "inventory_push", "order_acknowledge", "order_cancel"),
    *("order_complete", "order_pull", "order_returned", "order_settle_payment", "order_shipment_submit"),
    "order_update",
)
SIDES = [(action, side) for action in ACTIONS for side in ("request", "response")]
# What the published schemas accept and ours do not, with the reason.
STRICTER = {
    "order_returned.request /order missing-required": "a return is one of an order",
    "order_returned.request /return missing-required": "it is what came back",
    "order_settle_payment.request /order missing-required": "money is collected for an order",
    "order_shipment_submit.request /channel_order_refnum missing-required": "packages are of an order",
    "order_shipment_submit.request /shipment missing-required": "it is what left",
    "order_update.request /order missing-required": "lines are changed of an order",
}


@cache
def published(action: str, side: str) -> Any:
    text = (published_schemas() / f"{action}_v1.json").read_text(encoding="utf-8")
    link = json.loads(text)["links"][0]
    return link["schema" if side == "request" else "targetSchema"]


@cache
def store() -> SchemaStore:
    return SchemaStore([SCHEMAS])


def own(action: str, side: str) -> Any:
    return json.loads((SCHEMAS / "retailops_v1" / f"{action}.{side}.schema.json").read_text("utf-8"))


def resolved(node: Any, whole: Any) -> tuple[Any, Any]:
    """A schema of ours without its reference, and the file that it is in."""
    if "$ref" not in node:
        return node, whole
    name, _, pointer = node["$ref"].partition("#")
    if name:
        whole = json.loads((SCHEMAS / "retailops_v1" / f"{name}.schema.json").read_text("utf-8"))
    found = whole
    for step in pointer.split("/")[1:]:
        found = found[step]
    # Beside a reference, a type is the narrower of the two.
    return {**found, **{key: node[key] for key in ("type",) if key in node}}, whole


def kinds(node: Any) -> set[str]:
    given = node.get("type", [])
    return {given} if isinstance(given, str) else set(given)


def parts(theirs: Any, ours: Any, whole: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Each schema of the published one, with ours of the same place; None where there is none."""
    ours, whole = resolved(ours, whole) if ours is not None else (None, whole)
    for one in theirs.get("allOf", [theirs]):
        yield place, one, ours
        for key, inner in one.get("properties", {}).items():
            mine = None if ours is None else ours.get("properties", {}).get(key)
            yield from parts(inner, mine, whole, f"{place}/{key}")
        if "items" in one:
            mine = None if ours is None else ours.get("items")
            yield from parts(one["items"], mine, whole, f"{place}[]")


@pytest.mark.parametrize(("action", "side"), SIDES)
def test_every_property_type_and_requirement_of_a_published_schema_is_in_ours(action, side):
    ours = own(action, side)
    seen = 0
    for place, theirs, mine in parts(published(action, side), ours, ours):
        assert mine is not None, place
        published_kinds = kinds(theirs) | ({"integer"} if "number" in kinds(theirs) else set())
        if side == "request":
            own_kinds = kinds(mine) | ({"integer"} if "number" in kinds(mine) else set())
            assert published_kinds <= own_kinds, place
        else:
            assert kinds(mine) and kinds(mine) <= published_kinds, place
            assert "null" not in kinds(mine), place
            for limit in ("enum", "minLength", "maxLength", "maxItems", "format"):
                assert limit not in theirs or mine.get(limit) == theirs[limit], (place, limit)
        assert set(theirs.get("required", ())) <= set(mine.get("required", ())), place
        seen += 1
    assert seen > 1


def made(schema: Any, chance: random.Random) -> Any:
    """A value that a published schema accepts."""
    if "allOf" in schema:
        return {key: value for each in schema["allOf"] for key, value in made(each, chance).items()}
    kind = chance.choice(sorted(kinds(schema)))
    if "enum" in schema and kind == "string":
        return chance.choice(schema["enum"])
    match kind:
        case "object":
            known = schema.get("properties", {})
            required = schema.get("required", ())
            # The published requests refuse each value of `removed` but in one.
            wanted = [key for key in known if key in required or chance.random() < 0.7]
            wanted = [key for key in wanted if known[key].get("enum") != [True, False]]
            return {key: made(known[key], chance) for key in wanted}
        case "array":
            return [made(schema["items"], chance) for _ in range(chance.choice((0, 1, 2)))]
        case "integer":
            return chance.choice((0, 1, 7, 4897))
        case "number":
            return chance.choice((0, 1, 35, 4.98, 0.07))
        case "boolean":
            return chance.random() < 0.5
        case "null":
            return None
    if schema.get("format") == "date-time":
        return chance.choice(("2016-01-01T00:42:42Z", "2016-04-08T21:13:11.5-07:00"))
    return chance.choice(("496", "UPS Ground", "é中"))


def refused(action: str, side: str) -> Iterator[str]:
    schema = store().get(f"retailops_v1/{action}.{side}")
    chance = random.Random(action)
    for _ in range(300):
        value = made(published(action, side), chance)
        assert Draft4Validator(published(action, side)).is_valid(value)
        for each in validate(value, schema):
            where = "".join(f"/{part}" if isinstance(part, str) else "[]" for part in each.parts)
            name = each.message.split("`")[1] if each.id == "missing-required" else ""
            yield f"{action}.{side} {where}{'/' + name if name else ''} {each.id}"


@pytest.mark.parametrize("action", ACTIONS)
def test_what_a_published_schema_of_a_request_accepts_ours_accepts_but_for_these(action):
    listed = {each for each in STRICTER if each.startswith(f"{action}.request ")}
    assert set(refused(action, "request")) == listed
