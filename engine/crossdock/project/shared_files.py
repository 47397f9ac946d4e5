"""Which files below ``mappings/`` hold shared steps and not a mapping: those with the key ``steps``.

Names are listed often, so only the text is looked at. A file in flow style counts as a mapping.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from crossdock.channels.actions import ACTIONS_FILE
from crossdock.channels.config import CHANNEL_FILE
from crossdock.core.diagnostics import Diagnostic, did_you_mean, shorten
from crossdock.core.errors import ProjectError
from crossdock.core.limits import FILE_CHARACTERS
from crossdock.project.search_path import MAPPINGS

TABLES: Final = "tables"
CONVERSATION: Final = "conversation"
CONVERSATION_FILE: Final = f"{CONVERSATION}.yaml"
DIALECT_FILE: Final = "dialect.yaml"
_NOT_MAPPINGS: Final = (CHANNEL_FILE, CONVERSATION_FILE, ACTIONS_FILE, DIALECT_FILE)
_STEPS: Final = re.compile(r"""^(["']?)steps\1[ \t]*:""", re.MULTILINE)
_MAP: Final = re.compile(r"""^(["']?)map\1[ \t]*:""", re.MULTILINE)


def has_shared_steps(path: Path) -> bool:
    """Whether a file holds shared steps. False for one that cannot be read, which is reported elsewhere."""
    try:
        status = path.stat()
        if status.st_size > 4 * FILE_CHARACTERS:
            return False
        return _has_steps(path, status.st_mtime_ns, status.st_size)
    except (OSError, UnicodeDecodeError):
        return False


@lru_cache(maxsize=4096)
def _has_steps(path: Path, _changed: int, _size: int) -> bool:
    """The same of a file that was changed at a time: one is asked about with every use of its name."""
    return has_steps(path.read_text(encoding="utf-8"))


def has_steps(text: str) -> bool:
    """Whether a text is that of a file with shared steps."""
    return _STEPS.search(text) is not None and _MAP.search(text) is None


def names_below(
    roots: Sequence[Path], is_shared: Callable[[Path], bool] = has_shared_steps
) -> dict[str, bool]:
    """The names of the mappings and shared steps below some roots, and which are shared steps.

    The first root wins.
    """
    names: dict[str, bool] = {}
    for root in roots:
        folder = root / MAPPINGS
        for path in folder.rglob("*.yaml"):
            if path.name not in _NOT_MAPPINGS and path.parent.name != TABLES:
                name = path.relative_to(folder).with_suffix("").as_posix()
                names.setdefault(name, is_shared(path))
    return names


def no_shared_steps(name: str, known: Sequence[str], *, is_mapping: bool) -> ProjectError:
    """The error for a name that is not that of shared steps. ``known`` are those that there are."""
    if is_mapping:
        message = f"`{shorten(name)}` is a mapping, and has no steps"
        help = "a mapping is used in a cell: `value: {$use: ../row}`"
    else:
        message = f"there are no shared steps `{shorten(name)}`"
        help = did_you_mean(name, known) or f"the shared steps are {', '.join(known) or 'none'}"
    return ProjectError([Diagnostic("unknown-shared-steps", message, help=help)])


def no_mapping(name: str) -> ProjectError:
    """The error for the name of shared steps where a mapping must be named."""
    message = f"`{shorten(name)}` has steps, and is not a mapping"
    return ProjectError([Diagnostic("unknown-mapping", message, help=f"a step runs them: `use: {name}`")])


def no_conversation(channel: str, action: str, actions: Sequence[str]) -> ProjectError:
    """The error for an action that a channel does not have. ``actions`` are those that it has."""
    help = did_you_mean(action, actions) or f"the actions are {', '.join(actions)}"
    message = f"`{channel}` has no conversation for `{shorten(action)}`"
    return ProjectError([Diagnostic("unknown-action", message, help=help)])
