"""The files of a project as an editor has them: what is open is in memory, the rest is read once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from crossdock.core.diagnostics import Diagnostic, Source
from crossdock.core.errors import CompileError, CrossdockError
from crossdock.core.limits import FILE_CHARACTERS
from crossdock.project.files import ProjectFiles
from crossdock.project.shared_files import has_steps


class OpenFiles(ProjectFiles):
    """``texts`` are those of the open files. ``reads`` counts how often a file was read from disk."""

    def __init__(self, roots: Sequence[Path]) -> None:
        super().__init__(roots)
        self.texts: dict[Path, str] = {}
        self.reads = 0
        self._sources: dict[Path, Source] = {}

    def forget(self, path: Path) -> None:
        super().forget(path)
        self.seen.pop(path, None)
        self._sources.pop(path, None)

    def known(self, path: Path) -> str | None:
        """The text of a file as it was read; None if it was not."""
        return self._sources[path].text if path in self._sources else None

    def read(self, path: Path) -> Source:
        found = self._sources.get(path)
        if found is None:
            found = self._sources[path] = self._read_anew(path)
        return found

    def _read_anew(self, path: Path) -> Source:
        if path not in self.texts:
            self.reads += 1
            return super().read(path)
        name, text = self.display(path), self.texts[path]
        if len(text.encode("utf-8", "surrogatepass")) > 4 * FILE_CHARACTERS:
            raise CompileError([Diagnostic("file-too-large", f"`{name}` is too large for a mapping")])
        return Source(name, text)

    def has_shared_steps(self, path: Path) -> bool:
        try:
            return has_steps(self.read(path).text)
        except CrossdockError:  # reported where the file itself is compiled
            return False
