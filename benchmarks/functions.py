"""What the library's functions take on ordinary arguments, beside the references whose results they give.

    python benchmarks/functions.py [name, ...]

Each row is one call. Both ways are measured in turns, one short round after the other, so that a machine
that has more to do slows both: the figures are those of the fastest rounds, and the ratio is the median
of the ratios of the rounds. The last column is a call through the registry, which checks the arguments too.
"""

from __future__ import annotations

import statistics
import sys
import timeit
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crossdock.core.json_types import JSON
from crossdock.language.functions import REGISTRY, dates, exact

ROUNDS, CALLS = 60, 2_000
PRICES: list[JSON] = [19.9, 5.25, 3, 0.1, "7.77", 12.5, 100, 2.2, 3.3, 4.4]
# The references whose names are others than the functions'.
REFERENCES: dict[str, Callable[..., JSON]] = {
    "round": exact.round_to,
    "sum": exact.total,
    "avg": exact.average,
    "epoch": dates.epoch_of_parts,
}


@dataclass(frozen=True, slots=True)
class Row:
    """A call, and how many amounts it is given."""

    name: str
    arguments: tuple[JSON, ...]
    amounts: int = 1


ROWS = (
    Row("money", (19.9,)),
    Row("money", ("19.90",)),
    Row("money", (5,)),
    Row("money", (19.9, "USD")),
    Row("amount", (19.9, "USD")),
    Row("number", ("19.90",)),
    Row("number", (19.9,)),
    Row("integer", (3,)),
    Row("add", (19.9, 5.25), 2),
    Row("add", ("19.90", "5.25"), 2),
    Row("subtract", (19.9, 5.25), 2),
    Row("multiply", (19.99, 3), 2),
    Row("equal", (19.9, 19.9), 2),
    Row("equal", (19.9, "19.90"), 2),
    Row("sum", (PRICES,), 10),
    Row("avg", (PRICES,), 10),
    Row("min_of", (3, 2.5), 2),
    Row("max_of", (0, 5.25), 2),
    Row("neg", (9.5,)),
    Row("magnitude", (-9.5,)),
    Row("ratio", (17.33, 2), 2),
    Row("round", (2.675, 2)),
    Row("shares", (10, [1, 1, 1]), 4),
    Row("epoch", ("2016-04-08T19:09:07.123Z",)),
)


def seconds(call: Callable[..., JSON], arguments: Sequence[JSON]) -> float:
    """The time of one call, on average over a short round."""
    timer = timeit.Timer("call(*arguments)", globals={"call": call, "arguments": arguments})
    return timer.timeit(CALLS) / CALLS


def measure(row: Row) -> str:
    """The line of a row: nanoseconds of the reference and of the function, and so on as in the heading."""
    function = REGISTRY[row.name]
    reference = REFERENCES.get(row.name) or getattr(exact, row.name)
    assert function.call is not None
    assert repr(function.call(*row.arguments)) == repr(reference(*row.arguments))
    rounds = [
        (seconds(reference, row.arguments), seconds(function.call, row.arguments)) for _ in range(ROUNDS)
    ]
    slow, fast = (min(column) * 1e9 for column in zip(*rounds, strict=True))
    ratio = statistics.median(fast / slow for slow, fast in rounds)
    applied = min(seconds(lambda *given: function.apply(given), row.arguments) for _ in range(5)) * 1e9
    shown = f"{row.name}({', '.join(map(repr, row.arguments))})"
    shown = shown if len(shown) <= 36 else f"{shown[:33]}..."
    return f"{shown:<36}{slow:9.0f}{fast:9.0f}{fast / row.amounts:9.0f}{ratio:9.2f}{applied:9.0f}"


def main() -> None:
    wanted = sys.argv[1:]
    print(f"{'ns':<36}{'exact':>9}{'call':>9}{'/amount':>9}{'ratio':>9}{'applied':>9}")
    for row in ROWS:
        if not wanted or row.name in wanted:
            print(measure(row))


if __name__ == "__main__":
    main()
