"""``crossdock overview``: what each channel does for each action, as Markdown."""

from __future__ import annotations

import click

from crossdock.cli.console import open_project, output_option, put


@click.command(name="overview")
@output_option
@click.pass_context
def command(context: click.Context, output: str | None) -> None:
    """Print the actions and calls of each channel as Markdown.

    The table lists for each RetailOPS action what each channel does, and with which calls.
    """
    from crossdock.tools.overview import overview

    put(overview(open_project(context)).removesuffix("\n"), output)
