"""Both versions of a mapping or a conversation over a corpus: what changed, gathered by rule and by field.

A rule is the cell in the YAML that writes a field, found by the trace. Records are read one by one, and
only a few samples of each change are kept, so a corpus may have any length.

    comparison = compare(old, new, records)
    comparison.changed            # how many payloads; 0 when nothing changed
    comparison.changes[0].rule    # RuleVersions(old=Span(…), new=Span(…))
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Final, Literal

from crossdock.core.diagnostics import Diagnostic
from crossdock.core.json_types import JSON, Missing
from crossdock.core.limits import DIFF_PAYLOADS
from crossdock.core.paths import field_text, pointer, pointer_parts
from crossdock.project.examples import Record
from crossdock.tools.diff.differences import Difference, Kind, differences
from crossdock.tools.diff.rules import RuleVersions, reasons, rule_of
from crossdock.tools.diff.runs import Run
from crossdock.tools.diff.versions import AnyVersion

_FIGURES: Final = re.compile(r": \S+ against \S+(, a difference of \S+)?$")


RemarkKind = Literal["fails", "passes", "fails otherwise", "warns", "warns no more", "warns otherwise"]


@dataclass(frozen=True, slots=True)
class Sample:
    """A field of one payload, before and after; what must not be shown is masked."""

    payload: str
    old: str
    new: str
    before: JSON | Missing
    after: JSON | Missing


@dataclass(slots=True)
class Change:
    """One field that changed in one way, by one rule."""

    rule: RuleVersions
    path: str
    kind: Kind
    notes: tuple[str, ...] = ()
    payloads: int = 0
    places: int = 0
    samples: list[Sample] = field(default_factory=list)


@dataclass(slots=True)
class Remark:
    """A diagnostic that comes or goes: with a payload's failure, or as a warning beside its result."""

    kind: RemarkKind
    before: Diagnostic | None
    after: Diagnostic | None
    payloads: list[str] = field(default_factory=list)
    count: int = 0


@dataclass(slots=True)
class Comparison:
    """The comparison of a corpus."""

    read: int = 0
    changed: int = 0
    failed_before: int = 0
    failed_after: int = 0
    names: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)


def compare(old: AnyVersion, new: AnyVersion, records: Iterable[Record], *, samples: int = 3) -> Comparison:
    """Run both over the records."""
    gathered = _Gathering(old, new, samples)
    for record in records:
        gathered.add(record)
    return gathered.done()


class _Gathering:
    """What was seen so far."""

    def __init__(self, old: AnyVersion, new: AnyVersion, samples: int) -> None:
        self.old, self.new, self.samples = old, new, samples
        self.result = Comparison()
        self.changes: dict[tuple[RuleVersions, str, Kind], Change] = {}
        self.remarks: dict[tuple[object, ...], Remark] = {}

    def add(self, record: Record) -> None:
        before, after = self.old.run(record), self.new.run(record)
        result = self.result
        result.read += 1
        result.failed_before += bool(before.failure)
        result.failed_after += bool(after.failure)
        told = self.outcome(record, before, after)
        if not before.failure and not after.failure:
            told |= self.warnings(record, before, after)
            told |= self.values(record, before, after)
        if told:
            result.changed += 1
            if len(result.names) < DIFF_PAYLOADS:
                result.names.append(record.name)

    # Values

    def values(self, record: Record, before: Run, after: Run) -> bool:
        met: set[tuple[RuleVersions, str, Kind]] = set()
        for each in differences(before.value, after.value):
            place = (
                self.old.privacy.place(each.old)
                if each.kind == "removed"
                else self.new.privacy.place(each.new)
            )
            key = rule_of(each, before, after), field_text(place), each.kind
            change = self.changes.get(key)
            if change is None:
                notes = reasons(key[0], each, self.old.explained, self.new.explained)
                change = self.changes[key] = Change(*key, notes=notes)
            change.places += 1
            change.payloads += key not in met
            met.add(key)
            if len(change.samples) < self.samples:
                change.samples.append(self.sample(record, before, after, each))
        return bool(met)

    def sample(self, record: Record, before: Run, after: Run, each: Difference) -> Sample:
        was = self.old.privacy.shown(each.before, each.old, before.steps)
        now = self.new.privacy.shown(each.after, each.new, after.steps)
        at = pointer(*self.old.privacy.place(each.old)), pointer(*self.new.privacy.place(each.new))
        return Sample(record.name, *at, was, now)

    # Outcomes and warnings

    def outcome(self, record: Record, before: Run, after: Run) -> bool:
        """Note the failures that came, went, or became others."""
        was, now = _known(before.failure), _known(after.failure)
        if was.keys() == now.keys():
            return False
        gone = [item for key, item in was.items() if key not in now]
        come = [item for key, item in now.items() if key not in was]
        if before.failure and after.failure:
            for one, other in zip_longest(gone, come):
                self.remark("fails otherwise", one, other, record)
        for item in gone if not after.failure else ():
            self.remark("passes", item, None, record)
        for item in come if not before.failure else ():
            self.remark("fails", None, item, record)
        return True

    def warnings(self, record: Record, before: Run, after: Run) -> bool:
        was, now = _by_check(before.warnings), _by_check(after.warnings)
        told = False
        for key in {**was, **now}:
            one, other = was.get(key), now.get(key)
            if one is None and other is not None:
                self.remark("warns", None, other, record)
            elif other is None and one is not None:
                self.remark("warns no more", one, None, record)
            elif one is not None and other is not None and one.message != other.message:
                self.remark("warns otherwise", one, other, record)
            else:
                continue
            told = True
        return told

    def remark(
        self, kind: RemarkKind, before: Diagnostic | None, after: Diagnostic | None, record: Record
    ) -> None:
        """Remarks are one when they say the same of the same place in the mapping or the result."""
        item = after or before
        assert item is not None
        where = (item.span.source.name, item.span.start) if item.span and item.output is not None else None
        key = (kind, item.id, where, _gist(item), _folded(item))
        remark = self.remarks.get(key)
        if remark is None:
            remark = self.remarks[key] = Remark(kind, before, after)
        remark.count += 1
        if len(remark.payloads) < self.samples:
            remark.payloads.append(record.name)

    def done(self) -> Comparison:
        """By the place of the rule in the new file, what is only in the old one last."""
        changes = self.changes.values()
        self.result.changes = sorted(changes, key=lambda each: (*_order(each.rule), each.path))
        self.result.remarks = list(self.remarks.values())
        return self.result


def _known(failure: tuple[Diagnostic, ...]) -> dict[tuple[object, ...], Diagnostic]:
    """Diagnostics by what they say of which place in the payload or in the result."""
    return {(item.id, item.message, item.input, item.output): item for item in failure}


def _by_check(warnings: tuple[Diagnostic, ...]) -> dict[tuple[object, ...], Diagnostic]:
    """Warnings by check, ignoring the figures in the message."""
    return {(item.id, _gist(item)): item for item in warnings}


def _gist(item: Diagnostic) -> str:
    """A message without its figures, which differ from payload to payload."""
    return _FIGURES.sub("", item.message) if item.id == "check-failed" else item.message


def _folded(item: Diagnostic) -> str:
    """The place that a diagnostic is about, with any index as []."""
    at = item.output if item.output is not None else item.input.pointer if item.input else ""
    return field_text(pointer_parts(at))


def _order(rule: RuleVersions) -> tuple[bool, str, int]:
    span = rule.new or rule.old
    return rule.new is None, span.source.name if span else "", span.start if span else 0
