"""Pauses the search for garbage while much is made that stays."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collection_paused() -> Iterator[None]:
    """Without the collector of reference cycles, which would walk all that a check keeps, again and again.

    What is not in a cycle is freed as always. The collector is on again afterwards, if it was.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
