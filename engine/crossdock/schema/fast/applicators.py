"""The lines for objects, lists, and schemas that apply to the same value (``allOf``, ``$ref``).

Every value below an object or list is met exactly once where it is counted: in the loop over members or
items, or in ``walk``. What looks at the same value again, such as ``allOf`` or ``contains``, calls a
function and leaves its count alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Protocol, cast

from crossdock.core.json_types import JSON
from crossdock.schema.dialect import Node
from crossdock.schema.fast.assertions import KINDS, says
from crossdock.schema.fast.code_lines import REFUSE, Lines, Snippet, indented, names
from crossdock.schema.keyword_rules import as_list
from crossdock.schema.node import first_items, patterns, properties, reference, schemas

_FEW = 6
_OF_MEMBERS: Final = ("patternProperties", "propertyNames")


class NodeWriter(Protocol):
    """What these lines need of the writer of whole schemas, which calls the functions below."""

    def hold(self, expression: str) -> str:
        """A name for what is evaluated once, when the module is loaded."""

    def function(self, node: Node, kind: str = "") -> str:
        """The name of a node's function, for values of one kind or of any."""

    def target(self, node: Node) -> Node:
        """The node that a node's reference names."""

    def dispatch(self, node: Node, level: int, inlined: int) -> Lines:
        """The lines for a value whose kind is not known yet, and which is not counted yet."""

    def counted(self, snippets: Mapping[str, Snippet], level: int) -> Lines:
        """Branches by the kind of a value. Each counts it, and checks the range of a number."""

    def below(self, node: Node, kind: str, level: int, inlined: int) -> Snippet:
        """The lines for a value of one kind; None when the node accepts no value of the kind."""


def tests_beside_reference(node: Node, kind: str) -> bool:
    """Whether a node that takes a kind has words beside its reference that a value of it can break."""
    told = {"$ref", *(("type",) if kind != "float" or "number" in as_list(node.get("type", [])) else ())}
    return any(says(word) and word not in told for word in node)


def room(level: int) -> str:
    """How deep a value ``level`` levels below a function's own value may nest."""
    return f"room - {level}" if level else "room"


# --- objects


def members(writer: NodeWriter, node: Node, level: int, inlined: int) -> Lines:
    """The lines for an object ``v{level}``: which members it must have, and what they must be."""
    lines = [*_required(writer, node, level)]
    if any(word in node for word in _OF_MEMBERS):
        lines += [f"n += walk(v{level}, {room(level)})", *_every_member(writer, node, level)]
    elif node.get("properties") or "additionalProperties" in node:
        lines += _loop(writer, node, level, inlined)
    else:
        lines.append(f"n += walk(v{level}, {room(level)})")
    return lines


def _required(writer: NodeWriter, node: Node, level: int) -> Iterator[str]:
    required = sorted(map(str, as_list(node.get("required", []))))
    if len(required) > _FEW:
        yield f"if not {writer.hold(names(required))} <= v{level}.keys(): {REFUSE}"
    elif required:
        yield f"if {' or '.join(f'{name!r} not in v{level}' for name in required)}: {REFUSE}"
    for name, others in _map(node, "dependentRequired").items():
        if wanted := list(map(str, as_list(others))):
            missing = " or ".join(f"{other!r} not in v{level}" for other in wanted)
            yield f"if {name!r} in v{level} and ({missing}): {REFUSE}"


def _loop(writer: NodeWriter, node: Node, level: int, inlined: int) -> Lines:
    """One pass over the members, for an object whose members are distinguished by their names alone."""
    known = properties(node)
    extra = node.get("additionalProperties", {})
    snippets: dict[str, Snippet] = {}
    for kind in KINDS:
        below = {name: writer.below(each, kind, level + 1, inlined + 1) for name, each in known.items()}
        other = None if extra is False else writer.below(cast(Node, extra), kind, level + 1, inlined + 1)
        snippets[kind] = _by_name(writer, below, other, f"k{level}")
    return [
        f"n += len(v{level})",
        f"for k{level}, v{level + 1} in v{level}.items():",
        *indented(writer.counted(snippets, level + 1)),
    ]


def _by_name(writer: NodeWriter, known: Mapping[str, Snippet], other: Snippet, key: str) -> Snippet:
    """The snippets of members by their names; names with the same lines are grouped."""
    groups: dict[tuple[str, ...] | None, list[str]] = {}
    for name, snippet in known.items():
        groups.setdefault(None if snippet is None else tuple(snippet), []).append(name)
    rest = None if other is None else tuple(other)
    groups.pop(rest, None)
    if not groups:
        return other
    lines, word = Lines(), "if"
    for found, group in sorted(groups.items(), key=lambda each: -len(each[1])):
        body = [REFUSE] if found is None else list(found) or ["pass"]
        lines += [f"{word} {_one_of(writer, key, group)}:", *indented(body)]
        word = "elif"
    if other == [] and len(groups) > 1:
        return [f"if {_one_of(writer, key, _joined(groups.values()))}:", *indented(lines)]
    return lines if other == [] else [*lines, "else:", *indented([REFUSE] if other is None else other)]


def _joined(groups: Iterable[list[str]]) -> list[str]:
    return [name for group in groups for name in group]


def _one_of(writer: NodeWriter, key: str, group: list[str]) -> str:
    return f"{key} == {group[0]!r}" if len(group) == 1 else f"{key} in {writer.hold(names(group))}"


def _every_member(writer: NodeWriter, node: Node, level: int) -> Lines:
    """Members that several schemas may speak of: each looks for its own, and counts nothing."""
    var, below, known = f"v{level}", room(level + 1), properties(node)
    lines = [
        f"if {name!r} in {var}: {writer.function(each)}({var}[{name!r}], {below})"
        for name, each in known.items()
    ]
    loop: Lines = []
    searches: Lines = []
    for pattern, each in patterns(node).items():
        searches.append(f"{writer.hold(f'pattern({pattern!r})')}(k{level}) is not None")
        loop.append(f"if {searches[-1]}: {writer.function(each)}(v{level + 1}, {below})")
    if "propertyNames" in node:
        loop.append(f"{writer.function(cast(Node, node['propertyNames']))}(k{level}, {below})")
    if "additionalProperties" in node:
        extra = node["additionalProperties"]
        own = [f"k{level} in {writer.hold(names(known))}"] if known else []
        test = f"if not ({' or '.join([*own, *searches]) or False}):"
        call = REFUSE if extra is False else f"{writer.function(cast(Node, extra))}(v{level + 1}, {below})"
        loop.append(f"{test} {call}")
    return [*lines, f"for k{level}, v{level + 1} in {var}.items():", *indented(loop)]


# --- lists


def items(writer: NodeWriter, node: Node, level: int, inlined: int) -> Lines:
    """The lines for a list ``v{level}``."""
    if "prefixItems" in node or "items" not in node:
        lines = [f"n += walk(v{level}, {room(level)})", *_placed(writer, node, level)]
    else:
        each = writer.dispatch(cast(Node, node["items"]), level + 1, inlined + 1)
        lines = [f"for v{level + 1} in v{level}:", *indented(each)]
    return [*lines, *_contains(writer, node, level)]


def _placed(writer: NodeWriter, node: Node, level: int) -> Iterator[str]:
    """The first items have schemas of their own; ``items`` is for those after them."""
    var, below = f"v{level}", room(level + 1)
    prefix = first_items(node)
    for index, each in enumerate(prefix):
        yield f"if len({var}) > {index}: {writer.function(each)}({var}[{index}], {below})"
    if "items" in node:
        rest = writer.function(cast(Node, node["items"]))
        yield f"for v{level + 1} in {var}[{len(prefix)}:]: {rest}(v{level + 1}, {below})"


def _contains(writer: NodeWriter, node: Node, level: int) -> Iterator[str]:
    if "contains" in node:
        check = writer.function(cast(Node, node["contains"]))
        least, most = node.get("minContains", 1), node.get("maxContains", f"len(v{level})")
        count = f"sum([fits({check}, each, {room(level + 1)}) for each in v{level}])"
        yield f"if not {least} <= {count} <= {most}: {REFUSE}"


# --- schemas in place of another


def in_place(writer: NodeWriter, node: Node, level: int) -> Iterator[str]:
    """The lines for the schemas that apply to the same value as their parent."""
    var, here = f"v{level}", room(level)

    def call(each: JSON) -> str:
        return f"{writer.function(cast(Node, each))}({var}, {here})"

    def asked(each: JSON) -> str:
        return f"fits({writer.function(cast(Node, each))}, {var}, {here})"

    if reference(node) is not None:
        yield call(writer.target(node))
    yield from map(call, as_list(node.get("allOf", [])))
    if "anyOf" in node:
        yield f"if not ({' or '.join(map(asked, as_list(node['anyOf'])))}): {REFUSE}"
    if "oneOf" in node:
        yield f"if {' + '.join(map(asked, as_list(node['oneOf'])))} != 1: {REFUSE}"
    if "not" in node:
        yield f"if {asked(node['not'])}: {REFUSE}"
    if "if" in node and ("then" in node or "else" in node):
        then, other = (call(node[word]) if word in node else "None" for word in ("then", "else"))
        yield f"{then} if {asked(node['if'])} else {other}"
    for name, each in schemas(node, "dependentSchemas").items():
        yield f"if type({var}) is dict and {name!r} in {var}: {call(each)}"


def _map(node: Node, word: str) -> Node:
    found = node.get(word)
    return found if isinstance(found, dict) else {}
