"""The directory of a bulk run in a store that has a URL, such as ``s3://archive/converted``.

A file is written to a temporary folder of this machine, and given to the store when it is complete. An
object store shows an object when it has all of it. The record of a part comes last here too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from crossdock.bulk.folder import BulkFolder, Record, WholeFile
from crossdock.bulk.ranges import far, is_far
from crossdock.core.diagnostics import Diagnostic, shorten
from crossdock.core.errors import InputError, ProjectError


@contextmanager
def folder_at(place: str) -> Iterator[BulkFolder]:
    """The folder at a path or a URL. Raises ProjectError for a URL of which nothing is known."""
    if not is_far(place):
        yield BulkFolder(Path(place))
        return
    try:
        system, name = far(place)
    except (InputError, ValueError):
        message = f"`{shorten(place, 200)}` cannot be written: no package is installed for such URLs"
        raise ProjectError([Diagnostic("unwritable", message)]) from None
    if type(system).__name__ == "LocalFileSystem":
        yield BulkFolder(Path(name))
        return
    with TemporaryDirectory() as here:
        yield FarFolder(Path(here, "run"), system, name.rstrip("/"), place)


class FarFolder(BulkFolder):
    """The files of a run in a store. ``path`` is a folder here, for the files that are not complete yet."""

    def __init__(self, path: Path, system: Any, name: str, shown: str) -> None:
        super().__init__(path)
        self._system = system
        self._name = name
        self._shown = shown

    @property
    def shown(self) -> str:
        return self._shown

    def inner(self, name: str) -> FarFolder:
        return FarFolder(self.path / name, self._system, f"{self._name}/{name}", f"{self._shown}/{name}")

    def create(self, name: str, mode: int = 0o600) -> WholeFile:  # noqa: ARG002 (the store has its own rights)
        return _FarFile(self.path / name, self._system, f"{self._name}/{name}")

    def opened(self, name: str) -> AbstractContextManager[BinaryIO]:
        self._system.invalidate_cache()
        found: AbstractContextManager[BinaryIO] = self._system.open(f"{self._name}/{name}", "rb")
        return found

    @property
    def is_empty(self) -> bool:
        self._system.invalidate_cache()
        try:
            return not self._system.ls(self._name)
        except FileNotFoundError:
            return True

    def remove(self) -> None:
        super().remove()
        if not self.is_empty:
            self._system.rm(self._name, recursive=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Stores have no locks."""
        yield


class _FarFile(WholeFile):
    def __init__(self, path: Path, system: Any, name: str) -> None:
        super().__init__(path, 0o600)
        self._system = system
        self._name = name

    def finish(self) -> Record:
        """Give it to the store. Returns its facts."""
        facts = super().finish()
        try:
            self._put()
        except FileNotFoundError:  # object stores have no folders, others do
            self._system.makedirs(self._name.rpartition("/")[0], exist_ok=True)
            self._put()
        finally:
            self.drop()
        return facts

    def _put(self) -> None:
        self._system.put_file(str(self.path), self._name)

    def drop(self) -> None:
        super().drop()
        self.path.unlink(missing_ok=True)
