"""``crossdock show``: a mapping's file."""

from __future__ import annotations

import click

from crossdock.cli.completion import MAPPING
from crossdock.cli.console import open_project


@click.command(name="show")
@click.argument("mapping", type=MAPPING)
@click.pass_context
def command(context: click.Context, mapping: str) -> None:
    """Print the YAML file of a mapping.

    Use it to read a bundled mapping, or to copy it into your own project.
    """
    click.echo(open_project(context).text(mapping).text, nl=False)
