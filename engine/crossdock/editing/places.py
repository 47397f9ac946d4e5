"""Where a place in a YAML text is: the keys that lead to it, and whether it is a key or a value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from crossdock.core.diagnostics import Source
from crossdock.core.errors import CompileError
from crossdock.core.yaml_reader import ListNode, MapNode, Node, ScalarNode, parse_yaml
from crossdock.language.jinja import compile_template, is_template
from crossdock.language.jmespath import compile_expression

MARK: Final = "zq_here_qz"
"""What is written in the place of an unfinished name, so that the text can be parsed."""
Keys: TypeAlias = "tuple[str | int, ...]"
_OPENING: Final = {"(": ")", "[": "]", "{": "}"}
_QUOTED: Final = re.compile(r"""[\s-]*(?:[\w$]+:[ \t]+)?(?P<quote>["'])""")
_QUOTES: Final = "'\"`"


@dataclass(frozen=True, slots=True)
class TextPlace:
    """A scalar of a file, and the keys that lead to it; the last one is its own if ``is_key``.

    ``around`` is the object that has the key.
    """

    keys: Keys
    scalar: ScalarNode
    is_key: bool = False
    around: MapNode | None = None


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A text with the mark in the place of a word, and where the mark is. ``word`` is what was written.

    ``start`` and ``end`` are the offsets of the word in the text as it was.
    """

    source: Source
    place: TextPlace
    word: str
    start: int
    end: int


def scalars(node: Node | None, keys: Keys = ()) -> Iterator[TextPlace]:
    """Every key and every scalar of a text, in its order."""
    match node:
        case ScalarNode():
            yield TextPlace(keys, node)
        case ListNode(items):
            for number, item in enumerate(items):
                yield from scalars(item, (*keys, number))
        case MapNode(entries):
            for key, value in entries:
                inside = (*keys, str(key.value))
                yield TextPlace(inside, key, is_key=True, around=node)
                yield from scalars(value, inside)


def place_at(node: Node | None, offset: int) -> TextPlace | None:
    """The key or scalar that an offset is in, or at the end of."""
    found = None
    for place in scalars(node):
        if place.scalar.span.start <= offset <= place.scalar.span.end:
            found = place
    return found


def word_at(text: str, offset: int) -> tuple[int, int]:
    """The start and the end of the name around an offset."""
    start = offset
    while start > 0 and _is_part(text[start - 1]):
        start -= 1
    end = offset
    while end < len(text) and _is_part(text[end]):
        end += 1
    return start, end


def _is_part(char: str) -> bool:
    return char == "_" or (char.isascii() and char.isalnum())


def unfinished(source: Source, offset: int) -> Unfinished | None:
    """The place at an offset, where a name is being written; None if the text cannot be read there.

    What is behind the name may not fit what was written so far. So the text is tried as it is, then without
    the rest of the line, then without the rest of the expression, each time with what is open closed.
    """
    text = source.text
    start, end = word_at(text, offset)
    if start > 0 and text[start - 1] == "$":
        start -= 1
    word = text[start:offset]
    first = None
    for written, rest in _attempts(text, start, end):
        mark = "$" + MARK if word.startswith("$") else MARK
        found = _marked(Source(source.name, text[:start] + mark + written + rest), mark)
        if found is None or (written and not found[1].is_key):
            continue
        first = first or found
        if found[1].is_key or _compiles(found[1].scalar):
            return Unfinished(*found, word, start, end)
    return None if first is None else Unfinished(*first, word, start, end)


def _attempts(text: str, start: int, end: int) -> Iterator[tuple[str, str]]:
    """What may be behind the mark: what makes it a key, and the rest of the text."""
    line_start = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    line = text[line_start:start]
    stop = _line_end(text, end)
    if _may_be_key(line):
        yield ": 0", text[stop:]
        yield ": 0", text[end:]
    yield "", text[end:]
    yield "", _closers(line) + text[stop:]
    yield "", text[stop:]
    whole = _marked(Source("", text[:start] + MARK + text[end:]), MARK)
    if whole is not None:
        span = whole[1].scalar.span
        behind = span.end - len(MARK) + (end - start)
        open_before = text[span.start : start].partition("\n")[2] or text[span.start : start]
        yield "", _closers(open_before) + text[behind:]


def _line_end(text: str, at: int) -> int:
    while at < len(text) and text[at] not in "\r\n":
        at += 1
    return at


def _compiles(scalar: ScalarNode) -> bool:
    text = str(scalar.value)
    try:
        if is_template(text):
            compile_template(scalar, closed=False)
        else:
            compile_expression(scalar, closed=False)
    except CompileError:
        return False
    return True


def _may_be_key(line: str) -> bool:
    return not line.strip(" -") or line.strip(" -") == "$"


def _marked(source: Source, mark: str) -> tuple[Source, TextPlace] | None:
    try:
        node = parse_yaml(source)
    except CompileError:
        return None
    found = (place for place in scalars(node) if mark in str(place.scalar.value))
    place = next(found, None)
    return None if place is None else (source, place)


def _closers(line: str) -> str:
    """What closes the brackets and quotes that are open at the end of a line, the last one first."""
    quoted = _QUOTED.match(line)
    if quoted is not None and quoted["quote"] not in line[quoted.end() :]:
        return _closers(line[quoted.end() :]) + quoted["quote"]
    stack: list[str] = []
    for char in line:
        if stack and stack[-1] in _QUOTES:
            if char == stack[-1]:
                stack.pop()
        elif char in _QUOTES:
            stack.append(char)
        elif char in _OPENING:
            stack.append(_OPENING[char])
        elif stack and char == stack[-1]:
            stack.pop()
    return "".join(reversed(stack))
