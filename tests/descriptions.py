"""The channels' published API descriptions (OpenAPI 3.0), and what a call has that they do not.

The descriptions are not part of this project. ``CROSSDOCK_DESCRIPTIONS`` names their directory, with
a folder for each channel. Without them no call is checked, and the tests that are about them are skipped.

A check by OpenAPI alone would accept properties that a description does not name. Here they are wrong, as are
unknown calls and unknown parameters of a query: the channel ignores them or refuses them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

HERE = Path(__file__).parent
BASES = {"kibo": "/api", "fabric": "/v3"}
"""What comes before the paths of a channel's descriptions."""
NO_BODY = object()

METHODS = ("get", "post", "put", "delete", "patch")
KEPT = {
    *("type", "enum", "format", "pattern", "required", "minimum", "maximum", "minLength", "maxLength"),
    *("minItems", "maxItems", "uniqueItems"),
}
"""The keywords that mean the same in OpenAPI and in a JSON Schema."""


def folder() -> Path | None:
    """Where the descriptions are, if they are at hand."""
    stated = os.environ.get("CROSSDOCK_DESCRIPTIONS")
    beside = (parent / "shared" / "reference" / "openapi" for parent in HERE.parents)
    return Path(stated) if stated else next((path for path in beside if path.is_dir()), None)


class Sent(NamedTuple):
    """A call as it is sent.

    The path is still encoded. ``body`` is ``NO_BODY`` where there is none, ``headers`` None where they are
    not known.
    """

    method: str
    url: str
    query: Mapping[str, Any]
    body: Any = NO_BODY
    headers: Mapping[str, Any] | None = None


class Outside(NamedTuple):
    """One thing that is not as it is described.

    ``call`` is the described one, ``at`` its part: ``body.items[].sku``, ``query.filter``, ``path.orderId``,
    ``header.x-tenant``.
    A call that is not described is itself the part: ``call``.
    """

    call: str
    at: str
    message: str

    def __str__(self) -> str:
        return f"{self.call}: {self.at} {self.message}"


# The check of a call


@dataclass(frozen=True)
class Operation:
    """One call of a description."""

    method: str
    path: str
    document: Document = field(repr=False)
    described: dict[str, Any] = field(repr=False)
    shared: list[Any] = field(repr=False)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        pieces = re.split(r"\{([^/]+?)\}", self.path)
        names = {name: f"p{at}" for at, name in enumerate(pieces[1::2])}
        return re.compile(
            "".join(
                f"(?P<{names[each]}>[^/]+)" if at % 2 else re.escape(each) for at, each in enumerate(pieces)
            )
        )

    def pieces(self, path: str) -> dict[str, str] | None:
        """The parameters of a path that is this call's."""
        match = self.pattern.fullmatch(path)
        names = re.findall(r"\{([^/]+?)\}", self.path)
        return match and dict(zip(names, map(unquote, match.groups()), strict=True))

    @cached_property
    def parameters(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The described parameters by their place and name."""
        every = [*self.shared, *self.described.get("parameters", [])]
        return {(each["in"], each["name"]): each for each in map(self.document.resolved, every)}

    @cached_property
    def request(self) -> dict[str, Any]:
        return self.document.resolved(self.described.get("requestBody", {}))

    @cached_property
    def body(self) -> Draft202012Validator | None:
        """What a body must be; ``None`` where the call has none."""
        for kind, content in self.request.get("content", {}).items():
            if "json" in kind:
                return self.document.validator(content.get("schema", {}))
        return None

    def outside(self, path: str, sent: Sent) -> Iterator[tuple[str, str]]:
        """Places and messages of what is not as described."""
        given = {("path", name): text for name, text in (self.pieces(path) or {}).items()}
        given |= {("query", name): value for name, value in sent.query.items()}
        headers = {name.lower(): value for name, value in (sent.headers or {}).items()}
        for place, name in self.parameters:
            if place == "header" and name.lower() in headers:
                given[place, name] = headers[name.lower()]
        needed = ("query",) if sent.headers is None else ("query", "header")
        for (place, name), value in given.items():
            if (place, name) not in self.parameters:
                yield f"{place}.{name}", "is not described"
            elif message := _parameter(self.document.resolved(self.parameters[place, name]["schema"]), value):
                yield f"{place}.{name}", message
        for (place, name), parameter in self.parameters.items():
            if place in needed and parameter.get("required") and (place, name) not in given:
                yield f"{place}.{name}", "is required"
        if sent.body is not NO_BODY and self.body is None:
            yield "body", "is not described"
        elif sent.body is not NO_BODY and self.body is not None:
            for error in self.body.iter_errors(sent.body):
                yield from _told(error)
        elif self.request.get("required"):
            yield "body", "is required"


def _parameter(schema: dict[str, Any], value: Any) -> str | None:
    """What is wrong with a parameter, which is text on the wire."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if "enum" in schema and text not in map(str, schema["enum"]):
        return f"is not one of {schema['enum']}"
    shapes = {"integer": r"-?\d+", "number": r"-?\d+(\.\d+)?", "boolean": "true|false"}
    if (shape := shapes.get(schema.get("type", ""))) and not re.fullmatch(shape, text):
        return f"is not of type {schema['type']}"
    if "pattern" in schema and not re.search(schema["pattern"], text):
        return f"does not match {schema['pattern']}"
    if not schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text)):
        return f"has {len(text)} characters"
    return None


def _told(error: ValidationError) -> Iterator[tuple[str, str]]:
    """An error, or one for each of the properties that it is about."""
    at = "body" + "".join("[]" if isinstance(each, int) else f".{each}" for each in error.absolute_path)
    match error.validator:
        case "additionalProperties":
            known = error.schema.get("properties", {})
            yield from ((f"{at}.{name}", "is not described") for name in error.instance if name not in known)
        case "required":
            missing = (name for name in error.validator_value if name not in error.instance)
            yield from ((f"{at}.{name}", "is required") for name in missing)
        case "anyOf" | "oneOf" if error.context:
            branches: dict[Any, list[ValidationError]] = {}
            for each in error.context:
                branches.setdefault(each.schema_path[0], []).append(each)
            for each in min(branches.values(), key=_distance):
                yield from _told(each)
        case "type":
            yield at, f"is not of type {error.validator_value}"
        case _:
            yield at, error.message


def _distance(errors: list[ValidationError]) -> tuple[bool, int]:
    """How far a branch is from the value: one of another type is the farthest."""
    return any(each.validator == "type" and not each.relative_path for each in errors), len(errors)


# Descriptions


class Document:
    """One description."""

    def __init__(self, path: Path) -> None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        text = path.read_text(encoding="utf-8")
        self.content: dict[str, Any] = json.loads(text) if path.suffix == ".json" else yaml.load(text, loader)

    def operations(self) -> Iterator[Operation]:
        for path, item in self.content["paths"].items():
            for method in item.keys() & METHODS:
                yield Operation(method.upper(), path, self, item[method], item.get("parameters", []))

    def resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        """The node, or what it refers to."""
        while "$ref" in node:
            found: Any = self.content
            for key in node["$ref"].removeprefix("#/").split("/"):
                found = found[key.replace("~1", "/").replace("~0", "~")]
            node = found
        return node

    def validator(self, schema: dict[str, Any]) -> Draft202012Validator:
        whole = {**self.strict(schema), "$defs": self.definitions}
        return Draft202012Validator(whole, format_checker=FORMATS)

    @cached_property
    def definitions(self) -> dict[str, Any]:
        schemas = self.content.get("components", {}).get("schemas", {})
        return {name: self.strict(schema) for name, schema in schemas.items()}

    def strict(self, schema: dict[str, Any]) -> dict[str, Any]:
        """A schema of the description as a JSON Schema that refuses what is not described."""
        if "$ref" in schema:
            return {"$ref": "#/$defs/" + schema["$ref"].rpartition("/")[2]}
        schema = self._merged(schema)
        made = {key: value for key, value in schema.items() if key in KEPT}
        if "items" in schema:
            made["items"] = self.strict(schema["items"])
        choices = [key for key in ("oneOf", "anyOf") if key in schema]
        for key in choices:
            shared = {name: schema[name] for name in ("properties", "required") if schema.get(name)}
            made[key] = [self.strict({"allOf": [shared, each]} if shared else each) for each in schema[key]]
        if not choices:
            self._close(schema, made)
        return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") else made

    def _close(self, schema: dict[str, Any], made: dict[str, Any]) -> None:
        """Refuse unknown properties; what the channel only answers (``readOnly``) is one of them."""
        properties = schema.get("properties") or {}
        written = {name: each for name, each in properties.items() if not each.get("readOnly")}
        made["properties"] = {name: self.strict(each) for name, each in written.items()}
        if properties:
            made.setdefault("type", "object")
        more = schema.get("additionalProperties", not properties)
        made["additionalProperties"] = self.strict(more) if isinstance(more, dict) else more

    def _merged(self, schema: dict[str, Any]) -> dict[str, Any]:
        """A schema with all of its ``allOf`` in it."""
        merged: dict[str, Any] = {}
        own = {key: value for key, value in schema.items() if key != "allOf"}
        for each in [*(self._merged(self.resolved(part)) for part in schema.get("allOf", [])), own]:
            properties = {**merged.get("properties", {}), **each.get("properties", {})}
            required = [*merged.get("required", []), *each.get("required", [])]
            merged = {**merged, **each, "properties": properties, "required": required}
        return merged


FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time")
def _is_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value))


@FORMATS.checks("uuid")
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or bool(
        re.fullmatch(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value)
    )


@FORMATS.checks("int32")
def _is_int32(value: object) -> bool:
    return not isinstance(value, int) or -(2**31) <= value < 2**31


class Descriptions:
    """All descriptions of one channel."""

    def __init__(self, channel: str, place: Path) -> None:
        self.base = BASES[channel]
        documents = map(Document, sorted((place / channel).iterdir()))
        every = [each for document in documents for each in document.operations()]
        self.operations = sorted(every, key=lambda each: each.path.count("{"))

    def operation(self, method: str, path: str) -> Operation | None:
        """The described call; of two that fit, the one with fewer parameters in its path."""
        fitting = (each for each in self.operations if each.method == method and each.pattern.fullmatch(path))
        return next(fitting, None)

    def outside(self, sent: Sent) -> list[Outside]:
        """What is not described in a call."""
        path = urlsplit(sent.url).path.removeprefix(self.base)
        found = self.operation(sent.method, path)
        if found is None:
            return [Outside(f"{sent.method} {path}", "call", "is not described")]
        name = f"{found.method} {found.path}"
        return [Outside(name, *each) for each in dict.fromkeys(found.outside(path, sent))]


@cache
def descriptions(channel: str) -> Descriptions | None:
    """Those of a channel, if they are at hand."""
    place = folder()
    return Descriptions(channel, place) if place else None


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


# Where practice is known to differ


class Known(NamedTuple):
    """An entry of ``descriptions.yaml``. ``call`` and ``at`` may have `*` for any text."""

    channel: str
    call: str
    at: str
    why: str
    source: str

    def covers(self, channel: str, each: Outside) -> bool:
        escaped = self.at.replace("[]", "[[]]")
        return channel == self.channel and fnmatchcase(each.call, self.call) and fnmatchcase(each.at, escaped)


@cache
def known() -> tuple[Known, ...]:
    listed = yaml.safe_load((HERE / "descriptions.yaml").read_text(encoding="utf-8"))
    return tuple(Known(**each) for each in listed)


def unlisted(channel: str, calls: Iterable[Sent]) -> list[str]:
    """What is not described, and not listed either, in all of the calls."""
    described = descriptions(channel)
    if described is None:
        return []
    found = dict.fromkeys(each for sent in calls for each in described.outside(sent))
    return [str(each) for each in found if not any(entry.covers(channel, each) for entry in known())]
