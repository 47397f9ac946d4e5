"""Warnings that an author accepts: `# allow[id]: reason` on the line, or on a line of its own above it.

    sku: product.code       # allow[may-be-missing]: a product always has a code

On the first line of text in several lines it is valid for all of them. A comment without a reason is an
error, and one that allows nothing is a warning. Errors cannot be allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from crossdock.core.diagnostics import Diagnostic, Source, Span

_ALLOW = re.compile(r"(?:^|\s)#\s*allow\[(?P<ids>[^\]]*)\]:?[ \t]*(?P<reason>[^\n]*)")
_OPENS_BLOCK = re.compile(r"[>|][+-]?[0-9]?$")


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
    lines, end, around = source.text.split("\n"), 0, 0
    for number, text in enumerate(lines, start=1):
        match = _ALLOW.search(text)
        if match is None:
            continue
        if number > around:
            around, end = _end(lines, number)
        start = source.offset(number, 1) + match.start("ids") - len("allow[")
        span = Span(source, start, source.offset(number, 1) + len(text.rstrip()))
        for id in match["ids"].split(","):
            yield Suppression(id.strip(), match["reason"].strip(), range(number, max(number, end) + 1), span)


def _end(lines: list[str], number: int) -> tuple[int, int]:
    """The last line that a comment is for: its own, or of what is below a comment on a line of its own.

    The first number is the line that ends a run of such comments, which are all for the same.
    """
    first = number
    while first <= len(lines) and lines[first - 1].lstrip().startswith("#"):
        first += 1
    if first > len(lines):
        return len(lines), 0
    head = lines[first - 1]
    last = first
    if _OPENS_BLOCK.search(head.partition(" #")[0].rstrip()):
        indent = len(head) - len(head.lstrip())
        while last < len(lines) and (not lines[last].strip() or _indent(lines[last]) > indent):
            last += 1
    return first, last


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
