"""A shape -> JSON Schema (draft 2020-12), and the schema's text.

Schemas are open: a property without a type accepts any value, an object accepts unknown keys. If the policy
allows null, every property that is not required accepts it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from crossdock.core.json_types import JSON
from crossdock.schema.node import DOCUMENTED_AS
from crossdock.tools.derivation.recipe import Policy, PublishedCalls
from crossdock.tools.derivation.shapes import ANY, InferredShape, Origin

DIALECT = "https://json-schema.org/draft/2020-12/schema"
BASE = "https://crossdock.dev/schemas/"

_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
_WIDTH = 110


def schema(
    system: str,
    name: str,
    shape: InferredShape,
    defs: Mapping[str, JSON],
    policy: Policy,
    describe: str | None,
    described_by: tuple[PublishedCalls, ...] = (),
) -> JSON:
    """A whole schema file. A file of definitions only has no type of its own."""
    head: dict[str, JSON] = {"$schema": DIALECT, "$id": f"{BASE}{system}/{name}", "title": f"{system}/{name}"}
    if describe:
        head["description"] = describe
    if described_by:
        head["x-described-by"] = [_published(each) for each in described_by]
    body = part(shape, policy, nullable=False) if shape.types else {}
    body.pop("description", None) if describe else None
    return {**head, **body, **({"$defs": dict(defs)} if defs else {})}


def _published(by: PublishedCalls) -> JSON:
    calls: dict[str, JSON] = {"request": [*by.request], "answer": [*by.answer]}
    return {**by.api, **{key: each for key, each in calls.items() if each}}


def definition(shape: InferredShape, policy: Policy) -> JSON:
    """A definition. It may be null at every place that uses it, unless the place says otherwise."""
    return part(shape, policy, nullable=policy.nullable != "none")


def part(shape: InferredShape, policy: Policy, *, nullable: bool) -> dict[str, JSON]:
    """The schema of a shape; ``nullable``: the policy allows null instead."""
    if not shape.validated:
        return {DOCUMENTED_AS: part(replace(shape, validated=True), policy, nullable=nullable)}
    result: dict[str, JSON] = {}
    keywords = dict(shape.keywords)
    if "description" in keywords:
        result["description"] = keywords.pop("description")
    if isinstance(closed := keywords.get("additionalProperties"), bool) and (closed or not shape.properties):
        del keywords["additionalProperties"]  # an object without known properties is never closed
    types = _types(shape.types, nullable)
    if shape.ref:
        result["$ref"] = shape.ref
        types = [] if nullable or policy.nullable == "none" else types
    if types:
        result["type"] = types[0] if len(types) == 1 else list(types)
    if shape.dated and "pattern" not in keywords:
        result["format" if policy.dates == "checked" else "x-format"] = "date-time"
    result |= _enumeration(keywords, nullable)
    result |= _members(shape, policy)
    result |= {"x-sensitive": True} if shape.sensitive else {}
    return result | _trace(shape.origin)


def _types(types: frozenset[str], nullable: bool) -> list[str]:
    """The type names in a fixed order; none if any value is allowed."""
    if ANY in types or not types - {"null"}:
        return []
    known = set(types) | ({"null"} if nullable else set())
    if "number" in known:
        known.discard("integer")
    return [word for word in _TYPES if word in known]


def _enumeration(keywords: dict[str, JSON], nullable: bool) -> dict[str, JSON]:
    """The corrections' keywords; an enumeration of a value that may be null has null among its members."""
    match keywords.get("enum"):
        case list() as values if nullable:
            return {**keywords, "enum": [*values, None]}
    return keywords


def _members(shape: InferredShape, policy: Policy) -> dict[str, JSON]:
    result: dict[str, JSON] = {}
    if shape.required:
        result["required"] = [key for key in shape.properties if key in shape.required]
    if shape.properties:
        loose = policy.nullable != "none"
        result["properties"] = {
            key: part(inner, policy, nullable=loose and key not in shape.required)
            for key, inner in shape.properties.items()
        }
    if shape.items:
        items = part(shape.items, policy, nullable=policy.nullable == "all")
        items = {key: value for key, value in items.items() if key not in ("x-source", "x-status")}
        result |= {"items": items} if items else {}
    return result


def _trace(origin: Origin | None) -> dict[str, JSON]:
    if origin is None:
        return {}
    return {"x-status": origin.status, "x-source": {"document": origin.document, "line": origin.line}}


def text(value: JSON) -> str:
    """JSON for people: values that fit into one line are written on one."""
    return _text(value, "", 0) + "\n"


def _text(value: JSON, indent: str, used: int) -> str:
    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + used + len(line) <= _WIDTH or not isinstance(value, dict | list) or not value:
        return line
    inner = indent + "  "
    if isinstance(value, list):
        lines = [inner + _text(element, inner, 1) for element in value]
        return "[\n" + ",\n".join(lines) + f"\n{indent}]"
    names = {key: json.dumps(key, ensure_ascii=False) + ": " for key in value}
    lines = [inner + names[key] + _text(member, inner, len(names[key]) + 1) for key, member in value.items()]
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
