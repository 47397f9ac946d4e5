"""Runs the elements of a step at the same time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def in_parallel(most: int, run: Callable[..., Any], *columns: list[Any]) -> list[Any]:
    """The results of ``run`` for the rows of some columns, in their order, ``most`` at the same time.

    After an error the calls that are running are awaited: the channel has them already, and their outcome
    would be lost. After Ctrl-C they are not; they end when their transport is closed.
    """
    pool = ThreadPoolExecutor(most)
    try:
        done = list(pool.map(run, *columns))
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise
    pool.shutdown()
    return done
