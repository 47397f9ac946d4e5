"""``crossdock show``: a mapping's file."""

from __future__ import annotations

import click

from crossdock.cli.completion import MAPPING_OR_CONVERSATION
from crossdock.cli.console import open_project, output_option, put_text


@click.command(name="show")
@click.argument("mapping", type=MAPPING_OR_CONVERSATION)
@output_option
@click.pass_context
def command(context: click.Context, mapping: str, output: str | None) -> None:
    """Print the YAML file of a mapping.

    Use it to read a bundled mapping, or to copy it into your own project. MAPPING can be a conversation,
    such as kibo/order_ack.
    """
    project = open_project(context)
    put_text(project.text(project.file_name(mapping)).text, output)
