"""The conversion alone: from decoded objects to objects, as multiples of handwritten Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from engines import HANDWRITTEN, has_code_generation, interpret, mapping_of
from measuring import Figure, Row, Skipped, measured
from naive.stack import Naive
from payloads import BUILDERS
from results import Table, against, notes_of, side_by_side
from rivals import Conversion, agreement
from rivals.languages import rivals

_BASE: Final = "handwritten Python"
_LEAD: Final = (
    "A complete order becomes RetailOPS' order: objects in, objects out, nothing validated. Each cell is the "
    "median time of a call, and its ratio to the handwritten function in the same round: the median, with "
    "the quartiles."
)


def table(channel: str, sizes: tuple[int, ...], *, rounds: int, seconds: float) -> Table:
    """The table of a channel's order mapping."""
    columns = [figures(channel, size, rounds=rounds, seconds=seconds) for size in sizes]
    return Table(
        title=f"Transform only: {channel}/order",
        lead=_LEAD,
        head=("", *(f"{size} lines" for size in sizes)),
        rows=side_by_side(columns, against(_BASE)),
        notes=notes_of([found for column in columns for found in column]),
    )


def figures(channel: str, size: int, *, rounds: int, seconds: float) -> list[Figure | Skipped]:
    """All rows for one order, in their order."""
    payload = BUILDERS[channel](size)
    rows: list[Row | Skipped] = [*_own(channel, payload), _naive(channel, payload)]
    others = _rivals(payload, size) if channel == "kibo" else []
    rows.extend(other.row if isinstance(other, Conversion) else other for other in others)
    try:
        found = measured([row for row in rows if isinstance(row, Row)], rounds=rounds, seconds=seconds)
    finally:
        for other in others:
            if isinstance(other, Conversion):
                other.close()
    places = {figure.name: figure for figure in found}
    return [row if isinstance(row, Skipped) else places[row.name] for row in rows]


def _own(channel: str, payload: Any) -> list[Row | Skipped]:
    """Handwritten Python, and Crossdock in its ways."""
    convert, mapping = HANDWRITTEN[channel], mapping_of(channel)
    return [
        Row(_BASE, lambda: convert(payload), "the same meaning, with checks"),
        _generated(mapping, payload),
        Row("crossdock, interpreter", lambda: interpret(mapping, payload, traced=False), "with checks"),
        Row(
            "crossdock, interpreter with trace",
            lambda: interpret(mapping, payload, traced=True),
            "with checks, and what each value was read from",
        ),
    ]


def _generated(mapping: Any, payload: Any) -> Row | Skipped:
    name = "crossdock, generated Python"
    if not has_code_generation():
        return Skipped(name, "not there yet")
    from crossdock.execution.codegen import compile_mapping
    from crossdock.execution.scope import Scope

    compiled = compile_mapping(mapping.linked)
    if compiled is None:
        return Skipped(name, "not compiled")
    run: Callable[..., Any] = compiled
    scope = Scope(settings=mapping.linked.settings)
    return Row(name, lambda: run(payload, scope), "with checks")


def _naive(channel: str, payload: Any) -> Row:
    naive = Naive(channel)
    note = "jmespath.compile for each cell and Jinja for templates; no checks, and lenient about types"
    return Row("naive stack", lambda: naive.transform(payload), note)


def _rivals(payload: Any, size: int) -> list[Conversion | Skipped]:
    """The rivals that are given an order of this size, with how much of the result they get right."""
    expected, _ = HANDWRITTEN["kibo"](payload)
    found: list[Conversion | Skipped] = []
    for rival in rivals():
        if size > rival.most:
            continue
        started = rival.start(payload)
        if isinstance(started, Conversion) and size == 3:
            same, values = agreement(started.result(), expected)
            note = f"{started.row.note}; {same} of {values} values of the shortest order are right"
            row = Row(started.row.name, started.row.call, note, started.row.timed)
            started = Conversion(row, started.result, started.close)
        found.append(started)
    return found
