"""A JSON Schema in a document -> the shape that it describes.

Only what it says of types, properties, lists and values is taken; texts are not.

    published(block, "/links/0/targetSchema", part, locate, policy)
"""

from __future__ import annotations

from typing import Final

from crossdock.core.diagnostics import Diagnostic
from crossdock.core.errors import ProjectError
from crossdock.core.json_types import JSON
from crossdock.core.paths import parse_pointer
from crossdock.tools.derivation.documents import Section
from crossdock.tools.derivation.located import Located, plain
from crossdock.tools.derivation.recipe import Policy
from crossdock.tools.derivation.shapes import InferredShape, Locate

_LIMITS: Final = ("minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "pattern")
_KINDS: Final = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def published(block: Located, pointer: str, part: Section, locate: Locate, policy: Policy) -> InferredShape:
    """The shape of the schema at a JSON pointer of a document."""
    found = block
    for step in parse_pointer(pointer):
        match found.value:
            case dict() as members if step in members:
                found = members[step]
            case list() as elements if step.isdecimal() and int(step) < len(elements):
                found = elements[int(step)]
            case _:
                message = f"the document `{part.source.name}` has no schema at `{pointer}`"
                raise ProjectError([Diagnostic("evidence-empty", message, part.span(part.start))])
    return _shape(found, locate, "enum" if policy.enumerations == "checked" else "x-known-values")


def _shape(schema: Located, locate: Locate, enumeration: str) -> InferredShape:
    said = schema.value if isinstance(schema.value, dict) else {}
    given = plain(said["type"]) if "type" in said else []
    types = frozenset(map(str, given if isinstance(given, list) else [given]))
    keywords: dict[str, JSON] = {name: plain(said[name]) for name in _LIMITS if name in said}  # type: ignore[misc]
    # An enumeration without a value of the type would allow nothing: it is a mistake.
    values = [each for each in _values(said.get("enum")) if not types or _KINDS.get(type(each)) in types]
    return InferredShape(
        types=types,
        properties={key: _shape(inner, locate, enumeration) for key, inner in _members(said).items()},
        items=_shape(said["items"], locate, enumeration) if "items" in said else None,
        origin=locate(schema.offset),
        dated="format" in said and plain(said["format"]) == "date-time",
        required=frozenset(map(str, _values(said.get("required")))),
        keywords={**keywords, enumeration: values} if values else keywords,
    )


def _members(said: dict[str, Located]) -> dict[str, Located]:
    found = said["properties"].value if "properties" in said else {}
    return found if isinstance(found, dict) else {}


def _values(found: Located | None) -> list[JSON]:
    values = plain(found) if found is not None else []
    return values if isinstance(values, list) else []
