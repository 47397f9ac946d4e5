"""Lines that a worker reads itself: where they are in a file, and how to tell that the file has changed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from io import FileIO
from typing import Any, TypeAlias

from crossdock.bulk.unit import LineBlock
from crossdock.core import json_reader
from crossdock.core.diagnostics import Diagnostic, shorten
from crossdock.core.errors import InputError

FileState: TypeAlias = tuple[object, ...]
"""What a change to a file changes: its inode, size and time in nanoseconds; of a URL what its store has."""


@dataclass(frozen=True, slots=True)
class LineRange:
    """Whole lines of a file, from the byte ``offset`` on; otherwise as ``LineBlock``.

    ``path`` is the path or URL for a worker of what the user has named ``file``, and ``state`` that of the
    file in which the lines were found.
    """

    file: str
    first: int
    path: str
    offset: int
    size: int
    state: FileState
    part: int = 0

    def read(self) -> LineBlock:
        """The lines. Raises InputError for a file that cannot be read, or that has changed."""
        with json_reader.readable(self.file):
            data, state = self._near() if not is_far(self.path) else self._far()
        if len(data) != self.size or state != self.state:
            raise changed(self.file)
        return LineBlock(self.file, self.first, data, self.part)

    def _near(self) -> tuple[bytes, FileState]:
        with FileIO(self.path) as source:
            source.seek(self.offset)
            return source.read(self.size), state_of(source.fileno())

    def _far(self) -> tuple[bytes, FileState]:
        system, name = far(self.path)
        data: bytes = system.cat_file(name, self.offset, self.offset + self.size)
        return data, far_state(system, name)


def state_of(file: int | str) -> FileState:
    """The state of an open file, or of a path. Raises OSError."""
    found = os.stat(file)  # noqa: PTH116 (loads slowly)
    return found.st_ino, found.st_size, found.st_mtime_ns


def changed(path: str) -> InputError:
    message = f"`{shorten(path, 200)}` has changed while it was read"
    help = "read it again when nothing writes into it"
    return InputError([Diagnostic("source-changed", message, help=help)])


def is_far(path: str) -> bool:
    """Whether a path is a URL, of which fsspec reads the file."""
    return "://" in path


def far(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the name there. Raises InputError, ModuleNotFoundError without fsspec."""
    from fsspec.core import url_to_fs  # type: ignore[import-untyped]

    try:
        system, name = url_to_fs(url)
    except ImportError as error:  # of the package for this kind of file system
        message = f"`{shorten(url, 200)}` cannot be read: {shorten(str(error)).lower()}"
        raise InputError([Diagnostic("unreadable", message)]) from None
    return system, name


def far_state(system: Any, name: str) -> FileState:
    """The state of a file of a store. Raises OSError."""
    system.invalidate_cache()
    return system.size(name), system.ukey(name)
