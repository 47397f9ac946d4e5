"""A mapping where another file uses it: which types of that place it reads, and which use a finding is about.

A mapping reads its context, and the request and the answers of the conversation around it. Where it is used
with types that it was used with before, it is not checked again.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Set
from typing import Final

from crossdock.checking.type_scope import TypeScope
from crossdock.checking.types import ANYTHING, Type
from crossdock.core.diagnostics import Diagnostic, Span
from crossdock.core.records import record, replace
from crossdock.language import syntax
from crossdock.language.expr import (
    Expr,
    Expression,
    FunctionCall,
    Identifier,
    IndexExpression,
    Subexpression,
    children,
)
from crossdock.language.syntax import LinkedMapping

_USED_AT: Final = "used at "
_MOST: Final = 5  # uses that one finding names


@record(frozen=True, slots=True)
class Reads:
    """What a mapping reads of the place where it is used, itself or in a mapping that it uses.

    ``answers`` are names; None if it reads all answers as one object.
    """

    context: bool = False
    request: bool = False
    events: bool = False
    answers: frozenset[str] | None = frozenset()

    def both(self, other: Reads) -> Reads:
        """What either of the two reads."""
        answers = None if self.answers is None or other.answers is None else self.answers | other.answers
        context, request = self.context or other.context, self.request or other.request
        return Reads(context, request, self.events or other.events, answers)


def reads_of(mapping: LinkedMapping) -> Reads:
    """What a mapping reads of the place where it is used. Source: its cells, its checks and its uses."""
    return mapping.once(_reads_of)


def depends_on_uses(mapping: LinkedMapping) -> bool:
    """Whether there can be findings in a mapping only where it is used, or only because it is not used."""
    return mapping.source is None or reads_of(mapping) != Reads()


def _reads_of(mapping: LinkedMapping) -> Reads:
    cells = (mapping.cell, *mapping.fragments.values())
    found = [expression for cell in cells for expression in syntax.expressions(cell)]
    found += [part for check in mapping.checks for part in (check.condition, check.message) if part]
    reads = Reads(context=mapping.source is None and bool(found or mapping.used))
    for expression in found:
        reads = reads.both(reads_in(expression))
    for used in mapping.used.values():
        reads = reads.both(replace(reads_of(used), context=False))
    return reads


def reads_in(expression: Expression) -> Reads:
    """What an expression reads of the place where its mapping is used, its context aside."""
    reads = Reads()
    if not any(name in expression.text for name in ("request", "events", "answers")):
        return reads
    for name, member in _scope_reads(expression.node):
        if name == "request":
            reads = replace(reads, request=True)
        elif name == "events":
            reads = replace(reads, events=True)
        elif name == "answers":
            reads = reads.both(Reads(answers=None if member is None else frozenset({member})))
    return reads


def _scope_reads(node: Expr) -> Iterator[tuple[str, str | None]]:
    """The context functions that are called, each with the property that is read of it; None for all."""
    pending = [node]
    while pending:
        part = pending.pop()
        match part:
            case Subexpression((FunctionCall() as call, Identifier(name), *rest)) | IndexExpression(
                (FunctionCall() as call, Identifier(name), *rest)
            ):
                yield call.name, name
                pending += [*call.arguments, *rest]
            case _:
                if isinstance(part, FunctionCall):
                    yield part.name, None
                pending += children(part)


def place_key(mapping: LinkedMapping, context: Type, scope: TypeScope) -> Hashable:
    """The types of a place as far as a mapping reads them. None if the place makes no difference to it.

    Two places with equal keys give a mapping the same findings and the same type of result.
    """
    reads = reads_of(mapping)
    parts: list[Type | None] = []
    if reads.context:
        parts.append(context)
    if reads.request:
        parts.append(scope.request)
    if reads.events:
        parts.append(scope.events)
    if reads.answers is None:
        parts.append(scope.answers)
    else:
        parts += [scope.answers.member(name) for name in sorted(reads.answers)]
    return None if all(part is ANYTHING for part in parts) else (tuple(parts), scope.lenient)


def found_at(findings: Iterable[Diagnostic], use: Span) -> Iterator[Diagnostic]:
    """Findings in a used mapping, which then name the use; those with a use name where that is used."""
    for item in findings:
        note = item.notes[-1] + ", which is " if item.notes else ""
        yield replace(item, notes=(f"{note}{_USED_AT}{use}",))


def merged_uses(findings: Iterable[Diagnostic], uses: Callable[[str], Set[str]]) -> list[Diagnostic]:
    """Each finding once, with all its uses. ``uses`` gives those of a file, each as a place.

    A finding that does not concern all of them says so. One that a file has wherever it is used names none.
    """
    found: dict[Diagnostic, dict[str, None]] = {}
    everywhere: set[Diagnostic] = set()
    for item in findings:
        used = [note for note in item.notes if note.startswith(_USED_AT)]
        bare = replace(item, notes=tuple(note for note in item.notes if note not in used))
        found.setdefault(bare, {}).update(dict.fromkeys(used))
        if not used:
            everywhere.add(bare)
    return [
        item if item in everywhere else replace(item, notes=(*item.notes, *_notes(item, notes, uses)))
        for item, notes in found.items()
    ]


def _notes(item: Diagnostic, notes: Iterable[str], uses: Callable[[str], Set[str]]) -> list[str]:
    listed = sorted(notes)
    others = set(uses(item.span.source.name)) if item.span else set()
    others -= {note.removeprefix(_USED_AT).partition(",")[0] for note in listed}
    shown = listed[:_MOST]
    if len(listed) > _MOST:
        shown.append(f"and at {len(listed) - _MOST} other places")
    if others:
        which = min(others) if len(others) == 1 else f"{len(others)} other places"
        shown.append(f"where it is used at {which}, there is no such finding")
    return shown
