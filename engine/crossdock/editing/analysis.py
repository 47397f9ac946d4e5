"""The types at each place of a file, also of an unfinished one, and of one whose types its users decide.

    sightings = Analysis(project, "kibo/inv_push/row", source).sightings()

A file is linked as far as it can be and checked again, with a watch. A mapping without a schema, and shared
steps, get their types from the files that use them: those are checked with the text that is being written.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from crossdock.channels.compiler import linked_despite as conversation_despite
from crossdock.channels.config import Channel
from crossdock.channels.conversation_check import watch_conversation
from crossdock.channels.steps import Conversation
from crossdock.checking.check import watch_mapping
from crossdock.checking.type_scope import TypeScope
from crossdock.checking.types import Type
from crossdock.checking.uses import Reads, reads_of
from crossdock.core.diagnostics import Source
from crossdock.core.errors import CompileError, CrossdockError
from crossdock.core.json_types import JSON
from crossdock.language import syntax
from crossdock.language.expr import Expression, Identifier, Variable
from crossdock.language.syntax import LinkedMapping
from crossdock.project.compiler import linked_despite
from crossdock.project.findings import Users
from crossdock.project.project import Project
from crossdock.project.search_path import resolved_name
from crossdock.project.shared_files import CONVERSATION, has_steps
from crossdock.schema.store import Schema

_MOST_USERS: Final = 3  # whose types are asked for; more rarely tell more


@dataclass(frozen=True, slots=True)
class PropertyRead:
    """A property that is read of a context. ``found`` is None if the context has none with that name."""

    expression: Expression
    node: Identifier
    context: Type
    found: Type | None
    scope: TypeScope


@dataclass(frozen=True, slots=True)
class VariableRead:
    expression: Expression
    node: Variable
    found: Type | None
    scope: TypeScope


@dataclass(frozen=True, slots=True)
class CellWritten:
    """A cell, the context that it reads, and the target that it is written to."""

    cell: syntax.Cell
    context: Type
    target: Type
    scope: TypeScope


@dataclass(slots=True)
class Sightings:
    """What a check infers in one file: the watch of that check. ``name`` is what messages call the file."""

    name: str
    properties: list[PropertyRead] = field(default_factory=list)
    variables: list[VariableRead] = field(default_factory=list)
    cells: list[CellWritten] = field(default_factory=list)
    inputs: dict[str, MappingType[str, Type]] = field(default_factory=dict)

    def property_read(
        self, expression: Expression, node: Identifier, context: Type, found: Type | None, scope: TypeScope
    ) -> None:
        if expression.scalar.span.source.name == self.name:
            self.properties.append(PropertyRead(expression, node, context, found, scope))

    def variable_read(
        self, expression: Expression, node: Variable, found: Type | None, scope: TypeScope
    ) -> None:
        if expression.scalar.span.source.name == self.name:
            self.variables.append(VariableRead(expression, node, found, scope))

    def cell_written(self, cell: syntax.Cell, context: Type, target: Type, scope: TypeScope) -> None:
        if cell.span.source.name == self.name:
            self.cells.append(CellWritten(cell, context, target, scope))

    def mapping_used(self, mapping: LinkedMapping, context: Type, scope: TypeScope) -> None:
        """What is in it is reported by itself."""

    def steps_used(self, name: str, inputs: MappingType[str, Type]) -> None:
        self.inputs.setdefault(name, inputs)


@dataclass(slots=True)
class Analysis:
    """The analysis of one text of a file, whose ``name`` is its path below ``mappings/`` without the suffix.

    It is the surroundings of the files that it links: those that use the file see this text of it.
    """

    project: Project
    name: str
    source: Source
    _seen: Sightings | None = None
    _above: list[str] | None = None
    _linked: dict[str, LinkedMapping | Conversation | None] = field(default_factory=dict)

    @classmethod
    def of_file(cls, project: Project, name: str) -> Analysis:
        """The analysis of a file as the project has it. One without errors is not linked again."""
        made = cls(project, name, project.text(name))
        with suppress(CrossdockError):
            file = project.named(name)
            made._linked[name] = file if isinstance(file, Conversation) else file.linked
        return made

    def sightings(self) -> Sightings:
        """The types in the file. Empty for one that is not YAML, or that has no cells."""
        if self._seen is not None:
            return self._seen
        self._seen = found = Sightings(self.source.name)
        for name in (self.name, *self._users()):
            with suppress(CrossdockError):
                self._watch(self._file(name), found)
        return found

    def file(self) -> LinkedMapping | Conversation | None:
        """The file as far as it can be linked; None for one that is not YAML, or not to be followed."""
        with suppress(CrossdockError):
            return self._file(self.name)
        return None

    def _watch(self, file: LinkedMapping | Conversation | None, watch: Sightings) -> None:
        if isinstance(file, Conversation):
            watch_conversation(file, watch, self._inputs(file))
        elif file is not None and (file.source is not None or file.name != self.name or not self._users()):
            watch_mapping(file, watch)

    def _inputs(self, file: Conversation) -> MappingType[str, Type]:
        """The types that shared steps are given where they are used first."""
        if file.inputs is None:
            return {}
        seen = Sightings("")
        for user in Users(self.project).users_of(file.name)[:_MOST_USERS]:
            with suppress(CrossdockError):
                other = self._file(user)
                if isinstance(other, Conversation) and other.name != file.name:
                    watch_conversation(other, seen, {})
            if file.name in seen.inputs:
                return seen.inputs[file.name]
        return {}

    def _users(self) -> Sequence[str]:
        """The files that give the types of this one: those that use it, or use what uses it."""
        if self._above is None:
            self._above = []  # filled on the way: what is linked here links what was found so far
            self._find_users(self._above)
        return self._above

    def _find_users(self, found: list[str]) -> None:
        users, pending, seen = Users(self.project), [self.name], {self.name}
        while pending and len(found) < _MOST_USERS:
            name = pending.pop(0)
            if name != self.name:
                found.append(name)
            if self._decided(name):
                continue
            new = [user for user in users.users_of(name) if user not in seen]
            seen.update(new)
            pending += sorted(new, key=lambda user: not _is_beside(user, self.name))

    def _decided(self, name: str) -> bool:
        """Whether the types of a file do not depend on where it is used."""
        file = None
        with suppress(CrossdockError):
            file = self._file(name)
        if file is None or isinstance(file, Conversation):
            return True
        return file.source is not None and reads_of(file) == Reads()

    def _file(self, name: str) -> LinkedMapping | Conversation | None:
        """A file that is linked to the text that is analysed."""
        if name not in self._linked:
            self._linked[name] = None
            source = self.source if name == self.name else self.project.text(name)
            is_conversation = PurePosixPath(name).name == CONVERSATION
            if is_conversation or has_steps(source.text):
                shared = not is_conversation
                self._linked[name] = conversation_despite(name, source, self, shared=shared)
            else:
                self._linked[name] = linked_despite(name, source, self)
        return self._linked[name]

    # The surroundings of the linker

    def schema(self, name: str, user: str) -> Schema:
        return self.project.schema(name, user)

    def used_mapping(self, name: str, user: str) -> LinkedMapping:
        known = resolved_name(name, user)
        if known is not None and known in (self.name, *(self._above or ())):
            file = self._file(known)
            if isinstance(file, LinkedMapping):
                return file
            raise CompileError([])
        return self.project.used_mapping(name, user)

    def used_steps(self, name: str, user: str) -> Conversation:
        known = resolved_name(name, user)
        if known is not None and known == self.name:
            file = self._file(known)
            if isinstance(file, Conversation):
                return file
            raise CompileError([])
        return self.project.used_steps(name, user)

    def table(self, name: str, user: str) -> MappingType[str, JSON]:
        return self.project.table(name, user)

    def settings_of(self, name: str) -> tuple[MappingType[str, JSON], MappingType[str, tuple[JSON, ...]]]:
        return self.project.settings_of(name)

    def channel_of(self, name: str) -> Channel:
        return self.project.channel_of(name)

    def adaptable(self, user: str) -> Sequence[str]:
        return self.project.adaptable(user)

    def is_dialect(self, name: str) -> bool:
        return self.project.is_dialect(name)


def _is_beside(name: str, other: str) -> bool:
    return PurePosixPath(name).parent == PurePosixPath(other).parent
