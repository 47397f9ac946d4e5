"""``crossdock list``: the mappings of the project and the bundled ones."""

from __future__ import annotations

import click

from crossdock.cli.console import open_project, output_option, put_text


@click.command(name="list")
@output_option
@click.pass_context
def command(context: click.Context, output: str | None) -> None:
    """List the mappings that you can use here.

    They are those of the project, and the bundled ones.
    """
    put_text("".join(f"{name}\n" for name in open_project(context).mapping_names()), output)
