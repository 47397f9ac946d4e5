"""``crossdock coverage``: what mappings account for, of both schemas and of their own rules."""

from __future__ import annotations

from typing import Final

import click

from crossdock.cli.commands.console import open_project, output_option, put

FORMS: Final = ("text", "json", "markdown")


@click.command(name="coverage")
@click.argument("mappings", nargs=-1, metavar="[MAPPING]...")
@click.option(
    "--examples",
    multiple=True,
    metavar="DIR|FILE",
    type=click.Path(exists=True),
    help="Payloads to run: a directory, a JSON file, or lines of JSON. Default: the project's examples.",
)
@click.option("--static", is_flag=True, help="Only the schemas: run no examples.")
@click.option("--strict", is_flag=True, help="Fail also when a rule is never seen.")
@click.option(
    "--as", "wanted", type=click.Choice(FORMS), default="text", show_default=True, help="How it is written."
)
@output_option
@click.pass_context
def command(
    context: click.Context,
    mappings: tuple[str, ...],
    examples: tuple[str, ...],
    static: bool,
    strict: bool,
    wanted: str,
    output: str | None,
) -> None:
    """Say which fields of both schemas a mapping accounts for, and which of its rules the examples try.

    A source field is read, or ignored with a reason; a target field is written, or unavailable with a
    reason. The examples are the mapping's own, and those of whatever uses it. Without MAPPING, all of the
    project's. Ends with 1 when a field is unaccounted for.
    """
    from pathlib import Path

    from crossdock.tools.coverage import json, markdown, text
    from crossdock.tools.coverage.report import coverage

    if static and (examples or strict):
        raise click.UsageError("--static runs no examples: without --examples and --strict")
    project = open_project(context)
    compiled = [project.mapping(name) for name in mappings or project.mapping_names(own=True)]
    found = coverage(project, compiled, map(Path, examples), examples=not static)
    write = {"text": text.write, "json": json.write, "markdown": markdown.write}[wanted]
    put(write(found), output)
    if any(item.open or (strict and item.missed) for item in found):
        context.exit(1)
