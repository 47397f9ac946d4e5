"""``crossdock coverage``: the fields of both schemas that mappings cover, and the rules that examples run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from crossdock.cli.completion import MAPPING_OR_CONVERSATION
from crossdock.cli.console import (
    bundled_option,
    examples_in,
    examples_option,
    format_option,
    output_option,
    own_roots,
    put,
)

if TYPE_CHECKING:
    from crossdock.tools.coverage.report import Coverage


@click.command(name="coverage")
@click.argument("mappings", nargs=-1, metavar="[MAPPING]...", type=MAPPING_OR_CONVERSATION)
@examples_option("the examples of the mapping, and of what uses it")
@click.option("--static", is_flag=True, help="Cover the schemas only; run no examples.")
@click.option("--strict", is_flag=True, help="Also fail when a rule is never run.")
@bundled_option
@format_option("text", "json", "markdown", written="The format of the report.")
@output_option
@click.pass_context
def command(
    context: click.Context,
    mappings: tuple[str, ...],
    examples: tuple[str, ...],
    static: bool,
    strict: bool,
    bundled: bool,
    form: str,
    output: str | None,
) -> None:
    """Show which fields a mapping covers and which rules are run.

    A source field is covered when it is read, or ignored with a reason; a target field when it is written,
    or unavailable with a reason. Without MAPPING, all mappings of the project are reported. Exit code 1 when
    a field is not covered.

    MAPPING can be a conversation, such as kibo/order_ack, or a file of shared steps. Then the steps,
    conditions and reports that no example runs are listed.
    """
    from crossdock.channels.steps import Conversation
    from crossdock.project.project import Project
    from crossdock.tools.coverage.report import conversation_coverage, coverage

    if static and (examples or strict):
        raise click.UsageError("--static runs no examples: leave out --examples and --strict")
    project = Project(own_roots(context, bundled=bundled, named=bool(mappings)))
    given = [project.named(name) for name in mappings]
    conversations = [each for each in given if isinstance(each, Conversation)]
    if conversations and examples:
        raise click.UsageError("--examples gives payloads of mappings, and a conversation needs answers too")
    compiled = [each for each in given if not isinstance(each, Conversation)]
    if not given:
        compiled = [project.mapping(name) for name in project.mapping_names(own=True)]
    payloads = examples_in(examples, mappings=len(compiled))
    found = coverage(project, compiled, payloads, examples=not static)
    found += [conversation_coverage(project, each, examples=not static) for each in conversations]
    put(_written(found, form), output)
    if any(item.unaccounted or (strict and item.missed) for item in found):
        context.exit(1)


def _written(found: Sequence[Coverage], form: str) -> str:
    from crossdock.tools.coverage import json, markdown, text

    return {"text": text.write, "json": json.write, "markdown": markdown.write}[form](found)
