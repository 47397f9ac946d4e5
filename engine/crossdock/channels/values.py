"""The named values of a conversation: each is computed when it is first read, and then kept."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, MutableMapping
from collections.abc import Mapping as MappingType
from contextlib import suppress
from typing import cast

from crossdock.channels.cell_runner import CellRunner
from crossdock.channels.step_frame import StepFrame
from crossdock.core.errors import CrossdockError
from crossdock.core.json_types import JSON
from crossdock.core.records import replace
from crossdock.language import syntax
from crossdock.language.scoping import FreeVariable, free_in_cell


class Values(MappingType[str, JSON]):
    """The values of one run. Reading one raises what its cell raises, each time.

    Threads may share it: a value depends only on the request and the settings, so that it does not matter
    which thread keeps it.
    """

    def __init__(self, values: MappingType[str, syntax.Cell], cells: CellRunner, frame: StepFrame) -> None:
        self._values = values
        self._cells = cells
        # The inputs of shared steps have names around the values.
        self.around = ChainMap(
            cast("MutableMapping[str, JSON]", self), cast("MutableMapping[str, JSON]", frame.scope.names)
        )
        self._frame = replace(frame, scope=replace(frame.scope, names=self.around))
        self._known: dict[str, JSON] = {}

    def __getitem__(self, name: str) -> JSON:
        if name not in self._known:
            for needed in self._needed(name):
                # Not one inside the other, or a long chain of values would nest too deep. What fails here
                # fails again if it is really read.
                with suppress(CrossdockError):
                    self._compute(needed)
            self._compute(name)
        return self._known[name]

    def _compute(self, name: str) -> None:
        if name not in self._known:
            self._known[name] = self._cells.run(self._values[name], self._frame).value

    def _needed(self, name: str) -> list[str]:
        """The values that a value may read, in the order of the file, in which each reads those above it."""
        found, pending = {name}, [name]
        while pending:
            for free in free_in_cell(self._values[pending.pop()]):
                if isinstance(free, FreeVariable) and (other := free.variable.name) not in found:
                    if other not in self._values:
                        continue
                    found.add(other)
                    pending.append(other)
        return [other for other in self._values if other in found and other != name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
