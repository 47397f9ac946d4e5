"""What an editor offers to do about a finding, or about fields that a mapping does not read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from crossdock.core.diagnostics import Diagnostic, Source, Span
from crossdock.core.errors import CompileError
from crossdock.core.yaml_reader import MapNode, Node, parse_yaml
from crossdock.editing.analysis import Analysis
from crossdock.editing.navigation import TextEdit
from crossdock.editing.places import scalars
from crossdock.language.syntax import LinkedMapping
from crossdock.tools.coverage.accounts import accounts_of
from crossdock.tools.coverage.report import open_parts

_MEANT: Final = re.compile(r"did you mean `(?P<name>[^`]+)`\?")
_NAMED: Final = re.compile(r"`(?P<name>[^`]+)`")
_REASON: Final = "say why"


@dataclass(frozen=True, slots=True)
class Fix:
    """A change of a file that is offered. ``finding`` is what it is about, if it is about one."""

    title: str
    edits: tuple[TextEdit, ...]
    finding: Diagnostic | None = None


def fixes(analysis: Analysis, findings: Iterable[Diagnostic], start: int, end: int) -> Iterator[Fix]:
    """What is offered for a stretch of a file, whose ``findings`` are given."""
    source = analysis.source
    try:
        node = parse_yaml(source)
    except CompileError:
        return
    for finding in findings:
        span = finding.span
        if span is None or span.source.name != source.name or span.start > end or span.end < start:
            continue
        if (meant := _meant(finding, span)) is not None:
            yield meant
        if finding.severity == "warning":
            yield Fix(f"Allow `{finding.id}` here", (_allowance(source, node, finding.id, span),), finding)
    if isinstance(node, MapNode):
        yield from _ignored(analysis, node, start)


def _meant(finding: Diagnostic, span: Span) -> Fix | None:
    """The name that was probably meant, in the place of the one that the message names."""
    found = _MEANT.search(finding.help or "")
    if found is None:
        return None
    meant, written = found["name"], span.text
    for match in reversed(list(_NAMED.finditer(finding.message))):
        wrong = match["name"]
        if written == wrong or len(re.findall(rf"(?<!\w){re.escape(wrong)}(?!\w)", written)) == 1:
            start = span.start + written.index(wrong)
            edit = TextEdit(Span(span.source, start, start + len(wrong)), meant)
            return Fix(f"Change to `{meant}`", (edit,), finding)
    return None


def _allowance(source: Source, node: Node | None, id: str, span: Span) -> TextEdit:
    """A comment on a line of its own, above the line or above the text in several lines that holds it."""
    start = span.start
    for place in scalars(node):
        own = place.scalar.span
        if not place.is_key and own.start <= span.start <= own.end and "\n" in own.text:
            start = own.start
    line = source.position(start)[0]
    at = source.offset(line, 1)
    indent = re.match(r"[ \t]*", source.line(line))
    end = "\r\n" if "\r\n" in source.text else "\n"
    text = f"{indent[0] if indent else ''}# allow[{id}]: {_REASON}{end}"
    return TextEdit(Span(source, at, at), text)


def _ignored(analysis: Analysis, node: MapNode, start: int) -> Iterator[Fix]:
    """The unread fields of the source, to be added to `ignored`: offered at `from` and `ignored`."""
    file = analysis.file()
    key = next((key for key, _ in node.entries if key.span.start <= start <= key.span.end), None)
    if key is None or key.value not in ("from", "ignored") or not isinstance(file, LinkedMapping):
        return
    unread = [
        path for account in accounts_of(file) if account.side == "source" for path, _ in open_parts(account)
    ]
    if not unread:
        return
    end = "\r\n" if "\r\n" in analysis.source.text else "\n"
    lines = "".join(f'  "{path}": {_REASON}{end}' for path in unread)
    text = analysis.source.text
    known = node.get("ignored")
    if (
        isinstance(known, MapNode)
        and known.entries
        and "\n" in text[known.span.start - 10 : known.span.start]
    ):
        at = text.rfind("\n", 0, known.span.start) + 1
        edit = TextEdit(Span(analysis.source, at, at), lines)
    elif known is None:
        edit = TextEdit(Span(analysis.source, len(text), len(text)), f"{end}ignored:{end}{lines}")
    else:
        return
    count = f"{len(unread)} unread field{'' if len(unread) == 1 else 's'}"
    yield Fix(f"Add {count} to `ignored`", (edit,))
