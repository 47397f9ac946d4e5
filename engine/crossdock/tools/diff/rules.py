"""The rule behind a difference: the cell that writes the field, in both versions, and why its value differs.

A value may change although its cell does not: then a table that the cell uses has changed, or a list, a
condition or an object around the cell, and the rule names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from crossdock.core.diagnostics import Span
from crossdock.core.paths import EACH, field_text, joined
from crossdock.language import syntax
from crossdock.language.syntax import LinkedMapping
from crossdock.tools.diff.differences import Difference
from crossdock.tools.diff.runs import Run

if TYPE_CHECKING:
    from crossdock.execution.trace import Parts, Step

_KEY: Final = re.compile(r"[$\w\"-]+:( |$)")

Around = dict[tuple[str, str, int], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class RuleVersions:
    """The cell that wrote a field, before and after; None where none did."""

    old: Span | None
    new: Span | None

    @property
    def unchanged(self) -> bool:
        return self.old is not None and self.new is not None and line_of(self.old) == line_of(self.new)


def line_of(span: Span) -> str:
    """The text of a cell on one line."""
    return " ".join(span.text.split())


def brief(span: Span) -> str:
    """The same for people: of an object of several lines the first one."""
    first, *others = span.text.splitlines()
    return f"{first} …" if others and _KEY.match(first) else line_of(span)


def rule_of(each: Difference, before: Run, after: Run) -> RuleVersions:
    """The cells that wrote a difference; for a missing value the cell that leaves it out, if any."""
    old = _leaving_out(before, each.old) if each.kind == "added" else before.writer(each.old)
    new = _leaving_out(after, each.new) if each.kind == "removed" else after.writer(each.new)
    return RuleVersions(old.span if old else None, new.span if new else None)


def _leaving_out(run: Run, parts: Parts) -> Step | None:
    """The cell for what is not there: of an element of a list, the cell of another one."""
    if parts and isinstance(parts[-1], int):
        siblings = (run.steps.get((*parts[:-1], place)) for place in (parts[-1], 0))
        found = next((steps for steps in siblings if steps), None) or run.steps.get(parts[:-1])
        return found[-1] if found else None
    # A `$with` or `$if` that leaves out an object leaves out all that is in it.
    for length in range(len(parts), 0, -1):
        steps = run.steps.get(parts[:length])
        if steps and (length == len(parts) or not steps[-1].present):
            return steps[-1]
        if steps:
            return None
    return None


def reasons(rule: RuleVersions, each: Difference, old: Explained, new: Explained) -> tuple[str, ...]:
    """Why the value of an unchanged cell changes, as far as that is known."""
    if not rule.unchanged or rule.old is None or rule.new is None:
        return ()
    found = [
        f"the table `{name}` changed"
        for name, rows in new.tables.items()
        if f"'{name}'" in rule.new.text and old.tables.get(name, rows) != rows
    ]
    field = field_text(each.old if each.kind == "removed" else each.new)
    then, now = old.around(field, rule.old), new.around(field, rule.new)
    gone = [text for text in then if text not in now]
    come = [text for text in now if text not in then]
    found += [f"it is inside `{now}`, which was `{was}`" for was, now in zip(gone, come, strict=False)]
    found += [f"it is inside `{text}`, which is new" for text in come[len(gone) :]]
    found += [f"it was inside `{text}`, which was removed" for text in gone[len(come) :]]
    return tuple(found)


class Explained:
    """What mappings say around each of their cells, and the tables that they and those they use look into."""

    def __init__(self, *mappings: LinkedMapping) -> None:
        known = (each for mapping in mappings for each in _all(mapping))
        self.tables = {name: rows for each in known for name, rows in each.tables.items()}
        self._around: Around = {}
        for mapping in mappings:
            for key, texts in _walk(mapping.cell, "", ()):
                self._around.setdefault(key, texts)

    def around(self, field: str, span: Span) -> tuple[str, ...]:
        return self._around.get((field, span.source.name, span.start), ())


def _all(mapping: LinkedMapping) -> Iterator[LinkedMapping]:
    for used in mapping.used.values():
        yield from _all(used)
    yield mapping


def _walk(
    cell: syntax.Cell, field: str, around: tuple[str, ...]
) -> Iterator[tuple[tuple[str, str, int], tuple[str, ...]]]:
    """Each cell's field and place, with the expressions that it depends on."""
    yield (field, cell.span.source.name, cell.span.start), around
    match cell:
        case syntax.Object(fields):
            yield from _fields(fields, field, around)
        case syntax.List(items):
            for item in items:
                inside = item.cell if isinstance(item, syntax.Each) else item
                over = (f"$each: {line_of(item.over.span)}",) if isinstance(item, syntax.Each) else ()
                yield from _walk(inside, joined(field, EACH), around + over)
        case syntax.With(over, inside):
            yield from _walk(inside, field, (*around, f"$with: {line_of(over.span)}"))
        case syntax.If(condition, inside):
            yield from _walk(inside, field, (*around, f"$if: {line_of(condition.span)}"))
        case syntax.Switch(over, cases):
            for case in cases:
                chosen = f"$switch: {line_of(over.span)}, {case.key}"
                yield from _walk(case.cell, field, (*around, chosen))
        case syntax.Use():
            yield from _fields(cell.beside, field, around)
            used = cell.linked
            yield from _walk(used.cell if isinstance(used, LinkedMapping) else used, field, around)


def _fields(
    fields: tuple[syntax.Field, ...], field: str, around: tuple[str, ...]
) -> Iterator[tuple[tuple[str, str, int], tuple[str, ...]]]:
    for each in fields:
        yield from _walk(each.cell, joined(field, each.key), around)
