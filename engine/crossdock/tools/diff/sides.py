"""The two sides of a comparison: what OLD and NEW name, each with its project.

kibo/order                        a mapping; mappings/kibo/order.yaml is the same
kibo/order_ack                    a conversation
HEAD~3:kibo/order                 that mapping in a git revision
v1.2:mappings/kibo, ../other      all the mappings and conversations of a folder, or of a project
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from crossdock.core.diagnostics import did_you_mean
from crossdock.project.project import MAPPINGS, Project, bundled_root
from crossdock.project.shared_files import CONVERSATION
from crossdock.tools.diff.revisions import NoSuchVersionError, checked_out

_YAML = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Side:
    """One version. ``names`` are the mappings, by what is left of their names within what was named."""

    shown: str
    project: Project
    names: dict[str, str]
    single: bool


def find_side(here: Project, text: str, stack: ExitStack) -> Side:
    """What a text names. Raises NoSuchVersionError; ``stack`` keeps what is temporary."""
    path = Path(text)
    revision, colon, name = text.partition(":")
    if colon and not path.exists():
        root = stack.enter_context(checked_out(here.roots[0], revision))
        return _within(_old(here, root), _plain(here, name), text)
    if text.endswith(_YAML):
        if not path.is_file():
            raise NoSuchVersionError(f"there is no file `{text}`")
        return _file(here, path, text)
    if path.is_dir() and text not in (*here.mapping_names(), *here.conversation_names()):
        return _directory(path, text)
    return _within(here, text.strip("/"), text)


def find_sides(here: Project, old: str, new: str | None, stack: ExitStack) -> tuple[Side, Side]:
    """Both sides. Without a second one it is the current version of the first."""
    first = find_side(here, old, stack)
    if new is None:
        _, colon, name = old.partition(":")
        if not colon:
            raise NoSuchVersionError(f"name what `{old}` is compared with, or the revision that it is from")
        return first, _within(here, _plain(here, name), name or ".")
    return first, find_side(here, new, stack)


def _old(here: Project, root: Path) -> Project:
    """A project of the past. What comes with Crossdock lies below it, unless it is the past of just that."""
    bundled = bundled_root()
    return Project([root] if here.roots[0] == bundled else [root, *here.roots[1:]])


def _plain(here: Project, name: str) -> str:
    """A name in a revision, however it was written: a name, or a file from here or from the project."""
    path = Path(name)
    own = (here.roots[0] / MAPPINGS).resolve()
    if name.endswith(_YAML) and path.resolve().is_relative_to(own):
        name = path.resolve().relative_to(own).as_posix()
    for suffix in _YAML:
        name = name.removesuffix(suffix)
    parts = [part for part in name.split("/") if part not in ("", ".")]
    return "/".join(parts[1:] if parts[:1] == [MAPPINGS] else parts)


def _file(here: Project, path: Path, shown: str) -> Side:
    """A file: of this project, of another one, or of none, where it is run as one of this project."""
    own = next((root for root in path.resolve().parents if (root / MAPPINGS).is_dir()), None)
    inside = own is not None and path.resolve().is_relative_to(own / MAPPINGS)
    project = here if not inside or own in here.roots else Project.open(own)
    return Side(shown, project, {"": str(path)}, single=True)


def _directory(path: Path, shown: str) -> Side:
    place = path.resolve()
    own = next((root for root in (place, *place.parents) if (root / MAPPINGS).is_dir()), None)
    if own is None:
        raise NoSuchVersionError(f"`{shown}` is neither a project nor a folder of one")
    inside = place.relative_to(own).as_posix()
    return _within(Project.open(own), _plain(Project.open(own), inside), shown)


def _within(project: Project, name: str, shown: str) -> Side:
    """A mapping or a conversation of a project, or all of its own below a folder."""
    if name in project.conversation_names():
        return Side(shown, project, {"": f"{name}/{CONVERSATION}"}, single=True)
    if name in project.mapping_names():
        return Side(shown, project, {"": name}, single=True)
    start = name + "/" if name else ""
    own = [each for each in _own_names(project) if each.startswith(start)]
    if not own:
        help = did_you_mean(name, [*project.mapping_names(), *project.conversation_names()])
        raise NoSuchVersionError(f"there is no mapping `{shown}`" + (f"; {help}" if help else ""))
    return Side(shown, project, {each.removeprefix(start): each for each in own}, single=False)


def _own_names(project: Project) -> list[str]:
    """The project's own mappings, and its conversations but those of dialects, which run in others."""
    conversations = (name for name in project.conversation_names(own=True) if not project.is_dialect(name))
    return [*project.mapping_names(own=True), *(f"{name}/{CONVERSATION}" for name in conversations)]


def pairs(old: Side, new: Side) -> tuple[Sequence[tuple[str, str]], Sequence[str], Sequence[str]]:
    """The mappings of both sides that belong together, and those that only one side has."""
    if old.single is not new.single:
        one, several = (old, new) if old.single else (new, old)
        raise NoSuchVersionError(
            f"`{one.shown}` is one mapping and `{several.shown}` is a folder of mappings"
        )
    both = [(old.names[key], new.names[key]) for key in new.names if key in old.names]
    gone = [name for key, name in old.names.items() if key not in new.names]
    come = [name for key, name in new.names.items() if key not in old.names]
    return both, gone, come
