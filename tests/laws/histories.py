"""Histories: an order, and what RetailOPS sends about it, with what goes wrong on the way.

They are plans. What a request says exactly follows from what was done before it, so that a plan stays
meaningful when a part of it is taken out.
"""

from __future__ import annotations

from dataclasses import dataclass

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
BROKEN = ("", "", "", "unknown", "unnamed", "too much", "refused")

_counted = st.tuples(st.integers(0, 3), st.integers(1, 3))
_parcel = st.lists(_counted, min_size=1, max_size=2).map(tuple)
_fault = st.tuples(st.sampled_from(KINDS), st.integers(0, 9))
_attempt = st.lists(_fault, min_size=1, max_size=2).map(tuple)
_faults = st.one_of(st.just(()), st.lists(_attempt, max_size=2).map(tuple))


@st.composite
def asks(draw: st.DrawFn) -> Ask:
    return Ask(
        draw(st.sampled_from(ACTIONS)),
        tuple(draw(st.lists(_parcel, min_size=1, max_size=3))),
        draw(st.sampled_from((100, 60, 25))),
        draw(st.integers(0, 11)),
        draw(st.sampled_from(BROKEN)),
        draw(_faults),
    )


@st.composite
def histories(draw: st.DrawFn, modes: int) -> History:
    rows = st.builds(Row, st.sampled_from(SKUS), st.integers(1, 4), st.sampled_from((1250, 2000, 333, 1250)))
    sold = Sold(
        tuple(draw(st.lists(rows, min_size=1, max_size=4))),
        draw(st.sampled_from((500, 0, 799))),
        draw(st.sampled_from((0, 0, 361))),
        draw(st.sampled_from((0, 0, 250))),
        draw(st.sampled_from(((100,), (100,), (60, 40), (50, 30, 20)))),
        draw(st.sampled_from(("USD", "USD", "JPY"))),
    )
    asked = tuple(draw(st.lists(asks(), min_size=1, max_size=6)))
    return History(sold, asked, draw(st.integers(0, modes - 1)), draw(st.booleans()))
