"""How much memory a stream of orders takes, however long it is."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from engines import ROOT
from payloads import stream
from results import Table

_COMMAND: Final = str(Path(sys.executable).with_name("crossdock"))
_LINES_OF_AN_ORDER: Final = 1
_LENGTHS: Final = (1_000, 10_000)
_LEAD: Final = (
    "The greatest size in memory of a process: `crossdock transform --lines kibo/order`, given orders of a "
    "line each, 15 kB an order, through a pipe. The last column is the size as a multiple of that for "
    "the shortest stream."
)


def table() -> Table:
    """A line for each length of a stream, after what takes no orders at all."""
    if not Path("/proc/self/status").exists():
        return Table("Memory of a stream", _LEAD, ("",), (("not measured: only Linux tells it",),))
    rows = [
        ("python -c pass", _megabytes(_peak([sys.executable, "-c", "pass"], 0)), ""),
        ("crossdock --help", _megabytes(_peak([_COMMAND, "--help"], 0)), ""),
    ]
    if not _has_lines():
        rows.append(("a stream of orders", "not there yet: `crossdock transform` has no `--lines`", ""))
    else:
        peaks = [_peak([_COMMAND, "transform", "--lines", "kibo/order", "-"], length) for length in _LENGTHS]
        for length, peak in zip(_LENGTHS, peaks, strict=True):
            rows.append((f"{length:,} orders", _megabytes(peak), f"**{peak / peaks[0]:.2f}**"))
    return Table("Memory of a stream", _LEAD, ("", "most memory", "ratio"), tuple(rows))


def _has_lines() -> bool:
    shown = subprocess.run([_COMMAND, "transform", "--help"], capture_output=True, text=True, check=False)
    return "--lines" in shown.stdout


def _peak(command: Sequence[str], orders: int) -> int:
    """The greatest size in kibibytes of a process that is given so many orders. Raises RuntimeError.

    It is asked for while the process runs: what the system says of an ended one begins with its parent's.
    """
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    peak = 0
    with suppress(BrokenPipeError), process.stdin:
        for line in stream("kibo", _LINES_OF_AN_ORDER, orders):
            process.stdin.write(line)
    while process.poll() is None:
        peak = max(peak, _size(process.pid))
        time.sleep(0.001)
    if process.returncode:
        raise RuntimeError(f"`{command[1]}` ended with {process.returncode}")
    return peak


def _size(process: int) -> int:
    """The greatest size of a process so far, 0 when it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


def _megabytes(kibibytes: int) -> str:
    return f"{kibibytes / 1024:.0f} MiB"
