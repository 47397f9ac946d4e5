"""The keywords of JSON Schema (draft 2020-12) that a schema file may use, and the check of their values.

JSON Schema ignores an unknown keyword, so a misspelt ``minimun`` allows everything. Here an unknown keyword
is an error, and so is a reference that leads nowhere and a pattern that a string can make slow. Reading
yields a copy of the schema in which references are absolute and ``true`` and ``false`` are written ``{}``
and ``{"not": {}}``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from crossdock.core.diagnostics import did_you_mean, shorten
from crossdock.core.json_types import JSON
from crossdock.core.paths import pointer
from crossdock.schema.keyword_rules import FORMATS
from crossdock.schema.safe_regex import unsafe

Node = dict[str, JSON]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TYPES = ("null", "boolean", "object", "array", "number", "integer", "string")
NOTHING: Node = {"not": {}}

_KINDS: dict[str, tuple[str, ...]] = {
    "schema": (
        *("items", "contains", "propertyNames", "not", "if", "then", "else", "additionalProperties"),
        *("contentSchema", "x-documented-as"),
    ),
    "schemas": ("allOf", "anyOf", "oneOf", "prefixItems"),
    "map": ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions"),
    "count": (
        *("minLength", "maxLength", "minItems", "maxItems"),
        *("minProperties", "maxProperties", "minContains", "maxContains"),
    ),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    "step": ("multipleOf",),
    "flag": ("uniqueItems", "deprecated", "readOnly", "writeOnly", "x-sensitive", "x-numbers-as-text"),
    "text": ("title", "description", "$comment", "format", "contentEncoding", "contentMediaType"),
    "any": ("const", "default", "examples"),
    "type": ("type",),
    "enum": ("enum",),
    "names": ("required",),
    "dependents": ("dependentRequired",),
    "pattern": ("pattern",),
    "reference": ("$ref",),
    "element": ("x-fails-alone",),
    "root": ("$id", "$schema"),
}
_KEYWORDS = {word: kind for kind, words in _KINDS.items() for word in words}


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake in a schema, at a JSON pointer of its file."""

    id: str
    message: str
    pointer: str
    help: str | None = None


@dataclass(slots=True)
class Reading:
    """One schema file read: its parts by JSON pointer, its references, and what is wrong with it.

    ``absolute`` turns a reference as written into an absolute one, or None when it leads out of the project.
    """

    absolute: Callable[[str], str | None]
    parts: dict[str, Node] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def schema(self, value: JSON, at: str = "") -> Node:
        """The copy of a schema, itself and its parts noted under their pointers."""
        result: Node = {}
        if value is False:
            result = {**NOTHING}
        elif isinstance(value, dict):
            for key, given in value.items():
                self._member(result, key, given, at)
        elif value is not True:
            self._wrong("a schema must be an object, true or false", at)
        self.parts[at] = result
        return result

    def _member(self, result: Node, key: str, given: JSON, parent: str) -> None:
        at = parent + pointer(key)
        kind = _KEYWORDS.get(key)
        if kind is None:
            if not key.startswith("x-"):
                help = did_you_mean(key, _KEYWORDS) or "your own keywords begin with `x-`"
                message = f"`{shorten(key)}` is not a keyword that schemas here may use"
                self.problems.append(Problem("unknown-keyword", message, at, help))
            result[key] = given
        elif kind == "root":
            self._root(key, given, at, nested=bool(parent))
        elif kind == "reference":
            result[key] = self._reference(given, at)
        elif key == "additionalProperties" and given is False:
            result[key] = False
        elif kind in ("schema", "schemas", "map"):
            result[key] = self._schemas(kind, key, given, at)
        else:
            if expected := _misused(kind, given):
                self._wrong(f"`{key}` must be {expected}", at)
            elif kind == "pattern":
                self._pattern(given, at)
            elif key == "format" and given not in FORMATS:
                known = f"the formats are {', '.join(FORMATS)}; note another one as `x-format`"
                message = f"`{shorten(str(given))}` is not a format that is checked here"
                self._wrong(message, at, did_you_mean(str(given), FORMATS) or known)
            result[key] = given

    def _schemas(self, kind: str, key: str, given: JSON, at: str) -> JSON:
        match kind, given:
            case "schema", _:
                return self.schema(given, at)
            case "schemas", [_, *_]:
                return [self.schema(each, f"{at}/{index}") for index, each in enumerate(given)]
            case "map", dict():
                if key == "patternProperties":
                    for name in given:
                        self._pattern(name, at + pointer(name))
                return {name: self.schema(each, at + pointer(name)) for name, each in given.items()}
        expected = "a list of schemas" if kind == "schemas" else "an object of schemas"
        self._wrong(f"`{key}` must be {expected}", at)
        return given

    def _root(self, key: str, given: JSON, at: str, nested: bool) -> None:
        if nested:
            self._wrong(f"`{key}` is only allowed at the top of a file", at)
        elif not isinstance(given, str):
            self._wrong(f"`{key}` must be text", at)
        elif key == "$schema" and given.rstrip("#") != DIALECT:
            self._wrong("`$schema` names another dialect than draft 2020-12", at, f"write `{DIALECT}`")

    def _reference(self, given: JSON, at: str) -> JSON:
        if not isinstance(given, str):
            self._wrong("`$ref` must be text", at)
            return given
        target = self.absolute(given)
        if target is None:
            message = f"`{shorten(given)}` is not a schema of this project"
            help = "references lead to files below schemas/, and nothing is ever fetched"
            self.problems.append(Problem("unresolved-reference", message, at, help))
            return given
        self.references[at] = target
        return target

    def _pattern(self, given: JSON, at: str) -> None:
        if isinstance(given, str) and (reason := unsafe(given)):
            help = "write it without nested repetition, or use `maxLength` and `enum` instead"
            self.problems.append(Problem("unsafe-pattern", f"the pattern {reason}", at, help))

    def _wrong(self, message: str, at: str, help: str | None = None) -> None:
        self.problems.append(Problem("invalid-schema", message, at, help))


def is_well_used(keyword: str, given: JSON) -> bool:
    """Whether a keyword may have this value, for keywords whose values are not schemas."""
    kind = _KEYWORDS.get(keyword)
    return kind is not None and _misused(kind, given) is None


def _misused(kind: str, given: JSON) -> str | None:
    """What a keyword of a kind must be, when the given value is not that."""
    number = given if isinstance(given, int | float) and not isinstance(given, bool) else None
    fits, expected = True, ""
    match kind:
        case "count":
            fits, expected = isinstance(number, int) and number >= 0, "a whole number, 0 or more"
        case "number":
            fits, expected = number is not None, "a number"
        case "step":
            fits, expected = number is not None and number > 0, "a number above 0"
        case "flag":
            fits, expected = isinstance(given, bool), "true or false"
        case "text" | "pattern":
            fits, expected = isinstance(given, str), "text"
        case "element":
            fits = _names_elements(given)
            expected = "an object with the text `concept` and, if elements have one, the path `id`"
        case "enum":
            fits, expected = isinstance(given, list) and bool(given), "a list of values"
        case "names":
            fits, expected = _names(given), "a list of property names"
        case "dependents":
            fits = isinstance(given, dict) and all(map(_names, given.values()))
            expected = "an object of lists of property names"
        case "type":
            listed = given if isinstance(given, list) else [given]
            fits = bool(listed) and all(each in TYPES for each in listed)
            expected = "one or more of " + ", ".join(f"`{word}`" for word in TYPES)
    return None if fits else expected


def _names_elements(given: JSON) -> bool:
    named = isinstance(given, dict) and {"concept"} <= set(given) <= {"concept", "id"}
    return named and isinstance(given, dict) and all(isinstance(each, str) for each in given.values())


def _names(given: JSON) -> bool:
    return isinstance(given, list) and all(isinstance(each, str) for each in given)
