"""Conversations with a channel in memory: how they grow, and how they compare with another build.

    python benchmarks/conversations.py                      growth: 50, 500 and 5,000 lines
    python benchmarks/conversations.py --against ../other   beside another checkout, with its own .venv

The processor's time is that of a whole conversation: the request and all answers validated, the steps, the
bodies of the calls and the response. Ratios are within rounds, as in ``run.py``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import conversation_cases
from conversation_cases import CHANGED, ORDERS, PACKAGES
from conversation_worker import conversing
from engines import ROOT
from measuring import Figure, Row, measured
from results import Table, duration, page, ratio
from workers import Worker

CHANNELS: Final = ("kibo", "fabric")
SIZES: Final = (50, 500, 5_000)
_WARM: Final = 3  # conversations before the first that counts: then all code is generated
_GROWTH: Final = (
    f"A whole conversation with a channel in memory: an order_writeback that changes {CHANGED} lines of an "
    f"order, and a shipment_submit of all lines in {PACKAGES} packages. Each cell is the median time, and "
    "its ratio to the time of the size before in the same round. Ten times as many lines take ten times as "
    "long where the cost is linear."
)
_BESIDE: Final = (
    "The same conversations in this build and in another one, in two processes in the same rounds: the "
    "median times, and the ratio of the other build's time to this one's."
)
# What is compared with another build: the action, and how many lines or orders.
_COMPARED: Final = (("writeback", 500), ("shipment", 30), ("fetch", ORDERS))
_WORDS: Final = {
    "writeback": "order_writeback, {} lines",
    "shipment": f"shipment_submit, {PACKAGES} packages of an order of {{}} lines",
    "fetch": "order_fetch, {} orders of the seed's size",
}


def table(*, rounds: int, seconds: float, sizes: Sequence[int] = SIZES) -> Table:
    """How conversations grow: a line for each action of each channel."""
    rows = []
    for kind in ("writeback", "shipment"):
        for channel in CHANNELS:
            figures = measured([_row(kind, channel, size) for size in sizes], rounds=rounds, seconds=seconds)
            name = _WORDS[kind].partition(",")[0]
            rows.append((f"{channel}, {name}", *_grown(figures)))
    return Table("Conversations", _GROWTH, ("", *(f"{size:,} lines" for size in sizes)), tuple(rows))


def _grown(figures: Sequence[Figure]) -> list[str]:
    before = [None, *figures[:-1]]
    return [
        duration(figure.seconds.median) + (f" · {ratio(figure.to(last))}" if last is not None else "")
        for figure, last in zip(figures, before, strict=True)
    ]


def beside(other: Path, *, rounds: int, seconds: float) -> Table:
    """This build beside another one."""
    rows = []
    for kind, size in _COMPARED:
        for channel in CHANNELS:
            workers = [_worker(root, kind, channel, size) for root in (ROOT, other)]
            builds = ("this build", "the other build")
            found = measured(
                [Row(name, timed=worker.seconds) for name, worker in zip(builds, workers, strict=True)],
                rounds=rounds,
                seconds=seconds,
            )
            for worker in workers:
                worker.close()
            rows.append((f"{channel}, {_WORDS[kind].format(size)}", *_compared(*found)))
    head = ("", "this build", "the other build", "ratio")
    return Table("Conversations beside another build", _BESIDE, head, tuple(rows))


def _compared(own: Figure, other: Figure) -> tuple[str, str, str]:
    return duration(own.seconds.median), duration(other.seconds.median), ratio(other.to(own))


def _row(kind: str, channel: str, size: int) -> Row:
    run = conversing(ROOT, getattr(conversation_cases, kind)(channel, size))
    for _ in range(_WARM):
        run()
    return Row(f"{size}", run)


def _worker(root: Path, kind: str, channel: str, size: int) -> Worker:
    python = Path(sys.executable) if root == ROOT else root / ".venv" / "bin" / "python"
    script = Path(__file__).with_name("conversation_worker.py")
    worker = Worker([str(python), str(script)], ROOT)
    worker.ask({"root": str(root), "case": [kind, channel, size]})
    worker.seconds(_WARM if root == ROOT else 1)
    return worker


def main() -> int:
    options = _options()
    effort: dict[str, Any] = {"rounds": options.rounds, "seconds": 0.02}
    other = options.against
    found = table(**effort) if other is None else beside(other.resolve(), **effort)
    print(page([found], how=f"Each figure is of {options.rounds} rounds."))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--against", type=Path, help="the directory of another checkout, with its own .venv")
    parser.add_argument("--rounds", type=int, default=7)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
