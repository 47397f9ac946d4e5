"""A sequence of bytes, read as a sequence of choices.

When the bytes are used up, every choice is the first one. Generators therefore put the simplest case first,
so that they end.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """The choices that bytes stand for."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def used_up(self) -> bool:
        return self._at >= len(self._data)

    def below(self, bound: int) -> int:
        """A whole number from 0 to ``bound`` - 1."""
        value = 0
        for _ in range(((bound - 1).bit_length() + 7) // 8):
            value = value << 8 | self._byte()
        return value % bound

    def pick(self, items: Sequence[T]) -> T:
        return items[self.below(len(items))]

    def one_in(self, count: int) -> bool:
        """True once in ``count`` times; never when the bytes are used up."""
        return self.below(count) == count - 1

    def several(self, most: int) -> range:
        """As many steps as a choice says, 0 to ``most``."""
        return range(self.below(most + 1))

    def rest(self) -> bytes:
        """What was not read, and now is."""
        rest = self._data[self._at :]
        self._at = len(self._data)
        return rest

    def _byte(self) -> int:
        at, self._at = self._at, self._at + 1
        return self._data[at] if at < len(self._data) else 0


def drawn(seed: int, size: int = 400) -> bytes:
    """The choices of a seed: the same on every machine, often few and seldom as many as ``size``."""
    random = Random(seed)
    return random.randbytes(random.choice((16, 48, 100, 200, size)))
