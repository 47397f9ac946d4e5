"""The directory of a bulk run: files that are there whole or not at all, also after a crash.

    manifest.json            what was asked for, and at the end what came of it
    results/part-00000.jsonl a line for each payload that was converted
    dead/part-00000.jsonl    the payloads that were refused, and why; for the owner only
    parts/part-00000.json    the record of a part, written when its other files are safe

A file is written under another name, to the disk, and then renamed. A part counts when it has a record.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from typing import Any, BinaryIO, Final

from crossdock.core.diagnostics import Diagnostic, shorten
from crossdock.core.errors import ProjectError

MANIFEST: Final = "manifest.json"
_FOLDERS: Final = {"results": 0o777, "dead": 0o700, "parts": 0o777}
_UNFINISHED: Final = ".unfinished"
_PIECE: Final = 1024 * 1024

Record = dict[str, Any]


class WholeFile:
    """A file that appears when it is complete. Raises OSError."""

    def __init__(self, path: Path, mode: int = 0o666) -> None:
        self.path = path
        self.lines = self.size = 0
        self._hash = sha256()
        self._unfinished = path.with_name(path.name + _UNFINISHED)
        descriptor = os.open(self._unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        self._stream = os.fdopen(descriptor, "wb")

    def write(self, data: bytes) -> None:
        self._stream.write(data)
        self._hash.update(data)
        self.lines += data.count(b"\n")
        self.size += len(data)

    def finish(self) -> Record:
        """Make it appear. Returns its facts."""
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        self._unfinished.replace(self.path)
        sync(self.path.parent)
        return self.facts

    @property
    def facts(self) -> Record:
        return {
            "file": f"{self.path.parent.name}/{self.path.name}",
            "lines": self.lines,
            "bytes": self.size,
            "sha256": self._hash.hexdigest(),
        }

    def drop(self) -> None:
        """Leave nothing of it, if it is not finished."""
        with suppress(OSError):
            self._stream.close()
        self._unfinished.unlink(missing_ok=True)


class BulkFolder:
    """The files of a run. ``shown`` is its name in messages."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def shown(self) -> str:
        return str(self.path)

    def inner(self, name: str) -> BulkFolder:
        """A folder inside of this one."""
        return BulkFolder(self.path / name)

    def results(self, part: int) -> WholeFile:
        return self.create(f"results/part-{part:05}.jsonl")

    def dead(self, part: int) -> WholeFile:
        return self.create(f"dead/part-{part:05}.jsonl", 0o600)

    def keep(self, part: int, record: Record) -> None:
        self._write(f"parts/part-{part:05}.json", record)

    def keep_manifest(self, manifest: Record) -> None:
        self._write(MANIFEST, manifest)

    def create(self, name: str, mode: int = 0o666) -> WholeFile:
        """A new file. Raises OSError."""
        return WholeFile(self.path / name, mode)

    def opened(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A file to be read. Raises OSError."""
        return (self.path / name).open("rb")

    def record(self, part: int) -> Record | None:
        """The record of a part, if its files are as it says."""
        found = self._read(f"parts/part-{part:05}.json")
        if found is None:
            return None
        files = [found["results"], *([found["dead"]] if found["dead"] else [])]
        return found if all(self._digest(each["file"]) == each["sha256"] for each in files) else None

    def manifest(self) -> Record | None:
        return self._read(MANIFEST)

    def make(self) -> None:
        """Make the folders, and remove what a run that was ended has left unfinished."""
        self.path.mkdir(parents=True, exist_ok=True)
        for name, mode in _FOLDERS.items():
            (self.path / name).mkdir(mode=mode, exist_ok=True)
        self.clean()
        sync(self.path)

    def clean(self) -> None:
        """Remove the files that are not finished."""
        for unfinished in self.path.glob(f"**/*{_UNFINISHED}"):
            unfinished.unlink(missing_ok=True)

    @property
    def is_empty(self) -> bool:
        return not self.path.exists() or not any(self.path.iterdir())

    def remove(self) -> None:
        """Remove all of it, if it is there."""
        if self.path.exists():
            rmtree(self.path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Make it; nothing else may write into it meanwhile. Raises ProjectError when something does."""
        with writing(self.shown):
            self.path.mkdir(parents=True, exist_ok=True)
        with locked(self.path):
            yield

    def _write(self, name: str, value: Record) -> None:
        file = self.create(name)
        try:
            file.write(json.dumps(value, indent=1).encode() + b"\n")
            file.finish()
        finally:
            file.drop()

    def _read(self, name: str) -> Record | None:
        try:
            with self.opened(name) as file:
                found = json.loads(file.read())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _digest(self, name: str) -> str | None:
        digest = sha256()
        try:
            with self.opened(name) as file:
                while piece := file.read(_PIECE):
                    digest.update(piece)
        except OSError:
            return None
        return digest.hexdigest()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nothing else may write into the directory meanwhile. Raises ProjectError when something does."""
    try:
        import fcntl
    except ModuleNotFoundError:  # this system has no such locks
        yield
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        message = f"another run is writing into `{shorten(str(path), 200)}`"
        raise ProjectError([Diagnostic("run-in-progress", message)]) from None
    finally:
        os.close(descriptor)


@contextmanager
def writing(shown: str) -> Iterator[None]:
    """Raise ProjectError for what is raised by writing into the directory."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        message = f"`{shorten(shown, 200)}` cannot be written: {reason}"
        help = "the parts that are complete stay; --resume goes on when there is room"
        raise ProjectError([Diagnostic("unwritable", message, help=help)]) from None


def sync(folder: Path) -> None:
    """Write the names in a folder to the disk."""
    if os.name != "posix":  # elsewhere a folder cannot be opened
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
