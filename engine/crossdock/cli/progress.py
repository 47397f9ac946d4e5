"""How far a run over many lines is, on stderr: a bar at a terminal, otherwise a line every few seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Protocol

from crossdock.cli.console import say

if TYPE_CHECKING:
    from crossdock.bulk.sources import Sources
    from crossdock.bulk.tally import Tally
    from crossdock.bulk.unit import Converted

_SECONDS: Final = 5.0


class ProgressDisplay(Protocol):
    """Shows how far a run is, by what was counted so far."""

    def __call__(self, tally: Tally, /) -> object: ...

    def aside(self) -> AbstractContextManager[object]:
        """Make room for something else that is printed to stderr."""
        ...


@contextmanager
def progress(sources: Sources) -> Iterator[ProgressDisplay]:
    """What shows the progress of a run that reads these sources."""
    if sys.stderr is not None and sys.stderr.isatty() and find_spec("rich"):
        with _Bar(sources) as bar:
            yield bar
    else:
        yield _Lines(sources)


class _Lines:
    """A line every few seconds."""

    def __init__(self, sources: Sources) -> None:
        self._sources, self._sizes = sources, sources.sizes()
        self._begun = self._said = time.monotonic()

    def __call__(self, tally: Tally, /) -> None:
        now = time.monotonic()
        if now - self._said >= _SECONDS:
            self._said = now
            seconds = now - self._begun
            say(_line(tally, seconds, _left(self._sizes, self._sources.position, seconds)))

    def aside(self) -> AbstractContextManager[object]:
        return nullcontext()


def _line(tally: Tally, seconds: float, left: float | None) -> str:
    parts = [
        f"{tally.taken:,} lines",
        f"{tally.taken / max(seconds, 0.001):,.0f}/s",
        f"{tally.refusals:,} refused",
    ]
    if left is not None:
        parts.append(f"{_time(left)} left")
    return ", ".join(parts)


def _left(sizes: Sequence[int | None], read: int, seconds: float) -> float | None:
    """The seconds that the rest takes, None when it is not known how much there is."""
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes) or not read:
        return None
    return seconds / read * (sum(known) - read)


def _time(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


class _Bar:
    """A bar, which is gone at the end."""

    def __init__(self, sources: Sources) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._sources, self._sizes, self._begun = sources, sources.sizes(), time.monotonic()
        console, text = Console(stderr=True), TextColumn("{task.description}")
        self._shown = Progress(BarColumn(), text, console=console, transient=True)
        total = None if None in self._sizes else sum(size or 0 for size in self._sizes)
        self._task = self._shown.add_task("", total=total)

    def __enter__(self) -> _Bar:
        self._shown.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._shown.stop()

    def __call__(self, tally: Tally, /) -> None:
        seconds, position = time.monotonic() - self._begun, self._sources.position
        text = _line(tally, seconds, _left(self._sizes, position, seconds))
        self._shown.update(self._task, completed=position, description=text)

    @contextmanager
    def aside(self) -> Iterator[None]:
        self._shown.stop()
        yield
        self._shown.start()


def summary(counted: dict[str, Any], seconds: float, parts: str = "") -> list[str]:
    """What came of a run, by what ``Tally.as_data`` gives, in lines of text."""
    refused = sum(each["times"] for each in counted["refused"])
    lines = [
        f"{counted['lines']:,} lines in {seconds:.1f} s ({counted['lines'] / max(seconds, 0.001):,.0f}/s): "
        f"{counted['converted']:,} converted, {refused:,} refused{parts}"
    ]
    for title in ("refused", "warnings"):
        for each in counted[title]:
            lines.append(f"{title}: {each['times']:,} {each['id']}{_where(each)}")
            lines += [f"  {first['at']}: {first['message']}" for first in each["first"]]
    return lines


def _where(counted: dict[str, Any]) -> str:
    """The check of a warning. A warning of the payload has its message there, which is shown below."""
    check = counted.get("check")
    return f" at {check}" if check and check != counted["first"][0]["message"] else ""


class CountedProgress:
    """The progress of a run whose blocks are counted here, and its summary on stderr."""

    def __init__(self, sources: Sources) -> None:
        from crossdock.bulk.tally import Tally

        self._tally, self._begun = Tally(), time.monotonic()
        self._progress = progress(sources)

    def __enter__(self) -> None:
        self._watch = self._progress.__enter__()

    def __exit__(self, *raised: Any) -> None:
        self._progress.__exit__(*raised)

    def aside(self) -> AbstractContextManager[object]:
        """Make room for findings."""
        return self._watch.aside()

    def add(self, file: str, made: Converted) -> None:
        """Count a block of a file."""
        self._tally.add(file, made)
        self._watch(self._tally)

    def end(self) -> None:
        """Say what came of it."""
        for line in summary(self._tally.as_data(), time.monotonic() - self._begun):
            say(line)
