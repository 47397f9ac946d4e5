"""A mapping and its options, applied to the bytes of payloads.

A mapping that was used before and has not changed since is loaded from the code cache; then neither its
file nor a schema is read. A payload that the fast path cannot convert is run on the normal path, with the
mapping compiled from its file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from crossdock.core.diagnostics import Diagnostic
    from crossdock.core.json_types import JSON
    from crossdock.execution.failed_checks import Kept
    from crossdock.execution.fast_path import Prepared
    from crossdock.execution.runner import Mapping
    from crossdock.execution.scope import Scope
    from crossdock.project.project import Project


@dataclass(frozen=True)
class PayloadConverter:
    """Converts payloads with one mapping. Pickled, it is its fields: another process compiles for itself.

    ``directory`` is where the project is looked for, None for the working directory. ``given`` are settings
    as text.
    """

    directory: str | None
    mapping: str
    given: tuple[tuple[str, str], ...] = ()
    compact: bool = True
    validate: bool = True
    cached: bool = True
    trust_source: bool = False

    def __reduce__(self) -> tuple[Any, ...]:
        return PayloadConverter, tuple(getattr(self, field.name) for field in fields(self))

    def check(self) -> None:
        """Report errors in the mapping or a setting before a payload is waited for. Raises CrossdockError."""
        if self._kept is None:
            _ = self._settings

    def warm(self) -> None:
        """Load or generate the code, so that processes that are forked from here have it."""
        self.check()
        _ = self._ready, self._scope

    def converted(
        self, data: bytes, named: Callable[[], str], *, many: bool = False
    ) -> tuple[bytes, Sequence[Diagnostic]]:
        """The JSON text of the result, and the warnings. Raises CrossdockError.

        ``named`` makes the name of the payload in messages, which most payloads do not need. If the cached
        code cannot convert one of ``many`` payloads, all code is generated, once: the cache has no code for
        amounts of more than four decimals.
        """
        for prepared in self._ways(many):
            found = self._quick(prepared, data, named)
            if found is not None:
                return found
        name = named()
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

    def _quick(
        self, prepared: Prepared, data: bytes, named: Callable[[], str]
    ) -> tuple[bytes, Sequence[Diagnostic]] | None:
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

        return result, findings(failed, named())

    @cached_property
    def roots(self) -> Sequence[Path]:
        """The search path: the project, and the bundled mappings. Raises ProjectError."""
        from crossdock.project.search_path import located

        return located(self.directory)

    def digest(self) -> str:
        """One digest of what decides what the mapping does: the files on the search path, and its own."""
        from hashlib import sha256
        from pathlib import Path

        from crossdock.project.digest import digest
        from crossdock.project.search_path import FILES, name_of_file

        found = digest(self.roots)
        if name_of_file(self.roots, self.mapping).endswith(FILES):  # a file outside of the project
            found = sha256(found.encode() + Path(self.mapping).read_bytes()).hexdigest()
        return found

    @cached_property
    def _kept(self) -> Prepared | None:
        """The mapping from the code cache, with the default settings of its channel."""
        if not self.cached or self.given:
            return None
        from crossdock.project import code_cache
        from crossdock.project.search_path import name_of_file

        return code_cache.find(self.roots, name_of_file(self.roots, self.mapping))

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
    def _project(self) -> Project:
        from crossdock.project.project import Project

        return Project.open(self.directory)

    @cached_property
    def _compiled(self) -> Mapping:
        return self._project.mapping(self.mapping)

    @cached_property
    def _settings(self) -> dict[str, JSON]:
        return self._project.settings(self._compiled.name, dict(self.given))

    @cached_property
    def _scope(self) -> Scope:
        from crossdock.execution.scope import Scope, whole_numbers

        return Scope() if self._kept is not None else Scope(settings=whole_numbers(self._settings))
