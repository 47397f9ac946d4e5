"""Schemas that are mostly right, and values drawn from schemas."""

from __future__ import annotations

from crossdock.schema.shape import Shape
from fuzz.choices import Choices
from fuzz.documents import CANARY, NAMES, NUMBERS, document, scalar

_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
_FORMATS = ("date-time", "date", "uri", "email", "uuid", "currency", "country", "odd", "")
_PATTERNS = (
    *("^a", "a$", "^[A-Z]{3}$", "\\d+", "[[a]", "[a--b]", "^(a|b)+$", "^(a+)+$", "(x+x+)+y", "["),
    *("(?P<a>a)(?P=a)", "a{1,99999}"),
    *("^\\S+@\\S+$", "\\p{L}", "(?i)a", "^$", ".*", "a{2}{3}", "(?<=a)b", "[^a]*$", "$", "\\$", "[$]", "\\Z"),
)
_COUNTS = (0, 1, 1, 2, 2, 3, 3, 4, 64, 0, 1, 1, 2, 2, 3, 2**70, 5, 10, 1, 2, 0, -1, 1.0, True, "1")
_REFERENCES = (
    *("#/$defs/a", "#/$defs/b", "#/$defs/a", "#/$defs/b", "other#/$defs/a", "#"),
    *("#/$defs/a", "#/$defs/b", "other", "#/$defs/none", "http://127.0.0.1/x", "../s"),
)


def schema(choices: Choices, depth: int = 3) -> object:
    """A schema: a few keywords, whose values are now and then wrong."""
    if choices.one_in(14) or depth < 0:
        return choices.pick((True, {}, True, False))
    named = [choices.pick(_ODD_WORDS if choices.one_in(100) else _WORDS) for _ in choices.several(4)]
    words = {word: _given(choices, word, depth) for word in named}
    if choices.one_in(60):
        words[choices.pick(_WORDS)] = document(choices, 2)
    return words


def whole(choices: Choices) -> object:
    """A schema file: a schema with definitions that references may name."""
    made = schema(choices)
    if isinstance(made, dict):
        made["$defs"] = {"a": schema(choices, 1), "b": schema(choices, 1)}
    return made


_WORDS = (
    *("type", "type", "properties", "properties", "required", "items", "additionalProperties", "enum"),
    *("const",),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"),
    *("minItems", "maxItems", "minProperties", "maxProperties", "uniqueItems", "pattern", "format", "anyOf"),
    *("allOf", "oneOf", "not", "if", "then", "else", "contains", "minContains", "maxContains"),
    *("propertyNames",),
    *("prefixItems", "patternProperties", "dependentRequired", "dependentSchemas", "$ref", "$ref", "title"),
    *("x-own", "x-sensitive", "default", "title", "properties", "items"),
)
_ODD_WORDS = ("minimun", "$schema", "$id", "$anchor", "")


def _given(choices: Choices, word: str, depth: int) -> object:
    """What a keyword may be given."""
    match word:
        case "type":
            return choices.pick((*_TYPES, *([choices.pick(_TYPES), "null"],) * 7, "text", []))
        case "properties" | "dependentSchemas":
            return {choices.pick(NAMES): schema(choices, depth - 1) for _ in choices.several(3)}
        case "patternProperties":
            return {choices.pick(_PATTERNS[:3]): schema(choices, depth - 1)}
        case "required":
            return [choices.pick(NAMES) for _ in choices.several(2)]
        case "dependentRequired":
            return {choices.pick(NAMES): [choices.pick(NAMES)]}
        case "anyOf" | "allOf" | "oneOf" | "prefixItems":
            return [schema(choices, depth - 1) for _ in range(1 + choices.below(3))]
        case "enum":
            return [document(choices, 1) for _ in range(1 + choices.below(3))]
        case "const" | "default":
            return document(choices, 2)
        case "pattern":
            return choices.pick(_PATTERNS if choices.one_in(4) else _PATTERNS[:4])
        case "format":
            return choices.pick(_FORMATS)
        case "$ref":
            return choices.pick(_REFERENCES)
        case "uniqueItems" | "x-sensitive":
            return choices.pick((True, False, True, False, True, False, True, 1))
        case "title" | "$id" | "$schema":
            return choices.pick(
                ("s", "", "#", "http://example.com/s", "https://json-schema.org/draft/2020-12/schema")
            )
    if word.startswith(("min", "max")) and word not in ("minimum", "maximum"):
        return choices.pick(_COUNTS)
    if word in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        return scalar(choices) if choices.one_in(20) else choices.pick(NUMBERS)
    if word == "multipleOf":
        return choices.pick((1, 0.01, 2, 0.1, 5, 3, 1e-7, 0.5, 1e300, 5e-324, 10, 0, -1))
    return schema(choices, depth - 1)


def value_of(shape: Shape, choices: Choices, depth: int = 0) -> object:
    """A value that mostly fits a schema, now and then odd; a name that may be left out often is."""
    if choices.one_in(60):
        return scalar(choices)
    if shape.enum:
        return choices.pick(shape.enum)
    types = sorted(shape.types) if shape.types is not None else ["object", "string"]
    match choices.pick(types or ["null"]):
        case "object":
            names = [name for name in sorted(shape.property_names()) if _wanted(shape, name, choices, depth)]
            parts = {name: shape.member(name) for name in names}
            return {
                name: value_of(part, choices, depth + 1) for name, part in parts.items() if part is not None
            }
        case "array":
            return [
                value_of(shape.items(), choices, depth + 1) for _ in choices.several(2 if depth < 6 else 0)
            ]
        case "integer":
            return choices.below(100) - 2
        case "number":
            return choices.pick((0, 1, 19.99, 2.5, 3, -0.5, choices.below(2**16) / 100))
        case "boolean":
            return choices.one_in(2)
        case "string":
            known = [str(value) for value in shape.known_values or () if value is not None]
            return choices.pick(
                (*known, *_STATED.get(str(shape.node.get("format")), ()), "12.50", "7", "x", CANARY)
            )
    return None


_STATED = {
    "date-time": ("2024-05-01T10:00:00Z",) * 8,
    "date": ("2024-05-01",) * 8,
    "email": ("a@example.com",) * 8,
}


def _wanted(shape: Shape, name: str, choices: Choices, depth: int) -> bool:
    if name in shape.required():
        return not choices.one_in(60)
    return depth < 7 and choices.one_in(3)
