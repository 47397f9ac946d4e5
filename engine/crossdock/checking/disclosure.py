"""Whether the message of a check would show something that a schema marks with ``x-sensitive``.

A failed check is reported in logs and on screens, with the values that its message names and the two
numbers that `equal` compares. So a message must not show what is sensitive: in the payload, in the result,
or in a field of the result that is made of it. ``sensitivity`` knows where that is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from crossdock.checking.held import Held, MarkedSource
from crossdock.checking.held_scope import ALONE, HeldScope
from crossdock.checking.sensitivity import (
    HeldByExpressions,
    Sensitivity,
    sensitivity_of,
    source_of,
)
from crossdock.core.diagnostics import Diagnostic
from crossdock.language import syntax
from crossdock.language.expr import (
    Concat,
    Conditional,
    Constant,
    Expr,
    Expression,
    Identifier,
    Text,
    children,
)
from crossdock.language.syntax import LinkedMapping

_HELP: Final = "messages go to logs and screens: show an order number instead, or only name the field"


def disclosed(mapping: LinkedMapping) -> list[Diagnostic]:
    """The messages of a mapping's checks, and of those that it uses, that would show what is sensitive."""
    if not shows_values(mapping):
        return []
    known = sensitivity_of(mapping)
    found = [each.diagnostic() for each in _disclosures(mapping, source_of(mapping), known.result)]
    return list(dict.fromkeys([*found, *disclosed_by_uses(known)]))


def shows_values(mapping: LinkedMapping) -> bool:
    """Whether a check of the mapping, or of one that it uses, shows values when it fails."""
    return any(_shown(check) for each in _with_used(mapping) for check in each.checks)


def disclosed_by_uses(known: Sensitivity) -> list[Diagnostic]:
    """The messages of used mappings that show what is sensitive only where they are used."""
    found: list[Diagnostic] = []
    for use in known.uses:
        said = {each.name for each in _disclosures(use.mapping, use.root, use.result, use.scope)}
        # What the used mapping shows by its own schemas is reported in its own file.
        itself = sensitivity_of(use.mapping).result
        own = {each.name for each in _disclosures(use.mapping, source_of(use.mapping), itself)}
        for name in sorted(said - own):
            message = f"a check of `{use.cell.name}` shows `{name}` in its message, which is sensitive here"
            found.append(Diagnostic("sensitive-in-message", message, use.cell.name_span, _HELP))
    return list(dict.fromkeys(found))


def _with_used(mapping: LinkedMapping) -> Iterator[LinkedMapping]:
    yield mapping
    for used in mapping.used.values():
        yield from _with_used(used)


@dataclass(frozen=True, slots=True)
class _Disclosure:
    """A part of a message that shows a sensitive place of the payload or of the result."""

    expression: Expression
    node: Expr
    origin: MarkedSource
    source: str

    @property
    def name(self) -> str:
        return self.origin.name

    def diagnostic(self) -> Diagnostic:
        message = f"the message shows `{self.name}`, which is sensitive"
        if self.origin.field:
            made_of = self.name.removeprefix(f"{self.source}.")
            message = f"the message shows `{self.origin.field}`, which is made of the sensitive `{made_of}`"
        return Diagnostic("sensitive-in-message", message, self.expression.at(self.node), _HELP)


def _disclosures(
    mapping: LinkedMapping, root: Held, result: Held, scope: HeldScope = ALONE
) -> Iterator[_Disclosure]:
    source = mapping.source.name if mapping.source is not None else ""
    for check in mapping.checks:
        for expression in _shown(check):
            known = Sensitivity()
            HeldByExpressions(known, root, scope).value(expression.node, result)
            for node, origin in _blamed(expression.node, known):
                yield _Disclosure(expression, node, origin, source)


def _shown(check: syntax.Check) -> list[Expression]:
    """The expressions whose values a failed check shows."""
    shown: list[Expression] = []
    message = check.message
    if message is not None and not all(isinstance(part, Constant) for part in children(message.node)):
        shown.append(message)
    return [*shown, *check.compared()]


def _blamed(node: Expr, known: Sensitivity) -> Iterator[tuple[Expr, MarkedSource]]:
    """The sensitive places that a node shows, each with the part that reads it, or else the node."""
    if isinstance(node, Text | Concat):
        for part in node.parts:
            yield from _blamed(part, known)
        return
    if isinstance(node, Conditional):
        yield from _blamed(node.then, known)
        yield from _blamed(node.otherwise, known)
        return
    left = dict.fromkeys(known.of(node).reveals)
    for part in _reads(node):
        for origin in known.of(part).itself:
            if origin in left:
                del left[origin]
                yield part, origin
    yield from ((node, origin) for origin in left)


def _reads(node: Expr) -> Iterator[Expr]:
    """The names that are read in a node, in the order in which they are written."""
    if isinstance(node, Identifier):
        yield node
    for part in children(node):
        yield from _reads(part)
