"""``crossdock overview``: what each channel does for each action, as Markdown, or one file as a diagram."""

from __future__ import annotations

from typing import Literal

import click

from crossdock.cli.completion import MAPPING_OR_CONVERSATION
from crossdock.cli.console import open_project, output_option, put


@click.command(name="overview")
@click.argument("name", metavar="[MAPPING]", required=False, type=MAPPING_OR_CONVERSATION)
@click.option(
    "--format",
    "form",
    type=click.Choice(("markdown", "mermaid", "svg")),
    default="markdown",
    show_default=True,
    help="Of MAPPING: the diagram in a block of Markdown, alone, or as a picture.",
)
@output_option
@click.pass_context
def command(
    context: click.Context, name: str | None, form: Literal["markdown", "mermaid", "svg"], output: str | None
) -> None:
    """Print the actions and calls of each channel as Markdown.

    The table lists for each RetailOPS action what each channel does, and with which calls.

    With MAPPING, print one diagram, in Mermaid's language or as SVG: of a mapping, which fields of the
    payload each field of the result is made of, or decided by; of a conversation, its steps and calls in
    their order.
    """
    from crossdock.tools.overview import diagram, overview

    project = open_project(context)
    if name is None:
        if form != "markdown":
            raise click.UsageError("name a mapping or a conversation: one diagram is of one file", context)
        put(overview(project).removesuffix("\n"), output)
        return
    drawn = diagram(project, name, "svg" if form == "svg" else "mermaid")
    put(f"```mermaid\n{drawn}\n```" if form == "markdown" else drawn, output)
