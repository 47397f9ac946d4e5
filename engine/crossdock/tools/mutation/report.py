"""What became of the mutants, as text and as JSON.

kibo/order: 451 of 452 mutants are caught (99.8 %), 449 by 108 examples, 2 by the check
  mappings/kibo/order.yaml:36:11 bill_addr: $with: [?address.address1] → [*]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from crossdock.core.json_types import JSON

if TYPE_CHECKING:
    from crossdock.tools.mutation.trials import Mutation, Trial


def as_text(found: Mutation) -> str:
    return "\n".join(_lines(found))


def _lines(found: Mutation) -> Iterator[str]:
    tried, examples, check = len(found.trials), found.count("examples"), found.count("check")
    of = f"{tried} of {found.all}" if tried < found.all else str(tried)
    yield (
        f"{found.mapping}: {examples + check} of {of} mutants are caught ({found.score:.1f} %), "
        f"{examples} by {found.examples} example{'' if found.examples == 1 else 's'}, {check} by the check"
    )
    if accepted := found.count("accepted"):
        yield f"  {accepted} survive for a reason"
    for trial in found.survivors:
        yield f"  {trial.mutant.span} {trial.mutant.name}"
    for name in found.stale:
        yield f"  accepted, and does not survive: {name}"


def as_json(found: Mutation) -> JSON:
    return {
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
