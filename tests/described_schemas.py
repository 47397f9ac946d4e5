"""This project's schemas, compared with the API descriptions that they name in ``x-described-by``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from descriptions import Document, Operation, descriptions

SCHEMAS = Path(__file__).parents[1] / "schemas"
Node = dict[str, Any]


@dataclass(frozen=True)
class Own:
    """A part of one of this project's schemas, with the file that its references are of."""

    channel: str
    root: Node
    node: Node

    def resolved(self) -> Own:
        node, root = self.node, self.root
        while "$ref" in node or "x-documented-as" in node:
            if "x-documented-as" in node:
                node = node["x-documented-as"]
                continue
            file, _, place = node["$ref"].partition("#")
            root = read(self.channel, file) if file else root
            node = root
            for key in filter(None, place.split("/")):
                node = node[key]
        return Own(self.channel, root, node)

    def part(self, node: Node) -> Own:
        return Own(self.channel, self.root, node)

    @property
    def types(self) -> set[str]:
        return _types(self.node) - {"null"}


def read(channel: str, name: str) -> Node:
    return json.loads((SCHEMAS / channel / f"{name}.schema.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def named_calls(channel: str) -> Iterator[tuple[str, str, str]]:
    """Schema, ``request`` or ``answer``, and call: each that a schema of the channel names."""
    for path in sorted((SCHEMAS / channel).glob("*.schema.json")):
        name = path.name.removesuffix(".schema.json")
        for by in read(channel, name).get("x-described-by", ()):
            yield from ((name, kind, call) for kind in ("request", "answer") for call in by.get(kind, ()))


def operation(channel: str, call: str) -> Operation:
    described = descriptions(channel)
    assert described
    return next(each for each in described.operations if f"{each.method} {each.path}" == call)


def differences(channel: str, name: str, kind: str, call: str) -> list[str]:
    """What the schema has, or lacks, against the description of a call."""
    found = operation(channel, call)
    root = read(channel, name)
    own = Own(channel, root, root)
    if kind == "request":
        assert found.body
        strict = found.body.schema
    else:
        strict = found.document.strict(_answer(found))
    return list(dict.fromkeys(_Comparison(found.document, kind == "request").of(own, [strict], "")))


def _answer(found: Operation) -> Node:
    answers = found.described["responses"]
    good = next(answers[status] for status in ("200", "201", "202") if status in answers)
    content = found.document.resolved(good)["content"]
    return next(iter(content.values()))["schema"]  # type: ignore[no-any-return]


@dataclass(frozen=True)
class _Comparison:
    document: Document
    request: bool

    def of(self, own: Own, described: list[Node], at: str) -> Iterator[str]:
        own = own.resolved()
        described = list(self._alternatives(described))
        theirs = set().union(*map(_types, described)) - {"null"}
        if described and all(map(_types, described)):
            ours = own.types
            if ours - _wider(theirs) if self.request else ours and not _wider(ours) & _wider(theirs):
                yield f"{at} is of type {sorted(ours)}, described as {sorted(theirs)}"
        if "enum" in own.node and described and all("enum" in each for each in described):
            known = {value for each in described for value in each["enum"]}
            if more := [value for value in own.node["enum"] if value not in known and value is not None]:
                yield f"{at} may be {more}, which is not described"
        if own.node.get("properties"):
            yield from self._members(own, described, at)
        if "items" in own.node:
            yield from self.of(
                own.part(own.node["items"]),
                [each["items"] for each in described if "items" in each],
                f"{at}[]",
            )

    def _members(self, own: Own, described: list[Node], at: str) -> Iterator[str]:
        shut = all(each.get("additionalProperties") is False for each in described)
        for name, inner in own.node["properties"].items():
            theirs = [each["properties"][name] for each in described if name in each.get("properties", {})]
            if theirs:
                yield from self.of(own.part(inner), theirs, f"{at}.{name}")
            elif shut and (self.request or not _on_a_page(inner)):
                yield f"{at}.{name} is not described"
        if not self.request:
            return
        if len(described) == 1:
            missing = set(described[0].get("required", ())) - set(own.node.get("required", ()))
            yield from (f"{at}.{name} is not required" for name in sorted(missing))
        if shut is not (own.node.get("additionalProperties") is False):
            yield f"{at} {'takes any property' if shut else 'takes no other property'}"

    def _alternatives(self, described: Iterable[Node]) -> Iterator[Node]:
        for each in described:
            if "$ref" in each:
                yield from self._alternatives([self.document.definitions[each["$ref"].rpartition("/")[2]]])
            elif "anyOf" in each or "oneOf" in each:
                branches = [*each.get("anyOf", ()), *each.get("oneOf", ())]
                yield from self._alternatives(one for one in branches if one != {"type": "null"})
            else:
                yield each


def _on_a_page(node: Node) -> bool:
    """Whether the property is from a reference page of the channel: pages tell of more than descriptions."""
    document = node.get("x-source", {}).get("document", "samples/")
    return not document.startswith("samples/")


def _types(node: Node) -> set[str]:
    found = node.get("type", [])
    return {found} if isinstance(found, str) else set(found)


def _wider(types: set[str]) -> set[str]:
    """With whole numbers, numbers; with numbers, whole numbers."""
    return types | ({"integer", "number"} if types & {"integer", "number"} else set())
