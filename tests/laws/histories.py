"""Histories: an order, and what RetailOPS sends about it, with what goes wrong on the way.

They are plans. What a request says exactly follows from what was done before it, so that a plan stays
meaningful when a part of it is taken out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from hypothesis import strategies as st

from laws.wire import KINDS, Fault

SKUS = ("MUG", "MUG", "mug", "BOWL", "LID", "10")
CURRENCIES = {"USD": 2, "JPY": 0}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the order: units, and a price in the smallest unit of the currency."""

    sku: str
    quantity: int
    price: int


@dataclass(frozen=True, slots=True)
class Sold:
    """An order as the channel has it; ``paid`` are the parts of the total in percent."""

    rows: tuple[Row, ...]
    shipping: int = 500
    tax: int = 0
    discount: int = 0
    paid: tuple[int, ...] = (100,)
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request. ``parts`` are units of lines, for each package; lines are counted round the order's."""

    action: str
    parts: tuple[tuple[tuple[int, int], ...], ...] = ()
    percent: int = 100
    form: int = 0
    broken: str = ""
    faults: tuple[tuple[Fault, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    sold: Sold
    asks: tuple[Ask, ...]
    mode: int = 0
    """Which of the channel's settings hold."""
    sloppy: bool = False
    """Whether a search answers with other orders too."""


ACTIONS = (
    *("ack", "ship", "ship", "ship", "ship", "return", "return", "return", "write", "write"),
    *("capture", "capture", "complete", "cancel", "fetch", "again", "again", "stock", "products"),
)
BROKEN = ("", "", "", "", "unknown", "unnamed", "too much", "refused")
CALLS = range(10)

Pick = Callable[[Sequence[Any]], Any]
"""Chooses one of several. What comes first is the simplest."""


def history(pick: Pick, modes: int) -> History:
    asked = tuple(_ask(pick) for _ in range(pick(range(1, 7))))
    return History(_sold(pick), asked, pick(range(modes)), pick((False, True)))


def _sold(pick: Pick) -> Sold:
    rows = tuple(
        Row(pick(SKUS), pick((1, 2, 3, 4)), pick((1250, 2000, 333, 1250))) for _ in range(pick((1, 2, 3, 4)))
    )
    paid = pick(((100,), (100,), (60, 40), (50, 30, 20)))
    return Sold(rows, pick((500, 0, 799)), pick((0, 361)), pick((0, 250)), paid, pick(("USD", "JPY")))


def _ask(pick: Pick) -> Ask:
    parts = tuple(_parcel(pick) for _ in range(pick((1, 2, 1, 3))))
    faults = tuple(_attempt(pick) for _ in range(pick((0, 0, 1, 2))))
    return Ask(pick(ACTIONS), parts, pick((100, 60, 25)), pick(range(12)), pick(BROKEN), faults)


def _parcel(pick: Pick) -> tuple[tuple[int, int], ...]:
    return tuple((pick(range(4)), pick((1, 2, 3))) for _ in range(pick((1, 2))))


def _attempt(pick: Pick) -> tuple[Fault, ...]:
    return tuple((pick(KINDS), pick(CALLS)) for _ in range(pick((1, 2))))


@st.composite
def histories(draw: st.DrawFn, modes: int) -> History:
    """Drawn, so that the simplest one is found that breaks a law."""
    return history(lambda options: options[draw(_places(len(options)))], modes)


@cache
def _places(count: int) -> st.SearchStrategy[int]:
    return st.integers(0, count - 1)


def numbered(number: int, modes: int) -> History:
    """The history with this number."""
    random = Random(number)
    return history(random.choice, modes)
