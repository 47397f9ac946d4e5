"""The trials of a mapping's mutants, for a terminal.

kibo/order: 451 of 452 mutants are caught (99.8 %), 449 by 108 examples, 2 by the check
  mappings/kibo/order.yaml:36:11 bill_addr: $with: [?address.address1] → [*]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crossdock.tools.mutation.verdicts import Mutation


def write(found: Mutation) -> str:
    return "\n".join(_lines(found))


def _lines(found: Mutation) -> Iterator[str]:
    tried, examples, check = len(found.trials), found.count("examples"), found.count("check")
    of = f"{tried} of {found.all}" if tried < found.all else str(tried)
    yield (
        f"{found.mapping}: {examples + check} of {of} mutants are caught ({found.score:.1f} %), "
        f"{examples} by {found.examples} example{'' if found.examples == 1 else 's'}, {check} by the check"
    )
    if accepted := found.count("accepted"):
        yield f"  {accepted} accepted with a reason"
    for trial in found.survivors:
        yield f"  {trial.mutant.span} {trial.mutant.name}"
    for name in found.stale:
        why = "there is no such mutant" if name in found.unknown else "caught"
        yield f"  accepted, but {why}: {name}"
