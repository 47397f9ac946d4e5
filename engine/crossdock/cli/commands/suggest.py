"""``crossdock suggest``: the first draft of a mapping between two schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crossdock.cli.completion import SCHEMA
from crossdock.cli.console import examples_in, examples_option, open_project, output_option, put

if TYPE_CHECKING:
    from crossdock.core.json_types import JSON
    from crossdock.project.project import Project


@click.command(name="suggest")
@click.argument("source", type=SCHEMA)
@click.argument("target", type=SCHEMA)
@examples_option("the samples that SOURCE is derived from, if there are any")
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

    project = open_project(context)
    records = (record for place in examples_in(examples) for record in records_in(place))
    payloads = [record.payload for record in records if record.fault is None]
    put(suggest(project, source, target, payloads or _samples(project, source)).rstrip("\n"), output)


def _samples(project: Project, source: str) -> list[JSON]:
    """The samples of a schema; none if it is not derived from any, or the recipe is wrong."""
    from crossdock.core.errors import CrossdockError
    from crossdock.tools.derivation import samples_of

    system, _, name = source.partition("/")
    try:
        return [sample for folder in project.derived_systems([system]) for sample in samples_of(folder, name)]
    except CrossdockError:
        return []
