"""`crossdock suggest`: the first draft of a mapping between two schemas."""

from __future__ import annotations

import click

from crossdock.cli.commands.console import open_project, output_option, put


@click.command()
@click.argument("source")
@click.argument("target")
@click.option(
    "--examples",
    type=click.Path(),
    help="Payloads of SOURCE, whose values are looked at: a directory of JSON files, or lines of JSON.",
)
@output_option
@click.pass_context
def command(
    context: click.Context, source: str, target: str, examples: str | None, output: str | None
) -> None:
    """Draft a mapping from the schema SOURCE to the schema TARGET, such as kibo/order.

    For each field of TARGET the source fields that it may come from are ranked by names, types, values
    and structure. The best one becomes the cell where it fits; the others stand above it as comments.
    """
    from pathlib import Path

    from crossdock.project.examples import records_in
    from crossdock.tools.drafting.suggestion import suggest

    if examples is not None and not Path(examples).exists():
        raise click.BadParameter(f"there is no file `{examples}`", param_hint="'--examples'")
    records = records_in(Path(examples)) if examples is not None else ()
    payloads = (record.payload for record in records if record.fault is None)
    put(suggest(open_project(context), source, target, payloads).rstrip("\n"), output)
