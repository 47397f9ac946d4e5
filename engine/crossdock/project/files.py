"""Reads the files of a search path, and remembers what was read, for the code cache."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path, PurePosixPath

from crossdock.core.diagnostics import Diagnostic, Source
from crossdock.core.errors import CompileError, ProjectError
from crossdock.core.limits import FILE_CHARACTERS
from crossdock.project.search_path import confined
from crossdock.project.shared_files import has_shared_steps, has_steps


class ProjectFiles:
    """The files below some roots.

    ``seen`` are those that were read so far, with the SHA-256 of their content; None for a missing one.
    ``unsaved`` are texts of an editor, by path, which are read in place of what is on disk.
    """

    def __init__(self, roots: Sequence[Path], unsaved: Mapping[Path, str] | None = None) -> None:
        self.roots = tuple(roots)
        self.unsaved = dict(unsaved or {})
        self.seen: dict[Path, str | None] = {}
        self._found: dict[PurePosixPath, Path] = {}

    def find(self, path: PurePosixPath) -> Path | None:
        """A file below one of the roots. Raises ProjectError when a link leads out of its folder."""
        if path in self._found:
            return self._found[path]
        for root in self.roots:
            if found := confined(root, path):
                self._found[path] = found
                return found
            self._note(root / path, None)
        return None

    def read(self, path: Path) -> Source:
        """A file, or what an editor has in its place. Raises CompileError, ProjectError."""
        name, text = self.display(path), self.unsaved.get(path)
        try:
            data = b"" if text is None else text.encode("utf-8", "surrogatepass")
            if (path.stat().st_size if text is None else len(data)) > 4 * FILE_CHARACTERS:
                raise CompileError([Diagnostic("file-too-large", f"`{name}` is too large for a mapping")])
            data = path.read_bytes() if text is None else data
            self._note(path, sha256(data).hexdigest())
            return Source(name, data.decode("utf-8") if text is None else text)
        except UnicodeDecodeError as error:
            message = f"`{name}` is not UTF-8: byte {error.start + 1}"
            raise ProjectError([Diagnostic("unreadable", message)]) from None
        except OSError as error:
            message = f"`{name}` cannot be read: {error.strerror or error}"
            raise ProjectError([Diagnostic("unreadable", message)]) from None

    def forget(self, path: Path) -> None:
        """Look for a file anew: it was made, changed or removed."""
        self._found = {name: found for name, found in self._found.items() if found != path}

    def has_shared_steps(self, path: Path) -> bool:
        """Whether a file that was found holds shared steps, and not a mapping."""
        text = self.unsaved.get(path)
        return has_shared_steps(path) if text is None else has_steps(text)

    def _note(self, path: Path, digest: str | None) -> None:
        """Record the digest of a file. If it changes while the project is open, no later digest matches."""
        if self.seen.setdefault(path, digest) != digest:
            self.seen[path] = "changed"

    def display(self, path: Path) -> str:
        """The name of a file in messages: relative to the project, or as it was given."""
        own = self.roots[0]
        return path.relative_to(own).as_posix() if path.is_relative_to(own) else str(path)
