"""Choices led by coverage: atheris changes those that reached something new; ``python -m fuzz --guided``.

The engine is instrumented while it is imported, so nothing of it may be imported before. What is found does
not end the run; the tally is the last line that is printed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time

import atheris

with atheris.instrument_imports(include=["crossdock"], enable_loader_override=False):
    from fuzz.engine import Tally, attempt, limit_memory, warm
    from fuzz.targets import TARGETS


def main(name: str, seed: int, memory: int, inputs: int, seconds: int) -> None:
    """Ends the process: libFuzzer, which runs it, has no other way out."""
    target = TARGETS[name]
    warm(target)
    limit_memory(memory)
    tally = Tally(name)
    end = time.monotonic() + seconds

    def one(choices: bytes) -> None:
        attempt(target, choices, tally)
        if tally.inputs == inputs or (seconds and time.monotonic() > end):
            tally.measure()
            print(json.dumps(tally.written()), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)  # any other end libFuzzer takes for a crash

    kept = f"-artifact_prefix={tempfile.gettempdir()}/"
    options = [
        kept,
        f"-seed={seed}",
        "-max_len=600",
        "-timeout=0",
        f"-rss_limit_mb={memory}",
        "-len_control=10",
    ]
    atheris.Setup([sys.argv[0], *options], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:6]))
