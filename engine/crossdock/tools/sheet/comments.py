"""The comment of a key: the lines above it, and the comment at the end of its line.

    # A cancelled line stays on the order.       <- this,
    quantity: quantity      # in pieces          <- and this

The reason after `allow[…]:` is a comment too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from crossdock.core.diagnostics import Span

_PIECE = re.compile(
    r"(?P<comment>(?:^|(?<=\s))#)|(?:^|(?<=[\s:,{\[]))(?:\"(?:\\.|[^\"\\])*\"|'(?:''|[^'])*')|."
)
_ALLOWED = re.compile(r"allow\[[^\]]*\]:?\s*")


def comment_of(key: Span) -> str:
    """The comment of the line that a span begins on; empty when there is none."""
    source, line = key.source, key.line
    above: list[str] = []
    number = line - 1
    while number >= 1 and (text := source.line(number).strip()).startswith("#"):
        above.insert(0, text.lstrip("#").strip())
        number -= 1
    parts = [" ".join(above), _behind(source.line(line))]
    return sentences(found for part in parts if (found := _ALLOWED.sub("", part).strip()))


def _behind(line: str) -> str:
    """The comment at the end of a line; a ``#`` in quotes does not begin one."""
    marks = (found.end() for found in _PIECE.finditer(line) if found["comment"])
    return line[next(marks, len(line)) :].strip()


def sentences(notes: Iterable[str]) -> str:
    """Several notes as one text, each once."""
    texts = [note[0].upper() + note[1:] for note in dict.fromkeys(notes) if note]
    ended = (text if text.endswith((".", "!", "?")) else f"{text}." for text in texts[:-1])
    return " ".join([*ended, *texts[-1:]])
