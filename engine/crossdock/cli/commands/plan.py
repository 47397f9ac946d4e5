"""``crossdock plan``: the calls that a RetailOPS request leads to, without making them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crossdock.cli.completion import ACTION_OR_FILE, CHANNEL
from crossdock.cli.console import (
    diagnostics_option,
    open_project,
    output_option,
    pairs,
    put,
    read_payload,
    report,
    settings_option,
)

if TYPE_CHECKING:
    from crossdock.core.json_types import JSON
    from crossdock.core.rendering import Format
    from crossdock.project.project import Project


dialect_option = click.option("--dialect", help="The dialect that the request is written in.")
now_option = click.option("--now", help="The time that `now()` gives, such as 2026-11-30T09:00:00Z.")


@click.command(name="plan")
@click.argument("channel", type=CHANNEL)
@click.argument("arguments", nargs=-1, metavar="[ACTION] [FILE]", type=ACTION_OR_FILE)
@click.option(
    "--answers",
    type=click.Path(),
    help="The channel's responses by step: a JSON file, or a directory with a JSON file for each step.",
)
@click.option("--compact", is_flag=True, help="Print the plan on one line.")
@click.option("--show-sensitive", is_flag=True, help="Print sensitive values too, instead of •••.")
@dialect_option
@now_option
@settings_option
@diagnostics_option
@output_option
@click.pass_context
def command(
    context: click.Context,
    channel: str,
    arguments: tuple[str, ...],
    answers: str | None,
    compact: bool,
    show_sensitive: bool,
    dialect: str | None,
    now: str | None,
    given: tuple[str, ...],
    form: Format,
    output: str | None,
) -> None:
    """Print the calls for a RetailOPS request without making them.

    FILE is the request in JSON; - is stdin. Without ACTION, the action is derived from the request. With
    --answers, the later calls and the response to RetailOPS are computed too. Values that a schema marks as
    sensitive, and what is made of them, are printed as •••.
    """
    print_plan(
        context,
        channel,
        arguments,
        answers,
        now,
        given,
        form,
        masked=not show_sensitive,
        compact=compact,
        dialect=dialect,
        output=output,
    )


def print_plan(
    context: click.Context,
    channel: str,
    arguments: tuple[str, ...],
    answers: str | None,
    now: str | None,
    given: tuple[str, ...],
    form: Format,
    *,
    masked: bool = True,
    compact: bool = False,
    dialect: str | None = None,
    output: str | None = None,
) -> None:
    """Print the calls for the request that the arguments name. Raises CrossdockError."""
    from crossdock.channels.clock import time_of
    from crossdock.channels.dry_run import plan, read_answers
    from crossdock.core import json_reader

    project = open_project(context)
    action, request, name = find_request(project, channel, arguments, dialect)
    settings = project.settings(channel, pairs(given))
    conversation = project.dialects.conversation_of(channel, action, dialect)
    planned, warnings = plan(
        conversation,
        project.channel_of(channel),
        request,
        settings=settings,
        answers=read_answers(answers, conversation) if answers is not None else {},
        name=name,
        masked=masked,
        now=time_of(now, "--now") if now is not None else None,
    )
    report(warnings, form)
    put(json_reader.encode(planned, compact=compact), output)


def find_request(
    project: Project, channel: str, arguments: tuple[str, ...], dialect: str | None = None
) -> tuple[str, JSON, str]:
    """The action, the request and its name in messages, from the arguments [ACTION] [FILE].

    In a dialect the action is one of the dialect's, and has to be named if there are several. Raises
    UsageError for wrong arguments, CrossdockError when nothing answers the action, or when the request cannot
    be read.
    """
    if len(arguments) > 2:
        raise click.UsageError("too many arguments: CHANNEL [ACTION] [FILE]")
    project.dialects.refuse(channel)
    known = {*project.actions_of(channel), *project.actions.by_name}
    if dialect is not None:
        known = set(project.dialects.actions_of(dialect))
    action = arguments[0] if len(arguments) == 2 else None
    file = arguments[-1] if arguments else "-"
    if len(arguments) == 1 and file in known:
        action, file = file, "-"
    if dialect is not None and action is None:
        if len(known) != 1:
            raise click.UsageError(f"ACTION is needed with --dialect: {', '.join(sorted(known))}")
        (action,) = known
    if action is not None:  # reports an unknown action before it waits for stdin
        project.dialects.conversation_of(channel, action, dialect)
    request, name = read_payload(file)
    action = action or project.actions.find(request)
    project.dialects.conversation_of(channel, action, dialect)
    return action, request, name
