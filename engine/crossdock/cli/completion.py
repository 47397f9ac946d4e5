"""What a shell completes where a name of the project is expected.

    crossdock transform ki<TAB>      kibo/order  kibo/order_import  …

A place that also takes a file completes files when no name fits.
"""

# ruff: noqa: ARG002 - click decides which arguments the methods of a type have

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from crossdock.project.project import Project

_List = Callable[["Project", click.Context], Iterable[str]]


class Named(click.ParamType[str]):
    """A name that is given as text, and that a shell can complete. ``listed`` gives those that there are."""

    def __init__(self, name: str, listed: _List, *, or_file: bool = False) -> None:
        self.name, self._listed, self._or_file = name, listed, or_file

    def shell_complete(
        self, context: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        # First, because bash drops what it has when it completes files.
        found = [CompletionItem(incomplete, type="file")] if self._or_file else []
        names = sorted(set(_of_the_project(self._listed, context)))
        return [*found, *(CompletionItem(name) for name in names if name.startswith(incomplete))]


def _of_the_project(listed: _List, context: click.Context) -> Iterable[str]:
    """The names, or none where there is no project or a file of it is broken."""
    from crossdock.core.errors import CrossdockError
    from crossdock.project.project import Project

    try:
        return listed(Project.open(context.find_root().params.get("directory")), context)
    except (CrossdockError, OSError):
        return ()


def _with_conversations(project: Project, _context: click.Context) -> Iterable[str]:
    return [*project.mapping_names(), *project.conversation_names()]


def _channels(project: Project, _context: click.Context) -> Iterable[str]:
    return project.channel_names()


def _actions(project: Project, context: click.Context) -> Iterable[str]:
    """The channel's actions; none after an action has been given."""
    given, channel = context.params.get("arguments"), context.params.get("channel")
    return () if given or not channel else project.actions_of(str(channel))


def _schemas(project: Project, _context: click.Context) -> Iterable[str]:
    return project.schemas.names()


def _schemas_and_languages(project: Project, context: click.Context) -> Iterable[str]:
    from crossdock.tools.editor import LANGUAGES

    return [*LANGUAGES, *_schemas(project, context)]


def _functions(_project: Project, _context: click.Context) -> Iterable[str]:
    from crossdock.language.functions import REGISTRY

    return REGISTRY


def _systems(project: Project, _context: click.Context) -> Iterable[str]:
    return (path.name for path in project.derived_systems())


MAPPING: Final = Named("mapping", lambda project, _: project.mapping_names(), or_file=True)
MAPPING_OR_CONVERSATION: Final = Named("mapping", _with_conversations, or_file=True)
CHANNEL: Final = Named("channel", _channels)
ACTION_OR_FILE: Final = Named("action", _actions, or_file=True)
SCHEMA: Final = Named("schema", _schemas)
SCHEMA_OR_LANGUAGE: Final = Named("schema", _schemas_and_languages)
FUNCTION: Final = Named("function", _functions)
SYSTEM: Final = Named("system", _systems)
