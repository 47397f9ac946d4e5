"""The files of a project as an editor has them: what is open is in memory, the rest is read once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from crossdock.core.diagnostics import Source
from crossdock.core.errors import CrossdockError
from crossdock.project.files import ProjectFiles
from crossdock.project.shared_files import has_steps


class OpenFiles(ProjectFiles):
    """``unsaved`` has the texts of the open files. ``reads`` counts how often a file was read from disk."""

    def __init__(self, roots: Sequence[Path]) -> None:
        super().__init__(roots)
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
            self.reads += path not in self.unsaved
            found = self._sources[path] = super().read(path)
        return found

    def has_shared_steps(self, path: Path) -> bool:
        try:
            return has_steps(self.read(path).text)
        except CrossdockError:  # reported where the file itself is compiled
            return False
