"""Conversions that make a source value fit a target: none, or a call of a library function.

The check's own inference decides: a conversion fits if the type of its result does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from crossdock.checking.assignability import mismatches
from crossdock.checking.infer import Inference
from crossdock.checking.sink import Finding
from crossdock.checking.type_scope import TypeScope
from crossdock.checking.types import ANYTHING, Type
from crossdock.core.diagnostics import Source, Span
from crossdock.core.errors import CompileError
from crossdock.core.yaml_reader import ScalarNode
from crossdock.language.expr import Expr
from crossdock.language.jmespath import compile_expression
from crossdock.tools.drafting.schema_fields import SchemaField
from crossdock.tools.drafting.words import MONEY, concepts

_DATES: Final = frozenset({"date", "created"})
_SAID: Final = {
    "money": "as an amount with its cents",
    "amount": "as an amount",
    "epoch": "as seconds since 1970",
    "iso": "as a date",
    "to_string": "as text",
    "integer": "as a whole number",
    "number": "as a number",
    "": "",
}


@dataclass(frozen=True, slots=True)
class Fitting:
    """An expression that fits, what the conversion in it does, in words, and what is left to be decided."""

    expression: str
    said: str
    undecided: str = ""


class _Listener:
    """Records whether an expression has an error."""

    def __init__(self) -> None:
        self.wrong = False

    def report(self, finding: Finding) -> None:
        """A warning is fine: the author sees it in the draft."""
        self.wrong = self.wrong or finding.severity == "error"

    def read(self, name: str, *, indirect: bool) -> None: ...

    def used(self, kind: str, name: str) -> None: ...

    def shown(self, node: Expr, typ: Type, *, whole: bool) -> None: ...


def fit(
    expression: str, target: SchemaField, context: Type, root: Type, currency: str | None, zone: str | None
) -> Fitting | None:
    """The expression as it is or converted, so that it fits; None when nothing makes it fit.

    ``zone`` is for a date whose text has none: what is known of it, empty if nothing is.
    """
    typ = type_of(expression, context, root)
    if typ is None:
        return None
    for name, converted in _tries(expression, typ, target, currency):
        found = type_of(converted, context, root)
        if found is not None and not any(True for _ in mismatches(found, target.as_type(optional=False))):
            return _in_zone(converted, name, zone)
    return None


def _in_zone(converted: str, name: str, zone: str | None) -> Fitting:
    """A conversion of a date in its zone. UTC is a guess if nothing is known, so it is left to do."""
    if zone is None or name not in ("epoch", "iso"):
        return Fitting(converted, _SAID[name])
    undecided = "" if zone else "its text has no zone. Is it in UTC?"
    return Fitting(f"{converted[:-1]}, 'UTC')", f"{_SAID[name]}, in UTC", undecided)


def type_of(expression: str, context: Type, root: Type) -> Type | None:
    """What an expression yields in a context; None when it is wrong there."""
    source = Source("draft", expression)
    try:
        compiled = compile_expression(ScalarNode(expression, Span(source, 0, len(expression))))
    except CompileError:
        return None
    listener = _Listener()
    typ = Inference(compiled, TypeScope(root, ANYTHING), listener).infer(compiled.node, context)
    return None if listener.wrong else typ


def _tries(
    expression: str, typ: Type, target: SchemaField, currency: str | None
) -> Iterator[tuple[str, str]]:
    """What may make it fit, the likeliest first."""
    said = set(concepts(target.name))
    money = bool(said & MONEY) or "pattern" in target.shape.node
    amount = f"{expression}, {currency}" if currency else expression
    numeric = bool(typ.kinds & {"number", "integer"})
    if "string" in target.kinds and money and (numeric or "pattern" in target.shape.node):
        yield "money", f"money({amount})"
    if "integer" in target.kinds and said & _DATES:
        yield "epoch", f"epoch({expression})"
    if target.shape.node.get("format") == "date-time" and numeric:
        yield "iso", f"iso({expression})"
    yield "", expression
    if "string" in target.kinds and not typ.kinds & {"object", "array"}:
        # Of nothing at all to_string makes the text "null".
        made = f"to_string({expression})"
        yield "to_string", f"{expression} && {made}" if typ.optional else made
    if "number" in target.kinds and money:
        yield "amount", f"amount({amount})"
    if "number" in target.kinds:
        yield "number", f"number({expression})"
    if "integer" in target.kinds:
        yield "integer", f"integer({expression})"
