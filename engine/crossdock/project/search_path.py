"""Finds projects. A search path is a list of project directories; the first one that has a file wins."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Final

from crossdock.core.diagnostics import Diagnostic, shorten
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


def file_of(name: str) -> PurePosixPath:
    """The path of a file below a root, by the name that it has below ``mappings/``."""
    return PurePosixPath(MAPPINGS, name + ".yaml")


def resolved_name(name: str, user: str) -> str | None:
    """The mapping that ``name`` means in ``user``; None when it leads out of the folder."""
    parts = list(PurePosixPath(user).parent.parts) if name.startswith(".") else []
    for part in name.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def outside(name: str) -> Path | None:
    """The file of a mapping that the user gave as a file outside the search path."""
    path = Path(name)
    return path if is_file(path) else None


def confined(root: Path, path: PurePosixPath) -> Path | None:
    """The file at a path below a root; None if there is none, or if the path leads out of its first folder.

    Raises ProjectError if a link leads out of it: a name in a mapping must not reach any other file.
    """
    if path.is_absolute() or ".." in path.parts or "\\" in str(path):
        return None
    folder, found = root / path.parts[0], root / path
    if not is_file(found):
        return None
    if not found.resolve().is_relative_to(folder.resolve()):
        raise leads_out(path.relative_to(folder.name).with_suffix("").as_posix(), folder.name)
    return found


def leads_out(name: str, folder: str = MAPPINGS) -> ProjectError:
    """The error for a name, or a link of that name, that leads out of the mappings."""
    return ProjectError([Diagnostic("unknown-mapping", f"`{shorten(name)}` leads out of `{folder}`")])


def is_file(path: Path) -> bool:
    """Whether there is a file; False for a path that is too long for the system."""
    try:
        return path.is_file()
    except OSError:
        return False


def nearest(start: Path) -> Path | None:
    """The nearest project at or above a directory: one that has a folder ``mappings``.

    Schemas may be derived before there is a mapping: then the recipe makes it a project.
    """
    places = (start, *start.parents)
    with_mappings = (place for place in places if (place / MAPPINGS).is_dir())
    with_recipes = (place for place in places if any(place.glob("schemas/*/derive.yaml")))
    return next(chain(with_mappings, with_recipes), None)


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
