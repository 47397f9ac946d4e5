"""Generated code kept on disk, so that a mapping is read, checked and turned into Python once.

An entry holds the code of a mapping and of its schemas' acceptors, and the digest of every file that was
read on the way. It is good as long as they are what they were, the engine is, and Python is. One file for
each mapping and project, written whole or not at all, so that a process finds the old or the new one.

The entries are code that will run. They are taken only from a directory and files that nobody but the user
can write, and only with the digest of their content intact; else they are not there. ``CROSSDOCK_CACHE``
names another directory, or is ``off``.
"""

from __future__ import annotations

import marshal
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import CodeType
from typing import Any, Final

from crossdock import __version__, runtime
from crossdock.acceptance import support
from crossdock.acceptance.reading import accepted
from crossdock.generated import Generated, run_of
from crossdock.prepared import Prepared

_MAGIC: Final = b"crossdock 1\n"
_DIGEST: Final = 32
_MOST: Final = 512
_FORBIDDEN: Final = 0o022  # write permission for the group or others

Seen = dict[str, "str | None"]


@dataclass(frozen=True, slots=True)
class Entry:
    """The code that stands for a mapping, and the files that it was made of."""

    seen: Seen
    modules: dict[str, tuple[CodeType, dict[str, Any]]]

    def prepared(self) -> Prepared:
        loaded: dict[str, Callable[..., Any]] = {
            part: run_of(code, constants, runtime if part == "run" else support)
            for part, (code, constants) in self.modules.items()
        }
        takes = loaded.get("takes")
        read = partial(accepted, accept=takes) if takes is not None else None
        return Prepared(loaded["run"], takes, loaded.get("gives"), read)

    @property
    def is_current(self) -> bool:
        """Whether every file is what it was when the code was made."""
        return all(_digest(Path(path)) == digest for path, digest in self.seen.items())


def find(roots: Sequence[Path], name: str) -> Prepared | None:
    """What was kept for a mapping, if it is still good."""
    folder = _folder()
    if folder is None:
        return None
    try:
        entry = _read(folder / _key(roots, name))
        return entry.prepared() if entry is not None and entry.is_current else None
    except Exception:  # whatever is wrong with it, it is not there
        return None


def keep(
    roots: Sequence[Path], name: str, seen: dict[Path, str | None], modules: Mapping[str, Generated]
) -> bool:
    """Keep what was generated for a mapping: ``run``, ``takes`` and ``gives``. False when that fails."""
    folder = _folder(make=True)
    if folder is None:
        return False
    listed = {str(path): digest for path, digest in seen.items()}
    code = {part: (each.compiled(), dict(each.constants)) for part, each in modules.items()}
    try:
        body = marshal.dumps((listed, code))
        _write(folder, _key(roots, name), _MAGIC + sha256(body).digest() + body)
        _prune(folder)
    except (OSError, ValueError):
        return False
    return True


def _read(path: Path) -> Entry | None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        if not _is_ours(os.fstat(file.fileno())):
            return None
        data = file.read()
    head = len(_MAGIC) + _DIGEST
    body = data[head:]
    if data[:head] != _MAGIC + sha256(body).digest():
        return None
    return Entry(*marshal.loads(body))  # noqa: S302 (ours, and as we wrote it)


def _write(folder: Path, name: str, data: bytes) -> None:
    unfinished = folder / f"{name}.{os.getpid()}.{os.urandom(4).hex()}"
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        unfinished.replace(folder / name)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


def _prune(folder: Path) -> None:
    """Drop the oldest entries of a directory that has grown beyond measure."""
    entries = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
    for path in entries[: max(len(entries) - _MOST, 0)]:
        with suppress(OSError):
            path.unlink()


def _folder(*, make: bool = False) -> Path | None:
    """The directory of the entries, if it is one that only the user can write."""
    given = os.environ.get("CROSSDOCK_CACHE")
    if given == "off" or not hasattr(os, "geteuid"):
        return None
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folder = Path(given) if given else base / "crossdock"
        if not folder.is_absolute():
            return None
        if make:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder if _is_ours(folder.lstat()) else None
    except (OSError, RuntimeError):  # there may be no home
        return None


def _is_ours(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid() and not status.st_mode & _FORBIDDEN


def _key(roots: Sequence[Path], name: str) -> str:
    """The name of an entry: a mapping, its project, the engine and Python."""
    parts = [__version__, str(_engine()), sys.version, name, *map(str, roots)]
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _engine() -> int:
    """When the engine's own files were last changed."""
    newest, folders = 0, [str(Path(__file__).resolve().parent)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    newest = max(newest, entry.stat().st_mtime_ns)
                elif entry.name != "bundled" and entry.name != "__pycache__" and entry.is_dir():
                    folders.append(entry.path)
    return newest


def _digest(path: Path) -> str | None:
    try:
        return sha256(path.read_bytes()).hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return None
