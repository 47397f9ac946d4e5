"""The comparison of some mappings, and the parts of it that every writer shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from crossdock.checking.masking import HIDDEN
from crossdock.core import json_reader
from crossdock.core.diagnostics import shorten
from crossdock.core.json_types import JSON, Missing
from crossdock.tools.diff.comparison import Change, Comparison, RemarkKind
from crossdock.tools.diff.rules import RuleVersions, brief

REMARKS: Final[dict[RemarkKind, str]] = {
    "fails": "now fails",
    "passes": "no longer fails",
    "fails otherwise": "fails with another error",
    "warns": "new warning",
    "warns no more": "no longer a warning",
    "warns otherwise": "warning with other values",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """One mapping's part of a report. ``comparison`` is None for one that only one side has."""

    name: str
    comparison: Comparison | None = None
    status: str = "compared"

    @property
    def changed(self) -> bool:
        return self.comparison is None or self.comparison.changed > 0


@dataclass(frozen=True, slots=True)
class DiffReport:
    """All that was compared. ``old`` and ``new`` are the two versions as the user named them."""

    old: str
    new: str
    mappings: tuple[Compared, ...]

    @property
    def changed(self) -> bool:
        return any(each.changed for each in self.mappings)


def counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def summary(comparison: Comparison) -> str:
    """All figures in one line."""
    changed = f"{comparison.changed} changed" if comparison.changed else "nothing changed"
    line = f"{counted(comparison.read, 'payload')} read, {changed}"
    if comparison.failed_before or comparison.failed_after:
        line += f", {comparison.failed_before} failed before, {comparison.failed_after} now"
    return line


def by_rule(changes: Iterable[Change]) -> Iterator[tuple[RuleVersions, list[Change]]]:
    for rule, found in groupby(changes, key=lambda each: each.rule):
        yield rule, list(found)


def value_text(value: JSON | Missing, most: int = 60) -> str:
    """A value on one line, or that there is none."""
    if isinstance(value, Missing) or value == HIDDEN:
        return HIDDEN if value == HIDDEN else "absent"
    return shorten(json_reader.encode(value, compact=True), most)


def place_of(rule: RuleVersions) -> str:
    if rule.new is None:
        return f"{rule.old}, which was removed" if rule.old else "no cell of the mapping"
    return str(rule.new)


def rule_lines(rule: RuleVersions, most: int = 100) -> list[str]:
    """The cell before and after, or once when it is as it was."""
    if rule.unchanged and rule.new is not None:
        return [f"  {shorten(brief(rule.new), most)}"]
    old = [f"- {shorten(brief(rule.old), most)}"] if rule.old else []
    return old + ([f"+ {shorten(brief(rule.new), most)}"] if rule.new else [])
