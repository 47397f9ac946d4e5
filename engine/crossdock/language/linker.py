"""Resolves the names of a parsed file: schemas, tables, fragments, other mappings, settings.

An unknown name is reported, and linking continues, so that one run finds all of them. The check
and the runner never look a name up again: what they need is in the ``LinkedMapping``.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from typing import Protocol

from crossdock.core.diagnostics import Diagnostic, Source, did_you_mean
from crossdock.core.errors import CompileError, ProjectError
from crossdock.core.json_types import JSON
from crossdock.language import syntax
from crossdock.language.expr import Constant, Expression, FunctionCall, source_order
from crossdock.language.links import Links
from crossdock.language.syntax import LinkedMapping
from crossdock.language.use_cost import circles, multitude, too_deep
from crossdock.schema.store import Schema


class Surroundings(Protocol):
    """Where the linker finds what a mapping names outside its own file.

    Each method raises ProjectError for an unknown name, or CompileError for a file with errors.
    """

    def schema(self, name: str, user: str) -> Schema: ...

    def used_mapping(self, name: str, user: str) -> LinkedMapping: ...

    def table(self, name: str, user: str) -> MappingType[str, JSON]: ...

    def settings_of(self, name: str) -> tuple[MappingType[str, JSON], MappingType[str, tuple[JSON, ...]]]:
        """The defaults of the settings, and the values of those that have a choice of values."""


def broken(cell: syntax.Cell) -> syntax.Cell:
    """A cell in the place of one of which nothing is known, and whose mistake is reported."""
    return syntax.Literal(None, cell.span, broken=True)


class Resolution:
    """One file and its names. ``problems`` holds those that lead nowhere."""

    def __init__(self, name: str, file: syntax.MappingFile, surroundings: Surroundings) -> None:
        self.name = name
        self.file = file
        self.surroundings = surroundings
        self.problems: list[Diagnostic] = []
        self.looked_up: set[str] = set()
        self._links: Links | None = None

    def mapping(self, source: Source) -> LinkedMapping:
        """The linked file. A ``$use`` that leads nowhere is among the ``problems``, and a broken cell."""
        file = self.file
        self.tables_exist()
        schemas = self.schema(file.source), self.schema(file.target)
        tables = {name: self.table(table) for name, table in file.tables.items()}
        links = self.links
        settings, options = self.settings()
        return LinkedMapping(
            name=self.name,
            describe=file.describe,
            text=source,
            source=schemas[0],
            target=schemas[1],
            cell=links.cell(file.cell),
            fragments=links.all_fragments(),
            tables=tables,
            checks=file.checks,
            ignored=file.ignored,
            unavailable=file.unavailable,
            settings=settings,
            setting_options=options,
        )

    def schema(self, name: syntax.SchemaName | None) -> Schema | None:
        if name is None:
            return None
        try:
            return self.surroundings.schema(name.name, self.name)
        except CompileError:
            return None  # the channel's file has errors: `settings` reports them
        except ProjectError as error:
            for item in error.diagnostics:
                span = item.span or name.span
                self.problems.append(Diagnostic(item.id, item.message, span, item.help))
            return None

    def table(self, table: syntax.Table) -> MappingType[str, JSON]:
        if table.file is None:
            return table.rows
        try:
            return self.surroundings.table(table.file, self.name)
        except CompileError as error:
            self.problems.extend(error.diagnostics)
        except ProjectError as error:
            for item in error.diagnostics:
                self.problems.append(Diagnostic(item.id, item.message, table.span, item.help))
        return {}

    def settings(self) -> tuple[MappingType[str, JSON], MappingType[str, tuple[JSON, ...]]]:
        try:
            return self.surroundings.settings_of(self.name)
        except CompileError as error:
            self.problems.extend(error.diagnostics)
            return {}, {}

    def cells(self) -> list[syntax.Cell]:
        return [self.file.cell, *(fragment.cell for fragment in self.file.fragments.values())]

    @property
    def links(self) -> Links:
        """What the names after ``$use`` mean. The first access looks them up."""
        # A cached property has one lock for all objects, which other threads would need meanwhile.
        if self._links is None:
            self._links = self._found_links()
        return self._links

    def _found_links(self) -> Links:
        refused = self.fragment_circles()
        self.problems.extend(refused)
        fragments = {name: fragment.cell for name, fragment in self.file.fragments.items()}
        if refused:  # to link a circle would not end, and to link a multitude would take too long
            fragments = {name: broken(cell) for name, cell in fragments.items()}
        used = self.used()
        uses = (use for cell in self.cells() for use in syntax.uses(cell))
        nowhere = {use.name: broken(use) for use in uses if use.name not in used}
        return Links({**nowhere, **fragments}, used)

    def used(self) -> dict[str, LinkedMapping]:
        """The other mappings that are used, by the name that this file gives them."""
        used: dict[str, LinkedMapping] = {}
        for use in (use for cell in self.cells() for use in syntax.uses(cell)):
            if use.name in self.file.fragments or use.name in used:
                continue
            if mapping := self.use(use):
                used[use.name] = mapping
        return used

    def use(self, use: syntax.Use) -> LinkedMapping | None:
        if "/" not in use.name:
            help = (
                did_you_mean(use.name, self.file.fragments) or "another mapping is named with a path: ./name"
            )
            message = f"there is no fragment `{use.name}`"
            self.problems.append(Diagnostic("unknown-fragment", message, use.name_span, help))
            return None
        try:
            return self.surroundings.used_mapping(use.name, self.name)
        except CompileError as error:
            self.problems.extend(error.diagnostics)
            message = f"the mapping `{use.name}` has errors of its own"
            circle = any(item.id == "use-circle" and item.span is None for item in error.diagnostics)
            if circle:
                self.problems = [item for item in self.problems if item.span is not None]
                message = next(item.message for item in error.diagnostics if item.id == "use-circle")
            id = "use-circle" if circle else "broken-use"
            self.problems.append(Diagnostic(id, message, use.name_span))
        except ProjectError as error:
            for item in error.diagnostics:
                self.problems.append(Diagnostic(item.id, item.message, use.name_span, item.help))
        return None

    def fragment_circles(self) -> list[Diagnostic]:
        """Fragments that use themselves, directly or through others, or that expand to too much."""
        many = multitude(self.file.fragments)
        return [many] if many else circles(self.file.fragments) or too_deep(self.file.fragments)

    def tables_exist(self) -> None:
        """Report each `lookup` whose first argument is not the literal name of a table of this file."""
        expressions = [found for cell in self.cells() for found in syntax.expressions(cell)]
        for check in self.file.checks:
            expressions.extend(item for item in (check.condition, check.message) if item is not None)
        for expression in expressions:
            self.lookups(expression)

    def lookups(self, expression: Expression) -> None:
        if "lookup" not in expression.text:  # few have it, and to walk through all takes long
            return
        for node in source_order(expression.node):
            if not isinstance(node, FunctionCall) or node.name != "lookup" or not node.arguments:
                continue
            table = node.arguments[0]
            span = expression.at(node)
            if not isinstance(table, Constant) or not isinstance(table.value, str):
                message = "the first argument of `lookup` is the table's name, written out"
                help = "lookup('card', key)"
                self.problems.append(Diagnostic("unknown-table", message, span, help))
            elif table.value not in self.file.tables:
                message = f"there is no table `{table.value}`"
                near = did_you_mean(table.value, self.file.tables)
                self.problems.append(Diagnostic("unknown-table", message, span, near))
            else:
                self.looked_up.add(table.value)

    def unused(self) -> list[Diagnostic]:
        """Warnings for tables and fragments that nothing uses. Call it when all names are resolved."""
        used = {use.name for cell in self.cells() for use in syntax.uses(cell)}
        named = [
            ("unused-table", f"nothing looks up the table `{name}`", table.span)
            for name, table in self.file.tables.items()
            if name not in self.looked_up
        ]
        named += [
            ("unused-fragment", f"nothing uses the fragment `{name}`", fragment.span)
            for name, fragment in self.file.fragments.items()
            if name not in used
        ]
        return [Diagnostic(id, message, span, severity="warning") for id, message, span in named]
