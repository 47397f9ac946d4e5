"""The keys and the words that a file may have at a place, from the JSON Schemas that editors are given."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import PurePosixPath
from typing import Final, cast

from crossdock.core.json_types import JSON
from crossdock.editing.places import Keys
from crossdock.project.shared_files import TABLES, has_steps
from crossdock.tools.editor import schema

_Node = dict[str, JSON]
_BY_FILE: Final = {
    "conversation": "conversation",
    "channel": "channel",
    "dialect": "dialect",
    "actions": "actions",
}


def language_of(name: str, text: str) -> str | None:
    """The language of a file by its name below ``mappings/``; None for a table, which has none."""
    path = PurePosixPath(name)
    if path.parent.name == TABLES:
        return None
    if path.name in _BY_FILE:
        return _BY_FILE[path.name]
    return "shared" if has_steps(text) else "mapping"


def keys_at(language: str, keys: Keys) -> dict[str, str]:
    """The keys of the object at a path, each with what it means."""
    found: dict[str, str] = {}
    for node in _nodes(language, keys):
        for name, inner in _members(node, "properties").items():
            said = inner.get("description")
            found.setdefault(name, said if isinstance(said, str) else "")
    return found


def values_at(language: str, keys: Keys) -> list[str]:
    """The words that may be the value at a path, if it is one of a few."""
    listed = (node.get("enum") for node in _nodes(language, keys))
    return [str(value) for values in listed if isinstance(values, list) for value in values]


def is_cell(language: str, keys: Keys) -> bool:
    """Whether the object at a path is a cell, whose other keys are those of the result."""
    return any("^[^$]" in _members(node, "patternProperties") for node in _nodes(language, keys))


@cache
def _language(language: str) -> _Node:
    made = schema("mapping" if language == "shared" else language)
    branch = {"shared": "then", "mapping": "else"}.get(language)
    chosen = made if branch is None else cast(_Node, made[branch])
    return {**chosen, "definitions": made["definitions"]}


def _nodes(language: str, keys: Keys) -> list[_Node]:
    root = _language(language)
    found = list(_same(root, root))
    for key in keys:
        found = [each for node in found for part in _parts(node, key) for each in _same(part, root)]
    return found


def _same(node: _Node, root: _Node) -> Iterator[_Node]:
    """A node and those that apply to the same value."""
    yield node
    given = node.get("$ref")
    if isinstance(given, str):
        yield from _same(_members(root, "definitions")[given.rpartition("/")[2]], root)
    for word in ("allOf", "anyOf"):
        inner = node.get(word)
        for each in inner if isinstance(inner, list) else ():
            yield from _same(cast(_Node, each), root)


def _parts(node: _Node, key: str | int) -> Iterator[_Node]:
    if isinstance(key, int):
        if isinstance(items := node.get("items"), dict):
            yield items
        return
    if key in (known := _members(node, "properties")):
        yield known[key]
    elif not key.startswith("$"):
        yield from _members(node, "patternProperties").values()
        if isinstance(others := node.get("additionalProperties"), dict):
            yield others


def _members(node: _Node, word: str) -> dict[str, _Node]:
    given = node.get(word)
    return cast("dict[str, _Node]", given) if isinstance(given, dict) else {}
