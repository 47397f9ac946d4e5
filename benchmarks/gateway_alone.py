"""The conversation alone, in a process without a gateway: `python gateway_alone.py PROJECT THREADS`.

Each line of its input is a number of seconds. For so long its threads answer requests, and then it prints
how many, in which time, and with how much of the processor's.
"""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from crossdock import Project
from fakes import retailops


def main(project: str, threads: int) -> None:
    numbers = count(10**9)
    with (
        Project.open(Path(project)).connect("kibo", environ=os.environ) as shop,
        ThreadPoolExecutor(threads) as pool,
    ):

        def answer(until: float) -> int:
            done = 0
            while time.perf_counter() < until:
                request = retailops.acknowledge(next(numbers))
                result = shop.answer("order_ack", json.loads(json.dumps(request)), deadline=240)
                assert result.response == {"events": []}
                done += 1
            return done

        for line in sys.stdin:
            begun, before = time.perf_counter(), time.process_time()
            acks = sum(pool.map(answer, [begun + float(line)] * threads))
            print(json.dumps([acks, time.perf_counter() - begun, time.process_time() - before]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
