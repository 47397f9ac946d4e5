"""``crossdock schema``: the JSON Schema of a payload, or of the files that people write."""

from __future__ import annotations

import click

from crossdock.cli.completion import SCHEMA_OR_LANGUAGE
from crossdock.cli.console import open_project, output_option, put


@click.command(name="schema")
@click.argument("name", type=SCHEMA_OR_LANGUAGE)
@click.option("--tree", is_flag=True, help="Print the properties of a payload as a tree, one line each.")
@output_option
@click.pass_context
def command(context: click.Context, name: str, tree: bool, output: str | None) -> None:
    """Print the JSON Schema of a payload or of a kind of file.

    NAME is a payload's schema, such as kibo/order, or one of mapping, conversation, channel, dialect and
    actions: the schemas of these files, for your editor.
    """
    from crossdock.core import json_reader
    from crossdock.tools import editor
    from crossdock.tools.schema_tree import schema_tree

    if name in editor.LANGUAGES:
        if tree:
            raise click.UsageError("--tree shows the schema of a payload, not of a kind of file")
        put(json_reader.encode(editor.schema(name)), output)
        return
    schema = open_project(context).schema(name)
    put(schema_tree(schema) if tree else json_reader.encode(dict(schema.document)), output)
