"""How long a conversation goes on: to its deadline, and until it is cancelled.

Once it is over, no call is made, and waits end at once. A call that is on its way is awaited: its outcome
would be lost otherwise, and an order may have been made.

    patience = Patience.of(30, cancellation)
    patience.check()                      # raises NoAnswer when it is over
    await patience.sleep(2.5)             # False when it was, or would be, over before
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, TypeVar

from crossdock.channels.messages import NoAnswer

T = TypeVar("T")
ENDED: Final = ("deadline", "cancelled")


class Cancellation:
    """Cancels the conversations that it is given to, for good. Any thread may call it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancelled = False
        self._waiting: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        return self._cancelled

    def cancel(self) -> None:
        """Make no new call, and end all waits. Calls that are on their way are awaited."""
        with self._lock:
            self._cancelled = True
            waiting = list(self._waiting)
        for wake in waiting:
            wake()

    @contextmanager
    def waking(self, wake: Callable[[], None]) -> Iterator[None]:
        """Call ``wake`` when it is cancelled, or at once if it was, from the thread that cancels it."""
        with self._lock:
            self._waiting.append(wake)
            cancelled = self._cancelled
        try:
            if cancelled:
                wake()
            yield
        finally:
            with self._lock:
                self._waiting.remove(wake)


@dataclass(frozen=True, slots=True)
class Patience:
    """Until when calls are made: ``until`` is in seconds of the monotonic clock."""

    until: float = math.inf
    cancellation: Cancellation | None = None

    @classmethod
    def of(cls, seconds: float | None, cancellation: Cancellation | None = None) -> Patience:
        """The patience of a conversation that begins now and may take so many seconds."""
        return cls(math.inf if seconds is None else time.monotonic() + seconds, cancellation)

    @property
    def left(self) -> float:
        """The seconds that are left; 0 or less when it is over."""
        cancelled = self.cancellation is not None and self.cancellation.cancelled
        return 0.0 if cancelled else self.until - time.monotonic()

    def ended(self) -> NoAnswer:
        """Why a call is not made."""
        if self.cancellation is not None and self.cancellation.cancelled:
            return NoAnswer("cancelled", "the conversation was cancelled before this call was made")
        return NoAnswer("deadline", "the deadline of the conversation came before this call was made")

    def check(self) -> None:
        """Raise NoAnswer when it is over."""
        if self.left <= 0:
            raise self.ended()

    async def sleep(self, seconds: float) -> bool:
        """Wait. False as soon as it is known that the wait is not whole.

        So a wait that would last beyond the deadline is not begun: there is nothing to wait for.
        """
        if seconds >= self.left:
            return False
        with self._ending() as ending:
            try:
                async with asyncio.timeout(seconds):
                    await ending.wait()
            except TimeoutError:
                return True
        return False

    async def wait_for(self, task: asyncio.Task[T]) -> T:
        """What a task gives that others wait for too, so that it goes on. Raises NoAnswer when it is over."""
        with self._ending() as ending:
            over = asyncio.ensure_future(ending.wait())
            timeout = None if self.left == math.inf else max(self.left, 0.0)
            try:
                await asyncio.wait({task, over}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            finally:
                over.cancel()
        if task.done():
            return task.result()
        raise self.ended()

    @contextmanager
    def _ending(self) -> Iterator[asyncio.Event]:
        """An event that is set when it is cancelled, which another thread does."""
        event, loop = asyncio.Event(), asyncio.get_running_loop()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop was closed meanwhile, and nothing waits any more
                loop.call_soon_threadsafe(event.set)

        if self.cancellation is None:
            yield event
        else:
            with self.cancellation.waking(wake):
                yield event


ENDLESS: Final = Patience()
