"""Many orders from a file to a file: one process, several, a Dask cluster, and a plain script beside them.

    python benchmarks/bulk.py --orders 1000000
    python benchmarks/bulk.py --orders 1000000 --only one,pool --keep bulk.json
    python benchmarks/bulk.py --orders 1000000 --only bulk-pool,dask --keep bulk.json

The orders are Kibo's example `full`, 3 kB each, with numbers of their own. Each way runs in processes of its
own, one after the other, in `--rounds` rounds; the figures are those of the fastest round. A run in parts
keeps its figures in a file, and prints all that are there. The memory is the most that all processes of a way
have at one moment, what they share counted once (PSS).
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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
_KEYS: Final = ("plain", "loop", "one", "twice", "pool", "bulk", "bulk-pool", "dask")
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


_RATIOS: Final = (
    ("pool", "one", "several processes to one, at least 1.80"),
    ("loop", "one", "convert() in a loop to one process, at most 1.15"),
    ("twice", "one", "two runs side by side to one: what this machine can give"),
    ("bulk-pool", "one", "bulk with several processes to transform with one"),
    ("dask", "bulk-pool", "a Dask cluster to several processes, at least 0.85"),
)


@dataclass(frozen=True, slots=True)
class _Way:
    """Commands that run side by side, each over all orders."""

    title: str
    commands: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class _Run:
    """A way that has ended: orders a second, its seconds, and the most memory of its processes in bytes."""

    title: str
    rate: float
    seconds: float
    peak: int


def main() -> None:
    options = _options()
    found = json.loads(options.keep.read_text()) if options.keep and options.keep.exists() else {}
    best = {key: _Run(**each) for key, each in found.get(str(options.orders), {}).items()}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "orders.jsonl")
        size = _write(source, options.orders)
        ways = _ways(source, Path(folder), options.workers)
        for key in [key for _ in range(options.rounds) for key in options.only or ways]:
            run = _measured(ways[key], folder, options.orders, options.minutes)
            print(f"{run.title}: {run.seconds:.1f} s", file=sys.stderr, flush=True)
            best[key] = max(run, best.get(key, run), key=lambda run: run.rate)
            if options.keep:
                kept = {key: asdict(run) for key, run in best.items()}
                options.keep.write_text(json.dumps(found | {str(options.orders): kept}, indent=1))
    print(f"{options.orders:,} orders, {size / options.orders:,.0f} bytes each\n")
    _put({key: best[key] for key in ways if key in best})


def _options() -> argparse.Namespace:
    given = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    given.add_argument("--orders", type=int, default=100_000)
    given.add_argument("--rounds", type=int, default=1)
    given.add_argument("--workers", type=int, default=2)
    given.add_argument("--only", type=lambda text: text.split(","), help=f"some of {','.join(_KEYS)}")
    given.add_argument("--minutes", type=float, default=30, help="the most that one way may take")
    given.add_argument(
        "--keep", type=Path, help="a file with the best run of each way so far, also of other calls"
    )
    options = given.parse_args()
    if unknown := set(options.only or ()) - set(_KEYS):
        given.error(f"--only takes {','.join(_KEYS)}, not {','.join(sorted(unknown))}")
    return options


def _put(best: dict[str, _Run]) -> None:
    print(f"| {'way':44} | {'seconds':>8} | {'orders/s':>8} | {'to one process':>14} | {'memory':>8} |")
    print(f"|{'-' * 46}|{'-' * 10}|{'-' * 10}|{'-' * 16}|{'-' * 10}|")
    for run in best.values():
        ratio = f"{run.rate / best['one'].rate:.2f}" if "one" in best else ""
        peak = run.peak / 2**20
        print(f"| {run.title:44} | {run.seconds:8.1f} | {run.rate:8,.0f} | {ratio:>14} | {peak:4.0f} MiB |")
    print()
    for key, to, title in _RATIOS:
        if key in best and to in best:
            print(f"{best[key].rate / best[to].rate:.2f}  {title}")


def _write(path: Path, orders: int) -> int:
    """Write the orders. Returns the bytes. Raises SystemExit when the disk has no room for it all."""
    order = json.loads((ROOT / "examples/kibo/order/full.json").read_text(encoding="utf-8"))
    text = json.dumps(order | {"orderNumber": 987654321}, ensure_ascii=False, separators=(",", ":"))
    before, after = text.encode().split(b"987654321")
    need, free = 2 * orders * len(text), shutil.disk_usage(path.parent).free
    if free < need:
        raise SystemExit(f"{path.parent} has {free / 2**30:.1f} GiB free, and {need / 2**30:.1f} are needed")
    with path.open("wb") as file:
        for number in range(orders):
            file.write(b"%s%d%s\n" % (before, 100_000_000 + number, after))
        return file.tell()


def _ways(source: Path, folder: Path, workers: int) -> dict[str, _Way]:
    lines = (_COMMAND, "transform", "kibo/order", "--lines", str(source), "-o")
    one, other = (*lines, str(folder / "out.jsonl")), (*lines, str(folder / "other.jsonl"))
    bulk = (_COMMAND, "bulk", "kibo/order", str(source), "--to", str(folder / "out"))
    several = ("--workers", str(workers))
    script = (str(source), str(folder / "out.jsonl"))
    local = f"bulk --workers {workers} --scheduler local"
    ways = (
        _Way("plain Python, json, handwritten, unchecked", ((sys.executable, "-c", _PLAIN, *script),)),
        _Way("convert() in a loop", ((sys.executable, "-c", _LOOP, *script),)),
        _Way("transform --lines", (one,)),
        _Way("transform --lines, two runs side by side", (one, other)),
        _Way(f"transform --lines --workers {workers}", ((*one, *several),)),
        _Way("bulk", (bulk,)),
        _Way(f"bulk --workers {workers}", ((*bulk, *several),)),
        _Way(local, ((*bulk, *several, "--scheduler", "local"),)),
    )
    return dict(zip(_KEYS, ways, strict=True))


def _measured(way: _Way, folder: str, orders: int, minutes: float) -> _Run:
    """Run a way. Raises RuntimeError when it fails or takes too long."""
    for name in ("out", "out.jsonl", "other.jsonl"):
        shutil.rmtree(Path(folder, name), ignore_errors=True)
        Path(folder, name).unlink(missing_ok=True)
    variables = {**os.environ, "PYTHONPATH": str(ROOT / "benchmarks")}
    begun, peak = time.perf_counter(), 0
    with Path(folder, "said").open("w+") as said:
        to = {"stdout": subprocess.DEVNULL, "stderr": said, "cwd": ROOT, "env": variables}
        running = [subprocess.Popen(each, **to) for each in way.commands]  # type: ignore[call-overload]
        while any(each.poll() is None for each in running):
            peak = max(peak, sum(_memory(each) for run in running for each in _tree(run.pid)))
            if time.perf_counter() - begun > minutes * 60:
                _end(running)
                raise RuntimeError(f"{way.title} was ended after {minutes:g} minutes")
            time.sleep(0.1)
        seconds = time.perf_counter() - begun
        if failed := [each.returncode for each in running if each.returncode]:
            said.seek(0)
            raise RuntimeError(f"{way.title} ended with {failed[0]}: {said.read()[-2000:]}")
    return _Run(way.title, orders * len(running) / seconds, seconds, peak)


def _end(running: Sequence[subprocess.Popen[bytes]]) -> None:
    for each in running:
        each.terminate()
    for each in running:
        each.wait()


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
