"""``crossdock schema``: the JSON Schema of a payload, or of the files that people write."""

from __future__ import annotations

import click

from crossdock.cli.completion import SCHEMA_OR_LANGUAGE
from crossdock.cli.console import open_project


@click.command(name="schema")
@click.argument("name", type=SCHEMA_OR_LANGUAGE)
@click.pass_context
def command(context: click.Context, name: str) -> None:
    """Print the JSON Schema of a payload or of a kind of file.

    NAME is a payload's schema, such as kibo/order, or one of mapping, conversation, channel and actions:
    the schemas of these files, for your editor.
    """
    from crossdock.core import json_reader
    from crossdock.tools import editor

    if name in editor.LANGUAGES:
        click.echo(json_reader.encode(editor.schema(name)))
    else:
        click.echo(json_reader.encode(dict(open_project(context).schema(name).document)))
