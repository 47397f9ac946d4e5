"""The coverage of some mappings, and the parts of it that every writer shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from crossdock.project.cases import name_of
from crossdock.tools.coverage.accounts import Account, accounts_of
from crossdock.tools.coverage.firing import Firing, Missed, firing_of_conversation, firings
from crossdock.tools.coverage.leaves import Parts, text_of

if TYPE_CHECKING:
    from pathlib import Path

    from crossdock.channels.steps import Conversation
    from crossdock.execution.runner import Mapping
    from crossdock.project.project import Project

VERDICTS: Final = {"source": ("read", "ignored"), "target": ("written", "unavailable")}


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of one mapping. ``firing`` is None if no examples were run."""

    mapping: str
    accounts: tuple[Account, ...]
    firing: Firing | None

    @property
    def unaccounted(self) -> int:
        """The number of fields that the mapping does not account for."""
        return sum(len(account.unaccounted) for account in self.accounts)

    @property
    def missed(self) -> int:
        return 0 if self.firing is None else len(self.firing.missed)


ROWS_SHOWN: Final = 20
"""How many rows of a table are named: one of countries has over a thousand."""


def coverage(
    project: Project, mappings: Sequence[Mapping], given: Iterable[Path] = (), *, examples: bool = True
) -> list[Coverage]:
    """The coverage of each mapping, by its own examples and those of its users, or by what is given."""
    found: Sequence[Firing | None] = [None] * len(mappings)
    if examples:
        found = firings(project, mappings, given)
    return [
        Coverage(mapping.name, tuple(accounts_of(mapping.linked)), firing)
        for mapping, firing in zip(mappings, found, strict=True)
    ]


def conversation_coverage(project: Project, conversation: Conversation, *, examples: bool = True) -> Coverage:
    """The coverage of the rules of a conversation, or of shared steps, by its examples."""
    firing = firing_of_conversation(project, conversation) if examples else None
    return Coverage(name_of(conversation), (), firing)


def subtrees(fields: Sequence[Parts], others: Iterable[Parts]) -> list[tuple[str, int]]:
    """Fields by the largest subtrees that hold none of the others, and how many are in each."""
    kept = {other[:length] for other in others for length in range(len(other) + 1)}
    found: dict[Parts, int] = {}
    for leaf in fields:
        top = next((leaf[:length] for length in range(1, len(leaf)) if leaf[:length] not in kept), leaf)
        found[top] = found.get(top, 0) + 1
    return [(text_of(path), count) for path, count in found.items()]


def open_parts(account: Account) -> list[tuple[str, int]]:
    others = [*account.done, *(leaf for leaf, _ in account.left_out)]
    return subtrees(account.unaccounted, others)


def by_place(missed: Iterable[Missed]) -> Iterator[tuple[str, str, str]]:
    """Position, description and subject of each missed arm; the missed rows of a table are one."""
    rows: dict[str, list[Missed]] = {}
    for item in missed:
        if item.rule.kind == "row":
            rows.setdefault(item.rule.text.partition(": ")[0], []).append(item)
        else:
            yield str(item.rule.span), item.says, item.rule.text
    for table, found in rows.items():
        names = [item.rule.text.partition(": ")[2] for item in found]
        more = f" and {len(names) - ROWS_SHOWN:,} more" if len(names) > ROWS_SHOWN else ""
        says = f"rows of `{table}` that are never hit"
        yield str(found[0].rule.span), says, ", ".join(names[:ROWS_SHOWN]) + more


def account_words(account: Account) -> str:
    done, left_out = VERDICTS[account.side]
    return (
        f"{_count(account.total, 'field')} of {account.schema}: {len(account.done)} {done}, "
        f"{len(account.left_out)} {left_out}, {len(account.unaccounted)} unaccounted"
    )


def firing_words(firing: Firing) -> str:
    return f"{firing.rules_seen} of {firing.rules} seen in {_count(sum(firing.examples.values()), 'example')}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
