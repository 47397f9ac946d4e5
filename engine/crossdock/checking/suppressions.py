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
    """The findings without those that are allowed, and with the findings about the comments themselves."""
    suppressions = list(suppressions_in(source))
    used: set[Suppression] = set()
    kept: list[Diagnostic] = []
    for finding in findings:
        suppression = _allowing(finding, suppressions, source)
        if suppression is None:
            kept.append(finding)
        else:
            used.add(suppression)
    for suppression in suppressions:
        if not suppression.reason:
            message = f"`{suppression.id}` is allowed without a reason"
            kept.append(Diagnostic("allowed-without-reason", message, suppression.span))
        elif suppression not in used:
            message = f"`{suppression.id}` is allowed here, but there is no such finding"
            kept.append(Diagnostic("unused-allowance", message, suppression.span, severity="warning"))
    return kept


def _allowing(finding: Diagnostic, suppressions: list[Suppression], source: Source) -> Suppression | None:
    if finding.severity == "error" or finding.span is None or finding.span.source is not source:
        return None
    line = finding.span.line
    return next((each for each in suppressions if each.id == finding.id and line in each.lines), None)


def suppressions_in(source: Source) -> Iterable[Suppression]:
    """The suppressions in a file, in its order; a comment with several ids makes several."""
    if "allow[" not in source.text:
        return
    lines = source.text.split("\n")
    for number, text in enumerate(lines, start=1):
        match = _ALLOW.search(text)
        if match is None:
            continue
        start = source.offset(number, 1) + match.start("ids") - len("allow[")
        span = Span(source, start, source.offset(number, 1) + len(text.rstrip()))
        for id in match["ids"].split(","):
            yield Suppression(id.strip(), match["reason"].strip(), _lines(lines, number), span)


def _lines(lines: list[str], number: int) -> range:
    """The lines that a comment is for: its own line, or what is below a comment on a line of its own."""
    first = number
    while first <= len(lines) and lines[first - 1].lstrip().startswith("#"):
        first += 1
    if first > len(lines):
        return range(number, number + 1)
    head = lines[first - 1]
    last = first
    if _OPENS_BLOCK.search(head.partition(" #")[0].rstrip()):
        indent = len(head) - len(head.lstrip())
        while last < len(lines) and (not lines[last].strip() or _indent(lines[last]) > indent):
            last += 1
    return range(number, last + 1)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
