"""Inputs, one after the other: counted, timed, and what is found kept.

A finding is an input whose check raised, or took longer than its target allows. Findings of one kind (the
same exception at the same line) are counted together, and the smallest input is kept.
"""

from __future__ import annotations

import resource
import signal
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fuzz.choices import Choices
from fuzz.targets import Target


class TooSlow(BaseException):
    """No Exception, so that nothing on the way takes it for one of its own."""


@dataclass(slots=True)
class Finding:
    kind: str
    data: bytes
    told: str
    times: int = 1


@dataclass(slots=True)
class Tally:
    """What came of a target's inputs. Times are the processor's seconds, memory is in MB."""

    target: str
    inputs: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    slowest_input: bytes = b""
    largest: int = 0
    memory_growth: float = 0.0
    findings: dict[str, Finding] = field(default_factory=dict)
    memory_before: float = field(default_factory=lambda: memory())

    def measure(self) -> None:
        """Note how much more memory the process has ever used than when the counting began."""
        self.memory_growth = memory() - self.memory_before

    def written(self) -> dict[str, Any]:
        """The tally as JSON."""
        whole = asdict(self)
        whole["slowest_input"] = self.slowest_input.hex()
        whole["findings"] = [{**asdict(each), "data": each.data.hex()} for each in self.findings.values()]
        return whole

    @classmethod
    def read(cls, whole: dict[str, Any]) -> Tally:
        findings = [Finding(**{**each, "data": bytes.fromhex(each["data"])}) for each in whole["findings"]]
        slowest_input = bytes.fromhex(whole["slowest_input"])
        return cls(
            **{**whole, "slowest_input": slowest_input, "findings": {each.kind: each for each in findings}}
        )


def memory() -> float:
    """The most memory that this process has ever used, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def limit_memory(megabytes: int) -> None:
    """A process that wants more gets a MemoryError, which is a finding."""
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1024 * 1024,) * 2)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raises TooSlow in what takes longer, in the processor's time."""

    def stop(*_: object) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def warm(target: Target) -> None:
    """One input outside of the counting: what is loaded once is loaded then."""
    with suppress(Exception):
        target.check(target.make(Choices(b"")))


def attempt(target: Target, choices: bytes, tally: Tally) -> None:
    """One input: made, checked and counted."""
    data = target.make(Choices(choices))
    begun = time.process_time()
    found = checked(target, data)
    seconds = time.process_time() - begun
    tally.inputs += 1
    tally.seconds += seconds
    tally.largest = max(tally.largest, len(data))
    if seconds > tally.slowest:
        tally.slowest, tally.slowest_input = seconds, data
    if found is not None:
        kept = tally.findings.setdefault(found.kind, found)
        kept.times += kept is not found
        if len(data) < len(kept.data):
            kept.data, kept.told = data, found.told


def checked(target: Target, data: bytes) -> Finding | None:
    """What is found of one input, or None when every promise is kept."""
    try:
        with at_most(target.seconds), warnings.catch_warnings():
            warnings.simplefilter("error")
            target.check(data)
    except TooSlow as error:
        return Finding(f"slow {_place(error)}", data, f"more than {target.seconds} s")
    except Exception as error:
        return Finding(f"{type(error).__name__} {_place(error)}", data, traceback.format_exc(limit=-6))
    return None


def _place(error: BaseException) -> str:
    """Where an exception came from: the deepest line of ours; of one that may come anywhere the outermost."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/crossdock/" in frame.filename]
    anywhere = isinstance(error, TooSlow | RecursionError | MemoryError)
    if not own or (isinstance(error, AssertionError) and "/fuzz/" in frames[-1].filename):
        own, anywhere = frames, False
    return " ".join(
        f"{Path(frame.filename).name}:{frame.lineno}" for frame in (own[:1] if anywhere else own[-1:])
    )


def keep(tally: Tally, target: Target, folder: Path) -> list[Path]:
    """Writes the inputs of the findings into a folder; they are replayed by their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, finding in enumerate(tally.findings.values()):
        name = "".join(char if char.isalnum() else "-" for char in finding.kind)
        path = folder / f"{target.name}-{number}-{name}.{target.suffix}"
        path.write_bytes(finding.data)
        path.with_suffix(".txt").write_text(finding.told, encoding="utf-8")
        written.append(path)
    return written
