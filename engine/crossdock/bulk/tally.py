"""What was counted in a run: lines, refusals by id, warnings by check, and the first few of each."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crossdock.bulk.unit import SHOWN, Converted, kind_of
from crossdock.core.diagnostics import Diagnostic, PayloadLine, printable

Kind = tuple[str, str]


@dataclass(slots=True)
class Repeat:
    """How many times something came, and the first places and messages."""

    times: int = 0
    first: list[dict[str, str]] = field(default_factory=list)

    def add(self, times: int, first: list[dict[str, str]]) -> None:
        self.times += times
        self.first += first[: SHOWN - len(self.first)]


@dataclass(slots=True)
class Tally:
    """Of the lines taken, those that are not refused have a result.

    A refused line counts for the id of its first error. Warnings count for their id and check.
    """

    taken: int = 0
    refused: dict[str, Repeat] = field(default_factory=dict)
    warnings: dict[Kind, Repeat] = field(default_factory=dict)

    @property
    def refusals(self) -> int:
        return sum(each.times for each in self.refused.values())

    def add(self, file: str, made: Converted) -> None:
        """Count a block of a file."""
        self.taken += made.taken
        for line in made.findings:
            name = PayloadLine(file, line.number)
            if line.code:
                found = next(each for each in line.diagnostics if each.severity == "error")
                self.refused.setdefault(found.id, Repeat()).add(1, [_shown(found, name)])
                continue
            for found in line.diagnostics:
                self.warnings.setdefault(kind_of(found, name), Repeat()).add(1, [_shown(found, name)])
        for kind, times in made.more.items():
            self._warned(kind).times += times

    def _warned(self, kind: Hashable) -> Repeat:
        assert isinstance(kind, tuple)
        return self.warnings[kind]

    def carry(self, id: str, place: str, message: str) -> None:
        """Count a line that was refused before and could not be tried again."""
        self.taken += 1
        self.refused.setdefault(id, Repeat()).add(1, [{"at": place, "message": message}])

    def merge(self, data: Mapping[str, Any]) -> None:
        """Add what ``as_data`` gave of another one."""
        self.taken += data["lines"]
        for each in data["refused"]:
            self.refused.setdefault(each["id"], Repeat()).add(each["times"], each["first"])
        for each in data["warnings"]:
            kind = each["id"], each["check"]
            self.warnings.setdefault(kind, Repeat()).add(each["times"], each["first"])

    def as_data(self) -> dict[str, Any]:
        return {
            "lines": self.taken,
            "converted": self.taken - self.refusals,
            "refused": [
                {"id": id, "times": each.times, "first": each.first} for id, each in self.refused.items()
            ],
            "warnings": [
                {"id": id, "check": check, "times": each.times, "first": each.first}
                for (id, check), each in self.warnings.items()
            ],
        }


def _shown(found: Diagnostic, name: str) -> dict[str, str]:
    return {"at": name, "message": printable(found.message)}
