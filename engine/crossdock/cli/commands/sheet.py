"""``crossdock sheet``: a mapping or a conversation as a table for people who do not read YAML."""

from __future__ import annotations

import click

from crossdock.cli.completion import MAPPING_OR_CONVERSATION
from crossdock.cli.console import format_option, open_project, output_option, put


@click.command(name="sheet")
@click.argument("mapping", type=MAPPING_OR_CONVERSATION)
@format_option("html", "markdown", "csv", written="The format of the table.")
@output_option
@click.pass_context
def command(context: click.Context, mapping: str, form: str, output: str | None) -> None:
    """Print a mapping as a table for people who do not read YAML.

    Each row is a field of the result: its type, its source, the conversion in words, and an example value.
    The values come from the mapping's examples; sensitive values are hidden.

    MAPPING can be a conversation, such as kibo/order_ack, or a file of shared steps. Then a table lists its
    steps, and another one the fields of what they send, report and give.
    """
    from crossdock.channels.steps import Conversation
    from crossdock.checking.lineage import lineage
    from crossdock.tools.sheet import csv, html, markdown
    from crossdock.tools.sheet.conversation_rows import sheet_of_conversation
    from crossdock.tools.sheet.field_examples import samples_of
    from crossdock.tools.sheet.rows import sheet_of

    project = open_project(context)
    named = project.named(mapping)
    if isinstance(named, Conversation):
        writers = {
            "html": html.write_conversation,
            "markdown": markdown.write_conversation,
            "csv": csv.write_conversation,
        }
        put(writers[form](sheet_of_conversation(named)), output)
        return
    compiled = named.linked
    sheet = sheet_of(compiled, samples_of(project, compiled, lineage(compiled)))
    write = {"html": html.write, "markdown": markdown.write, "csv": csv.write}[form]
    put(write(sheet), output)
