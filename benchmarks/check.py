"""How long a check takes: all mappings and conversations of the repository, and a single file, in one run.

    python benchmarks/check.py

Each figure is the processor's time of the fastest of some runs, for a machine that has more to do;
everything is read and compiled anew each time. The command is that with the start of Python.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from crossdock import Project

ROOT = Path(__file__).resolve().parents[1]
SINGLE = "kibo/order"
MOST_FOR_ALL, MOST_FOR_ONE = 2.0, 0.3


def fastest(call: Callable[[], object], clock: Callable[[], float], times: int = 5) -> float:
    """The seconds of the fastest of some calls."""
    found = []
    for _ in range(times):
        begun = clock()
        call()
        found.append(clock() - begun)
    return min(found)


def of_children() -> float:
    """The processor's seconds of the processes that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def check_all() -> object:
    return Project([ROOT]).check()


def check_one() -> object:
    return Project([ROOT]).check([SINGLE])


def command(*arguments: str) -> Callable[[], object]:
    """The command line as a whole."""
    line = [sys.executable, "-m", "crossdock.cli", "-C", str(ROOT), "check", "--no-cache", *arguments]
    return lambda: subprocess.run(line, capture_output=True, check=False)


def main() -> int:
    files = len(Project([ROOT]).own_names())
    rows = [
        (f"all {files} files", fastest(check_all, time.process_time), MOST_FOR_ALL),
        (SINGLE, fastest(check_one, time.process_time), MOST_FOR_ONE),
        (f"all {files} files, the command", fastest(command(), of_children, 3), MOST_FOR_ALL),
        (f"{SINGLE}, the command", fastest(command(SINGLE), of_children, 3), MOST_FOR_ONE),
    ]
    for what, seconds, most in rows:
        print(f"{what:<32} {seconds * 1000:7.0f} ms   (at most {most * 1000:.0f} ms)")
    return 0 if all(seconds <= most for _, seconds, most in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
