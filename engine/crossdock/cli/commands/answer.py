"""``crossdock answer``: answer a RetailOPS request by calling the channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from crossdock.cli.commands.plan import dialect_option, find_request, now_option, print_plan
from crossdock.cli.completion import ACTION_OR_FILE, CHANNEL
from crossdock.cli.console import (
    diagnostics_option,
    open_project,
    opened_output,
    output_option,
    pairs,
    report,
    settings_option,
)

if TYPE_CHECKING:
    from crossdock.core.json_types import JSON
    from crossdock.core.rendering import Format


@click.command(name="answer")
@click.argument("channel", type=CHANNEL)
@click.argument("arguments", nargs=-1, metavar="[ACTION] [FILE]", type=ACTION_OR_FILE)
@click.option("--dry-run", is_flag=True, help="Print the calls without making them, as `plan` does.")
@click.option("--compact", is_flag=True, help="Print the response on one line.")
@dialect_option
@now_option
@click.option(
    "--deadline",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Make no more calls after so many seconds. What is left is reported as events.",
)
@settings_option
@diagnostics_option
@output_option
@click.pass_context
def command(
    context: click.Context,
    channel: str,
    arguments: tuple[str, ...],
    dry_run: bool,
    compact: bool,
    dialect: str | None,
    now: str | None,
    deadline: float | None,
    given: tuple[str, ...],
    form: Format,
    output: str | None,
) -> None:
    """Answer a RetailOPS request by calling the channel.

    FILE is the request in JSON; - is stdin. Without ACTION, the action is derived from the request. The
    response to RetailOPS is printed.
    """
    if dry_run:
        asked = (context, channel, arguments, None, now, given, form)
        print_plan(*asked, compact=compact, dialect=dialect, output=output)
        return
    from crossdock.channels.clock import time_of
    from crossdock.core import json_reader

    project = open_project(context)
    action, request, name = find_request(project, channel, arguments, dialect)
    moment = None if now is None else time_of(now, "--now")
    # A file that cannot be written is reported before the channel is changed.
    with opened_output(output) as put, project.connect(channel, settings=pairs(given)) as shop:
        outcome = shop.answer(action, request, dialect=dialect, deadline=deadline, name=name, now=moment)
        report(outcome.warnings, form)
        put(json_reader.encode(cast("JSON", outcome.response), compact=compact))
