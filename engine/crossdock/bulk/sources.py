"""What lines are read from: files and stdin, by their names also compressed, and watched for changes."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from io import BufferedIOBase
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from crossdock.bulk.blocks import Cutter, Lines, readable
from crossdock.bulk.ranges import LineRange, changed, far, far_state, is_far, state_of

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BUFFER: Final = 256 * 1024
_ZSTD_PIECE: Final = 4 * 1024  # small: what it decompresses to has no bound of its own


@dataclass(slots=True)
class Sources:
    """Files that are read one after the other; ``-`` is ``stdin``.

    ``eager``: a block of stdin is what can be read now. ``digests``: the SHA-256 of each file is computed.
    ``ranges``: of a local file that is not compressed, the blocks say where the lines are;
    ``ranges_of_far``: and of a URL.
    """

    paths: Sequence[str]
    stdin: BinaryIO
    eager: bool = False
    digests: bool = False
    ranges: bool = False
    ranges_of_far: bool = False
    read: list[RawFile] = field(default_factory=list)

    def blocks(self) -> Iterator[Lines]:
        """All lines. Raises InputError for a file that cannot be read, or changes meanwhile."""
        for cutter in self.cutters():
            yield from cutter

    def cutters(self) -> Iterator[Cutter]:
        """A cutter for each file, which must be read to its end before the next. Raises as above."""
        for path in self.paths:
            if path == "-":
                yield Cutter(cast(BufferedIOBase, self.stdin), path, eager=self.eager)
                continue
            with readable(path):
                raw = RawFile(path, digest=self.digests)
            self.read.append(raw)
            with raw:
                yield Cutter(decompressed(raw, path), path, whole=self._whole(raw))
                raw.check()

    def _whole(self, raw: RawFile) -> LineRange | None:
        """What the blocks are ranges of. Processes of this machine do not fetch a far file again."""
        return raw.whole() if self.ranges and (self.ranges_of_far or not is_far(raw.path)) else None

    def sizes(self) -> list[int | None]:
        """The bytes of each file, None for what has no size."""
        return [_size(path) for path in self.paths]

    def require(self) -> None:
        """Raise InputError for a file that is not there, before anything is written."""
        for path in self.paths:
            with readable(path):
                if path == "-":
                    continue
                if is_far(path):
                    system, name = far(path)
                    system.info(name)
                    continue
                if os.path.isdir(path):  # noqa: PTH112 (loads slowly)
                    raise IsADirectoryError
                os.stat(path)  # noqa: PTH116 (loads slowly)

    def check(self) -> None:
        """Raise InputError when the file that is read now has changed."""
        if self.read and not self.read[-1].closed:
            self.read[-1].check()

    @property
    def position(self) -> int:
        """How many bytes of the files were read."""
        return sum(raw.position for raw in self.read)


def _size(path: str) -> int | None:
    from stat import S_ISREG

    try:
        if is_far(path):
            system, name = far(path)
            size = system.size(name)
            return size if isinstance(size, int) else None
        found = os.stat(path)  # noqa: PTH116 (loads slowly)
    except OSError:
        return None
    return found.st_size if path != "-" and S_ISREG(found.st_mode) else None


class RawFile(io.RawIOBase):
    """The bytes of a file, counted. Raises OSError or ValueError."""

    def __init__(self, path: str, *, digest: bool = False) -> None:
        self.path = path
        self.position = 0
        self._far = far(path) if is_far(path) else None
        self._file: Any
        if self._far is not None:
            self._file = self._far[0].open(self._far[1], "rb")
        else:
            self._file = open(path, "rb", buffering=0)  # noqa: PTH123, SIM115 (closed by `close`)
        self._hash = sha256() if digest else None
        self._seen = self._state()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        count: int = self._file.readinto(buffer) or 0
        self.position += count
        if self._hash is not None:
            self._hash.update(memoryview(buffer)[:count])
        return count

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()

    @property
    def sha256(self) -> str:
        """The digest of what was read."""
        assert self._hash is not None
        return self._hash.hexdigest()

    def check(self) -> None:
        """Raise InputError when the file is another one than when it was opened."""
        with readable(self.path):
            same = self._state() == self._seen
        if not same:
            raise changed(self.path)

    def whole(self) -> LineRange | None:
        """All of the file as a range, None when it is compressed, a pipe, or has no name by now.

        Another process has other descriptors: `/dev/stdin` is what it is a link to.
        """
        if self._seen is None or self.path.endswith((".gz", ".zst")):
            return None
        if self._far is not None:
            return LineRange(self.path, 1, self.path, 0, 0, self._seen)
        path = os.path.realpath(self.path)  # loads quickly
        with suppress(OSError):
            if (state := state_of(path)) == state_of(self._file.fileno()):
                return LineRange(self.path, 1, path, 0, 0, state)
        return None

    def _state(self) -> tuple[object, ...] | None:
        """What a change to a file changes. None for a pipe or a device, which is read once."""
        from stat import S_ISREG

        if self._far is not None:
            return far_state(*self._far)
        opened = os.fstat(self._file.fileno())
        return (*state_of(self.path), opened.st_size) if S_ISREG(opened.st_mode) else None


def decompressed(raw: io.RawIOBase, name: str) -> BufferedIOBase:
    """The content of a file, by its name. Raises ModuleNotFoundError without zstandard."""
    buffered = io.BufferedReader(raw, _BUFFER)
    if name.endswith(".gz"):
        import gzip

        return io.BufferedReader(gzip.GzipFile(fileobj=buffered, mode="rb"), _BUFFER)
    if name.endswith(".zst"):
        return io.BufferedReader(_Zstandard(buffered), _BUFFER)
    return buffered


class _Zstandard(io.RawIOBase):
    """The content of zstd frames. The library's own reader takes the begin of a frame for all of it."""

    def __init__(self, compressed: BufferedIOBase) -> None:
        import zstandard

        self._new = zstandard.ZstdDecompressor().decompressobj
        self._failure = zstandard.ZstdError
        self._compressed = compressed
        self._frame: Any = None
        self._given = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        target = memoryview(buffer).cast("B")
        while not self._given:
            data = self._next_input()
            if not data:
                if self._frame is not None:
                    raise EOFError
                return 0
            self._frame = self._frame or self._new()
            try:
                self._given = memoryview(self._frame.decompress(data))
            except self._failure:
                raise zlib.error from None
        count = min(len(target), len(self._given))
        target[:count] = self._given[:count]
        self._given = self._given[count:]
        return count

    def _next_input(self) -> bytes:
        """More compressed bytes: first those that the last frame has left."""
        left = b""
        if self._frame is not None and self._frame.eof:
            left, self._frame = self._frame.unused_data, None
        return left or self._compressed.read(_ZSTD_PIECE)


@contextmanager
def compressed(stream: Any, name: str | None) -> Iterator[Any]:
    """A stream whose bytes are compressed into another, by the name of the file.

    The same bytes give the same file. Raises ModuleNotFoundError without zstandard.
    """
    if name is not None and name.endswith(".gz"):
        import gzip

        with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=stream, mtime=0) as writer:
            yield writer
    elif name is not None and name.endswith(".zst"):
        import zstandard

        with zstandard.ZstdCompressor().stream_writer(stream, closefd=False) as writer:
            yield writer
    else:
        yield stream
