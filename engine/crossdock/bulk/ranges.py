"""Lines that a worker reads itself: where they are in a file, and how to tell that the file has changed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from io import FileIO
from typing import TypeAlias

from crossdock.bulk.unit import LineBlock
from crossdock.core import json_reader
from crossdock.core.diagnostics import Diagnostic, shorten
from crossdock.core.errors import InputError

FileState: TypeAlias = tuple[int, int, int, int]
"""Of a local file: its device, inode, size and time of the last change in nanoseconds."""


@dataclass(frozen=True, slots=True)
class LineRange:
    """Whole lines of a local file, from the byte ``offset`` on; otherwise as ``LineBlock``.

    ``path`` is where the file named ``file`` is for a worker, ``state`` that of the file they were found in.
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
        with json_reader.readable(self.file), FileIO(self.path) as source:
            source.seek(self.offset)
            data = source.read(self.size)
            if len(data) != self.size or state_of(source.fileno()) != self.state:
                raise changed(self.file)
        return LineBlock(self.file, self.first, data, self.part)


def state_of(file: int | str) -> FileState:
    """The state of an open file, or of a path. Raises OSError."""
    found = os.stat(file)  # noqa: PTH116 (loads slowly)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def changed(path: str) -> InputError:
    message = f"`{shorten(path, 200)}` has changed while it was read"
    help = "read it again when nothing writes into it"
    return InputError([Diagnostic("source-changed", message, help=help)])
