"""Lines of Python, as the generator passes them around."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

Lines = list[str]
Snippet = Lines | None
"""What is run for a value of one kind; None when every value of the kind breaks the schema."""

REFUSE: Final = "raise MisfitError"


def indented(lines: Iterable[str], steps: int = 1) -> Lines:
    """The lines, one or more steps further in."""
    return ["    " * steps + line for line in lines]


def names(keys: Iterable[str]) -> str:
    """A set of keys as an expression, the same for the same keys."""
    return f"frozenset({tuple(sorted(keys))!r})"
