"""The inferred shape of a value: the union of all examples of it.

Each example, table row and sample gives a shape; merging keeps all of their types. A value that is an
integer in a table and a string in an example is both. A value that is always null may be anything.

    merge(infer({"id": 1}), infer({"id": "1", "sku": None}))  ->  {id: integer or string, sku: anything}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Literal

from crossdock.core.json_types import JSON
from crossdock.core.paths import EACH
from crossdock.tools.derivation.located import Located

Status = Literal["documented", "observed", "inferred"]
ANY = "any"

_RANK: dict[Status, int] = {"documented": 0, "observed": 1, "inferred": 2}
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[-+]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Origin:
    """The document and line that a fact comes from, and whether it is documented, observed or inferred."""

    document: str
    line: int
    status: Status


@dataclass(frozen=True, slots=True)
class InferredShape:
    """What is known of a value. ``keywords`` are schema keywords from corrections.

    With ``validated`` false the shape only documents what can be read.
    """

    types: frozenset[str] = frozenset()
    properties: Mapping[str, InferredShape] = field(default_factory=dict)
    items: InferredShape | None = None
    origin: Origin | None = None
    dated: bool = False
    ref: str | None = None
    required: frozenset[str] = frozenset()
    sensitive: bool = False
    validated: bool = True
    keywords: Mapping[str, JSON] = field(default_factory=dict)


NOTHING = InferredShape()

Locate = Callable[[int], Origin]


def infer(located: Located, locate: Locate, placeholders: Mapping[str, str]) -> InferredShape:
    """The shape of one example. ``placeholders`` has the type of a placeholder such as "<unknown>"."""
    origin = locate(located.offset)
    match located.value:
        case dict() as members:
            properties = {key: infer(member, locate, placeholders) for key, member in members.items()}
            return InferredShape(frozenset({"object"}), properties, origin=origin)
        case list() as elements:
            each = [infer(element, locate, placeholders) for element in elements]
            return InferredShape(frozenset({"array"}), items=merged(each) if each else None, origin=origin)
        case str() as text:
            kind = placeholders.get(f'"{text}"', "string")
            return InferredShape(frozenset({kind}), origin=origin, dated=bool(_DATE_TIME.fullmatch(text)))
        case value:
            kind = placeholders.get(str(value), _kind(value))
            return InferredShape(frozenset({kind}), origin=origin)


def _kind(value: bool | int | float | None) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"


def merged(shapes: Iterable[InferredShape]) -> InferredShape:
    """The union of several shapes."""
    return reduce(merge, shapes, NOTHING)


def merge(one: InferredShape, other: InferredShape) -> InferredShape:
    """The union of two shapes. Properties keep the order in which they were first seen."""
    if one is NOTHING:
        return other
    texts = [shape for shape in (one, other) if "string" in shape.types]
    properties = dict(one.properties)
    for key, shape in other.properties.items():
        properties[key] = merge(properties[key], shape) if key in properties else shape
    return InferredShape(
        types=one.types | other.types,
        properties=properties,
        items=(one.items and other.items and merge(one.items, other.items)) or one.items or other.items,
        origin=_better(one.origin, other.origin),
        dated=all(shape.dated for shape in texts) and bool(texts),
        ref=one.ref or other.ref,
        required=one.required | other.required,
        sensitive=one.sensitive or other.sensitive,
        validated=one.validated and other.validated,
        keywords={**other.keywords, **one.keywords},
    )


def _better(one: Origin | None, other: Origin | None) -> Origin | None:
    """The more reliable origin: documented, then observed, then inferred; of two alike the first."""
    if one is None or other is None:
        return one or other
    return other if _RANK[other.status] < _RANK[one.status] else one


def leading(shape: InferredShape) -> InferredShape:
    """For pages that print required keys first, each group sorted: the keys before the order restarts."""
    keys = [key.lower() for key in shape.properties]
    back = next((at for at in range(1, len(keys)) if keys[at] < keys[at - 1]), None)
    return replace(shape, required=frozenset(list(shape.properties)[:back])) if back else shape


def rewrite(
    shape: InferredShape, change: Callable[[Path, InferredShape], InferredShape], path: Path = ()
) -> InferredShape:
    """The shape with ``change`` applied to every part, innermost parts first."""
    properties = {key: rewrite(inner, change, (*path, key)) for key, inner in shape.properties.items()}
    items = rewrite(shape.items, change, (*path, EACH)) if shape.items else None
    return change(path, replace(shape, properties=properties, items=items))


Path = tuple[str, ...]
