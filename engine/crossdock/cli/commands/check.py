"""``crossdock check``: compile and check mappings and conversations without running them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from crossdock.cli.console import count, diagnostics_option, open_project, report

if TYPE_CHECKING:
    from crossdock.core.rendering import Format


@click.command(name="check")
@click.argument("mappings", nargs=-1, metavar="[MAPPING]...")
@click.option(
    "--lenient",
    is_flag=True,
    help="Report a property that is missing from a schema as a warning, not as an error.",
)
@diagnostics_option
@click.pass_context
def command(context: click.Context, mappings: tuple[str, ...], lenient: bool, form: Format) -> None:
    """Check mappings and conversations, and report every mistake.

    Without MAPPING, all mappings and conversations of the project are checked. Exit code 2 when there is an
    error, 1 when there are only warnings.
    """
    from crossdock.core.diagnostics import has_errors

    project = open_project(context)
    names = list(mappings) or project.own_names()
    findings = project.check(mappings, lenient=lenient)
    report(findings, form)
    if form == "text":
        found = count(len(findings), "finding") if findings else "no findings"
        click.echo(f"{_checked(names)} checked, {found}", err=True)
    if findings:
        context.exit(2 if has_errors(findings) else 1)


def _checked(names: Sequence[str]) -> str:
    conversations = sum(name.removesuffix(".yaml").endswith("/conversation") for name in names)
    listed = [count(len(names) - conversations, "mapping"), count(conversations, "conversation")]
    return " and ".join(listed if conversations else listed[:1])
