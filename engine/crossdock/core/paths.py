"""Paths to parts of a payload, in the one syntax of messages, files and options; and JSON pointers.

    parse_path('items[]."Unit Price"')      ("items", "[]", "Unit Price")
    path_text(("items", 0, "sku"))          'items[0].sku'
    pointer("items", 0, "a/b")              '/items/0/a~1b'

A path is property names with dots between them, and after a list ``[]`` for every element or ``[2]`` for one.
A name that holds white space, a quote or one of ``. [ ] /`` is written in double quotes, in which a backslash
precedes a quote and another backslash. So ``parse_path(path_text(parts)) == parts`` for any names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

Part = str | int
Parts = tuple[Part, ...]
"""Property names, indexes from 0, and ``EACH``."""

EACH: Final = "[]"
"""The part for every element of a list. A property of this name looks the same."""

# Patterns are compiled when they are first used: a warm start needs none of them.
_QUOTED: Final = r'"(?:[^"\\]|\\.)*"'
_STEP: Final = rf'(?s:\[([0-9]{{0,18}})\]|(\.?)({_QUOTED}|[^\s".\[\]]+))'
_STEP_WITH_BLANKS: Final = rf'(?s:\[([0-9]{{0,18}})\]|(\.?)({_QUOTED}|[^".\[\]]+))'
_BARE_NAME: Final = r'[^\s".\[\]/]+'
_INDEX: Final = r"0|[1-9][0-9]*"


class PathError(ValueError):
    """The text is not a path."""


def parse_path(text: str, *, blanks: bool = False) -> Parts:
    """The parts of a path; none for the empty text, which is the whole payload. Raises PathError.

    ``blanks`` takes blanks in a name without quotes, as people type them on a command line.
    """
    parts: list[Part] = []
    at = 0
    while at < len(text):
        step = re.compile(_STEP_WITH_BLANKS if blanks else _STEP).match(text, at)
        if step is None or (step[3] is not None and bool(step[2]) != bool(parts)):
            raise PathError(f"`{text}` is not a path")
        parts.append(_name(step[3]) if step[3] is not None else int(step[1]) if step[1] else EACH)
        at = step.end()
    return tuple(parts)


def _name(written: str) -> str:
    return re.sub(r'\\(["\\])', r"\1", written[1:-1]) if written.startswith('"') else written


def path_text(parts: Iterable[Part]) -> str:
    """The path of parts."""
    path = ""
    for part in parts:
        path = joined(path, part)
    return path


def joined(path: str, part: Part) -> str:
    """The path of a property or element of what is at a path; the path of a property alone for no path."""
    if isinstance(part, int):
        return f"{path}[{part}]"
    if part == EACH:
        return path + EACH
    name = part
    if not re.fullmatch(_BARE_NAME, part):
        name = '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{path}.{name}" if path else name


def field_of(parts: Iterable[Part]) -> tuple[str, ...]:
    """The field that a part of a payload belongs to: ``EACH`` in place of every index."""
    return tuple(EACH if isinstance(part, int) else part for part in parts)


def field_text(parts: Iterable[Part]) -> str:
    """The path of the field that a part of a payload belongs to: ``items[].sku``."""
    return path_text(field_of(parts))


def begins(whole: Parts, start: Parts) -> bool:
    """Whether ``start`` leads to ``whole`` or to something around it; ``EACH`` is any index."""
    if len(start) > len(whole):
        return False
    return all(part == wanted or _fits(part, wanted) for part, wanted in zip(whole, start, strict=False))


def _fits(part: Part, wanted: Part) -> bool:
    return EACH in (part, wanted) and (isinstance(part, int) or isinstance(wanted, int))


def pointer(*parts: Part) -> str:
    """A JSON pointer (RFC 6901) of object keys and list indexes."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def parse_pointer(text: str) -> tuple[str, ...]:
    """The keys of a JSON pointer as it writes them: an index stays a text, as it may be a key."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])


def pointer_parts(text: str) -> Parts:
    """The keys and indexes of a JSON pointer; each number counts as an index."""
    return tuple(int(key) if re.fullmatch(_INDEX, key) else key for key in parse_pointer(text))
