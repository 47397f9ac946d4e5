"""Generated code, cached on disk, so that a mapping is parsed, checked and compiled to Python only once.

An entry holds the code of a mapping and of its schemas' acceptors, and the digest of every file that was
read for it. It is valid while those files, the engine and Python are unchanged. Each mapping of a project
has one file, written completely or not at all, so that a process finds the old or the new one.

The entries are code that will run. They are only loaded from a directory and files that no other user can
write, and only if the digest of their content is right; else they are ignored. ``CROSSDOCK_CACHE`` names
another directory, or is ``off``.
"""

from __future__ import annotations

import marshal
import os
import re
import stat
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from importlib.machinery import PathFinder
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any, Final

from crossdock.core.limits import CACHE_ENTRIES
from crossdock.core.once import once
from crossdock.core.python_module import Generated, run_of
from crossdock.core.version import __version__
from crossdock.execution import runtime
from crossdock.execution.fast_path import Prepared, Read
from crossdock.project.search_path import FILES
from crossdock.schema.fast import runtime as acceptor_runtime
from crossdock.schema.fast.strict_reader import accepted

if TYPE_CHECKING:
    from crossdock.execution.runner import Mapping as CompiledMapping
    from crossdock.project.project import Project

_MAGIC: Final = b"crossdock 1\n"
_DIGEST: Final = 32
_FORBIDDEN: Final = 0o022  # write permission for the group or others
_NAME: Final = re.compile(r"[0-9a-f]{64}(\.\d+\.[0-9a-f]{8})?")  # an entry, or one that is being written
_LEFT: Final = 3600.0  # seconds after which no process still writes it
_READERS: Final = ("jmespath", "jinja2")  # the libraries that parse expressions and templates

Seen = dict[str, "str | None"]
Modules = dict[str, tuple[CodeType, dict[str, Any]]]
Paths = list[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Entry:
    """The code of a mapping, the files that it was generated from, and the payload paths that it reads."""

    key: str
    seen: Seen
    modules: Modules
    paths: Paths

    def prepared(self) -> Prepared:
        loaded: dict[str, Callable[..., Any]] = {
            part: run_of(code, constants, runtime if part == "run" else acceptor_runtime)
            for part, (code, constants) in self.modules.items()
        }
        takes = loaded.get("takes")
        read = partial(accepted, accept=takes) if takes is not None else None
        return Prepared(loaded["run"], takes, loaded.get("gives"), read, once(self._prunes))

    def _prunes(self) -> Read:
        from crossdock.schema.fast.partial_reader import pruned_reader  # only needed for a trusted payload

        return pruned_reader(self.paths)

    @property
    def is_current(self) -> bool:
        """Whether every file still has the content from which the code was generated."""
        return all(_digest(Path(path)) == digest for path, digest in self.seen.items())


def find(roots: Sequence[Path], name: str) -> Prepared | None:
    """The fast path of a mapping from its entry; None when there is no valid entry."""
    folder = _folder()
    if folder is None:
        return None
    try:
        key = _key(roots, name)
        entry = _read(folder / key)
        if entry is None or entry.key != key or not entry.is_current:
            return None
        return entry.prepared()
    except Exception:  # an entry with any fault is ignored: the mapping is compiled again
        return None


def keep(
    roots: Sequence[Path],
    name: str,
    seen: Mapping[Path, str | None],
    modules: Mapping[str, Generated],
    paths: Collection[tuple[str, ...]] = ((),),
) -> bool:
    """Store the code of a mapping: ``run``, ``takes`` and ``gives``. False when that fails.

    ``paths`` are the paths that the mapping reads in a payload; the default is the whole payload.
    """
    folder = _folder(make=True)
    if folder is None:
        return False
    try:
        key = _key(roots, name)
        listed = {str(path): digest for path, digest in seen.items()}
        # A schema beyond Python's own limits has no code; then the mapping has none to store.
        code = {part: (each.compiled(), dict(each.constants)) for part, each in modules.items()}
        body = marshal.dumps((key, listed, code, sorted(paths)))
        _write(folder, key, _MAGIC + sha256(body).digest() + body)
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return False
    _prune(folder)
    return True


def keep_mapping(project: Project, mapping: CompiledMapping) -> bool:
    """Store a mapping's code with the digests of all files that its project has read. False if it cannot.

    A file outside the project has no name in the cache.
    """
    seen = project.seen()
    if seen is None or mapping.name.endswith(FILES):
        return False
    from crossdock.checking.read_set import read_paths  # a mapping from the cache does not need it

    return keep(project.roots, mapping.name, seen, mapping.generated(), read_paths(mapping.linked))


def _read(path: Path) -> Entry | None:
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
    head = len(_MAGIC) + _DIGEST
    body = data[head:]
    if data[:head] != _MAGIC + sha256(body).digest():
        return None
    return Entry(*marshal.loads(body))  # noqa: S302 (written by this user, with the right digest)


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


def _folder(*, make: bool = False) -> Path | None:
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


def _key(roots: Sequence[Path], name: str) -> str:
    """The name of an entry: a mapping, its project, the engine, the libraries and Python. Raises OSError."""
    made_by = (__version__, _engine(Path(__file__).resolve().parents[1]), _libraries(), sys.version)
    return sha256(repr((made_by, name, [str(root) for root in roots])).encode()).hexdigest()


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


def _digest(path: Path) -> str | None:
    """The SHA-256 of a file's content; None if there is none. Raises OSError for a directory."""
    if path.is_file():
        return sha256(path.read_bytes()).hexdigest()
    if path.exists() or path.is_symlink():
        raise OSError
    return None
