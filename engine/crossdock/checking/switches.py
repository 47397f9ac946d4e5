"""The cases of a `$switch` against the type of its value: what is never chosen, and what has no case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from crossdock.checking.comparisons import listed
from crossdock.checking.type_kinds import in_words
from crossdock.checking.types import Type
from crossdock.core.diagnostics import Diagnostic, Severity, did_you_mean
from crossdock.language import syntax

_TEXT: Final = frozenset({"string"})


@dataclass(frozen=True, slots=True)
class CasesCheck:
    """A `$switch`, and the type of the value that it chooses by."""

    cell: syntax.Switch
    value: Type

    @property
    def is_total(self) -> bool:
        """Whether each value is sure to have a case."""
        if syntax.ELSE in (case.key for case in self.cell.cases):
            return True
        values = self.value.constants
        return (
            values is not None
            and self.value.known
            and not self.value.optional
            and all(value in self.cell.texts for value in values)
        )

    def findings(self) -> Iterator[Diagnostic]:
        yield from self._never_chosen()
        yield from self._uncovered()

    def _never_chosen(self) -> Iterator[Diagnostic]:
        if not self.value.known or not self.value.kinds:
            return
        over = self.cell.over
        if not self.value.kinds & _TEXT:
            message = f"the cases are compared with text, and this is {in_words(self.value.kinds)}"
            yield Diagnostic("impossible-comparison", message, over.span)
            return
        sure, likely = self.value.constants, self.value.likely
        known = likely if sure is None else sure
        for case in self.cell.cases:
            if known is None or case.key == syntax.ELSE or case.key in known:
                continue
            message = f"`{over.text}` is never `{case.key}`: it is one of {listed(known)}"
            if sure is None:
                message = f"`{case.key}` is not a known value of `{over.text}`: they are {listed(known)}"
            near = did_you_mean(case.key, [value for value in known if isinstance(value, str)])
            severity: Severity = "error" if sure is not None else "warning"
            yield Diagnostic("impossible-comparison", message, case.key_span, near, severity=severity)

    def _uncovered(self) -> Iterator[Diagnostic]:
        known = self.value.likely if self.value.constants is None else self.value.constants
        if known is None or syntax.ELSE in (case.key for case in self.cell.cases):
            return
        left = tuple(value for value in known if value is not None and value not in self.cell.texts)
        if left:
            message = f"`{self.cell.over.text}` can be {listed(left)}, and there is no case for that"
            help = "write the missing cases, or `$else` for the rest"
            yield Diagnostic("uncovered-value", message, self.cell.over.span, help, severity="warning")
