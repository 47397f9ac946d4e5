"""Field descriptions in the text of a scraped page -> the line that explains each property.

Scraping loses the names of the fields: only explanations, examples, and a mark where a field has children
are left, in the order of the fields. So explanations are aligned with the properties, in order, by common
words, kinds and examples. An explanation that shares no word with the name of its property is not used.
The texts themselves are not copied: a schema names only document and line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from crossdock.core.diagnostics import Diagnostic
from crossdock.core.errors import ProjectError
from crossdock.core.json_types import JSON
from crossdock.tools.derivation.documents import Section
from crossdock.tools.derivation.located import MalformedError, read
from crossdock.tools.derivation.shapes import InferredShape, Locate

CHILDREN = "Show child attributes"

_CHOICES = re.compile(r'((?:\w+, )+\w+) (?="|-?\d)')
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_EMPTY = frozenset(["the", "and", "for", "with", "this", "that", "which", "are"])
NO_WORDS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FieldExplanation:
    """One explanation: its position, its words, and other facts about its field."""

    offset: int
    words: frozenset[str]
    children: bool = False
    free: bool = False
    known: tuple[str, ...] = ()


def described(part: Section, bounds: tuple[str, str], shape: InferredShape, locate: Locate) -> InferredShape:
    """The properties that the page explains between two lines, each with the line of its explanation."""
    entries = _entries(part, *_between(part, bounds))
    names = list(shape.properties)
    properties: dict[str, InferredShape] = {}
    for name, entry in _aligned(shape, names, entries):
        if _shared(name, entry):
            known: dict[str, JSON] = {"x-known-values": list(entry.known)} if entry.known else {}
            properties[name] = InferredShape(origin=locate(entry.offset), keywords=known)
    return InferredShape(properties=properties)


def _between(part: Section, bounds: tuple[str, str]) -> tuple[int, int]:
    """From the end of the line that begins with the first string to the line that begins with the second."""
    first, last = bounds
    text = part.source.text[: part.end]
    opening = re.compile(rf"^{re.escape(first)}.*$", re.MULTILINE).search(text, part.start)
    if not opening:
        message = f"no line of `{part.source.name}` begins with `{first}`"
        raise ProjectError([Diagnostic("prose-missing", message, part.span(part.start))])
    closing = re.compile(rf"^{re.escape(last)}", re.MULTILINE).search(text, opening.end()) if last else None
    return opening.end() + 1, closing.start() if closing else part.end


def _entries(part: Section, start: int, end: int) -> list[FieldExplanation]:
    """The explanations in a range. On a page with examples an example ends one, else each line is one."""
    lines = list(_lines(part.source.text, start, end))
    examples = any(_is_example(line) for _, line in lines)
    entries: list[FieldExplanation] = []
    pending: tuple[int, str] | None = None
    for offset, line in lines:
        if line.endswith(CHILDREN):
            entries.append(
                FieldExplanation(
                    pending[0] if pending else offset, _words(pending[1] if pending else ""), True
                )
            )
            pending = None
        elif _is_example(line):
            entries.append(_explained(pending or (offset, ""), line))
            pending = None
        elif pending and examples:
            pending = (pending[0], f"{pending[1]} {line}")
        else:
            entries += [FieldExplanation(pending[0], _words(pending[1]))] if pending else []
            pending = (offset, line)
    return entries + ([FieldExplanation(pending[0], _words(pending[1]))] if pending else [])


def _lines(text: str, start: int, end: int) -> list[tuple[int, str]]:
    """The lines with their offsets. A JSON object counts as one line."""
    lines: list[tuple[int, str]] = []
    while start < end:
        try:
            value, behind = read(text, start) if text[start] == "{" else (None, start)
        except MalformedError:
            value, behind = None, start
        stop = behind if value else text.find("\n", start, end) % (end + 1)
        if line := text[start:stop].strip():
            lines.append((start, line))
        start = stop + (0 if value else 1)
    return lines


def _is_example(line: str) -> bool:
    line = _CHOICES.sub("", line, count=1)
    if not re.match(r'["{\-\d]|true$|false$', line):
        return False
    try:
        return not line[read(line, 0)[1] :].strip()
    except MalformedError:
        return False


def _explained(pending: tuple[int, str], example: str) -> FieldExplanation:
    choices = _CHOICES.match(example)
    known = tuple(choices[1].split(", ")) if choices else ()
    return FieldExplanation(pending[0], _words(pending[1]), free=example.startswith("{"), known=known)


def _aligned(
    shape: InferredShape, names: Sequence[str], entries: Sequence[FieldExplanation]
) -> list[tuple[str, FieldExplanation]]:
    """The best alignment of properties and explanations that keeps the order of both."""
    # best[i, j]: the score of the best alignment of names[i:] with entries[j:], its first move, and the
    # explanation that names[i] gets by it. Filled from the end, so that each move can use the ones after it.
    best: dict[tuple[int, int], tuple[float, tuple[int, int], FieldExplanation | None]] = {}

    def score(i: int, j: int) -> float:
        return best[i, j][0] if (i, j) in best else 0.0

    for i in reversed(range(len(names))):
        for j in reversed(range(len(entries))):
            entry, first = entries[j], shape.properties[names[i]]
            moves = [
                (_fit(names[i], first, entry) + score(i + 1, j + 1), (i + 1, j + 1), entry),
                (score(i + 1, j), (i + 1, j), None),
                (score(i, j + 1) - 1.0, (i, j + 1), None),
            ]
            if entry.children and entry.words and i + 1 < len(names):
                # the text explains one field, and the mark of children belongs to the next, unexplained one
                leaf, second = replace(entry, children=False), shape.properties[names[i + 1]]
                both = _fit(names[i], first, leaf) + _fit(
                    names[i + 1], second, replace(entry, words=NO_WORDS)
                )
                moves.append((both + score(i + 2, j + 1), (i + 2, j + 1), leaf))
            best[i, j] = max(moves, key=lambda move: move[0])
    pairs: list[tuple[str, FieldExplanation]] = []
    at = (0, 0)
    while at in best:
        _, after, found = best[at]
        pairs += [(names[at[0]], found)] if found else []
        at = after
    return pairs


def _fit(name: str, shape: InferredShape, entry: FieldExplanation) -> float:
    """How well an explanation fits a property: children to children first, then shared words."""
    nested = bool(shape.properties or (shape.items and shape.items.properties))
    kind = 0.5 if entry.free or nested == entry.children else -9.0
    return kind + 2.0 * _shared(name, entry) / max(1, len(_words(name)))


def _shared(name: str, entry: FieldExplanation) -> int:
    return _common(_words(name), entry.words)


@cache
def _common(one: frozenset[str], other: frozenset[str]) -> int:
    return sum(any(_alike(word, each) for each in other) for word in one)


def _alike(one: str, other: str) -> bool:
    """Whether two words have a stem in common: `order` and `ordered`, `opt` and `opts`."""
    short, long = sorted((one, other), key=len)
    return (long.startswith(short) and len(long) - len(short) <= 1) or (
        len(short) >= 4 and long.startswith(short[:4])
    )


@cache
def _words(text: str) -> frozenset[str]:
    words = (word.lower() for word in _WORD.findall(text))
    return frozenset(word for word in words if len(word) > 2 and word not in _EMPTY)
