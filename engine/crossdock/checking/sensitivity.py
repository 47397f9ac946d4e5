"""What the message of a check would show: nothing that a schema marks with ``x-sensitive``.

A check that does not hold is told in logs and on screens, with the values that its message names and the
two figures that `equal` compares. So a message may not read what is sensitive: in the payload, in the
result, or in a field of the result that is made of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from crossdock.checking.infer import Inference, TypeScope
from crossdock.checking.lineage import lineage
from crossdock.checking.narrowing import schema_types_in
from crossdock.checking.types import ANYTHING, Type, schema_type
from crossdock.core.diagnostics import Diagnostic, Severity
from crossdock.language import syntax
from crossdock.language.expr import Constant, Expression, FunctionCall, children
from crossdock.language.functions import REGISTRY
from crossdock.language.legacy import Tree
from crossdock.schema.store import Schema

if TYPE_CHECKING:
    from crossdock.language.mapping import Mapping

_DEEPEST: Final = 8
_HELP: Final = (
    "a message goes to logs and screens: show a number of the order instead, or name the field only"
)


def disclosed(mapping: Mapping) -> list[Diagnostic]:
    """The messages of a mapping's checks that would show what is sensitive."""
    shown = [(check, expression) for check in mapping.checks for expression in _shown(check)]
    if not shown:
        return []
    # Worked out where a message names a value; the figures of `equal` are numbers.
    made = _made_of_secrets(mapping) if any(expression.is_text for _, expression in shown) else {}
    findings = [found for _, expression in shown for found in _disclosed(mapping, expression, made)]
    return list(dict.fromkeys(findings))


def _shown(check: syntax.Check) -> Iterator[Expression]:
    """What is shown of a check that does not hold."""
    message = check.message
    if message is not None and not all(isinstance(part, Constant) for part in children(message.node)):
        yield message
    node = check.condition.node
    if isinstance(node, FunctionCall) and node.name == "equal":
        yield from (replace(check.condition, node=argument) for argument in node.arguments[:2])


def _disclosed(mapping: Mapping, expression: Expression, made: dict[str, str]) -> Iterator[Diagnostic]:
    scope = TypeScope(schema_type(mapping.source), ANYTHING, tables=mapping.tables)
    target = schema_type(mapping.target)
    for result in (mapping.result, target):
        reads = _SensitiveReads()
        _SensitiveInference(expression, scope, reads).infer(expression.tree, result)
        for name, tree in reads.secrets:
            message = f"the message shows `{name}`, which is sensitive"
            yield Diagnostic("sensitive-in-message", message, expression.at(tree), _HELP)
    for name in reads.names:
        path = name.removeprefix(f"{target.name}.")
        if path in made and name != path:
            message = f"the message shows `{path}`, which is made of `{made[path]}`, and that is sensitive"
            yield Diagnostic("sensitive-in-message", message, expression.span, _HELP)


def _made_of_secrets(mapping: Mapping) -> dict[str, str]:
    """The fields of the result that are made of sensitive ones, each with one of those."""
    if mapping.source is None:
        return {}
    return {
        link.target: source
        for link in lineage(mapping)
        for source in link.sources
        if _is_secret(mapping.source, source)
    }


def _is_secret(schema: Schema, path: str) -> bool:
    """Whether a path into a payload leads to something sensitive, or into it."""
    shape = schema.shape()
    for part in re.findall(r"\[\]|[^.\[\]]+", path):
        if shape.sensitive:
            return True
        inner = shape.items() if part == "[]" else shape.property(part)
        if inner is None:
            return False
        shape = inner
    return shape.sensitive


@dataclass(slots=True)
class _SensitiveReads:
    """What is read for its value, and what of it is sensitive."""

    names: dict[str, None] = field(default_factory=dict)
    secrets: list[tuple[str, Tree]] = field(default_factory=list)

    def read(self, name: str, *, indirect: bool) -> None:
        if not indirect:
            self.names[name] = None

    def used(self, kind: str, name: str) -> None:
        """Which functions and tables are used is of no matter here."""

    def report(
        self,
        id: str,
        message: str,
        expression: Expression,
        tree: Tree,
        help: str | None = None,
        severity: Severity = "error",
    ) -> None:
        """What else is wrong is the checker's to say."""


@dataclass(frozen=True, slots=True)
class _SensitiveInference(Inference):
    """An inference that notes the sensitive properties that are read for their value."""

    def member(self, tree: Tree, context: Type) -> Type:
        found = Inference.member(self, tree, context)
        if not self.indirect:
            self.note(tree, [each.name for each in schema_types_in(found) if each.shape.sensitive])
        return found

    def call(self, tree: Tree, context: Type, *, compared: bool = False) -> Type:
        """A text that is made of a whole object shows all that is in it."""
        if "string" in REGISTRY[tree["value"]].returns and not self.indirect:
            quiet = replace(self, sink=_SensitiveReads())
            for part in tree["children"]:
                if part["type"] != "expref":
                    self.note(part, list(_secrets_within(quiet.infer(part, context), 0)))
        return Inference.call(self, tree, context, compared=compared)

    def note(self, tree: Tree, names: list[str]) -> None:
        if isinstance(self.sink, _SensitiveReads):
            self.sink.secrets.extend((name, tree) for name in names)


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
