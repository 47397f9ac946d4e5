"""The cells of a conversation without a trace: as generated code when they run often, else interpreted.

Like a mapping's fast path it gives a value or gives up. The normal path then runs the same cell from the
beginning, decides, and words what is wrong.

    cells = CellCode(surroundings)              # kept with the conversation
    cells.value(cell, payload, scope, failed)   # a value, MISSING, or NOTHING

Code is generated for a cell when the conversation's cells have run so often that it pays: a short request
that is answered once does not wait for a compiler.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from crossdock.core.json_types import JSON, MISSING, Missing
from crossdock.core.once import MAKING
from crossdock.core.yaml_reader import ScalarNode
from crossdock.execution import codegen
from crossdock.execution.failed_checks import Kept
from crossdock.execution.fast_path import NOTHING, Nothing
from crossdock.execution.interpreter import execute
from crossdock.execution.runner import Mapping
from crossdock.execution.scope import Scope
from crossdock.language import syntax
from crossdock.language.expr import Current, Expression
from crossdock.language.syntax import LinkedMapping
from crossdock.schema.fitting import fits

WARM: Final = 200
"""After so many runs of a conversation's cells, those that run from then on are generated."""

Run = Callable[[JSON, Scope, list[Kept]], "JSON | Missing | Nothing"]


@dataclass(slots=True)
class _Kept:
    """A cell, kept alive because it is known by its identity, and its generated code once it has any."""

    cell: syntax.Cell
    run: Run
    generated: bool = False


@dataclass(frozen=True, slots=True)
class MappingWithin:
    """A mapping that a cell gives another context, or uses on a condition.

    ``cell`` has the context as its value, and no value where the mapping does not run.
    """

    mapping: LinkedMapping
    cell: syntax.Cell


@dataclass(slots=True)
class CellCode:
    """Runs the cells of one conversation. ``surroundings`` has its tables, fragments and settings.

    Threads may share it.
    """

    surroundings: LinkedMapping
    runs: int = 0
    _kept: dict[int, _Kept] = field(default_factory=dict)
    _given: dict[int, tuple[syntax.Cell, MappingWithin | None]] = field(default_factory=dict)
    _cells: dict[int, syntax.Evaluate] = field(default_factory=dict)

    def value(
        self, cell: syntax.Cell, payload: JSON, scope: Scope, failed: list[Kept]
    ) -> JSON | Missing | Nothing:
        """The value of a cell of the conversation, NOTHING to run it on the normal path.

        The whole numbers of the payload and of the scope are ints. A mapping that the cell names validates
        both sides. The cell must be an object of the conversation: it is known by its identity. ``failed``
        gets the checks that failed with a warning.
        """
        try:
            return self._run_of(cell)(payload, scope, failed)
        except Exception:  # of any kind: the normal path reports it
            return NOTHING

    def values(
        self, cell: syntax.Cell, payloads: list[JSON], scopes: Iterable[Scope]
    ) -> list[JSON] | Nothing:
        """The values of a cell for several payloads, without the missing ones.

        NOTHING when one of them needs the normal path, or fails a check with a warning.
        """
        if not payloads:
            return []
        run, failed = self._run_of(cell, len(payloads)), list[Kept]()
        try:
            values = [run(payload, scope, failed) for payload, scope in zip(payloads, scopes, strict=False)]
        except Exception:  # as above
            return NOTHING
        if failed or any(value is NOTHING for value in values):
            return NOTHING
        return [value for value in values if not isinstance(value, (Missing, Nothing))]

    def _run_of(self, cell: syntax.Cell, times: int = 1) -> Run:
        """What runs a cell, which is going to run so many times."""
        kept = self._kept.get(id(cell))
        if kept is None:
            kept = _Kept(cell, self._interpreted(self.mapping_of(cell)))
            kept = self._kept.setdefault(id(cell), kept)  # another thread may have been faster
        if not kept.generated:
            self.runs += times
            if self.runs > WARM:
                with MAKING:
                    if not kept.generated:
                        kept.run, kept.generated = self._generated(cell) or kept.run, True
        return kept.run

    def given(self, cell: syntax.Cell) -> MappingWithin | None:
        """The mapping that a cell names behind `$with` or `$if`, if it has schemas to validate with."""
        found = self._given.get(id(cell))
        if found is None:
            found = self._given.setdefault(id(cell), (cell, given_mapping(cell)))
        return found[1]

    def cell_of(self, expression: Expression) -> syntax.Cell:
        """An expression of the conversation as a cell, each always as the same one."""
        found = self._cells.get(id(expression))
        if found is None:
            found = self._cells.setdefault(id(expression), syntax.Evaluate(expression))
        return found

    def once(
        self, cell: syntax.Cell, payload: JSON, scope: Scope, failed: list[Kept]
    ) -> JSON | Missing | Nothing:
        """The same for a cell that is made for one run."""
        try:
            return self._interpreted(self.mapping_of(cell))(payload, scope, failed)
        except Exception:  # as above
            return NOTHING

    def mapping_of(self, cell: syntax.Cell) -> LinkedMapping:
        """The mapping that gives the value of a cell: the one that it names, or itself as a result."""
        used = cell.linked if isinstance(cell, syntax.Use) and not cell.beside else None
        if isinstance(used, LinkedMapping):
            return used
        return replace(self.surroundings, cell=cell, source=None, target=None)

    def _interpreted(self, mapping: LinkedMapping) -> Run:
        def run(payload: JSON, scope: Scope, _failed: list[Kept]) -> JSON | Missing | Nothing:
            if mapping.source is not None and not fits(payload, mapping.source):
                return NOTHING
            outcome = execute(mapping, payload, scope, name="", traced=False)
            if outcome.failed:
                return NOTHING
            if mapping.target is not None and not fits(outcome.value, mapping.target):
                return NOTHING
            return outcome.value if outcome.present else MISSING

        return run

    def _generated(self, cell: syntax.Cell) -> Run | None:
        """The generated code of a cell; None when only the interpreter can run it."""
        mapping = self.mapping_of(cell)
        if mapping.source is None and mapping.target is None:
            return codegen.compile_mapping(mapping, objects=False)
        prepared = mapping.once(Mapping).prepared()
        return None if prepared is None else prepared.computed


def given_mapping(cell: syntax.Cell) -> MappingWithin | None:
    """The mapping that a cell names behind `$with` or `$if`, if it has schemas to validate with."""
    match cell:
        case syntax.With(over, inner, span):
            found = given_mapping(inner) or _used(inner)
            return (
                None if found is None else MappingWithin(found.mapping, syntax.With(over, found.cell, span))
            )
        case syntax.If(condition, inner, span):
            found = given_mapping(inner) or _used(inner)
            return (
                None
                if found is None
                else MappingWithin(found.mapping, syntax.If(condition, found.cell, span))
            )
    return None


def _used(cell: syntax.Cell) -> MappingWithin | None:
    """The mapping that a cell is the use of, and its context, which is that of the cell."""
    used = cell.linked if isinstance(cell, syntax.Use) and not cell.beside else None
    if not isinstance(used, LinkedMapping) or (used.source is None and used.target is None):
        return None
    here = Expression("@", Current(), ScalarNode("@", cell.span))
    return MappingWithin(used, syntax.Evaluate(here))
