"""The search for the known name that a misspelt one is nearest to.

To compare two names takes microseconds. A file can hold thousands of unknown names, each to be compared with
thousands of known ones, so ``bounded`` limits the comparisons in what it decorates. Findings beyond the limit
lack the suggestion.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

_COMPARISONS: Final = 20_000  # for one file
_CHARACTERS: Final = 64  # comparing longer names takes too long


@dataclass(slots=True)
class _Budget:
    comparisons: int


_budget: ContextVar[_Budget | None] = ContextVar("budget", default=None)


@contextmanager
def bounded() -> Iterator[None]:
    """The limit for one file, whose names are looked up in this context or decorated function."""
    token = _budget.set(_Budget(_COMPARISONS))
    try:
        yield
    finally:
        _budget.reset(token)


def exhausted() -> bool:
    """Whether the limit is reached, so that looking for a similar name is of no use."""
    budget = _budget.get()
    return budget is not None and budget.comparisons < 0


def compared() -> int:
    """How many names were compared so far."""
    budget = _budget.get()
    return 0 if budget is None else _COMPARISONS - budget.comparisons


def count_compared(names: int) -> None:
    """Count names as compared, whose suggestions are known from before."""
    budget = _budget.get()
    if budget is not None:
        budget.comparisons -= names


def similar(word: str, names: Collection[str]) -> str | None:
    """The name nearest to ``word``; None if none is near, or if the search would take too long."""
    count_compared(len(names))
    if len(word) > _CHARACTERS or exhausted():
        return None
    near = get_close_matches(word, (name for name in names if len(name) <= _CHARACTERS), n=1, cutoff=0.6)
    return near[0] if near else None
