"""What is looked for in one list again and again: found by an index, in a list that is only made once.

Inside `each`, an expression such as ``answers().line[?key == root().key]`` searches one list for every
element. The second search of a list makes an index of it, in which the rest of them look. And a list that is
made of answers alone, such as ``answers().pairs[].want``, is only made again when an answer is another one.

Values are kept for one run, in ``Scope.kept``, and are known by identity: JSON that flows through a mapping
never changes. An index only says which items to try; the loop then tests them as if it had found them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from crossdock.execution.codegen.expression_writer import ExpressionWriter
from crossdock.execution.codegen.locals import Frame, Path
from crossdock.execution.codegen.reads import HERE, of_node
from crossdock.execution.codegen.writer import NONE, Value, Writer
from crossdock.language.expr import (
    And,
    Comparator,
    Expr,
    ExpressionReference,
    FilterProjection,
    Flatten,
    FunctionCall,
    Let,
    Or,
    Pipe,
    Projection,
    ValueProjection,
    Variable,
    source_order,
)

_VARIABLE: Final = "$"
_STEADY: Final = frozenset({"answers", "request"})
_MADE: Final = (Projection, FilterProjection, ValueProjection, Flatten, Pipe, Or, FunctionCall)
_LOOPS: Final = (Projection, FilterProjection, ValueProjection, Flatten, ExpressionReference)


@dataclass(frozen=True, slots=True)
class Join:
    """How to go through a list by an index: the items to try, and what to run after the loop."""

    items: str
    after: str


def join(expressions: ExpressionWriter, node: Expr, items: str) -> Join | None:
    """The join that a filter of a list is, if it compares something of the item with something outside.

    What is tested before may not fail for an item that the index leaves out. A first pass over all items
    shows that, unless it depends on more than the item. What is compared may fail: it does so before the
    loop, and then the interpreter decides.
    """
    sides = _sides(node)
    if sides is None:
        return None
    writer = expressions.writer
    risks = writer.risks
    wanted = writer.named(expressions.value(sides[1], Frame(writer, NONE)))
    key = _key(expressions, sides[0])
    writer.risks = risks
    site = site_of(writer)
    return Join(
        f"matching(scope.kept, {site}, {items}, {key}, {wanted.code})",
        f"searched(scope.kept, {site}, {items})",
    )


def site_of(writer: Writer) -> str:
    """The name of this place in the code, under which a run keeps what was found here."""
    return writer.outside(writer.fresh("site"), "object()")


def _key(expressions: ExpressionWriter, node: Expr) -> str:
    """The name of a function that gives what of an item is compared."""
    writer = expressions.writer
    name, item = writer.fresh("f"), writer.fresh("e")
    with writer.block(f"def {name}({item}):"):
        inside = expressions.enter(Value(item, simple=True), [node])
        writer.line(f"return {expressions.value(node, inside).code}")
    return name


def _sides(node: Expr) -> tuple[Expr, Expr] | None:
    """Of a filter's first comparison: the side that reads the item only, and the one that does not."""
    if not isinstance(node, FilterProjection):
        return None
    for part in _conjuncts(node.condition):
        if isinstance(part, Comparator) and part.operator == "eq":
            for own, other in ((part.left, part.right), (part.right, part.left)):
                if _origins(own) == {HERE} and _is_outside(other):
                    return own, other
        if not _origins(part) <= {HERE, "settings"}:
            return None
    return None


def _conjuncts(node: Expr) -> Iterator[Expr]:
    if isinstance(node, And):
        yield from _conjuncts(node.left)
        yield from _conjuncts(node.right)
    else:
        yield node


def _is_outside(node: Expr) -> bool:
    """Whether a node reads something, and nothing of its context."""
    found = _origins(node)
    return bool(found) and HERE not in found


def _origins(node: Expr) -> set[str]:
    """What a node reads: its context, an origin such as ``root``, or a name that ``let`` gave outside."""
    names = (f"${part.name}" for part in source_order(node) if isinstance(part, Variable))
    return {*(origin for origin, _ in of_node(node)), *names}


# --- what is only made once


@dataclass(slots=True)
class Memo:
    """Keeps what is made of answers alone: in each loop the largest such value.

    ``within`` is how many loops there are around the value that is being kept.
    """

    within: int = -1

    def value(self, expressions: ExpressionWriter, node: Expr, frame: Frame) -> Value | None:
        """The value of a node, kept from the last time; None for a node that is not worth it."""
        writer = expressions.writer
        if writer.loops == self.within or not (inputs := _inputs(node)):
            return None
        read = [_read(expressions, origin, path) for origin, path in inputs]
        site = site_of(writer)
        listed = ", ".join(["scope.kept", site, *read])
        name = writer.fresh()
        writer.line(f"{name} = remembered({listed})")
        with writer.block(f"if {name} is UNKNOWN:"), self._entered(writer.loops):
            made = expressions.value(node, frame)
            writer.line(f"{name} = remember({made.code}, {listed})")
        return Value(name, made.kinds, simple=True)

    @contextmanager
    def _entered(self, loops: int) -> Iterator[None]:
        around, self.within = self.within, loops
        yield
        self.within = around


def is_kept(node: Expr) -> bool:
    """Whether the value of a node is kept for the next time: then what follows goes through that list."""
    return bool(_inputs(node))


def _read(expressions: ExpressionWriter, origin: str, path: Path) -> str:
    """The Python name of a part of the answers, or of a variable."""
    writer = expressions.writer
    if origin == _VARIABLE:
        return writer.named(expressions.value(Variable(*path), Frame(writer, NONE))).code
    return writer.named(expressions.origins[origin].read(path)).code


def _inputs(node: Expr) -> list[tuple[str, Path]]:
    """The parts of answers, and the variables, that a list is made of, if it is made of nothing else."""
    if not isinstance(node, _MADE):
        return []
    parts = [*source_order(node)]
    if any(isinstance(part, Let) for part in parts) or not any(isinstance(part, _LOOPS) for part in parts):
        return []
    found = dict.fromkeys((origin, access.path) for origin, access in of_node(node))
    if not all(origin in _STEADY and path for origin, path in found):
        return []
    names = dict.fromkeys((_VARIABLE, (part.name,)) for part in parts if isinstance(part, Variable))
    return [*found, *names]
