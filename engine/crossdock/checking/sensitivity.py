"""Whether the message of a check would show something that a schema marks with ``x-sensitive``.

A failed check is reported in logs and on screens, with the values that its message names and the two
numbers that `equal` compares. So a message must not read what is sensitive: in the payload, in the result,
or in a field of the result that is made of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from crossdock.checking.infer import Inference
from crossdock.checking.lineage import lineage
from crossdock.checking.sink import Finding
from crossdock.checking.type_parts import schema_types_in
from crossdock.checking.type_scope import TypeScope
from crossdock.checking.types import ANYTHING, Type, schema_type
from crossdock.core.diagnostics import Diagnostic
from crossdock.core.paths import EACH, parse_path
from crossdock.language import syntax
from crossdock.language.expr import Constant, Expr, Expression, FunctionCall, children
from crossdock.language.syntax import LinkedMapping
from crossdock.schema.store import Schema

_DEEPEST: Final = 8
_HELP: Final = "messages go to logs and screens: show an order number instead, or only name the field"


def disclosed(mapping: LinkedMapping, result: Type) -> list[Diagnostic]:
    """The messages of a mapping's checks that would show what is sensitive. ``result``: its result's type."""
    shown = [(check, expression) for check in mapping.checks for expression in _shown(check)]
    if not shown:
        return []
    # Only for messages that name a value: lineage is slow, and what `equal` shows are numbers.
    made = _made_of_secrets(mapping) if any(expression.is_text for _, expression in shown) else {}
    findings = [found for _, expression in shown for found in _disclosed(mapping, result, expression, made)]
    return list(dict.fromkeys(findings))


def _shown(check: syntax.Check) -> Iterator[Expression]:
    """The expressions whose values a failed check shows."""
    message = check.message
    if message is not None and not all(isinstance(part, Constant) for part in children(message.node)):
        yield message
    node = check.condition.node
    if isinstance(node, FunctionCall) and node.name == "equal":
        yield from (replace(check.condition, node=argument) for argument in node.arguments[:2])


def _disclosed(
    mapping: LinkedMapping, result: Type, expression: Expression, made: dict[str, str]
) -> Iterator[Diagnostic]:
    scope = TypeScope(schema_type(mapping.source), ANYTHING, tables=mapping.tables)
    target = schema_type(mapping.target)
    for known in (result, target):
        reads = _SensitiveReads()
        Inference(expression, scope, reads).infer(expression.node, known)
        for name, node in reads.secrets:
            message = f"the message shows `{name}`, which is sensitive"
            yield Diagnostic("sensitive-in-message", message, expression.at(node), _HELP)
    for name in reads.names:
        path = name.removeprefix(f"{target.name}.")
        if path in made and name != path:
            message = f"the message shows `{path}`, which is made of the sensitive `{made[path]}`"
            yield Diagnostic("sensitive-in-message", message, expression.span, _HELP)


def _made_of_secrets(mapping: LinkedMapping) -> dict[str, str]:
    """The fields of the result that are made of something sensitive, each with one such source."""
    if mapping.source is None:
        return {}
    return {
        link.target: source
        for link in lineage(mapping)
        for source in link.sources
        if _is_secret(mapping.source, source)
    }


def _is_secret(schema: Schema, path: str) -> bool:
    """Whether a path into a payload leads to something sensitive, or to a part of it."""
    shape = schema.shape()
    for part in parse_path(path):
        if shape.sensitive:
            return True
        inner = shape.items() if part == EACH else shape.property(str(part))
        if inner is None:
            return False
        shape = inner
    return shape.sensitive


@dataclass(slots=True)
class _SensitiveReads:
    """What is read for its value, and the sensitive parts that would be shown, with where they are read."""

    names: dict[str, None] = field(default_factory=dict)
    secrets: list[tuple[str, Expr]] = field(default_factory=list)

    def report(self, finding: Finding) -> None:
        """What else is wrong is reported by the check."""

    def read(self, name: str, *, indirect: bool) -> None:
        if not indirect:
            self.names[name] = None

    def used(self, kind: str, name: str) -> None:
        """Functions and tables show nothing by themselves."""

    def shown(self, node: Expr, typ: Type, *, whole: bool) -> None:
        if whole:
            names = list(_secrets_within(typ, 0))
        else:
            names = [part.name for part in schema_types_in(typ) if part.shape.sensitive]
        self.secrets.extend((name, node) for name in names)


def _secrets_within(typ: Type, depth: int) -> Iterator[str]:
    """The sensitive parts of an object or a list, by name."""
    for each in schema_types_in(typ):
        if each.shape.sensitive:
            yield each.name
            return
    if depth > _DEEPEST:
        return
    if "object" in typ.kinds and typ.known:
        for name in sorted(typ.property_names()):
            if (inner := typ.member(name)) is not None:
                yield from _secrets_within(inner, depth + 1)
    if "array" in typ.kinds and typ.known:
        yield from _secrets_within(typ.items(), depth + 1)
