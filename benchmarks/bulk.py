"""Many orders from a file to a file: one process, several, a Dask cluster, and a plain script beside them.

    python benchmarks/bulk.py --orders 1000000

The orders are Kibo's example `full`, 3 kB each, with numbers of their own. Each way runs in processes of its
own, one after the other, in `--rounds` rounds; the figures are those of the fastest round. The memory is the
most that all processes of a way have at one moment, what they share counted once (PSS).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
_COMMAND: Final = str(Path(sys.executable).with_name("crossdock"))
_LOOP: Final = """
import sys
from crossdock import Project

convert = Project.open().mapping("kibo/order").convert
with open(sys.argv[1], "rb") as source, open(sys.argv[2], "wb") as target:
    for line in source:
        target.write(convert(line) + b"\\n")
"""
_PLAIN: Final = """
import json
import sys
from handwritten.kibo_order import kibo_order

with open(sys.argv[1], "rb") as source, open(sys.argv[2], "w", encoding="utf-8") as target:
    for line in source:
        result, failed = kibo_order(json.loads(line))
        target.write(json.dumps(result, ensure_ascii=False, separators=(",", ":")) + "\\n")
"""


@dataclass(frozen=True, slots=True)
class _Run:
    """A way that has ended: its seconds by the clock, and the most memory of its processes in bytes."""

    seconds: float
    peak: int


def main() -> None:
    given = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    given.add_argument("--orders", type=int, default=100_000)
    given.add_argument("--rounds", type=int, default=1)
    given.add_argument("--workers", type=int, default=2)
    options = given.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "orders.jsonl")
        _write(source, options.orders)
        ways = _ways(source, Path(folder), options.workers)
        rounds = [
            {name: _measured(command, folder) for name, command in ways.items()}
            for _ in range(options.rounds)
        ]
        size = source.stat().st_size
    best = {name: min((each[name] for each in rounds), key=lambda run: run.seconds) for name in ways}
    print(f"{options.orders:,} orders, {size / options.orders:,.0f} bytes each\n")
    print(f"| {'way':44} | {'seconds':>8} | {'orders/s':>8} | {'to one process':>14} | {'memory':>8} |")
    print(f"|{'-' * 46}|{'-' * 10}|{'-' * 10}|{'-' * 16}|{'-' * 10}|")
    one = best["transform --lines"].seconds
    for name, run in best.items():
        rate, ratio = options.orders / run.seconds, one / run.seconds
        print(
            f"| {name:44} | {run.seconds:8.1f} | {rate:8,.0f} | {ratio:14.2f} | {run.peak / 2**20:4.0f} MiB |"
        )


def _write(path: Path, orders: int) -> None:
    order = json.loads((ROOT / "examples/kibo/order/full.json").read_text(encoding="utf-8"))
    text = json.dumps(order | {"orderNumber": 987654321}, ensure_ascii=False, separators=(",", ":"))
    before, after = text.encode().split(b"987654321")
    with path.open("wb") as file:
        for number in range(orders):
            file.write(b"%s%d%s\n" % (before, 100_000_000 + number, after))


def _ways(source: Path, folder: Path, workers: int) -> dict[str, list[str]]:
    lines = [_COMMAND, "transform", "kibo/order", "--lines", str(source), "-o", str(folder / "out.jsonl")]
    bulk = [_COMMAND, "bulk", "kibo/order", str(source), "--to", str(folder / "out")]
    several = ["--workers", str(workers)]
    script = [str(source), str(folder / "out.jsonl")]
    return {
        "plain Python, json, handwritten, unchecked": [sys.executable, "-c", _PLAIN, *script],
        "convert() in a loop": [sys.executable, "-c", _LOOP, *script],
        "transform --lines": lines,
        f"transform --lines --workers {workers}": [*lines, *several],
        "bulk": bulk,
        f"bulk --workers {workers}": [*bulk, *several],
        f"bulk --workers {workers} --scheduler local": [*bulk, *several, "--scheduler", "local"],
    }


def _measured(command: Sequence[str], folder: str) -> _Run:
    """Run a way. Raises RuntimeError when it fails."""
    shutil.rmtree(Path(folder, "out"), ignore_errors=True)
    variables = {**os.environ, "PYTHONPATH": str(ROOT / "benchmarks")}
    begun, peak = time.perf_counter(), 0
    with Path(folder, "said").open("w+") as said:
        process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL, stderr=said)
        while process.poll() is None:
            peak = max(peak, sum(_memory(each) for each in _tree(process.pid)))
            time.sleep(0.1)
        seconds = time.perf_counter() - begun
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{command[1]} ended with {process.returncode}: {said.read()[-2000:]}")
    return _Run(seconds, peak)


def _tree(process: int) -> list[int]:
    """A process and all that it has started, by any of its threads."""
    found = [process]
    for each in found:
        try:
            lists = [path.read_text() for path in Path(f"/proc/{each}/task").glob("*/children")]
        except OSError:
            continue
        found += [int(child) for text in lists for child in text.split()]
    return found


def _memory(process: int) -> int:
    """The proportional size of a process in bytes, 0 when it has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


if __name__ == "__main__":
    main()
