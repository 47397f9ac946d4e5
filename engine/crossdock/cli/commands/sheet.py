"""``crossdock sheet``: a mapping as a table for people who do not read YAML."""

from __future__ import annotations

from typing import Final

import click

from crossdock.cli.commands.console import open_project, output_option, put

FORMS: Final = ("html", "markdown", "csv")


@click.command(name="sheet")
@click.argument("mapping")
@click.option(
    "--as", "wanted", type=click.Choice(FORMS), default="html", show_default=True, help="How it is written."
)
@output_option
@click.pass_context
def command(context: click.Context, mapping: str, wanted: str, output: str | None) -> None:
    """Print a mapping as a table: each field, its type and source, the transformation in words, an example.

    The examples are those of the mapping, below examples/; sensitive values are hidden.
    """
    from crossdock.checking.lineage import lineage
    from crossdock.tools.sheet import csv, html, markdown
    from crossdock.tools.sheet.field_examples import samples_of
    from crossdock.tools.sheet.rows import sheet_of

    project = open_project(context)
    compiled = project.mapping(mapping)
    sheet = sheet_of(compiled, samples_of(project, compiled, lineage(compiled)))
    write = {"html": html.write, "markdown": markdown.write, "csv": csv.write}[wanted]
    put(write(sheet), output)
