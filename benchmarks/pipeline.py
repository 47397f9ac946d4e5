"""The whole way: bytes, validated, mapped, validated, bytes; as multiples of reading and writing alone."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from typing import Any, Final

from engines import HANDWRITTEN, mapping_of
from measuring import Figure, Row, Skipped, measured
from naive.stack import Naive
from payloads import BUILDERS, as_bytes
from results import Table, against, notes_of, side_by_side
from workers import Worker

_STANDARD: Final = "floor: json.loads, json.dumps"
_QUICK: Final = "floor: orjson.loads, orjson.dumps"
_CORE: Final = "crossdock, core only"
_FAST: Final = "crossdock[fast]"
_TRUSTED: Final = "crossdock[fast], trust_source=True"
_ACCELERATORS: Final = ("orjson", "msgspec")
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
    worker = _plain_worker(channel, size)
    rows = [*_floors(channel, data), _naive(channel, data), _core(worker), *_fast(channel, data)]
    try:
        found = measured([row for row in rows if isinstance(row, Row)], rounds=rounds, seconds=seconds)
    finally:
        if worker is not None:
            worker.close()
    places = {figure.name: figure for figure in found}
    return [row if isinstance(row, Skipped) else places[row.name] for row in rows]


def _floors(channel: str, data: bytes) -> list[Row | Skipped]:
    """Reading and writing alone, and with the handwritten function in between."""
    convert = HANDWRITTEN[channel]
    result, _ = convert(json.loads(data))
    by_hand, note = "handwritten Python and", "nothing is validated"
    rows: list[Row | Skipped] = [
        Row(_STANDARD, lambda: (json.loads(data), json.dumps(result))),
        Row(f"{by_hand} json", lambda: json.dumps(convert(json.loads(data))[0]).encode(), note),
    ]
    if find_spec("orjson") is None:
        return [*rows, Skipped(_QUICK, "not installed"), Skipped(f"{by_hand} orjson", "not installed")]
    import orjson

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


def _core(worker: Worker | None) -> Row | Skipped:
    if worker is None:
        return Skipped(_CORE, "not there yet")
    note = "validated on both sides, with checks; measured in a process of its own"
    return Row(_CORE, note=note, timed=worker.seconds)


def _plain_worker(channel: str, size: int) -> Worker | None:
    """The engine without its accelerators."""
    if not hasattr(mapping_of(channel), "convert"):
        return None
    folder = Path(__file__).parent
    worker = Worker([sys.executable, "plain.py"], folder, {"CROSSDOCK_PLAIN": "1"})
    worker.ask({"load": [channel, size]})
    return worker


def _fast(channel: str, data: bytes) -> list[Row | Skipped]:
    """The engine with its accelerators, which it finds by itself."""
    mapping: Any = mapping_of(channel)
    if not hasattr(mapping, "convert"):
        return [Skipped(_FAST, "not there yet"), Skipped(_TRUSTED, "not there yet")]
    if not all(map(find_spec, _ACCELERATORS)):
        return [Skipped(_FAST, "not installed"), Skipped(_TRUSTED, "not installed")]
    for _ in range(_WARM_BYTES // len(data) + 1):
        mapping.convert(data)
    fast = Row(_FAST, lambda: mapping.convert(data), f"validated on both sides, with checks; {_WARM}")
    if "trust_source" not in signature(mapping.convert).parameters:
        return [fast, Skipped(_TRUSTED, "not there yet")]
    note = "the payload is not validated, and what the mapping cannot see of it is not kept; with checks"
    return [fast, Row(_TRUSTED, lambda: mapping.convert(data, trust_source=True), note)]
