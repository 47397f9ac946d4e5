"""``crossdock mutate``: whether the examples of a mapping would notice a mistake in it."""

from __future__ import annotations

from typing import Final

import click

from crossdock.cli.commands.console import open_project, output_option, put

FORMS: Final = ("text", "json")


@click.command(name="mutate")
@click.argument("mapping")
@click.option(
    "--examples",
    multiple=True,
    metavar="NAME",
    help="Run the examples of this mapping or conversation only. Default: of all that use the mapping.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Try N mutants, evenly spread.")
@click.option(
    "--at-least",
    type=click.FloatRange(0, 100),
    default=100,
    show_default=True,
    metavar="PERCENT",
    help="Fail when fewer are caught.",
)
@click.option(
    "--as", "wanted", type=click.Choice(FORMS), default="text", show_default=True, help="How it is written."
)
@output_option
@click.pass_context
def command(
    context: click.Context,
    mapping: str,
    examples: tuple[str, ...],
    limit: int | None,
    at_least: float,
    wanted: str,
    output: str | None,
) -> None:
    """Change MAPPING in one place after the other, and list the changes that no example notices.

    A path is read instead of another, a default, a filter or a cell is left out, a row of a table is
    swapped, a function is another one. A change is caught when a snapshot would not hold any more, or
    when `crossdock check` has a new finding.
    """
    from crossdock.tools.mutation import json, text
    from crossdock.tools.mutation.trials import mutate

    project = open_project(context)
    found = mutate(project, project.mapping(mapping), limit=limit, only=examples)
    write = {"text": text.write, "json": json.write}[wanted]
    put(write(found), output)
    if found.score < at_least or found.stale:
        context.exit(1)
