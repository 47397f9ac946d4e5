"""What the writers of calls, loops and amounts need of the writer of expressions.

They call it for the expressions inside their own, and it calls them. The protocol lets them name it without
importing it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from crossdock.execution.codegen.locals import Access, Frame
from crossdock.execution.codegen.writer import Value, Writer
from crossdock.language.expr import Expr


class ExpressionWriter(Protocol):
    """Writes expressions. ``origins`` are the frames of ``root()`` and the like, by name.

    ``table`` gives the name of a table's rows in the code. ``gathered`` holds the sums that are added up
    while their list is made, by the identity of the list's node.
    """

    writer: Writer
    origins: dict[str, Frame]
    table: Callable[[str], str]
    gathered: dict[int, str]

    def value(self, node: Expr, frame: Frame) -> Value:
        """Write an expression; its value is that in the context of ``frame``."""

    def enter(self, value: Value, nodes: Iterable[Expr], more: Iterable[Access] = ()) -> Frame:
        """The frame of a value that becomes the context of ``nodes``."""
