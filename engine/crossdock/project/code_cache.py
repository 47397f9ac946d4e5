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
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

from crossdock.core.json_types import settled
from crossdock.core.once import once
from crossdock.core.python_module import Generated, run_of
from crossdock.execution import runtime
from crossdock.execution.fast_path import Prepared, Read
from crossdock.project import cached_files
from crossdock.project.search_path import FILES
from crossdock.schema.fast.acceptance import Documents, acceptor_of, documents_of
from crossdock.schema.fast.selection import parts_at, with_numbers
from crossdock.schema.fast.strict_reader import accepted

if TYPE_CHECKING:
    from crossdock.execution.runner import Mapping as CompiledMapping
    from crossdock.project.project import Project

Seen = dict[str, "str | None"]
Paths = list[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Entry:
    """The code of a mapping, the files that it was generated from, and the payload paths that it reads.

    There may be a number at ``numbers`` alone. ``documents`` are those of the acceptors ``takes`` and
    ``gives``: see ``schema.fast.acceptance``.
    """

    key: str
    seen: Seen
    code: CodeType
    constants: dict[str, Any]
    documents: dict[str, Documents]
    paths: Paths
    numbers: Paths

    def prepared(self) -> Prepared:
        run = run_of(self.code, self.constants, runtime)
        made = {part: acceptor_of(documents) for part, documents in self.documents.items()}
        takes = made.get("takes")
        numbers = parts_at(self.numbers)
        read = partial(accepted, accept=takes, settles=numbers.settling()) if takes is not None else None
        settles = numbers.settling(settled)
        return Prepared(run, takes, made.get("gives"), read, settles, once(self._prunes))

    def _prunes(self) -> Read:
        from crossdock.schema.fast.partial_reader import pruned_reader  # only needed for a trusted payload

        return pruned_reader(self.paths)

    @property
    def is_current(self) -> bool:
        """Whether every file still has the content from which the code was generated."""
        return all(_digest(Path(path)) == digest for path, digest in self.seen.items())


def find(roots: Sequence[Path], name: str) -> Prepared | None:
    """The fast path of a mapping from its entry; None when there is no valid entry."""
    folder = cached_files.cache_folder()
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
    code: Generated,
    documents: Mapping[str, Documents],
    paths: Collection[tuple[str, ...]] = ((),),
    numbers: Collection[tuple[str, ...]] = ((),),
) -> bool:
    """Store the code of a mapping, and the documents of its acceptors. False when that fails.

    ``paths`` are the paths that the mapping reads in a payload, and ``numbers`` those of them at which there
    may be a number; the default is the whole payload.
    """
    folder = cached_files.cache_folder(make=True)
    if folder is None:
        return False
    try:
        key = _key(roots, name)
        listed = {str(path): digest for path, digest in seen.items()}
        read = (sorted(paths), sorted(numbers))
        body = marshal.dumps((key, listed, code.compiled(), dict(code.constants), dict(documents), *read))
        cached_files.write(folder, key, body)
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return False
    return True


def keep_mapping(project: Project, mapping: CompiledMapping) -> bool:
    """Store a mapping's code with the digests of all files that its project has read. False if it cannot.

    A file outside the project has no name in the cache.
    """
    seen = project.seen()
    if seen is None or mapping.name.endswith(FILES):
        return False
    from crossdock.checking.read_set import read_paths  # a mapping from the cache does not need it

    linked = mapping.linked
    parts = {"takes": linked.source, "gives": linked.target}
    documents = {part: documents_of(schema) for part, schema in parts.items() if schema is not None}
    paths = read_paths(linked)
    numbers = paths if linked.source is None else with_numbers(paths, linked.source)
    return keep(project.roots, mapping.name, seen, mapping.generated(), documents, paths, numbers)


def _read(path: Path) -> Entry | None:
    body = cached_files.read(path)
    # S302: written by this user, with the right digest
    return None if body is None else Entry(*marshal.loads(body))  # noqa: S302


def _key(roots: Sequence[Path], name: str) -> str:
    """The name of an entry: a mapping, its project, the engine, the libraries and Python. Raises OSError."""
    made = (cached_files.made_by(), name, [str(root) for root in roots])
    return sha256(repr(made).encode()).hexdigest()


def _digest(path: Path) -> str | None:
    """The SHA-256 of a file's content; None if there is none. Raises OSError for a directory."""
    if path.is_file():
        return sha256(path.read_bytes()).hexdigest()
    if path.exists() or path.is_symlink():
        raise OSError
    return None
