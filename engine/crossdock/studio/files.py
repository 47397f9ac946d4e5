"""The files of a project as the page has them: listed, read, saved, and compiled with unsaved texts.

    workspace = StudioFiles(search_path.located())
    workspace.listing()                                   # every mapping and conversation, with examples
    text = workspace.read("mappings/shop/order.yaml")     # its text, and the digest to save it with
    workspace.save(text.path, "…", text.digest)           # refused if the file has changed meanwhile
    workspace.project({text.path: "…"}).check([…])        # compiled with what is not saved yet

An editor has line feeds only: a file with CR LF gets them back when it is saved.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Final

from crossdock.core.errors import CrossdockError
from crossdock.core.json_types import JSON
from crossdock.core.replaced_file import replaced
from crossdock.project import search_path
from crossdock.project.cases import Case, cases_of
from crossdock.project.examples import ANSWERS_SUFFIX
from crossdock.project.files import ProjectFiles
from crossdock.project.project import Project

FOLDERS: Final = ("mappings", "schemas", "examples", "snapshots")
_READ: Final = {"mappings": (".yaml",), "examples": (".json", ".yaml")}
_LARGEST: Final = 4_000_000
_WATCHED: Final = (".yaml", ".json", ".txt")
_CRLF: Final = "\r\n"


class RefusedError(Exception):
    """What the page asked for cannot be done. The message is a sentence for its reader."""


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file as an editor has it. ``digest`` is that of its bytes; ``writable``: it is the project's own."""

    path: str
    text: str
    digest: str
    writable: bool


@dataclass(frozen=True, slots=True)
class State:
    """When each file was changed, and how large it is, by its path below the project."""

    files: Mapping[str, tuple[int, int]]

    def below(self, folder: str) -> dict[str, tuple[int, int]]:
        return {path: stamp for path, stamp in self.files.items() if path.startswith(f"{folder}/")}

    def changes(self, other: State) -> list[str]:
        """The paths that were changed, added or removed."""
        both = {*self.files, *other.files}
        return sorted(path for path in both if self.files.get(path) != other.files.get(path))


class StudioFiles:
    """The project of a search path. Threads may share it."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self.roots = tuple(roots)
        self._gate = threading.Lock()
        self._kept: _KeptProject | None = None
        inside = search_path.bundled()
        self.writable = not (inside.name == "bundled" and self.roots[0] == inside)

    @property
    def name(self) -> str:
        return self.roots[0].name

    # Files

    def state(self, folders: Sequence[str] = FOLDERS) -> State:
        """The files below the project's own folders."""
        own = self.roots[0]
        return State(
            {path: stamp for folder in folders for path, stamp in _stamps(str(own / folder), folder)}
        )

    def read(self, path: str) -> OpenFile:
        """A file of the project, or a bundled one. Raises RefusedError."""
        found, own = self._found(path)
        try:
            data = found.read_bytes()
        except OSError as error:
            raise RefusedError(
                f"{path} cannot be read: {(error.strerror or 'unknown reason').lower()}"
            ) from None
        if len(data) > _LARGEST:
            raise RefusedError(f"{path} is too large for the studio: it has more than {_LARGEST} bytes")
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise RefusedError(f"{path} is not UTF-8") from None
        return OpenFile(path, text.replace(_CRLF, "\n"), digest_of(data), own and self.writable)

    def file(self, path: str) -> Path:
        """A file of the project by its path. Raises RefusedError."""
        return self._found(path)[0]

    def _found(self, path: str) -> tuple[Path, bool]:
        """A file by its path, and whether it is below the project's own root. Raises RefusedError."""
        known = _known(path)
        for place, root in enumerate(self.roots):
            try:
                found = search_path.confined(root, known)
            except CrossdockError as error:
                raise RefusedError(error.diagnostics[0].message) from None
            if found is not None:
                return found, place == 0
        raise RefusedError(f"there is no file {path}")

    def save(self, path: str, text: str, digest: str | None) -> OpenFile:
        """Write a file, completely or not at all. ``digest`` is that of the content that was read, None for
        a new file. Raises RefusedError when it is another one by now."""
        file = self.roots[0] / _known(path)
        with self._gate:
            before = self._before(file, path, digest)
            if _CRLF.encode() in before:
                if before.count(b"\n") != before.count(_CRLF.encode()):
                    raise RefusedError(f"{path} has two kinds of line ends: make them one kind first")
                text = text.replace("\n", _CRLF)
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                with replaced(file.resolve()) as stream:
                    stream.write(text.encode())
            except OSError as error:
                raise RefusedError(f"{path} cannot be written: {_reason(error)}") from None
        return self.read(path)

    def _before(self, file: Path, path: str, digest: str | None) -> bytes:
        """What a file has now. Raises RefusedError when it must not be written."""
        if not self.writable:
            raise RefusedError(f"{path} comes with Crossdock: open a project of your own to change files")
        folder = self.roots[0] / PurePosixPath(path).parts[0]
        if not file.resolve().is_relative_to(folder.resolve()):
            raise RefusedError(f"{path} leads out of {folder.name}")
        try:
            before = file.read_bytes()
        except FileNotFoundError:
            if digest is None:
                return b""
            if any((root / path).is_file() for root in self.roots[1:]):
                raise RefusedError(f"{path} comes with Crossdock: a file of your own replaces it") from None
            raise RefusedError(f"{path} is not there any more") from None
        except OSError as error:
            raise RefusedError(
                f"{path} cannot be read: {(error.strerror or 'unknown reason').lower()}"
            ) from None
        if digest_of(before) != digest:
            raise RefusedError(f"{path} was changed on disk since it was read")
        return before

    # Projects

    def project(self, unsaved: Mapping[str, str]) -> Project:
        """The project with unsaved texts in place of files. The same one as long as nothing changes.

        Raises RefusedError for a text of a file that is not there.
        """
        texts = {self._found(path)[0]: text for path, text in unsaved.items()}
        state = self.state(("mappings", "schemas"))
        with self._gate:
            before = self._kept
            if before is not None and (before.texts, before.state) == (texts, state):
                return before.project
            project = Project(self.roots, files=ProjectFiles(self.roots, texts))
            if before is not None and before.state.below("schemas") == state.below("schemas"):
                project.schemas = before.project.schemas  # reading them takes longest
            self._kept = _KeptProject(texts, state, project)
            return project

    def listing(self) -> list[JSON]:
        """Every mapping, conversation and file of shared steps, each with its examples."""
        project = self.project({})
        own = set(project.own_names())
        return [_listed(project, name, own) for name in sorted(project.all_names(), key=_in_order)]


@dataclass(frozen=True, slots=True)
class _KeptProject:
    """A project, and what it was made of."""

    texts: Mapping[Path, str]
    state: State
    project: Project


def _stamps(folder: str, shown: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """The files below a folder with their times and sizes. It runs twice a second, so it is quick."""
    try:
        entries = list(os.scandir(folder))
    except OSError:  # there is none, or it was deleted meanwhile
        return
    for entry in entries:
        name = f"{shown}/{entry.name}"
        try:
            if entry.is_dir(follow_symlinks=False):
                yield from _stamps(entry.path, name)
            elif entry.name.endswith(_WATCHED):
                status = entry.stat()
                yield name, (status.st_mtime_ns, status.st_size)
        except OSError:  # it was deleted meanwhile, or a link leads nowhere
            continue


def digest_of(data: bytes) -> str:
    return sha256(data).hexdigest()


def _reason(error: OSError) -> str:
    return (error.strerror or "unknown reason").lower()


def _known(path: str) -> PurePosixPath:
    """A path of a file that the page may open. Raises RefusedError."""
    found = PurePosixPath(path)
    usual = "\\" not in path and "\0" not in path and ".." not in found.parts and not found.is_absolute()
    if not usual or found.suffix not in _READ.get(next(iter(found.parts), ""), ()):
        raise RefusedError("the studio opens mappings and examples only")
    return found


def _in_order(name: str) -> tuple[str, str]:
    """Files by their channel; those without one first."""
    channel, slash, rest = name.partition("/")
    return (channel, rest) if slash else ("", name)


def _listed(project: Project, name: str, own: set[str]) -> JSON:
    folder = name.removesuffix("/conversation")
    is_conversation = folder != name
    kind = "conversation" if is_conversation else "mapping"
    if name in project.shared_names():
        kind = "steps"
    return {
        "name": folder,
        "kind": kind,
        "path": f"mappings/{name}.yaml",
        "own": name in own,
        "examples": [_example(case, kind) for case in cases_of(project, folder)],
    }


def _example(case: Case, kind: str) -> JSON:
    found: dict[str, JSON] = {"name": case.path.stem, "of": case.of, "path": case.name}
    if kind == "conversation":
        found["answers"] = f"examples/{case.path.with_suffix(ANSWERS_SUFFIX)}"
    return found
