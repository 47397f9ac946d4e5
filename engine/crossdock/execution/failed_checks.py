"""Checks with the level ``warning`` that failed: what is kept of each, and the finding that it becomes.

Generated code keeps the figures and goes on, because most callers only want the result. A sentence is made
when a caller wants the findings, from what was kept: nothing runs again.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from crossdock.core.diagnostics import Diagnostic, Place, Source, Span
from crossdock.core.json_types import JSON
from crossdock.core.paths import pointer
from crossdock.execution.trace import Origins, Parts
from crossdock.language.functions import REGISTRY

if TYPE_CHECKING:
    from crossdock.language.syntax import Check

Sides = tuple[JSON, ...]

Kept = tuple[list[JSON], str, JSON, Sides, Parts, JSON, JSON]
"""A failed check of generated code: see ``constants_of``, then the value of its message (None without one),
the figures that it compares, its place in the result, the payload of its mapping, and the whole payload."""


def constants_of(check: Check) -> tuple[list[JSON], str]:
    """What a finding needs of a check: its file, its place in there and its own text; and the file's text."""
    span = check.condition.span
    return [span.source.name, span.start, span.end, check.text], span.source.text


def statement(text: str, message: JSON, sides: Sides) -> str:
    """The sentence of a failed check, with the two figures that it compares."""
    said = str(message or text)
    if not sides:
        return said
    left, right = sides
    if left is None or right is None:
        return f"{said}: {_figures(left)[0]} against {_figures(right)[0]}"
    shown = _figures(left, right, REGISTRY["subtract"].apply([left, right]))
    return f"{said}: {shown[0]} against {shown[1]}, a difference of {shown[2]}"


def findings(failed: Iterable[Kept], name: str) -> tuple[Diagnostic, ...]:
    """The findings of checks that failed. ``name`` is what messages call the payload."""
    return tuple(_finding(kept, name) for kept in failed)


def _finding(kept: Kept, name: str) -> Diagnostic:
    (file, start, end, text), source, message, sides, output, root, payload = kept
    place = () if root is payload else Origins(payload).place(root) or ()
    return Diagnostic(
        "check-failed",
        statement(str(text), message, sides),
        Span(_source(str(file), source), int(str(start)), int(str(end))),
        input=Place(name, pointer(*place)),
        output=pointer(*output),
        severity="warning",
    )


@lru_cache(maxsize=100)
def _source(file: str, text: str) -> Source:
    """The source of a file: its lines are found once for all findings."""
    return Source(file, text)


def _figures(*values: JSON) -> list[str]:
    """Amounts as people write them: all with the decimals that the longest needs, and at least two."""
    numbers = [None if value is None else Decimal(str(value)).normalize() for value in values]
    decimals = max((-int(number.as_tuple().exponent) for number in numbers if number is not None), default=0)
    places = max(decimals, 2) if decimals > 0 else 0
    return ["nothing" if number is None else f"{number:.{places}f}" for number in numbers]
