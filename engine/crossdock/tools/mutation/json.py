"""The trials of a mapping's mutants, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossdock.core.json_reader import encode
from crossdock.core.json_types import JSON

if TYPE_CHECKING:
    from crossdock.tools.mutation.verdicts import Mutation, Trial


def write(found: Mutation) -> str:
    report: JSON = {
        "mapping": found.mapping,
        "examples": found.examples,
        "mutants": found.all,
        "tried": len(found.trials),
        "score": round(found.score, 1),
        "caught": {"examples": found.count("examples"), "check": found.count("check")},
        "accepted": [_plain(trial) for trial in found.trials if trial.verdict == "accepted"],
        "survived": [_plain(trial) for trial in found.survivors],
        "stale": list(found.stale),
    }
    return encode(report)


def _plain(trial: Trial) -> JSON:
    mutant = trial.mutant
    plain: dict[str, JSON] = {
        "file": mutant.span.source.name,
        "line": mutant.span.line,
        "column": mutant.span.column,
        "place": mutant.place,
        "change": mutant.change,
    }
    return {**plain, "reason": trial.reason} if trial.reason else plain
