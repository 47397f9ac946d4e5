"""``crossdock suggest``: the first draft of a mapping between two schemas."""

from __future__ import annotations

import click

from crossdock.cli.completion import SCHEMA
from crossdock.cli.console import examples_in, examples_option, open_project, output_option, put


@click.command(name="suggest")
@click.argument("source", type=SCHEMA)
@click.argument("target", type=SCHEMA)
@examples_option("none; only the schemas are compared")
@output_option
@click.pass_context
def command(
    context: click.Context, source: str, target: str, examples: tuple[str, ...], output: str | None
) -> None:
    """Draft a mapping from one schema to another.

    SOURCE and TARGET are schemas such as kibo/order. For each field of TARGET, the possible source fields
    are ranked by name, type, structure, and the values in --examples. The best one that fits is used; the
    others are listed in comments above it.
    """
    from crossdock.project.examples import records_in
    from crossdock.tools.drafting.suggestion import suggest

    records = (record for place in examples_in(examples) for record in records_in(place))
    payloads = (record.payload for record in records if record.fault is None)
    put(suggest(open_project(context), source, target, payloads).rstrip("\n"), output)
