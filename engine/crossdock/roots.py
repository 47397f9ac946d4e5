"""Where projects are: the directories of a search path."""

from __future__ import annotations

from pathlib import Path
from typing import Final

MAPPINGS: Final = "mappings"


def nearest(start: Path) -> Path | None:
    """The nearest project at or above a directory: one that has a folder ``mappings``."""
    return next((place for place in (start, *start.parents) if (place / MAPPINGS).is_dir()), None)


def bundled() -> Path:
    """The mappings and schemas that come with Crossdock.

    A wheel carries them inside the package; an editable install has no such folder, and there they
    stand at the repository's root.
    """
    inside = Path(__file__).parent / "bundled"
    return inside if inside.is_dir() else Path(__file__).resolve().parents[2]


def search_path(own: Path | None) -> list[Path]:
    """A project over the bundled one."""
    below = bundled()
    return [below] if own is None or own == below else [own, below]
