"""Pauses the search for garbage while much is made that stays."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collection_paused() -> Iterator[None]:
    """Without the collector of reference cycles, which would walk all that a check keeps, again and again.

    What is not in a cycle is freed as always. The collector is on again afterwards, if it was, and counts
    what was made as old: as new, all of it would be walked at once.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if not gc.get_freeze_count():  # else what the program has frozen would not stay so
                gc.freeze()
                gc.unfreeze()
            gc.enable()
