"""Finds projects. A search path is a list of project directories; the first one that has a file wins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from crossdock.core.diagnostics import Diagnostic
from crossdock.core.errors import ProjectError

MAPPINGS: Final = "mappings"
FILES: Final = (".yaml", ".yml")


def located(directory: Path | str | None = None) -> list[Path]:
    """The search path of the nearest project at or above a directory (the working directory).

    Raises ProjectError for a given directory that does not exist or is not in a project.
    """
    start = (Path(directory) if directory is not None else Path.cwd()).resolve()
    if not start.is_dir():
        raise ProjectError([Diagnostic("no-project", f"there is no directory `{directory}`")])
    own = nearest(start)
    if directory is not None and own is None:
        message = (
            f"`{directory}` is not a project: neither it nor a directory above it has a `{MAPPINGS}` folder"
        )
        raise ProjectError([Diagnostic("no-project", message)])
    return search_path(own)


def name_of_file(roots: Sequence[Path], name: str) -> str:
    """The name of a mapping that was given as a file. A file outside the search path keeps its path."""
    if not name.endswith(FILES) or "\0" in name:
        return name.strip("/")
    path = Path(name).resolve()
    for root in roots:
        folder = (root / MAPPINGS).resolve()
        if path.is_relative_to(folder):
            return path.relative_to(folder).with_suffix("").as_posix()
    return name


def nearest(start: Path) -> Path | None:
    """The nearest project at or above a directory: one that has a folder ``mappings``."""
    return next((place for place in (start, *start.parents) if (place / MAPPINGS).is_dir()), None)


def bundled() -> Path:
    """The mappings and schemas that come with Crossdock.

    A wheel contains them inside the package; in an editable install they are at the repository's root.
    """
    inside = Path(__file__).parents[1] / "bundled"
    return inside if inside.is_dir() else Path(__file__).resolve().parents[3]


def search_path(own: Path | None) -> list[Path]:
    """A project's own directory, and below it the bundled one."""
    below = bundled()
    return [below] if own is None or own == below else [own, below]
