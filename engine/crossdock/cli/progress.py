"""How far a bulk run is, on stderr: a bar at a terminal, otherwise a line every few seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from crossdock.cli.console import say

if TYPE_CHECKING:
    from crossdock.bulk.sources import Sources
    from crossdock.bulk.tally import Tally

_SECONDS: Final = 5.0
Watch = Callable[["Tally"], object]


@contextmanager
def progress(sources: Sources) -> Iterator[Watch]:
    """What shows the progress of a run that reads these sources."""
    if sys.stderr is not None and sys.stderr.isatty():
        with suppress(ModuleNotFoundError):
            import rich.progress  # noqa: F401 (whether it is there)

            with _bar(sources) as watch:
                yield watch
            return
    yield _Lines(sources)


class _Lines:
    """A line every few seconds."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._begun = self._said = time.monotonic()

    def __call__(self, tally: Tally) -> None:
        now = time.monotonic()
        if now - self._said >= _SECONDS:
            self._said = now
            say(_line(tally, now - self._begun, _left(self._sources, now - self._begun)))


def _line(tally: Tally, seconds: float, left: float | None) -> str:
    parts = [
        f"{tally.taken:,} lines",
        f"{tally.taken / max(seconds, 0.001):,.0f}/s",
        f"{tally.refusals:,} refused",
    ]
    if left is not None:
        parts.append(f"{_time(left)} left")
    return ", ".join(parts)


def _left(sources: Sources, seconds: float) -> float | None:
    """The seconds that the rest takes, None when it is not known how much there is."""
    sizes, read = sources.sizes(), sources.position
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes) or not read:
        return None
    return seconds / read * (sum(known) - read)


def _time(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


@contextmanager
def _bar(sources: Sources) -> Iterator[Watch]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    sizes, begun = sources.sizes(), time.monotonic()
    total = None if None in sizes else sum(size or 0 for size in sizes)
    console = Console(stderr=True)
    with Progress(BarColumn(), TextColumn("{task.description}"), console=console, transient=True) as shown:
        task = shown.add_task("", total=total)

        def watch(tally: Tally) -> None:
            seconds = time.monotonic() - begun
            text = _line(tally, seconds, _left(sources, seconds))
            shown.update(task, completed=sources.position, description=text)

        yield watch
