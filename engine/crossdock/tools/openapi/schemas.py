"""Schemas of a description -> JSON Schemas (draft 2020-12) of a channel.

Every component that the calls need is one definition of `definitions.schema.json`, with its line in the
document. What a description states is kept; what only says how to show it (`example`, `xml`, `discriminator`)
goes. A description is often less exact than it looks:

- `format` is noted and not checked, and a pattern that is wrong or can be made slow is left out;
- `oneOf` is read as `anyOf`: its branches seldom exclude each other;
- an enumeration without a value of its type would allow nothing, and is left out;
- a reference that leads back to where it came from is cut: there anything is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from crossdock.core.json_types import JSON
from crossdock.schema.dialect import is_well_used
from crossdock.schema.safe_regex import unsafe
from crossdock.tools.derivation.corrections import is_personal
from crossdock.tools.derivation.located import Located, plain
from crossdock.tools.openapi.description import Description, elements, member, members, text

DEFINITIONS: Final = "definitions"
_COMPONENTS: Final = "#/components/schemas/"
_KEPT: Final = frozenset(
    {
        *("required", "minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "multipleOf"),
        *("uniqueItems", "minProperties", "maxProperties", "const", "deprecated", "readOnly", "writeOnly"),
        *("exclusiveMinimum", "exclusiveMaximum"),
    }
)
_LISTS: Final = {"allOf": "allOf", "anyOf": "anyOf", "oneOf": "anyOf", "prefixItems": "prefixItems"}
_PARTS: Final = ("items", "not", "contains", "propertyNames", "if", "then", "else")
_MAPS: Final = ("properties", "patternProperties", "dependentSchemas")
_KINDS: Final = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s")
_TAG: Final = re.compile(r"<[^<>]*>")
_MOST_WORDS: Final = 200  # characters of a description


@dataclass(slots=True)
class Converter:
    """One description, and the components that its converted parts refer to."""

    description: Description
    document: str
    is_sensitive: Callable[[tuple[str, ...]], bool] = is_personal
    definitions: dict[str, JSON] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)
    _names: dict[str, str] = field(default_factory=dict)

    def schema(self, place: Located, path: tuple[str, ...] = ()) -> dict[str, JSON]:
        """The schema at a place. ``path`` are the names of the properties that lead there."""
        if (reference := text(member(place, "$ref"))) and not (self._is_3_1 and len(members(place)) > 1):
            return self._nullable(self._reference(reference), place)
        result = {**self._words(place), **self._type(place), **self._bounds(place), **self._values(place)}
        result |= self._combined(place, path)
        if reference:  # 3.1 allows keywords beside it
            result = {"allOf": [self._reference(reference), result]}
        if path and self.is_sensitive(path) and result.get("type") not in ("object", "array"):
            result["x-sensitive"] = True
        return result

    def located(self, place: Located, path: tuple[str, ...] = ()) -> dict[str, JSON]:
        """The same, with the line that it comes from."""
        source: dict[str, JSON] = {"document": self.document, "line": self.description.line(place)}
        return {**self.schema(place, path), "x-status": "documented", "x-source": source}

    @property
    def _is_3_1(self) -> bool:
        return not self.description.is_3_0

    def _reference(self, reference: str) -> dict[str, JSON]:
        if not reference.startswith(_COMPONENTS):
            return self._inline(reference)
        name = self._named(reference)
        if name in self._open:
            return {}
        if name not in self.definitions:
            self._open.append(name)
            self.definitions[name] = {}  # keeps the order in which they are met
            self.definitions[name] = self.located(self.description.at(reference))
            self._open.pop()
        return {"$ref": f"{DEFINITIONS}#/$defs/{name}"}

    def _inline(self, reference: str) -> dict[str, JSON]:
        """A part of the document that is not a component, such as a property of another schema."""
        if reference in self._open:
            return {}
        self._open.append(reference)
        found = self.schema(self.description.at(reference))
        self._open.pop()
        return found

    def _named(self, reference: str) -> str:
        """The name of a component as one of a definition: letters, digits and `_`, and each only once."""
        if reference not in self._names:
            name = (
                re.sub(r"\W+", "_", reference.removeprefix(_COMPONENTS), flags=re.ASCII).strip("_")
                or "Schema"
            )
            taken, plain_name = set(self._names.values()), name
            for number in range(2, len(taken) + 3):
                if name not in taken:
                    break
                name = f"{plain_name}_{number}"
            self._names[reference] = name
        return self._names[reference]

    def _nullable(self, found: dict[str, JSON], place: Located) -> dict[str, JSON]:
        return {"anyOf": [found, {"type": "null"}]} if found and _is_nullable(place) else found

    def _words(self, place: Located) -> dict[str, JSON]:
        """The first sentence of a description, without the markup of a page."""
        words = " ".join(_TAG.sub(" ", text(member(place, "description"))).split())
        first = _SENTENCE.split(words, maxsplit=1)[0]
        return {"description": first} if first and len(first) <= _MOST_WORDS else {}

    def _type(self, place: Located) -> dict[str, JSON]:
        given = plain(member(place, "type"))
        types = [each for each in (given if isinstance(given, list) else [given]) if isinstance(each, str)]
        if not types and members(member(place, "properties")):
            types = ["object"]
        if _is_nullable(place) and types and "null" not in types:
            types.append("null")
        noted = text(member(place, "format"))
        return {
            **({"type": types[0] if len(types) == 1 else [*types]} if types else {}),
            **({"x-format": noted} if noted else {}),
        }

    def _bounds(self, place: Located) -> dict[str, JSON]:
        given: dict[str, JSON] = {name: plain(each) for name, each in members(place).items() if name in _KEPT}  # type: ignore[misc]
        for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if given.get(exclusive) is True and bound in given:  # 3.0: the bound itself is excluded
                given[exclusive] = given.pop(bound)
        # A bound may be written as text, and `required` as true: what has another meaning here is left out.
        found = {name: value for name, value in given.items() if is_well_used(name, value) and value != []}
        pattern = member(place, "pattern").value
        if isinstance(pattern, str) and unsafe(pattern) is None:
            found["pattern"] = pattern
        return found

    def _values(self, place: Located) -> dict[str, JSON]:
        values = plain(member(place, "enum"))
        given = self._type(place).get("type")
        types = [given] if isinstance(given, str) else given if isinstance(given, list) else []
        listed = (
            [each for each in values if not types or _fits(each, types)] if isinstance(values, list) else []
        )
        if not listed:
            return {}
        return {"enum": [*listed, None] if _is_nullable(place) and None not in listed else listed}

    def _combined(self, place: Located, path: tuple[str, ...]) -> dict[str, JSON]:
        found: dict[str, JSON] = {}
        for name, branches in ((each, elements(member(place, each))) for each in _LISTS):
            if branches:
                made: list[JSON] = [self.schema(each, path) for each in branches]
                found[_LISTS[name]] = made
        for name in _PARTS:
            if isinstance(member(place, name).value, dict):
                found[name] = self.schema(member(place, name), path)
        for name in _MAPS:
            if parts := members(member(place, name)):
                found[name] = {key: self.located(each, (*path, key)) for key, each in parts.items()}
        more = member(place, "additionalProperties")
        if isinstance(more.value, dict):
            found["additionalProperties"] = self.schema(more, path)
        return found


def _is_nullable(place: Located) -> bool:
    return member(place, "nullable").value is True


def _fits(value: JSON, types: Iterable[JSON]) -> bool:
    kind = _KINDS.get(type(value))
    return kind in types or (kind == "integer" and "number" in types)
