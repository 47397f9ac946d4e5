"""Cuts a stream into blocks of whole lines."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from typing import Final

from crossdock.bulk.unit import LineBlock
from crossdock.core import json_reader
from crossdock.core.diagnostics import Diagnostic, shorten
from crossdock.core.errors import InputError
from crossdock.core.limits import PAYLOAD_BYTES

BLOCK_BYTES: Final = 512 * 1024
_PIECE: Final = 64 * 1024


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
    """

    def __init__(
        self, stream: BufferedIOBase, path: str, *, eager: bool = False, limit: int = PAYLOAD_BYTES
    ) -> None:
        self._stream = stream
        self._limit = limit
        self._path = path
        self._eager = eager
        self._begun = b""
        self._next = 1

    def __iter__(self) -> Iterator[LineBlock]:
        while (block := self.take(BLOCK_BYTES)) is not None:
            yield block

    def take(self, size: int, part: int = 0) -> LineBlock | None:
        """The lines up to the one that has the byte ``size``; None at the end. Raises InputError."""
        with readable(self._path):
            data = self._available(size) if self._eager else self._stream.read(size)
            if not data:
                return None
            if not data.endswith(b"\n"):
                data += self._rest(len(data) - data.rfind(b"\n") - 1)
        block = LineBlock("<stdin>" if self._path == "-" else self._path, self._next, data, part)
        self._next += data.count(b"\n")
        return block

    def _available(self, size: int) -> bytes:
        """The whole lines that can be read without waiting, or the begin of one."""
        data = self._begun + self._stream.read1(size)
        end = data.rfind(b"\n") + 1 or len(data)
        self._begun = data[end:]
        return data[:end]

    def _rest(self, begun: int) -> bytes:
        """The rest of a line of which so many bytes were read."""
        most = self._limit + 2 - begun
        rest = self._stream.readline(most)
        if len(rest) < most or rest.endswith(b"\n"):
            return rest
        piece = rest
        while piece and not piece.endswith(b"\n"):
            piece = self._stream.readline(_PIECE)
        return rest + piece[-1:]
