"""``crossdock doctor``: what a user would look at first when something does not work."""

from __future__ import annotations

import os
from pathlib import Path

import click

from crossdock.cli.completion import CHANNEL
from crossdock.cli.console import format_option, output_option, pairs, put, settings_option

_MARKS = {"ok": "ok", "absent": "-", "missing": "MISSING"}


@click.command(name="doctor")
@click.argument("channels", nargs=-1, metavar="[CHANNEL]...", type=CHANNEL)
@click.option("--reach", is_flag=True, help="Call the channels, each once, with their credentials.")
@settings_option
@format_option("text", "json", written="The format of the report.")
@output_option
@click.pass_context
def command(
    context: click.Context,
    channels: tuple[str, ...],
    reach: bool,
    given: tuple[str, ...],
    form: str,
    output: str | None,
) -> None:
    """Show what is installed, used and missing.

    Environment variables are named, and their values are never shown. A channel is only called with
    --reach. Exit code 1 when something is missing that a CHANNEL which you name needs.
    """
    import json

    from crossdock.tools.doctor import examined

    if reach and not channels:
        raise click.UsageError("name the channels that --reach may call")
    directory = context.find_root().obj
    found = list(
        examined(
            None if directory is None else Path(directory),
            channels,
            environ=os.environ,
            given=pairs(given),
            reach=reach,
        )
    )
    if form == "json":
        put(json.dumps([each.as_json() for each in found], indent=2), output)
    else:
        wide = max(len(each.subject) for each in found)
        put(
            "\n".join(f"{each.subject:<{wide}}  {_MARKS[each.state]:<7}  {each.text}" for each in found),
            output,
        )
    if any(each.state == "missing" for each in found):
        context.exit(1)
