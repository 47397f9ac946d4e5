"""``crossdock mutate``: whether the examples of a mapping or a conversation would detect a mistake in it."""

from __future__ import annotations

import click

from crossdock.cli.completion import MAPPING_OR_CONVERSATION
from crossdock.cli.console import format_option, open_project, output_option, put


@click.command(name="mutate")
@click.argument("mapping", type=MAPPING_OR_CONVERSATION)
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    help="Run only the examples of this mapping or conversation. Can be repeated. "
    "Default: those of the mapping and of all that use it.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="Try only N mutants, spread evenly over all."
)
@click.option(
    "--at-least",
    type=click.FloatRange(0, 100),
    default=100,
    show_default=True,
    metavar="PERCENT",
    help="Fail when fewer mutants are caught.",
)
@format_option("text", "json", written="The format of the report.")
@output_option
@click.pass_context
def command(
    context: click.Context,
    mapping: str,
    only: tuple[str, ...],
    limit: int | None,
    at_least: float,
    form: str,
    output: str | None,
) -> None:
    """List the changes to a mapping that no example detects.

    Each mutant makes one change: another path or function, two table rows swapped, or a default, filter or
    cell removed. A mutant is caught when a snapshot differs, or when `crossdock check` has a new finding.

    MAPPING can be a conversation, such as kibo/order_ack, or a file of shared steps. Then a step, a condition
    or a part of a call is removed or changed too.
    """
    from crossdock.channels.steps import Conversation
    from crossdock.tools.mutation import json, text
    from crossdock.tools.mutation.conversation_trials import mutate_conversation
    from crossdock.tools.mutation.trials import mutate

    project = open_project(context)
    compiled = project.named(mapping)
    if isinstance(compiled, Conversation):
        found = mutate_conversation(project, compiled, limit=limit, only=only)
    else:
        found = mutate(project, compiled.linked, limit=limit, only=only)
    write = {"text": text.write, "json": json.write}[form]
    put(write(found), output)
    if found.score < at_least or found.stale:
        context.exit(1)
