"""Files in the cache directory, which only the user can write. Each is written completely or not at all.

An entry is a file named by a SHA-256. It is only read from a directory and a file that no other user can
write, and only if the digest of its content is right. ``CROSSDOCK_CACHE`` names another directory, or is
``off``.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from contextlib import suppress
from hashlib import sha256
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final

from crossdock.core.limits import CACHE_ENTRIES
from crossdock.core.version import __version__

MAGIC: Final = b"crossdock 1\n"
_DIGEST: Final = 32
_FORBIDDEN: Final = 0o022  # write permission for the group or others
_NAME: Final = re.compile(r"[0-9a-f]{64}(\.\d+\.[0-9a-f]{8})?")  # an entry, or one that is being written
_LEFT: Final = 3600.0  # seconds after which no process still writes it
_READERS: Final = ("jmespath", "jinja2", "yaml")  # the libraries that parse what people write


def read(path: Path) -> bytes | None:
    """What an entry holds; None if others can write it, or if its digest is wrong. Raises OSError."""
    # Without O_NONBLOCK this would wait for a pipe in the place of the entry.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
        if not (stat.S_ISREG(status.st_mode) and _is_ours(status)):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read()
    finally:
        os.close(descriptor)
    head = len(MAGIC) + _DIGEST
    body = data[head:]
    return body if data[:head] == MAGIC + sha256(body).digest() else None


def write(folder: Path, name: str, body: bytes) -> None:
    """Write an entry, in the place of an older one, and delete the oldest of many. Raises OSError."""
    replace_file(folder, name, MAGIC + sha256(body).digest() + body)
    _prune(folder)


def replace_file(folder: Path, name: str, data: bytes) -> None:
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
    """Delete files that a killed process left unfinished, and the oldest entries when there are too many.

    Other files are left alone: the user may keep other things in the directory.
    """
    with suppress(OSError):
        found = _dated(folder)
        entries = [name for _, name in found if "." not in name]
        last = found[-1][0] if found else 0.0
        unfinished = [name for written, name in found if "." in name and written < last - _LEFT]
        for name in [*unfinished, *entries[: max(len(entries) - CACHE_ENTRIES, 0)]]:
            with suppress(OSError):
                (folder / name).unlink()


def _dated(folder: Path) -> list[tuple[float, str]]:
    """Our files with their times, the oldest first. Another process may delete some at the same time."""
    found: list[tuple[float, str]] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if _NAME.fullmatch(entry.name):
                with suppress(OSError):
                    found.append((entry.stat(follow_symlinks=False).st_mtime, entry.name))
    return sorted(found)


def cache_folder(*, make: bool = False) -> Path | None:
    """The directory of the entries, if it is one that only the user can write."""
    given = os.environ.get("CROSSDOCK_CACHE")
    if given == "off" or not hasattr(os, "geteuid"):
        return None
    try:
        folder = Path(given) if given else _home() / "crossdock"
        if not folder.is_absolute():
            return None
        if make:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
        return folder if stat.S_ISDIR(status.st_mode) and _is_ours(status) else None
    except (OSError, RuntimeError):  # there may be no home
        return None


def _home() -> Path:
    """The user's cache directory. Raises RuntimeError when there is no home directory."""
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if given.is_absolute():
        return given
    if not os.environ.get("HOME", "unknown"):  # Python would take the root directory
        raise RuntimeError
    return Path.home() / ".cache"


def _is_ours(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid() and not status.st_mode & _FORBIDDEN


def made_by() -> tuple[object, ...]:
    """What makes entries: the engine, the libraries and Python. Raises OSError."""
    return __version__, _engine(Path(__file__).resolve().parents[1]), _libraries(), sys.version


def _engine(folder: Path) -> str:
    """A digest of the engine's own files: their names, sizes and times."""
    found: list[tuple[str, int, int]] = []
    folders = [str(folder)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    status = entry.stat()
                    found.append((entry.path, status.st_size, status.st_mtime_ns))
                elif entry.name != "bundled" and entry.name != "__pycache__" and entry.is_dir():
                    folders.append(entry.path)
    return sha256(repr(sorted(found)).encode()).hexdigest()


def _libraries() -> list[int]:
    """When the parsing libraries were last installed: a new version must not find the code of an old one."""
    places = (PathFinder.find_spec(name) for name in _READERS)
    return [Path(place.origin).parents[1].stat().st_mtime_ns for place in places if place and place.origin]
