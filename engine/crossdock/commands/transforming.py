"""`crossdock transform`: one payload, or one on each line, through a mapping.

A mapping that was used before, and of which nothing has changed, is found ready on disk: then neither
its file nor a schema is read. Whatever is unusual goes the careful way, by the mapping's own file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from crossdock.commands.console import (
    open_project,
    opened,
    pairs,
    payload_bytes,
    put,
    report,
    written,
)

if TYPE_CHECKING:
    from crossdock.diagnostics import Diagnostic, Format
    from crossdock.mapping import Mapping
    from crossdock.prepared import Prepared
    from crossdock.project import Project
    from crossdock.scope import Scope
    from crossdock.values import JSON


@dataclass(frozen=True)
class Transformation:
    """What is to be done with a payload, whichever."""

    context: click.Context
    mapping: str
    given: tuple[str, ...] = ()
    form: Format = "text"
    compact: bool = False
    validate: bool = True
    cached: bool = True

    def file(self, file: str, output: str | None) -> None:
        """The payload in a file, to stdout or into another file. Raises CrossdockError."""
        self._look()
        result, warnings = self._converted(payload_bytes(file), _name(file))
        report(warnings, self.form)
        put(result.decode(), output)

    def lines(self, file: str, output: str | None) -> int:
        """The payload in each line, to a line each; the exit code of the first that was refused, or 0."""
        from crossdock.errors import CrossdockError, exit_code

        self._look()
        code = 0
        with opened(file) as source, written(output) as target:
            for number, line in _payloads(source):
                try:
                    result, warnings = self._converted(line, f"{_name(file)}:{number}")
                except CrossdockError as error:
                    report(error.diagnostics, self.form)
                    code = code or exit_code(error)
                    continue
                if warnings:
                    report(warnings, self.form)
                target.write(result + b"\n")
        return code

    def _look(self) -> None:
        """What is wrong with the mapping or a setting is said before a payload is waited for."""
        if self._kept is None:
            _ = self._settings

    def _converted(self, data: bytes, name: str) -> tuple[bytes, Sequence[Diagnostic]]:
        """The text of the result for that of a payload, and the warnings. Raises CrossdockError."""
        from crossdock import acceptance, payloads
        from crossdock.prepared import Nothing

        prepared = self._ready
        if prepared is not None:
            result = prepared.converted(data, self._scope, validate=self.validate, compact=self.compact)
            if not isinstance(result, Nothing):
                return result, ()
        payload = payloads.decode(data, name)
        run = self._compiled.run(payload, settings=self._settings, name=name, validate=self.validate)
        return acceptance.write(run.value, compact=self.compact), run.warnings

    @cached_property
    def _kept(self) -> Prepared | None:
        """What an earlier process has kept of the mapping."""
        if not self.cached or self.given or self.mapping.endswith((".yaml", ".yml")):
            return None
        from crossdock import cache

        return cache.find(self._roots, self.mapping.strip("/"))

    @cached_property
    def _ready(self) -> Prepared | None:
        if self._kept is not None:
            return self._kept
        prepared = self._compiled.prepared()
        if self.cached and prepared is not None:
            self._keep()
        return prepared

    def _keep(self) -> None:
        """For the next process. A mapping that stands outside the project has no name to be found by."""
        from crossdock import cache

        project, mapping = self._project, self._compiled
        seen = project.seen()
        if seen is not None and not mapping.name.endswith((".yaml", ".yml")):
            cache.keep(project.roots, mapping.name, seen, mapping.generated())

    @cached_property
    def _roots(self) -> tuple[Path, ...]:
        from crossdock.roots import nearest, search_path

        directory = self.context.find_root().obj
        start = Path(directory) if directory is not None else Path.cwd()
        return tuple(search_path(nearest(start.resolve())))

    @cached_property
    def _project(self) -> Project:
        return open_project(self.context)

    @cached_property
    def _compiled(self) -> Mapping:
        return self._project.mapping(self.mapping)

    @cached_property
    def _settings(self) -> dict[str, JSON]:
        return self._project.settings(self._compiled.name, pairs(self.given))

    @cached_property
    def _scope(self) -> Scope:
        from crossdock.scope import Scope

        return Scope() if self._kept is not None else Scope(settings=self._settings)


def _name(file: str) -> str:
    return "<stdin>" if file == "-" else file


def _payloads(source: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers; of one that is too long as much as shows it."""
    from crossdock.payloads import LARGEST

    number = 0
    while line := source.readline(LARGEST + 2):
        number += 1
        rest = line
        while len(rest) > LARGEST and not rest.endswith(b"\n"):
            rest = source.readline(LARGEST + 2)
        if line.strip():
            yield number, line.rstrip(b"\r\n")
