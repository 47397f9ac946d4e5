"""What a step of a plan waits for: the answers of other steps that its cells read.

``answers().order.id`` reads the answer of ``order``; ``answers()`` in any other place could read them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from crossdock.channels.steps import ConversationStep, step_cells
from crossdock.core.records import replace
from crossdock.language import syntax
from crossdock.language.expr import Expr, Expression, FunctionCall, Identifier, Subexpression, children
from crossdock.language.syntax import LinkedMapping

_ANY: Final = "*"


def answers_needed(step: ConversationStep, unknown: tuple[str, ...]) -> tuple[str, ...]:
    """Which of the unknown answers a step reads before it has made its call.

    What it is about, and who takes its failure, is asked only when it fails, and `none` only afterwards.
    Steps inside ask for themselves.
    """
    if not unknown:
        return ()
    own = step_cells(replace(step, about=None, failure=None, none=None))
    return _among(unknown, {name for cell in own for name in _cell_reads(cell, set())})


def reads_answers(expression: Expression, unknown: tuple[str, ...]) -> bool:
    """Whether an expression reads one of the unknown answers."""
    return bool(_among(unknown, set(_reads(expression.node))))


def answers_read(cell: syntax.Cell) -> set[str]:
    """The steps whose answers a cell reads, itself or in what it uses; `*` may be any of them."""
    return set(_cell_reads(cell, set()))


def _among(unknown: tuple[str, ...], read: set[str]) -> tuple[str, ...]:
    return tuple(name for name in unknown if name in read or _ANY in read)


def _cell_reads(cell: syntax.Cell, met: set[int]) -> Iterator[str]:
    """The answers that a cell reads, itself or in what it uses; ``met`` are cells that were read already."""
    if id(cell) in met:
        return
    met.add(id(cell))
    for expression in syntax.expressions(cell):
        yield from _reads(expression.node)
    for use in syntax.uses(cell):
        used = use.linked
        yield from _cell_reads(used.cell if isinstance(used, LinkedMapping) else used, met)


def _reads(node: Expr) -> Iterator[str]:
    """The steps whose answers an expression reads. Any other use of ``answers()`` may read them all."""
    match node:
        case Subexpression((FunctionCall("answers"), Identifier(name), *rest)):
            yield name
        case _:
            rest = [*children(node)]
            if isinstance(node, FunctionCall) and node.name == "answers":
                yield _ANY
    for part in rest:
        yield from _reads(part)
