"""Choices led by coverage: atheris changes those that reached something new; ``python -m fuzz --guided``.

The engine is instrumented while it is imported, so nothing of it may be imported before. What is found does
not end the run; the tally is the last line that is printed.
"""

from __future__ import annotations

import atexit
import json
import sys

import atheris

with atheris.instrument_imports(include=["crossdock"], enable_loader_override=False):
    from fuzz.engine import Tally, attempt, limit_memory, warm
    from fuzz.targets import TARGETS


def main(name: str, seed: int, memory: int, inputs: int, seconds: int) -> None:
    target = TARGETS[name]
    warm(target)
    tally = Tally(name)

    def one(choices: bytes) -> None:
        attempt(target, choices, tally)

    def tell() -> None:
        tally.measure()
        print(json.dumps(tally.written()), flush=True)

    atexit.register(tell)
    limit_memory(memory)
    limits = [f"-runs={inputs}"] if inputs else []
    limits += [f"-max_total_time={seconds}"] if seconds else []
    options = [f"-seed={seed}", "-max_len=600", "-timeout=0", f"-rss_limit_mb={memory}", "-len_control=10"]
    atheris.Setup([sys.argv[0], *options, *limits], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:6]))
