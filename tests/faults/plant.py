"""Changes the program in a process of a test: where it dies, its schedule, a slow start, or a planted bug.

    environ = inside("schedule=0.2", "crash=after_send:2", "bug=ack_before_commit")

The text is put in FAULTS_INSIDE, and faults/inside/sitecustomize.py calls ``plant`` with it.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

INSIDE = Path(__file__).parent / "inside"


def inside(*changes: str) -> dict[str, str]:
    """The environment of a process in which something is changed."""
    before = os.environ.get("FAULTS_INSIDE", "")
    return {
        "FAULTS_INSIDE": ",".join([*filter(None, [before]), *changes]),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(INSIDE), os.environ.get("PYTHONPATH", "")])),
    }


def plant(changes: str) -> None:
    """Make the changes, in the process that this is."""
    for change in filter(None, changes.split(",")):
        kind, _, what = change.partition("=")
        if kind == "schedule":
            _schedule(float(what))
        elif kind == "slow":
            if "--multiprocessing-fork" in sys.orig_argv:
                time.sleep(float(what))
        elif kind == "crash":
            from faults.crash import crash_at

            name, _, number = what.partition(":")
            crash_at(name, int(number or 1))
        elif kind == "bug":
            from faults.bugs import BUGS

            BUGS[what].plant()
        else:
            raise ValueError(f"there is no change `{kind}`")


def _schedule(seconds: float) -> None:
    """The first wait of the schedule of queued requests, and the longest."""
    from crossdock.gateway.journal import waits

    waits.FIRST_WAIT, waits.LONGEST_WAIT = seconds, 8 * seconds  # type: ignore[misc]
