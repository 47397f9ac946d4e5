"""The values that flow through a mapping: JSON, and the one value that JSON has no word for.

Absent, null and present are three different things. ``MISSING`` is absence: a cell that yields it
leaves its key out.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import Final, TypeAlias

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"


class Missing(Enum):
    """The type of ``MISSING``."""

    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing.MISSING


def finite(text: str) -> float:
    """The float nearest to a decimal number. ``ValueError`` when that is infinite, or wrongly 0."""
    value = float(text)
    if not value and text.partition("e")[0].partition("E")[0].strip("+-.0"):
        raise ValueError("number too small")
    if not math.isfinite(value):
        raise ValueError("number too large")
    return value
