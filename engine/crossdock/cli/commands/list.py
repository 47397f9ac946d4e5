"""``crossdock list``: the mappings of the project and the bundled ones."""

from __future__ import annotations

import click

from crossdock.cli.console import open_project


@click.command(name="list")
@click.pass_context
def command(context: click.Context) -> None:
    """List the mappings that you can use here.

    They are those of the project, and the bundled ones.
    """
    for name in open_project(context).mapping_names():
        click.echo(name)
