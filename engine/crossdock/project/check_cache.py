"""The findings of a check, cached on disk, so that what has not changed is not checked again.

An entry holds the findings of one call of ``crossdock check``, and a digest of everything that a check can
read or look for: all names below ``mappings`` and ``schemas`` of the project and of the bundled one, and the
content of each file. It is valid while all of this, the engine, its libraries and Python are the same. A tree
with a link in it, or with a file that cannot be read, is checked each time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from crossdock.core.diagnostics import Diagnostic, Source, Span
from crossdock.project import cached_files
from crossdock.project.search_path import FILES, name_of_file

_FOLDERS: Final = ("mappings", "schemas")


@dataclass(frozen=True, slots=True)
class FoundByCheck:
    """The findings of a check, and what was checked, in words."""

    findings: tuple[Diagnostic, ...]
    what: str


class CheckCache:
    """The entry of one call. ``find`` it first; else ``keep`` what the check has found."""

    def __init__(self, roots: Sequence[Path], names: Sequence[str], *, lenient: bool) -> None:
        self._roots, self._lenient = roots, lenient
        self._asked = [(name, name_of_file(roots, name)) for name in names]
        self._before: _Tree | None = None

    def find(self) -> FoundByCheck | None:
        """What an earlier check of the same files has found; None if there is no valid entry."""
        folder = cached_files.cache_folder(make=True)
        if folder is None or any(name.endswith(FILES) for _, name in self._asked):
            return None  # a file outside of the project has no name in the cache
        try:
            self._before = _tree(self._roots)
            body = cached_files.read(folder / self._key()) if self._before is not None else None
            return _checked(json.loads(body), self._before) if body and self._before else None
        except Exception:  # an entry with any fault is ignored: the project is checked again
            return None

    def keep(self, checked: FoundByCheck) -> None:
        """Store what was found, unless a file has changed since ``find``."""
        folder = cached_files.cache_folder()
        if folder is None or self._before is None:
            return
        try:
            if _stamps(self._roots) == self._before.stamps:
                cached_files.write(folder, self._key(), _body(checked, self._before).encode())
        except (OSError, ValueError):
            return

    def _key(self) -> str:
        """The name of the entry: one for each project and call, so that a newer one replaces it."""
        made = (
            cached_files.made_by(),
            "check",
            self._asked,
            self._lenient,
            [str(root) for root in self._roots],
        )
        return sha256(repr(made).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Tree:
    """``digest``: of names and contents. ``stamps``: when each file and directory was changed last."""

    digest: str
    stamps: list[tuple[object, ...]]


def _tree(roots: Sequence[Path]) -> _Tree | None:
    """All that a check can read; None if it is not made of ordinary files and directories. Raises OSError."""
    stamps = _stamps(roots)
    if stamps is None:
        return None
    found: list[tuple[object, ...]] = []
    for path, size, *_ in stamps:
        is_file = size is not None
        found.append((path, sha256(Path(str(path)).read_bytes()).hexdigest() if is_file else None))
    return _Tree(sha256(repr(found).encode("utf-8", "surrogateescape")).hexdigest(), stamps)


def _stamps(roots: Sequence[Path]) -> list[tuple[object, ...]] | None:
    """Each file and directory with its size (None for a directory), its identity and when it was changed."""
    found: list[tuple[object, ...]] = []
    pending = [str(root / name) for root in roots for name in _FOLDERS if os.path.lexists(root / name)]
    if any(not os.path.isdir(path) or os.path.islink(path) for path in pending):  # noqa: PTH112, PTH114
        return None
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                is_folder, is_file = entry.is_dir(follow_symlinks=False), entry.is_file(follow_symlinks=False)
                if not (is_folder or is_file):
                    return None
                status = entry.stat(follow_symlinks=False)
                size = None if is_folder else status.st_size
                found.append((entry.path, size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns))
                if is_folder:
                    pending.append(entry.path)
    return sorted(found, key=lambda item: str(item[0]))


# Findings as JSON, and back


def _body(checked: FoundByCheck, tree: _Tree) -> str:
    texts: dict[Source, int] = {}
    found = []
    for item in checked.findings:
        if item.input is not None or item.output is not None:
            raise ValueError("a finding about a payload")
        span = item.span
        place = None if span is None else (texts.setdefault(span.source, len(texts)), span.start, span.end)
        found.append((item.id, item.message, place, item.help, item.severity, item.notes))
    sources = [(source.name, source.text) for source in texts]
    return json.dumps({"tree": tree.digest, "what": checked.what, "sources": sources, "found": found})


def _checked(entry: dict[str, Any], tree: _Tree) -> FoundByCheck | None:
    if entry["tree"] != tree.digest:
        return None
    sources = [Source(name, text) for name, text in entry["sources"]]
    findings = []
    for id, message, place, help, severity, notes in entry["found"]:
        span = None if place is None else Span(sources[place[0]], place[1], place[2])
        findings.append(Diagnostic(id, message, span, help, severity=severity, notes=tuple(notes)))
    return FoundByCheck(tuple(findings), entry["what"])
