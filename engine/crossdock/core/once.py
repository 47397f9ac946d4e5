"""What is made once and then shared between threads: compiled files, generated code, analyses.

Reading what is there takes no lock. While one thread makes something, the others that need something made
wait: what is made makes other things, and with a lock for each of them two threads could wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Final, TypeVar, cast

T = TypeVar("T")

MAKING: Final = RLock()
"""Held while something is made. A thread that holds it waits for no other thread."""
_NOT_YET: Final = object()


def made_once(kept: dict[object, object], key: object, make: Callable[[], T]) -> T:
    """What is kept for a key; made on the first call. What raises is not kept."""
    found = kept.get(key, _NOT_YET)
    if found is _NOT_YET:
        with MAKING:
            found = kept.get(key, _NOT_YET)
            if found is _NOT_YET:
                found = kept[key] = make()
    return cast(T, found)


def once(make: Callable[[], T]) -> Callable[[], T]:
    """A function that makes its value on the first call."""
    kept: dict[object, object] = {}
    return lambda: made_once(kept, None, make)
