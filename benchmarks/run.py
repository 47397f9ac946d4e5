"""All benchmarks, one command.

    python benchmarks/run.py            seven minutes of the processor, more on a machine with other work
    python benchmarks/run.py --quick    two minutes, and wider quartiles

The results are written to ``benchmarks/RESULTS.md``.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import compiling
import conversations
import gateway
import memory
import pipeline
import startup
import transform
from payloads import SIZES
from results import Table, page


@dataclass(frozen=True, slots=True)
class Effort:
    """How often is measured, and how long one measurement takes."""

    rounds: int
    seconds: float
    sizes: tuple[int, ...]


FULL = Effort(rounds=25, seconds=0.02, sizes=SIZES)
QUICK = Effort(rounds=7, seconds=0.005, sizes=SIZES)


def suites(effort: Effort) -> dict[str, Callable[[], Table]]:
    """What is measured, by name."""
    given: dict[str, Any] = {"rounds": effort.rounds, "seconds": effort.seconds}
    return {
        "transform-kibo": lambda: transform.table("kibo", effort.sizes, **given),
        "transform-fabric": lambda: transform.table("fabric", effort.sizes, **given),
        "pipeline-kibo": lambda: pipeline.table("kibo", effort.sizes, **given),
        "pipeline-fabric": lambda: pipeline.table("fabric", effort.sizes, **given),
        "conversations": lambda: conversations.table(rounds=min(effort.rounds, 7), seconds=effort.seconds),
        "compiling": lambda: compiling.table(rounds=effort.rounds),
        "startup": lambda: startup.table(rounds=effort.rounds),
        "memory": memory.table,
        # One second of it is some hundred requests: a few rounds are enough.
        "gateway": lambda: gateway.table(min(effort.rounds // 3, 5), 200 * effort.seconds, workers=1),
    }


def main() -> int:
    options = _options()
    effort = QUICK if options.quick else FULL
    load = os.getloadavg()[0]
    how = f"Each figure is of {effort.rounds} rounds. When they began, the machine's load was {load:.1f}."
    tables = []
    for name, suite in suites(effort).items():
        if not options.only or name in options.only:
            print(f"{name} …", file=sys.stderr)
            tables.append(suite())
            options.output.write_text(page(tables, how=how), encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds, shorter measurements")
    parser.add_argument(
        "--only", nargs="*", metavar="NAME", help="these tables only: " + ", ".join(suites(QUICK))
    )
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("RESULTS.md"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
