"""The engine in a process without its accelerators, as a row: see ``workers.py``.

One line of JSON in, one out: ``{"load": ["kibo", 3]}``, then ``{"calls": n}``. The parent process
sets ``CROSSDOCK_PLAIN``.
"""

from __future__ import annotations

import json
import sys

from engines import mapping_of
from measuring import timed
from payloads import BUILDERS, as_bytes


def main() -> None:
    channel, size = json.loads(sys.stdin.readline())["load"]
    data, mapping = as_bytes(BUILDERS[channel](size)), mapping_of(channel)
    mapping.convert(data)
    print("{}", flush=True)
    for line in sys.stdin:
        seconds = timed(lambda: mapping.convert(data), json.loads(line)["calls"])
        print(json.dumps({"seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
