"""A file's text -> an immutable, checked ``Mapping``. All mistakes of the file are reported at once.

Strict phases: YAML nodes, mapping nodes, names resolved (schemas, tables, fragments, other mappings),
static check. A phase whose input is broken beyond use is skipped; nothing runs before all is resolved.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from dataclasses import replace
from typing import Protocol

from crossdock.checking.check import check_mapping
from crossdock.checking.sensitivity import disclosed
from crossdock.checking.suppressions import apply_suppressions
from crossdock.core.diagnostics import Diagnostic, Source, Span, did_you_mean
from crossdock.core.errors import CompileError, ProjectError
from crossdock.core.json_types import JSON
from crossdock.core.yaml_reader import parse_yaml
from crossdock.language import syntax
from crossdock.language.expr import Expression
from crossdock.language.jmespath import source_order
from crossdock.language.mapping import Mapping
from crossdock.language.parser import parse_mapping
from crossdock.language.use_cost import circles, multiplied, multitude
from crossdock.schema.store import Schema


class Surroundings(Protocol):
    """What a mapping can name outside its own file."""

    def schema(self, name: str) -> Schema: ...

    def used_mapping(self, name: str, user: str) -> Mapping: ...

    def table(self, name: str, user: str) -> MappingType[str, JSON]: ...

    def settings_of(self, name: str) -> MappingType[str, JSON]: ...


def compile_mapping(
    name: str, source: Source, surroundings: Surroundings, *, lenient: bool = False
) -> Mapping:
    """Compile and check a mapping. Raises CompileError with everything that is wrong.

    ``lenient``: a property that a schema does not document is a warning only.
    """
    parsed, problems = parse_mapping(parse_yaml(source), Span(source, 0, 1))
    if parsed is None:
        raise CompileError(problems)
    resolution = Resolution(name, parsed, surroundings)
    mapping = resolution.mapping(source)
    problems = in_order([*problems, *resolution.problems])
    if not resolution.problems:
        unused = resolution.unused() if not problems else []
        many = multiplied(mapping)
        findings, result = check_mapping(mapping, lenient=lenient) if not many else ([], mapping.result)
        mapping = replace(mapping, result=result)
        shown = disclosed(mapping) if not many else []
        problems += [*unused, *many, *findings, *shown]
    problems = in_order(apply_suppressions(problems, source))
    if errors := [item for item in problems if item.severity == "error"]:
        raise CompileError(errors)
    return replace(mapping, findings=tuple(problems))


def in_order(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """Each finding once, in the order of the files."""
    unique = list(dict.fromkeys(diagnostics))
    return sorted(unique, key=lambda item: (item.span.source.name, item.span.start) if item.span else ("", 0))


class Resolution:
    """One file's names, looked up; ``problems`` takes those that lead nowhere."""

    def __init__(self, name: str, file: syntax.MappingFile, surroundings: Surroundings) -> None:
        self.name = name
        self.file = file
        self.surroundings = surroundings
        self.problems: list[Diagnostic] = []
        self.looked_up: set[str] = set()

    def mapping(self, source: Source) -> Mapping:
        file = self.file
        self.tables_exist()
        return Mapping(
            name=self.name,
            describe=file.describe,
            text=source,
            source=self.schema(file.source),
            target=self.schema(file.target),
            cell=file.cell,
            fragments={name: fragment.cell for name, fragment in file.fragments.items()},
            tables={name: self.table(table) for name, table in file.tables.items()},
            used=self.used(),
            checks=file.checks,
            ignored=file.ignored,
            unavailable=file.unavailable,
            settings=self.settings(),
        )

    def schema(self, name: syntax.SchemaName | None) -> Schema | None:
        if name is None:
            return None
        try:
            return self.surroundings.schema(name.name)
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

    def settings(self) -> MappingType[str, JSON]:
        try:
            return self.surroundings.settings_of(self.name)
        except CompileError as error:
            self.problems.extend(error.diagnostics)
            return {}

    def cells(self) -> list[syntax.Cell]:
        return [self.file.cell, *(fragment.cell for fragment in self.file.fragments.values())]

    def used(self) -> dict[str, Mapping]:
        """The other mappings that are used, by the name that this file gives them."""
        self.fragment_circles()
        used: dict[str, Mapping] = {}
        for use in (use for cell in self.cells() for use in syntax.uses(cell)):
            if use.name in self.file.fragments or use.name in used:
                continue
            if mapping := self.use(use):
                used[use.name] = mapping
        return used

    def use(self, use: syntax.Use) -> Mapping | None:
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

    def fragment_circles(self) -> None:
        """A fragment that uses itself, directly or through others, or that stands for too many."""
        many = multitude(self.file.fragments)
        self.problems.extend([many] if many else circles(self.file.fragments))

    def tables_exist(self) -> None:
        """Each `lookup` names, in so many words, a table of this file."""
        expressions = [found for cell in self.cells() for found in syntax.expressions(cell)]
        for check in self.file.checks:
            expressions.extend(item for item in (check.condition, check.message) if item is not None)
        for expression in expressions:
            self.lookups(expression)

    def lookups(self, expression: Expression) -> None:
        for node in source_order(expression.tree):
            if node["type"] != "function_expression" or node["value"] != "lookup" or not node["children"]:
                continue
            table = node["children"][0]
            span = expression.at(node)
            if table["type"] != "literal" or not isinstance(table.get("value"), str):
                message = "the first argument of `lookup` is the table's name, written out"
                help = "lookup('card', key)"
                self.problems.append(Diagnostic("unknown-table", message, span, help))
            elif table["value"] not in self.file.tables:
                message = f"there is no table `{table['value']}`"
                near = did_you_mean(str(table["value"]), self.file.tables)
                self.problems.append(Diagnostic("unknown-table", message, span, near))
            else:
                self.looked_up.add(table["value"])

    def unused(self) -> list[Diagnostic]:
        """Tables and fragments that nothing uses; to be asked when all names are resolved."""
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
