"""Orders with something wrong in them: the examples with values deleted, nulled or of another type.

The same ones each time. ``tests/test_benchmarks.py`` runs them through the interpreter and through the
handwritten conversions.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

EXAMPLES: Final = Path(__file__).resolve().parents[1] / "examples"

# Values as JSON, so that each use is a value of its own.
_ODD: Final = (
    *("null", "null", '""', '"  "', '"text"', '"12.5"', '"VISA"', '"null"', '"2025-03-14T16:20:45Z"'),
    *("0", "1", "-3", "2.5", "0.1", "1e22", "0.1234567890123456", "true", "false"),
    *("[]", "{}", "[null]", '["a", "b"]', "[1, [2]]", "[{}]", '{"x": 1}'),
)


def examples(channel: str) -> dict[str, Any]:
    """The payloads of a channel's order mapping, by case."""
    files = sorted((EXAMPLES / channel / "order").glob("*.json"))
    return {file.stem: json.loads(file.read_bytes()) for file in files}


def mutants(channel: str, count: int, seed: int = 1) -> Iterator[Any]:
    """So many orders, each an example with one to four places changed."""
    chance = random.Random(f"{channel} {seed}")
    texts = [json.dumps(payload) for payload in examples(channel).values()]
    for _ in range(count):
        payload = json.loads(chance.choice(texts))
        for _ in range(chance.choice((1, 1, 2, 4))):
            _change(payload, chance)
        yield payload


def _change(payload: Any, chance: random.Random) -> None:
    places = list(_places(payload))
    if not places:
        return
    container, key = chance.choice(places)
    if chance.random() < 0.25:
        del container[key]
    else:
        container[key] = json.loads(chance.choice(_ODD))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a payload: its container, and its key or index."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])
