"""What ``crossdock transform`` does with one payload, or with one on each line.

A mapping that was used before and has not changed since is loaded from the code cache; then neither its
file nor a schema is read. A payload that the fast path cannot convert is run on the normal path, with the
mapping compiled from its file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import click

from crossdock.cli.console import (
    open_project,
    pairs,
    payload_bytes,
    payload_lines,
    put,
    report,
    written,
)
from crossdock.cli.stream_findings import stream_findings

if TYPE_CHECKING:
    from pathlib import Path

    from crossdock.core.diagnostics import Diagnostic
    from crossdock.core.json_types import JSON
    from crossdock.core.rendering import Format
    from crossdock.execution.failed_checks import Kept
    from crossdock.execution.fast_path import Prepared
    from crossdock.execution.runner import Mapping
    from crossdock.execution.scope import Scope
    from crossdock.project.project import Project


@dataclass(frozen=True)
class Transformation:
    """The mapping and the options of a command, and how they are applied to a payload."""

    context: click.Context
    mapping: str
    given: tuple[str, ...] = ()
    form: Format = "text"
    compact: bool = False
    validate: bool = True
    cached: bool = True
    trust_source: bool = False

    def file(self, file: str, output: str | None) -> None:
        """Convert the payload in a file, and print the result or write it. Raises CrossdockError."""
        self._check_settings()
        result, warnings = self._converted(payload_bytes(file), _name(file))
        report(warnings, self.form)
        put(result.decode(), output)

    def lines(self, file: str, output: str | None) -> int:
        """Convert the payload on each line to a line. Returns the first rejected one's exit code, or 0."""
        from crossdock.core.diagnostics import PayloadLine
        from crossdock.core.errors import CrossdockError

        self._check_settings()
        code = 0
        with written(output) as target, stream_findings(self.form) as findings:
            for number, line in payload_lines(file):
                name = PayloadLine(_name(file), number)
                try:
                    result, warnings = self._converted(line, name, many=True)
                except CrossdockError as error:
                    findings.add(error.diagnostics, name)
                    code = code or error.exit_code
                    continue
                findings.add(warnings, name)
                target.write(result + b"\n")
                if target.isatty():
                    target.flush()
        return code

    def _check_settings(self) -> None:
        """Report errors in the mapping or a setting before waiting for a payload on stdin."""
        if self._kept is None:
            _ = self._settings

    def _converted(self, data: bytes, name: str, *, many: bool = False) -> tuple[bytes, Sequence[Diagnostic]]:
        """The JSON text of the result, and the warnings. Raises CrossdockError.

        If the cached code cannot convert one of ``many`` payloads, all code is generated, once: the cache
        has no code for amounts of more than four decimals.
        """
        for prepared in self._ways(many):
            found = self._quick(prepared, data, name)
            if found is not None:
                return found
        from crossdock.core import json_reader
        from crossdock.execution.runner import text_of  # not loaded with code from the cache

        payload = json_reader.decode(data, name)
        run = self._compiled.run(
            payload,
            settings=self._settings,
            name=name,
            validate=self.validate,
            trust_source=self.trust_source,
        )
        return text_of(run, name, compact=self.compact), run.warnings

    def _ways(self, many: bool) -> Iterator[Prepared]:
        """The code of the mapping: from the cache, and all of it if that is not enough for ``many``."""
        if self._ready is not None:
            yield self._ready
        if many and self._kept is not None and (generated := self._compiled.prepared()) is not None:
            yield generated

    def _quick(self, prepared: Prepared, data: bytes, name: str) -> tuple[bytes, Sequence[Diagnostic]] | None:
        """The same on the fast path, None if that gives up."""
        from crossdock.execution.fast_path import Nothing

        failed: list[Kept] = []
        result = prepared.converted(
            data,
            self._scope,
            failed,
            validate=self.validate,
            trust_source=self.trust_source,
            compact=self.compact,
        )
        if isinstance(result, Nothing):
            return None
        if not failed:
            return result, ()
        from crossdock.execution.failed_checks import findings  # not loaded for an order without warnings

        return result, findings(failed, name)

    @cached_property
    def _kept(self) -> Prepared | None:
        """The mapping from the code cache, with the default settings of its channel."""
        if not self.cached or self.given:
            return None
        from crossdock.project import code_cache
        from crossdock.project.search_path import name_of_file

        return code_cache.find(self._roots, name_of_file(self._roots, self.mapping))

    @cached_property
    def _ready(self) -> Prepared | None:
        if self._kept is not None:
            return self._kept
        prepared = self._compiled.prepared()
        if self.cached and not self.given and prepared is not None:
            from crossdock.project import code_cache

            code_cache.keep_mapping(self._project, self._compiled)
        return prepared

    @cached_property
    def _roots(self) -> Sequence[Path]:
        from crossdock.project.search_path import located

        return located(self.context.find_root().obj)

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
        from crossdock.execution.scope import Scope, whole_numbers

        return Scope() if self._kept is not None else Scope(settings=whole_numbers(self._settings))


def _name(file: str) -> str:
    return "<stdin>" if file == "-" else file
