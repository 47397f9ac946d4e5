"""``crossdock check``: compile and check mappings and conversations without running them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from crossdock.cli.completion import MAPPING_OR_CONVERSATION
from crossdock.cli.console import (
    bundled_option,
    count,
    diagnostics_option,
    output_option,
    own_roots,
    put_report,
    say,
)

if TYPE_CHECKING:
    from pathlib import Path

    from crossdock.core.rendering import Format
    from crossdock.project.check_cache import FoundByCheck
    from crossdock.project.project import Project


@click.command(name="check")
@click.argument("mappings", nargs=-1, metavar="[MAPPING]...", type=MAPPING_OR_CONVERSATION)
@click.option(
    "--lenient",
    is_flag=True,
    help="Report a property that is missing from a schema as a warning, not as an error.",
)
@click.option("--no-cache", is_flag=True, help="Check again even if nothing has changed; cache nothing.")
@bundled_option
@diagnostics_option
@output_option
@click.pass_context
def command(
    context: click.Context,
    mappings: tuple[str, ...],
    lenient: bool,
    no_cache: bool,
    bundled: bool,
    form: Format,
    output: str | None,
) -> None:
    """Check mappings and conversations, and report every mistake.

    The report is written to stdout. Without MAPPING, all mappings and conversations of the project are
    checked. Exit code 2 when there is an error, 1 when there are only warnings.
    """
    from crossdock.core.diagnostics import has_errors
    from crossdock.project.check_cache import CheckCache

    roots = own_roots(context, bundled=bundled, named=bool(mappings))
    cache = None if no_cache else CheckCache(roots, mappings, lenient=lenient)
    checked = cache.find() if cache is not None else None
    if checked is None:
        checked = _check(roots, mappings, lenient=lenient)
        if cache is not None:
            cache.keep(checked)
    findings = checked.findings
    put_report(findings, form, output)
    if form == "text":
        found = count(len(findings), "finding") if findings else "no findings"
        say(f"{checked.what} checked, {found}")
    if findings:
        context.exit(2 if has_errors(findings) else 1)


def _check(roots: Sequence[Path], mappings: Sequence[str], *, lenient: bool) -> FoundByCheck:
    from crossdock.project.check_cache import FoundByCheck
    from crossdock.project.project import Project

    project = Project(roots)
    names = list(mappings) or project.own_names()
    return FoundByCheck(tuple(project.check(mappings, lenient=lenient)), _counted(project, names))


def _counted(project: Project, names: Sequence[str]) -> str:
    """How many files of each kind: "2 mappings, 1 file of shared steps and 3 conversations"."""
    names = [name.removesuffix(".yaml") for name in names]
    actions = set(project.conversation_names())
    conversations = sum(name.endswith("/conversation") or name in actions for name in names)
    steps = set(project.shared_names())
    shared = sum(name.removeprefix("mappings/") in steps for name in names)
    listed = [count(len(names) - conversations - shared, "mapping")]
    if shared:
        listed.append(f"{shared} file{'' if shared == 1 else 's'} of shared steps")
    if conversations:
        listed.append(count(conversations, "conversation"))
    return " and ".join([", ".join(listed[:-1]), listed[-1]] if len(listed) > 1 else listed)
