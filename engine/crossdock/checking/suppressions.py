"""Warnings that an author accepts: `# allow[id]: reason` on the line, or on a line of its own above it.

    sku: product.code       # allow[may-be-missing]: a product always has a code

On the first line of text in several lines it is valid for all of them. A comment without a reason is an
error, and one that allows nothing is a warning. Errors cannot be allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from crossdock.core.diagnostics import Diagnostic, Source, Span

_ALLOW = re.compile(r"(?:^|\s)#\s*allow\[(?P<ids>[^\]]*)\]:?[ \t]*(?P<reason>[^\n]*)")
_OPENS_BLOCK = re.compile(r"(?P<alone>^\s*)?[>|][+-]?[0-9]?[+-]?$")


@dataclass(frozen=True, slots=True)
class Suppression:
    """One id of a comment, and the lines on which it is allowed, counted from 1."""

    id: str
    reason: str
    lines: range
    span: Span


def apply_suppressions(findings: Iterable[Diagnostic], source: Source) -> list[Diagnostic]:
    """The findings without those that are allowed, and with the findings about the comments themselves.

    A finding in a mapping that the file uses is allowed by a comment in that mapping.
    """
    kept, used = _sorted_out(findings)
    for suppression in suppressions_in(source):
        if not suppression.reason:
            message = f"`{suppression.id}` is allowed without a reason"
            kept.append(Diagnostic("allowed-without-reason", message, suppression.span))
        elif suppression not in used:
            kept.append(_unused(suppression))
    return kept


def without_allowed(findings: Iterable[Diagnostic]) -> tuple[list[Diagnostic], frozenset[Diagnostic]]:
    """The findings that are not allowed, and what is not wrong about the comments that allow the others.

    Without its uses, a mapping may have no finding that a comment in it allows. So the comment seems unused.
    """
    kept, used = _sorted_out(findings)
    return kept, frozenset(map(_unused, used))


def _unused(suppression: Suppression) -> Diagnostic:
    message = f"`{suppression.id}` is allowed here, but there is no such finding"
    return Diagnostic("unused-allowance", message, suppression.span, severity="warning")


def _sorted_out(findings: Iterable[Diagnostic]) -> tuple[list[Diagnostic], set[Suppression]]:
    """The findings that are not allowed, and the comments that allow the others."""
    known: dict[int, dict[tuple[str, int], Suppression]] = {}
    kept: list[Diagnostic] = []
    used: set[Suppression] = set()
    for finding in findings:
        suppression = _allowing(finding, known)
        if suppression is None:
            kept.append(finding)
        else:
            used.add(suppression)
    return kept, used


def _allowing(
    finding: Diagnostic, known: dict[int, dict[tuple[str, int], Suppression]]
) -> Suppression | None:
    if finding.severity == "error" or finding.span is None:
        return None
    source, line = finding.span.source, finding.span.line
    if id(source) not in known:
        known[id(source)] = _by_line(source)
    return known[id(source)].get((finding.id, line))


def _by_line(source: Source) -> dict[tuple[str, int], Suppression]:
    """The first suppression of each id for each line."""
    found: dict[tuple[str, int], Suppression] = {}
    ends: set[tuple[str, int]] = set()
    for each in suppressions_in(source):
        if (each.id, each.lines.stop) not in ends:  # else one before it is for the same lines, and more
            ends.add((each.id, each.lines.stop))
            for line in each.lines:
                found.setdefault((each.id, line), each)
    return found


def suppressions_in(source: Source) -> Iterable[Suppression]:
    """The suppressions in a file, in its order; a comment with several ids makes several."""
    if "allow[" not in source.text:
        return
    lines, first, end, around = source.text.split("\n"), 0, 0, 0
    for number, text in enumerate(lines, start=1):
        match = _ALLOW.search(text)
        if match is None:
            continue
        if number > around:
            around, first, end = _reach(lines, number)
        start = source.offset(number, 1) + match.start("ids") - len("allow[")
        span = Span(source, start, source.offset(number, 1) + len(text.rstrip()))
        lines_of = range(min(number, first), max(number, end) + 1)
        for id in match["ids"].split(","):
            yield Suppression(id.strip(), match["reason"].strip(), lines_of, span)


def _reach(lines: list[str], number: int) -> tuple[int, int, int]:
    """The lines that a comment is for: its own, or those of what is below a comment on a line of its own.

    The first number is the line that ends a run of such comments, which are all for the same. The others are
    the first and the last line of what they are for.
    """
    head = number
    while head <= len(lines) and lines[head - 1].lstrip().startswith("#"):
        head += 1
    if head > len(lines):
        return len(lines), number, 0
    # Formatters move `>-` below its key, and the comment with it. Each of the two lines is for both.
    if _opens_block(lines[head - 1]) == "alone":
        first = _next_written(lines, head, -1)
    elif lines[head - 1].partition(" #")[0].rstrip().endswith(":"):
        first, below = head, _next_written(lines, head, 1)
        head = below if _opens_block(lines[below - 1]) == "alone" else head
    else:
        first = head
    last = head
    if _opens_block(lines[head - 1]):
        indent = _indent(lines[first - 1])
        while last < len(lines) and (not lines[last].strip() or _indent(lines[last]) > indent):
            last += 1
    return head, first, last


def _opens_block(line: str) -> Literal["alone", "after a key"] | None:
    """Where the header of a block text is on a line; None for a line without one."""
    opens = _OPENS_BLOCK.search(line.partition(" #")[0].rstrip())
    return None if opens is None else "after a key" if opens["alone"] is None else "alone"


def _next_written(lines: list[str], number: int, step: int) -> int:
    """The next line, upwards or downwards, that is not empty and not a comment; else the line itself."""
    at = number + step
    while 0 < at <= len(lines) and (not lines[at - 1].strip() or lines[at - 1].lstrip().startswith("#")):
        at += step
    return at if 0 < at <= len(lines) else number


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
