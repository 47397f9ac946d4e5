"""What a gateway serves: its profiles, ready to answer, and which of them a request is for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Final

from crossdock.channels.actions import Action, Actions
from crossdock.channels.connection import Connection
from crossdock.core.diagnostics import Diagnostic, did_you_mean
from crossdock.core.errors import CompileError, ProjectError
from crossdock.core.json_types import JSON
from crossdock.gateway.config import Profile
from crossdock.gateway.problems import HttpProblem, unauthorized
from crossdock.gateway.recorder import Settling
from crossdock.gateway.requests import found_in, is_valid_ticket
from crossdock.gateway.states import Reach, reach_of
from crossdock.project.project import Project

OWN: Final = ""
"""The name of RetailOPS' own dialect in routes."""


@dataclass(frozen=True, slots=True)
class Served:
    """A profile with its connection, its tickets, and the actions of each dialect that it serves.

    ``reaches`` has what each of them changes.
    """

    profile: Profile
    connection: Connection
    tickets: tuple[str, ...] = field(repr=False)
    dialects: MappingType[str, Actions]
    settling: Settling
    reaches: MappingType[tuple[str, str], Reach]

    @property
    def name(self) -> str:
        return self.profile.name


@dataclass(frozen=True, slots=True)
class Destination:
    """A profile, a dialect, and the actions of it that a path and a method may be."""

    served: Served
    dialect: str
    actions: tuple[str, ...]


def serve(project: Project, profile: Profile, environ: MappingType[str, str]) -> Served:
    """A profile, ready: everything compiled, all secrets and tickets there. Raises CrossdockError."""
    tickets = tuple(_variable(environ, name, profile) for name in profile.tickets)
    connection = _connected(project, profile, environ)
    dialects = {OWN: _answered(project, profile, project.actions, None)}
    for name in profile.dialects:
        dialects[name] = _answered(project, profile, project.dialects.actions(name), name)
    _check_queued(profile, dialects)
    limits = project.channel_of(profile.channel).limits
    reaches = {
        (dialect, name): reach_of(project, name, dialect or None)
        for dialect, actions in dialects.items()
        for name in actions.by_name
    }
    return Served(profile, connection, tickets, dialects, Settling(limits.seconds), reaches)


def _connected(project: Project, profile: Profile, environ: MappingType[str, str]) -> Connection:
    """The connection of a profile. What is wrong with it has the place of the profile."""
    project.actions_of(profile.channel)  # an unknown channel is reported before its secrets
    _check_secrets(project, profile)
    secrets = {name: _variable(environ, own, profile) for name, own in profile.secrets.items()}
    given = {**environ, **secrets}
    try:
        return project.connect(profile.channel, settings=profile.settings, environ=given)
    except (ProjectError, CompileError) as error:
        placed = (replace(each, span=each.span or profile.span) for each in error.diagnostics)
        raise type(error)([*placed]) from None


def _check_secrets(project: Project, profile: Profile) -> None:
    """A name that is misspelled would leave the profile with the secrets of the whole gateway."""
    auth = project.channel_of(profile.channel).auth
    known = [each.env for each in auth.secrets.values() if each.env is not None] if auth else []
    for name in profile.secrets:
        if name not in known:
            message = f"the channel `{profile.channel}` has no environment variable {name}"
            help = did_you_mean(name, known) or f"it has {', '.join(known) or 'none'}"
            raise ProjectError([Diagnostic("gateway-value", message, profile.span, help)])


def check_distinct(all_served: Sequence[Served]) -> None:
    """Refuse profiles of which one would get the requests of the other. Raises ProjectError."""
    for first, second in combinations(all_served, 2):
        one, other = first.profile, second.profile
        same = (one.path, one.channel_id) == (other.path, other.channel_id)
        if same and set(first.tickets) & set(second.tickets):
            message = f"requests for the profile `{other.name}` are taken for `{one.name}`"
            help = "they have the same path, channel_id and ticket: let one of these differ"
            raise ProjectError([Diagnostic("equal-profiles", message, other.span, help)])


def _variable(environ: MappingType[str, str], name: str, profile: Profile) -> str:
    value = environ.get(name, "")
    if value:
        return value
    message = f"the profile `{profile.name}` needs the environment variable {name}"
    raise ProjectError([Diagnostic("missing-secret", message, profile.span)])


def _answered(project: Project, profile: Profile, actions: Actions, dialect: str | None) -> Actions:
    """The actions that the channel answers. Their conversations are compiled now."""
    found, channel = project.dialects, profile.channel
    if dialect is None:
        names = project.actions_of(channel)
    else:
        names = [name for name in found.actions_of(dialect) if found.is_answered(channel, name, dialect)]
    for name in names:
        found.conversation_of(channel, name, dialect)
    by_name = {name: action for name, action in actions.by_name.items() if name in names}
    return Actions(by_name, actions.ticket, actions.channel)


def _check_queued(profile: Profile, dialects: MappingType[str, Actions]) -> None:
    known = {name: action for actions in dialects.values() for name, action in actions.by_name.items()}
    for name in profile.queued:
        action = known.get(name)
        if action is None or action.effect == "none":
            able = [each.name for each in known.values() if each.effect != "none"]
            message = f"`{name}` is not an action that can be queued"
            help = did_you_mean(name, able) or f"those are {', '.join(able)}"
            raise ProjectError([Diagnostic("unknown-action", message, profile.span, help)])


# Which of them a request is for


def candidates(all_served: Iterable[Served], method: str, path: str) -> list[Destination]:
    """The actions of a method and a path. Raises HttpProblem 404, and 405 with the methods of the path.

    Doubled slashes and one at the end make no difference.
    """
    parts = [part for part in path.split("/") if part]
    found: list[Destination] = []
    allowed: set[str] = set()
    for served in all_served:
        base = [part for part in served.profile.path.split("/") if part]
        if parts[: len(base)] != base:
            continue
        rest = "/" + "/".join(parts[len(base) :])
        for dialect, actions in served.dialects.items():
            fitting = {each.name: _methods(each, rest) for each in actions.by_name.values()}
            allowed.update(*fitting.values())
            if names := tuple(name for name, methods in fitting.items() if method in methods):
                found.append(Destination(served, dialect, names))
    if found:
        return found
    if allowed:
        allow = ", ".join(sorted(allowed))
        raise HttpProblem(405, f"this path is called with {allow}", headers=(("allow", allow),))
    after = "after the path of a profile, " if any(each.profile.path for each in all_served) else ""
    raise HttpProblem(404, f"there is no action at this path; {after}the actions are {_paths(all_served)}")


def _methods(action: Action, path: str) -> set[str]:
    return {method for method, called in action.calls if called == path}


def _paths(all_served: Iterable[Served]) -> str:
    found = {
        f"{method} {called} ({action.name})"
        for served in all_served
        for actions in served.dialects.values()
        for action in actions.by_name.values()
        for method, called in action.calls
    }
    return ", ".join(sorted(found))


def authenticated(found: Sequence[Destination], request: JSON) -> list[Destination]:
    """The candidates whose ticket a request has. Raises HttpProblem 401."""
    able = [
        each
        for each in found
        if is_valid_ticket(each.served.dialects[each.dialect], request, each.served.tickets)
    ]
    if not able:
        raise unauthorized()
    return able


def addressed(found: Sequence[Destination], request: JSON) -> Destination:
    """The candidate for the channel that a request names. Raises HttpProblem 403 if none is."""
    named = [each for each in found if each.served.profile.channel_id is not None]
    for each in named:
        given = found_in(request, each.served.dialects[each.dialect].channel)
        if isinstance(given, str | int) and str(given) == each.served.profile.channel_id:
            return each
    for each in found:
        if each not in named:
            return each
    raise HttpProblem(403, "the request is for another channel than this ticket")
