"""Schemas with marks in all the ways that a schema can mark a place, and payloads with canaries there."""

from __future__ import annotations

import copy
from dataclasses import dataclass

from fuzz.choices import Choices

MARK = "q7canary"
FIGURE = 7177135
"""The digits of each sensitive number; see ``LEAK``."""
LEAK = rf"(?i){MARK}|71771"

_NAMES = ("a", "b", "items", "price", "c", "d")


@dataclass(slots=True)
class Marked:
    """Draws parts of a schema, each with a value of it. A sensitive text is a canary of its own."""

    choices: Choices
    drawn: int = 0

    def payload(self) -> tuple[dict[str, object], object]:
        """An object with a few properties: its schema, and a value."""
        return self.record(4, False)

    def part(self, depth: int, secret: bool) -> tuple[dict[str, object], object]:
        """``secret``: something around it is marked, so that the value is sensitive as well."""
        kind = self.choices.below(9) if depth > 0 else 0
        if kind < 3:
            return self.scalar(secret)
        mark = self.choices.one_in(8)
        if kind < 5:
            schema, value = self.record(depth, secret or mark)
        elif kind < 7:
            schema, value = self.listed(depth, secret or mark)
        else:
            schema, value = self.mapped(depth, secret or mark)
        return {**schema, **self.marks(mark)}, value

    def marks(self, mark: bool) -> dict[str, object]:
        """The mark of a schema, itself or in one of its alternatives."""
        if not mark:
            return {}
        own = {"x-sensitive": True}
        ways: tuple[dict[str, object], ...] = (own, {"anyOf": [{}, own]}, {"allOf": [own]}, {"if": own})
        return self.choices.pick((own, *ways))

    def scalar(self, secret: bool) -> tuple[dict[str, object], object]:
        mark = self.choices.one_in(3)
        self.drawn += 1
        if self.choices.one_in(6):
            value = FIGURE / 100 if secret or mark else self.drawn
            return {"type": "number", **self.marks(mark)}, value
        text = f"{MARK}{self.drawn}" if secret or mark else f"plain{self.drawn}"
        return {"type": "string", **self.marks(mark)}, text

    def record(self, depth: int, secret: bool) -> tuple[dict[str, object], object]:
        names = [name for name in _NAMES if not self.choices.one_in(3)]
        parts = {name: self.part(depth - 1, secret) for name in names}
        properties = {name: schema for name, (schema, _) in parts.items()}
        value = {name: value for name, (_, value) in parts.items()}
        plain = {"type": "object", "properties": {key: {} for key in names}}
        ways: tuple[dict[str, object], ...] = (
            {"type": "object", "properties": properties},
            {**plain, "anyOf": [{"properties": properties}, {}]},
            {**plain, "allOf": [{"properties": properties}]},
            {**plain, "if": {"properties": properties}},
            {**plain, "dependentSchemas": {name: {"properties": properties} for name in names[:1]}},
            {"properties": properties},
        )
        # What a dependency says only counts where that property is there, which it is.
        return self.choices.pick(ways if names else ways[:1]), value

    def listed(self, depth: int, secret: bool) -> tuple[dict[str, object], object]:
        schema, value = self.part(depth - 1, secret)
        ways: tuple[dict[str, object], ...] = (
            {"type": "array", "items": schema},
            {"items": schema},
            {"type": "array", "prefixItems": [schema, schema]},
            {"type": "array", "contains": schema},
        )
        return self.choices.pick(ways), [value, copy.deepcopy(value)]

    def mapped(self, depth: int, secret: bool) -> tuple[dict[str, object], object]:
        """A typed map. Its keys are canaries where they are sensitive."""
        schema, value = self.part(depth - 1, secret)
        named: dict[str, object] = {"propertyNames": {"x-sensitive": True}} if self.choices.one_in(4) else {}
        ways: tuple[dict[str, object], ...] = (
            {"additionalProperties": schema},
            {"patternProperties": {".": schema}},
        )
        keys = (f"{MARK}key", "a") if secret or named else ("key", "a")
        found = {key: copy.deepcopy(value) for key in keys}
        return {"type": "object", **self.choices.pick(ways), **named}, found
