"""`crossdock overview`: what each channel does for each action, as Markdown."""

from __future__ import annotations

import click

from crossdock.cli.commands.console import open_project


@click.command(name="overview")
@click.pass_context
def command(context: click.Context) -> None:
    """Print what each channel does for each RetailOPS action, and with which calls, as Markdown."""
    from crossdock.tools.overview import overview

    click.echo(overview(open_project(context)), nl=False)
