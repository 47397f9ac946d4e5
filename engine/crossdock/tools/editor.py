"""JSON Schemas for the YAML files of mappings, conversations, channels and actions, for editors.

A YAML editor uses them to complete and explain keys. They are generated from the parsers' own tables of
keys, and use only draft-07, which editors support. They say which keys are allowed where; `crossdock check`
checks the rest.

    schema("mapping")       # a JSON Schema, see schemas/crossdock/mapping.json
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from crossdock.channels import (
    actions,
    answer_classes,
    call_limits,
    call_parser,
    config,
    dialects,
    encoding,
    step_parser,
    task_parser,
)
from crossdock.core.json_types import JSON
from crossdock.core.limits import MOST_AGAIN_CALLS
from crossdock.language import parser

_DRAFT: Final = "http://json-schema.org/draft-07/schema#"

Object = dict[str, JSON]


def schema(language: str) -> Object:
    """The schema of a language: one of LANGUAGES."""
    title, make = LANGUAGES[language]
    return {"$schema": _DRAFT, "title": title, **make(), "definitions": _definitions()}


def _keys(known: Mapping[str, str], kinds: Mapping[str, Object], required: list[JSON]) -> Object:
    """An object with these keys and no others; a key without a kind of its own is a string."""
    properties: Object = {key: {"description": text, **kinds.get(key, _TEXT)} for key, text in known.items()}
    closed: Object = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**closed, "required": required} if required else closed


def _map_of(kind: Object) -> Object:
    return {"type": "object", "additionalProperties": kind}


def _list_of(kind: Object) -> Object:
    return {"type": "array", "items": kind}


def _ref(name: str) -> Object:
    # Draft-07 allows no keyword beside $ref, and the descriptions are beside it.
    return {"allOf": [{"$ref": f"#/definitions/{name}"}]}


_TEXT: Final[Object] = {"type": "string"}
_FLAG: Final[Object] = {"type": "boolean"}
_COMPUTED: Final[Object] = {"code": _TEXT}
_CODE: Final[Object] = {
    "anyOf": [
        _TEXT,
        {"type": "object", "properties": _COMPUTED, "required": ["code"], "additionalProperties": False},
    ]
}
_TABLES: Final = _map_of({"anyOf": [{"type": "string"}, {"type": "object"}]})


def _definitions() -> Object:
    """The cell and what it is made of."""
    words: Object = {word: {"description": text} for word, text in parser.WORDS.items()}
    for word in ("$with", "$if", "$use", "$switch"):
        words[word] = {"description": parser.WORDS[word], "type": "string"}
    words["$each"] = {"description": parser.WORDS["$each"], **_each()}
    words["$else"] = {"description": parser.WORDS["$else"], **_ref("cell")}
    words["$value"] = {"description": parser.WORDS["$value"], **_ref("cell")}
    scalars: Object = {
        "description": "an expression (JMESPath), or a template with {{ }}; any other value is a constant",
        "type": ["string", "number", "boolean", "null"],
    }
    made: Object = {
        "type": "object",
        "properties": words,
        "patternProperties": {"^[^$]": _ref("cell")},
        "additionalProperties": False,
    }
    cell: Object = {"anyOf": [scalars, made, _list_of(_ref("cell"))]}
    secret: Object = {"anyOf": [_TEXT, _keys({"env": "the environment variable that holds it"}, {}, ["env"])]}
    return {"cell": cell, "secret": secret, "step": _step()}


def _mapping() -> Object:
    check = _keys(parser.CHECK_KEYS, {"level": {"enum": ["warning", "error"]}}, ["check", "message"])
    kinds: dict[str, Object] = {
        "tables": _TABLES,
        "fragments": _map_of(_ref("cell")),
        "ignored": _map_of(_TEXT),
        "unavailable": _map_of(_TEXT),
        "checks": _list_of(check),
        "map": _ref("cell"),
    }
    mapping = _keys(parser.FILE_KEYS, kinds, ["map"])
    # Shared steps are among the mappings, and editors choose a schema by the name of the file.
    return {"if": {"required": ["steps"]}, "then": _shared_steps(), "else": mapping}


def _shared_steps() -> Object:
    kinds: dict[str, Object] = {
        "inputs": _map_of(_keys(task_parser.INPUT_KEYS, {}, ["describe"])),
        "tables": _TABLES,
        "fragments": _map_of(_ref("cell")),
        "values": _map_of(_ref("cell")),
        "steps": _list_of(_ref("step")),
        **dict.fromkeys(("answer", "failure", "events", "about"), _ref("cell")),
    }
    return _keys(step_parser.SHARED_KEYS, kinds, ["steps"])


def _each() -> Object:
    """A list, or a list with a name for its elements."""
    name: Object = {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": _TEXT}
    return {"anyOf": [_TEXT, name]}


def _step() -> Object:
    kinds: dict[str, Object] = {
        "each": _each(),
        "at_once": {"type": "integer", "minimum": 1, "maximum": 16},
        "about": _ref("cell"),
        "value": _ref("cell"),
        "event": _ref("cell"),
        "steps": _list_of(_ref("step")),
        "query": _map_of(_ref("cell")),
        "headers": _map_of(_ref("cell")),
        "body": _ref("cell"),
        "form": _FLAG,
        "lists": {"enum": list(encoding.LIST_STYLES)},
        "again": _again(),
        "repeatable": _FLAG,
        "failure": _ref("cell"),
        "fail": _CODE,
        "warn": _CODE,
        "data": _ref("cell"),
        "continue": _FLAG,
        "with": _ref("cell"),
        "none": _none(),
    }
    one_task: list[JSON] = [{"required": [task]} for task in step_parser.TASKS]
    return {**_keys(step_parser.STEP_KEYS, kinds, ["step"]), "oneOf": one_task}


def _none() -> Object:
    kinds = {"fail": _CODE, "warn": _CODE, "data": _ref("cell"), "continue": _FLAG}
    one_report: list[JSON] = [{"required": [word]} for word in task_parser.REPORTS]
    return {**_keys(task_parser.NONE_KEYS, kinds, ["message"]), "oneOf": one_report}


def _again() -> Object:
    kinds: dict[str, Object] = {
        "query": _map_of(_ref("cell")),
        "body": _ref("cell"),
        "wait": {"anyOf": [_TEXT, {"type": "number", "exclusiveMinimum": 0}]},
        "most": {"type": "integer", "minimum": 2, "maximum": MOST_AGAIN_CALLS},
    }
    return _keys(call_parser.AGAIN_KEYS, kinds, ["when"])


def _conversation() -> Object:
    kinds: dict[str, Object] = {
        "deadline_seconds": {"type": "integer", "minimum": 1},
        "cannot": _map_of(_TEXT),
        "tables": _TABLES,
        "fragments": _map_of(_ref("cell")),
        "values": _map_of(_ref("cell")),
        "steps": _list_of(_ref("step")),
        "response": _ref("cell"),
        "checks": _TEXT,
        **dict.fromkeys(("failure", "events", "about"), _ref("cell")),
    }
    return _keys(step_parser.FILE_KEYS, kinds, [])


def _channel() -> Object:
    anything: Object = {}
    setting = _keys(
        config.SETTING_KEYS, {"default": anything, "one_of": _list_of(anything)}, ["describe", "default"]
    )
    auth_kinds: dict[str, Object] = {
        "kind": {"enum": list(config.AUTH_KINDS)},
        "style": {"enum": list(config.STYLES)},
        "headers": _map_of(_keys(config.HEADER_KEYS, dict.fromkeys(config.HEADER_KEYS, _TEXT), ["env"])),
        **dict.fromkeys(("token", "client_id", "client_secret", "scope"), _ref("secret")),
    }
    limit: Object = {"type": "integer", "minimum": 1}
    rate: Object = {"type": "string", "pattern": "^[1-9][0-9]{0,5}/(s|min|h)$"}
    limits = {**dict.fromkeys(call_limits.LIMIT_KEYS, limit), "rate": rate}
    retry: Object = {"anyOf": [_TEXT, _keys(answer_classes.RETRY_KEYS, {}, ["when"])]}
    classes: Object = {**_map_of(_TEXT), "properties": {answer_classes.RETRY: retry}}
    kinds: dict[str, Object] = {
        "settings": _map_of(setting),
        "headers": _map_of(_ref("cell")),
        "auth": _keys(config.AUTH_KEYS, auth_kinds, ["kind"]),
        "first": _list_of(_ref("step")),
        **dict.fromkeys(("failure", "events"), _ref("cell")),
        "lists": {"enum": list(encoding.LIST_STYLES)},
        "answers": classes,
        "limits": _keys(call_limits.LIMIT_KEYS, limits, []),
    }
    return _keys(config.FILE_KEYS, kinds, [])


def _actions() -> Object:
    names = _list_of(_TEXT)
    kinds: dict[str, Object] = {
        "aliases": names,
        "placeholders": names,
        "status": {"type": "integer"},
        "call": {"anyOf": [_TEXT, names]},
        "effect": {"enum": list(actions.EFFECTS)},
    }
    own: Object = {name: {**_TEXT, "description": text} for name, text in actions.FILE_KEYS.items()}
    return {**_map_of(_keys(actions.KEYS, kinds, ["call"])), "properties": own}


def _dialect() -> Object:
    return _keys(dialects.DIALECT_KEYS, {}, [])


LANGUAGES: Final[dict[str, tuple[str, Callable[[], Object]]]] = {
    "mapping": ("A mapping of Crossdock, or a file of shared steps", _mapping),
    "conversation": ("A conversation of Crossdock", _conversation),
    "channel": ("A channel of Crossdock", _channel),
    "dialect": ("A dialect of Crossdock", _dialect),
    "actions": ("The actions of RetailOPS, for Crossdock", _actions),
}
