"""How much memory a stream of orders takes, however long it is."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from check import of_children
from engines import ROOT
from payloads import stream
from results import Table, duration

_COMMAND: Final = str(Path(sys.executable).with_name("crossdock"))
_LINES_OF_AN_ORDER: Final = 1
_LENGTHS: Final = (1_000, 10_000)
_LEAD: Final = (
    "The greatest size in memory of a process: `crossdock transform --lines kibo/order`, given orders of a "
    "line each, 15 kB an order, through a pipe; with it the processor's time that each order took, start-up "
    "included. The ratios are to the stream of 1,000 orders."
)


@dataclass(frozen=True, slots=True)
class _Run:
    """A process that has ended: its greatest size in kibibytes, and the processor's seconds."""

    peak: int
    seconds: float


def table() -> Table:
    """A line for each length of a stream, after what takes no orders at all."""
    if not Path("/proc/self/status").exists():
        return Table("Memory of a stream", _LEAD, ("",), (("not measured: only Linux tells it",),))
    rows = [
        ("python -c pass", _megabytes(_run([sys.executable, "-c", "pass"])), "", ""),
        ("crossdock --help", _megabytes(_run([_COMMAND, "--help"])), "", ""),
    ]
    if _has_lines():
        rows.extend(_streams())
    else:
        rows.append(("a stream of orders", "not there yet: `crossdock transform` has no `--lines`", "", ""))
    return Table("Memory of a stream", _LEAD, ("", "most memory", "ratio", "time of an order"), tuple(rows))


def _streams() -> list[tuple[str, str, str, str]]:
    """A first order, for which the mapping is compiled; then the streams, which find it compiled."""
    command = [_COMMAND, "transform", "--lines", "kibo/order", "-"]
    with tempfile.TemporaryDirectory() as kept:
        first = _run(command, 1, kept)
        runs = [_run(command, length, kept) for length in _LENGTHS]
    rows = [("1 order, nothing is compiled yet", _megabytes(first), "", "")]
    for length, run in zip(_LENGTHS, runs, strict=True):
        ratio = f"**{run.peak / runs[0].peak:.2f}**"
        rows.append((f"{length:,} orders", _megabytes(run), ratio, duration(run.seconds / length)))
    return rows


def _has_lines() -> bool:
    shown = subprocess.run([_COMMAND, "transform", "--help"], capture_output=True, text=True, check=False)
    return "--lines" in shown.stdout


def _run(command: Sequence[str], orders: int = 0, cache: str = "") -> _Run:
    """A process that is given so many orders. Raises RuntimeError when it fails.

    Its size is asked for while it runs: what the system says of an ended one begins with its parent's.
    """
    begun, peak = of_children(), 0
    variables = {**os.environ, "CROSSDOCK_CACHE": cache} if cache else None
    process = subprocess.Popen(
        command, cwd=ROOT, env=variables, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin:
        for line in stream("kibo", _LINES_OF_AN_ORDER, orders):
            process.stdin.write(line)
    while process.poll() is None:
        peak = max(peak, _size(process.pid))
        time.sleep(0.001)
    if process.returncode:
        raise RuntimeError(f"`{command[1]}` ended with {process.returncode}")
    return _Run(peak, of_children() - begun)


def _size(process: int) -> int:
    """The greatest size of a process so far, 0 when it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


def _megabytes(run: _Run) -> str:
    return f"{run.peak / 1024:.0f} MiB"
