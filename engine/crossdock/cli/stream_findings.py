"""How ``--lines`` reports its findings: errors one by one, and of each warning the first few and how many.

A check that fails for most payloads of a stream would otherwise print as many lines as there are payloads.
A document (JSON, SARIF) is printed at the end, and has all of them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from crossdock.bulk.unit import SHOWN, kind_of, without_payload
from crossdock.cli.console import report, say

if TYPE_CHECKING:
    from crossdock.bulk.unit import Converted, LineFindings
    from crossdock.core.diagnostics import Diagnostic, PayloadLine
    from crossdock.core.rendering import Format


@dataclass(slots=True)
class StreamFindings:
    """Findings line by line. They are reported at once, or at the end when the format is one document."""

    form: Format
    reported: int = 0
    kept: list[Diagnostic] = field(default_factory=list)
    warnings: dict[Hashable, _Repeated] = field(default_factory=dict)

    def add(self, file: str, made: Converted) -> None:
        """Report the findings of a block of a file."""
        from crossdock.core.diagnostics import PayloadLine

        for each in made.findings:
            self._add(each, PayloadLine(file, each.number))
        for kind, times in made.more.items():
            self.warnings[kind].times += times

    def _add(self, line: LineFindings, name: PayloadLine) -> None:
        if self.form in ("json", "sarif"):
            self.kept.extend(self._placed(each, name) for each in line.diagnostics)
            return
        found = [self._placed(each, name) for each in line.diagnostics if self._is_new(each, name)]
        if found:
            if self.reported and self.form == "text":
                say("")
            report(found, self.form)
            self.reported += 1

    def _is_new(self, found: Diagnostic, name: str) -> bool:
        """Whether a finding is to be shown: an error, or a warning that was not seen often yet."""
        if found.severity == "error":
            return True
        seen = self.warnings.setdefault(kind_of(found, name), _Repeated(without_payload(found, name)))
        seen.times += 1
        return seen.times <= SHOWN

    def _placed(self, found: Diagnostic, name: str) -> Diagnostic:
        """The finding with the line of its payload, also for formats that have one location only."""
        from crossdock.core.diagnostics import Place

        elsewhere = found.span is not None and found.span.source.name != name
        if elsewhere and self.form not in ("text", "json"):
            return replace(found, message=f"{found.message} ({name})")
        if found.input is None and (elsewhere or found.span is None):
            return replace(found, input=Place(name, ""))
        return found

    def rest(self) -> list[Diagnostic]:
        """What is reported at the end: all findings of a document, or how many warnings were not shown."""
        return [*self.kept, *(each.summary() for each in self.warnings.values() if each.times > SHOWN)]

    def end(self) -> None:
        rest = self.rest()
        if rest and self.reported and self.form == "text":
            say("")
        report(rest, self.form)


@dataclass(slots=True)
class _Repeated:
    """A warning, and how many times it came."""

    first: Diagnostic
    times: int = 0

    def summary(self) -> Diagnostic:
        message = f"this came {self.times:,} times, and the first {SHOWN} are shown"
        help = "`--format json` has all of them"
        return replace(self.first, message=message, help=help, input=None, output=None, notes=())


@contextmanager
def stream_findings(form: Format) -> Iterator[StreamFindings]:
    """Report all findings, also when an exception is raised: in one document with the error."""
    from crossdock.core.errors import CrossdockError

    findings = StreamFindings(form)
    try:
        yield findings
    except CrossdockError as error:
        error.diagnostics = (*findings.rest(), *error.diagnostics)
        raise
    except BaseException:
        findings.end()
        raise
    findings.end()
