"""The layout of a file, as far as it can be changed without any change of what the file says.

White space at the ends of lines goes, and so do empty lines at the beginning and the end of the file, and all
but one of several in a row; the last line is ended. Comments, quotes, the wrapping of text, its own empty
lines, indentation and the order of keys stay. A text that would mean anything else afterwards is left as it
is.
"""

from __future__ import annotations

from crossdock.checking.suppressions import suppressions_in
from crossdock.core.diagnostics import Source
from crossdock.core.errors import CompileError
from crossdock.core.yaml_reader import Node, parse_yaml
from crossdock.editing.places import scalars


def formatted(source: Source) -> str:
    """The text of a file in its layout; the same text if it is not YAML, or would change its meaning."""
    try:
        node = parse_yaml(source)
    except CompileError:
        return source.text
    meaning = _meaning(source, node)
    for exact in (False, True):  # white space in a text may be part of it
        made = Source(source.name, _laid_out(source, _inside(source, node, exact=exact), exact=exact))
        try:
            if _meaning(made, parse_yaml(made)) == meaning:
                return made.text
        except CompileError:
            continue
    return source.text


def _inside(source: Source, node: Node | None, *, exact: bool) -> set[int]:
    """The lines, from 1, that texts in several lines have after their first one."""
    found = set[int]()
    for place in scalars(node):
        span = place.scalar.span
        end = span.end if exact else span.start + len(span.text.rstrip())
        found.update(range(span.line + 1, source.position(max(span.start, end - 1))[0] + 1))
    last = source.text.count("\n") + 1
    return found | {last} if exact and last - 1 in found else found


def _laid_out(source: Source, inside: set[int], *, exact: bool) -> str:
    lines, number = list[str](), 0
    for number, line in enumerate(source.text.split("\n"), 1):
        kept = number in inside
        shown = line.rstrip("\r" if kept and exact else " \t\r")
        if shown or kept or (lines and lines[-1]):
            lines.append(shown)
    end = "\r\n" if "\r\n" in source.text else "\n"
    text = end.join(lines)
    return text if exact and number in inside else text.rstrip("\r\n") + end


def _meaning(source: Source, node: Node | None) -> object:
    """What a file says: its keys and values, and what its comments allow on which of the written lines."""
    values = [(place.keys, place.is_key, place.scalar.value, place.scalar.style) for place in scalars(node)]
    written, before = [0], 0  # how many lines are written up to each
    for line in source.text.split("\n"):
        before += bool(line.strip())
        written.append(before)
    allowed = [
        (each.id, each.reason, written[each.lines.start - 1], written[each.lines.stop - 1])
        for each in suppressions_in(source)
    ]
    return values, allowed
