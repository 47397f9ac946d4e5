"""Cuts a stream into blocks of whole lines."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BufferedIOBase
from typing import Final, TypeAlias

from crossdock.bulk.ranges import LineRange
from crossdock.bulk.unit import LineBlock
from crossdock.core import json_reader
from crossdock.core.diagnostics import Diagnostic, shorten
from crossdock.core.errors import InputError
from crossdock.core.limits import PAYLOAD_BYTES

BLOCK_BYTES: Final = 512 * 1024
_PIECE: Final = 64 * 1024
_LINE_END: Final = ord("\n")
Lines: TypeAlias = LineBlock | LineRange
"""Lines of a file for a worker: the lines themselves, or where they are."""


@contextmanager
def readable(path: str) -> Iterator[None]:
    """Raise InputError for what is raised by reading a file, compressed or not."""
    reason = "it ends too early"
    with json_reader.readable(path):
        try:
            yield
            return
        except EOFError:
            pass
        except zlib.error:
            reason = "it is damaged"
        except OSError as error:
            from gzip import BadGzipFile

            if not isinstance(error, BadGzipFile):
                raise
            reason = "it is damaged"
    raise InputError([Diagnostic("unreadable", f"`{shorten(path, 200)}` cannot be read: {reason}")])


class Cutter:
    """Reads a stream block by block. Of a line that is too long, as much is kept as shows that.

    ``eager``: a block is what the stream has now, for a pipe whose writer may wait for the results.
    ``whole`` is the range of the whole file when the blocks are to be ranges of it; its stream must be it.
    """

    def __init__(
        self,
        stream: BufferedIOBase,
        path: str,
        *,
        eager: bool = False,
        whole: LineRange | None = None,
        limit: int = PAYLOAD_BYTES,
    ) -> None:
        self._stream = stream
        self._limit = limit
        self._path = path
        self._eager = eager
        self._whole = whole
        self._buffer = bytearray(BLOCK_BYTES if whole else 0)
        self._begun = b""
        self._next = 1
        self._offset = 0

    def __iter__(self) -> Iterator[Lines]:
        while (block := self.take(BLOCK_BYTES)) is not None:
            yield block

    def take(
        self, size: int, part: int = 0, saw: Callable[[bytes | memoryview], object] | None = None
    ) -> Lines | None:
        """The lines up to the one that has the byte ``size``; None at the end. Raises InputError.

        ``saw`` gets their bytes, also those of a range.
        """
        with readable(self._path):
            data, count = self._filled(size) if self._whole else self._read(size)
            if not count:
                return None
            rest, left_out = b"", 0
            if data[count - 1] != _LINE_END:
                rest, left_out = self._rest(count - data.rfind(b"\n", 0, count) - 1)
        if saw is not None:
            saw(memoryview(data)[:count])
            saw(rest)
        found: Lines
        if self._whole is None or left_out:
            name = "<stdin>" if self._path == "-" else self._path
            found = LineBlock(name, self._next, bytes(data[:count]) + rest, part)
        else:
            size = count + len(rest)
            found = replace(self._whole, first=self._next, offset=self._offset, size=size, part=part)
        self._offset += count + len(rest) + left_out
        self._next += data.count(b"\n", 0, count) + rest.count(b"\n")
        return found

    def _filled(self, size: int) -> tuple[bytearray, int]:
        """The same memory for each block: what is read is counted and digested, and not kept."""
        return self._buffer, self._stream.readinto(memoryview(self._buffer)[:size])

    def _read(self, size: int) -> tuple[bytes, int]:
        data = self._available(size) if self._eager else self._stream.read(size)
        return data, len(data)

    def _available(self, size: int) -> bytes:
        """The whole lines that can be read without waiting, or the begin of one."""
        data = self._begun + self._stream.read1(size)
        end = data.rfind(b"\n") + 1 or len(data)
        self._begun = data[end:]
        return data[:end]

    def _rest(self, begun: int) -> tuple[bytes, int]:
        """The rest of a line of which so many bytes were read, and how many bytes of it are left out."""
        most = self._limit + 2 - begun
        rest = self._stream.readline(most)
        if len(rest) < most or rest.endswith(b"\n"):
            return rest, 0
        piece, left_out = rest, -1
        while piece and not piece.endswith(b"\n"):
            piece = self._stream.readline(_PIECE)
            left_out += len(piece)
        return rest + piece[-1:], left_out + (not piece)
