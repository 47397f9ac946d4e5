"""The unit of all bulk work: a block of lines to its results, its findings and what was counted.

    made = convert(converter, LineBlock("orders.jsonl", 1, b'{"orderNumber": 1}\n'))

A converter, a block and what is made of it can be pickled. A converter compiles its mapping once.
However a file is split into blocks, the results are the same bytes.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from crossdock.core.diagnostics import Diagnostic, PayloadLine
from crossdock.core.errors import CrossdockError
from crossdock.core.limits import PAYLOAD_BYTES

if TYPE_CHECKING:
    from crossdock.bulk.converter import PayloadConverter

SHOWN: Final = 3
"""How many times the same warning is shown, of a stream and of a block."""


@dataclass(frozen=True, slots=True)
class LineBlock:
    """Whole lines of a file. ``first`` is the number of the first one, from 1.

    ``part`` is the part of the results that they belong to.
    """

    file: str
    first: int
    data: bytes = field(repr=False)
    part: int = 0


@dataclass(frozen=True, slots=True)
class LineFindings:
    """The findings of one line. ``code`` is the exit code of an error; 0 when the line has a result.

    ``line`` are the bytes of a refused line without its end. None when it is longer than a payload may be:
    then not all of it was read.
    """

    number: int
    diagnostics: tuple[Diagnostic, ...]
    code: int = 0
    line: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Converted:
    """What a block gives: a line for each result, how many lines were taken (not blank), and the findings.

    All errors are among the findings; of each kind of warning the first ones are, and ``more`` has the
    number of the others.
    """

    results: bytes = field(repr=False)
    taken: int
    findings: tuple[LineFindings, ...] = ()
    more: Mapping[Hashable, int] = field(default_factory=dict)


def convert(converter: PayloadConverter, block: LineBlock, *, every: bool = False) -> Converted:
    """Convert the lines of a block. ``every``: all warnings are among the findings.

    Raises ProjectError or CompileError for the mapping, and nothing for a line.
    """
    results: list[bytes] = []
    findings, warned = list[LineFindings](), _Warned(every)
    taken = 0
    for number, ended in enumerate(block.data.split(b"\n"), block.first):
        line = ended.removesuffix(b"\r")
        too_long = len(line) > PAYLOAD_BYTES
        if not too_long and not line.strip():
            continue
        taken += 1
        try:
            result, warnings = converter.converted(line, partial(PayloadLine, block.file, number), many=True)
        except CrossdockError as error:
            kept = None if too_long else line
            findings.append(LineFindings(number, error.diagnostics, error.exit_code, kept))
            continue
        results.append(result)
        if warnings and (new := warned.new(warnings, PayloadLine(block.file, number))):
            findings.append(LineFindings(number, new))
    results.append(b"")
    return Converted(b"\n".join(results), taken, tuple(findings), warned.more)


def kind_of(found: Diagnostic, name: str) -> tuple[str, str]:
    """What is the same of warnings that are counted together: the id, and the check or the message."""
    in_mapping = found.span is not None and found.span.source.name != name
    return found.id, str(found.span) if in_mapping else found.message


def without_payload(found: Diagnostic, name: str) -> Diagnostic:
    """A warning without the text of the payload."""
    in_mapping = found.span is not None and found.span.source.name != name
    return found if in_mapping else replace(found, span=None)


@dataclass(slots=True)
class _Warned:
    every: bool
    times: dict[Hashable, int] = field(default_factory=dict)
    more: dict[Hashable, int] = field(default_factory=dict)

    def new(self, warnings: Iterable[Diagnostic], name: str) -> tuple[Diagnostic, ...]:
        """The warnings that are listed; the others are counted."""
        return tuple(each for each in warnings if self.every or self._is_new(kind_of(each, name)))

    def _is_new(self, kind: Hashable) -> bool:
        times = self.times[kind] = self.times.get(kind, 0) + 1
        if times > SHOWN:
            self.more[kind] = times - SHOWN
        return times <= SHOWN
