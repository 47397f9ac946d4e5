"""The whole way: bytes, validated, mapped, validated, bytes; as multiples of reading and writing alone."""

from __future__ import annotations

import json
from typing import Final

import orjson
from engines import HANDWRITTEN, mapping_of
from measuring import Figure, Row, Skipped, measured
from naive.stack import Naive
from payloads import BUILDERS, as_bytes
from results import Table, against, notes_of, side_by_side
from rivals.languages import text_by_jlens

_STANDARD: Final = "floor: json.loads, json.dumps"
_QUICK: Final = "floor: orjson.loads, orjson.dumps"
_VALIDATED: Final = "crossdock"
_TRUSTED: Final = "crossdock, trust_source=True"
_WARM_BYTES: Final = 10_000_000
_WARM: Final = "warm: 10 MB of such orders have been read, as in a stream"
_LEAD: Final = (
    "An order's bytes become the bytes of RetailOPS' order. A floor reads the same bytes and writes the same "
    "result, and does nothing in between. Each cell is the median time of a call, its ratio to the floor of "
    "the standard library, and its ratio to that of orjson, both within the round, with the quartiles."
)


def table(channel: str, sizes: tuple[int, ...], *, rounds: int, seconds: float) -> Table:
    """The table of a channel's order mapping."""
    columns = [figures(channel, size, rounds=rounds, seconds=seconds) for size in sizes]
    sizes_of = [len(as_bytes(BUILDERS[channel](size))) // 1000 for size in sizes]
    return Table(
        title=f"Bytes to bytes: {channel}/order",
        lead=_LEAD,
        head=("", *(f"{size} lines, {weight} kB" for size, weight in zip(sizes, sizes_of, strict=True))),
        rows=side_by_side(columns, against(_STANDARD, _QUICK)),
        notes=notes_of([found for column in columns for found in column]),
    )


def figures(channel: str, size: int, *, rounds: int, seconds: float) -> list[Figure | Skipped]:
    """All rows for one order, in their order."""
    data = as_bytes(BUILDERS[channel](size))
    rows = [*_floors(channel, data), _naive(channel, data), _jlens(channel, data), *_own(channel, data)]
    found = measured([row for row in rows if isinstance(row, Row)], rounds=rounds, seconds=seconds)
    places = {figure.name: figure for figure in found}
    return [row if isinstance(row, Skipped) else places[row.name] for row in rows]


def _floors(channel: str, data: bytes) -> list[Row]:
    """Reading and writing alone, and with the handwritten function in between."""
    convert = HANDWRITTEN[channel]
    result, _ = convert(json.loads(data))
    by_hand, note = "handwritten Python and", "nothing is validated"
    rows = [
        Row(_STANDARD, lambda: (json.loads(data), json.dumps(result))),
        Row(f"{by_hand} json", lambda: json.dumps(convert(json.loads(data))[0]).encode(), note),
    ]
    return [
        *rows,
        Row(_QUICK, lambda: (orjson.loads(data), orjson.dumps(result))),
        Row(f"{by_hand} orjson", lambda: orjson.dumps(convert(orjson.loads(data))[0]), note),
    ]


def _naive(channel: str, data: bytes) -> Row:
    naive = Naive(channel)
    return Row(
        "naive stack", lambda: naive.pipeline(data), "validated by jsonschema on both sides; no checks"
    )


def _jlens(channel: str, data: bytes) -> Row | Skipped:
    name, convert = "JSONata, jlens", text_by_jlens() if channel == "kibo" else None
    if convert is None:
        return Skipped(name, "not installed" if channel == "kibo" else "no program for this order")
    note = "text for text by an engine in Rust; nothing is validated; money in binary fractions"
    return Row(name, lambda: convert(data.decode()).encode(), note)


def _own(channel: str, data: bytes) -> list[Row]:
    """The engine, when it has read so much that it has types for the payload."""
    mapping = mapping_of(channel)
    for _ in range(_WARM_BYTES // len(data) + 1):
        mapping.convert(data)
    note = "the payload is not validated, and what the mapping cannot see of it is not kept; with checks"
    return [
        Row(_VALIDATED, lambda: mapping.convert(data), f"validated on both sides, with checks; {_WARM}"),
        Row(_TRUSTED, lambda: mapping.convert(data, trust_source=True), note),
    ]
