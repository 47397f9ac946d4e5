"""What an action and those of other dialects change together: stock is one state in both.

A dialect's action changes what the action changes that it adapts.

    reach_of(project, "inventory_push", "retailops_v1").supersedes      # ("inventory_push", "inv_push")
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from crossdock.channels.dialects import adaptations
from crossdock.core.errors import CrossdockError
from crossdock.project.project import Project


@dataclass(frozen=True, slots=True)
class Reach:
    """What an action changes. ``whole`` is what its requests without a subject change.

    ``supersedes`` are the actions that set the same state: their earlier requests answer no repeat any more.
    Without a state it is empty.
    """

    whole: str
    supersedes: tuple[str, ...] = ()


def reach_of(project: Project, action: str, dialect: str | None) -> Reach:
    """What an action of a dialect changes, or one of RetailOPS' own. Raises CrossdockError."""
    actions = project.actions if dialect is None else project.dialects.actions(dialect)
    own, found = _adapted(project, action, dialect), [action]
    if actions.by_name[action].effect != "latest":
        return Reach(f"all of {min(own, default=action)}")
    for name in (None, *project.dialects.files()):
        with suppress(CrossdockError):  # of a dialect that cannot be served
            others = project.actions if name is None else project.dialects.actions(name)
            found += [
                each.name
                for each in others.by_name.values()
                if each.effect == "latest" and own & _adapted(project, each.name, name)
            ]
    return Reach(f"all of {min(own, default=action)}", tuple(dict.fromkeys(found)))


def _adapted(project: Project, action: str, dialect: str | None) -> frozenset[str]:
    if dialect is None:
        return frozenset({action})
    return frozenset(task.action for task in adaptations(project.conversation(dialect, action)))
