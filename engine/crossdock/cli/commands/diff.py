"""``crossdock diff``: two versions of a mapping or a conversation, run on the same payloads."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from crossdock.cli.completion import MAPPING_OR_CONVERSATION
from crossdock.cli.console import (
    examples_in,
    examples_option,
    format_option,
    open_project,
    output_option,
    pairs,
    put,
    say,
    settings_option,
)

if TYPE_CHECKING:
    from pathlib import Path

    from crossdock.project.examples import Record
    from crossdock.tools.diff.report import DiffReport
    from crossdock.tools.diff.sides import Side


@click.command(name="diff")
@click.argument("old", type=MAPPING_OR_CONVERSATION)
@click.argument("new", required=False, type=MAPPING_OR_CONVERSATION)
@examples_option("the examples of the mapping")
@format_option("text", "json", "markdown", written="The format of the report.")
@click.option(
    "--samples",
    type=click.IntRange(1, 100),
    default=3,
    show_default=True,
    help="The number of payloads that are shown for each change.",
)
@settings_option
@output_option
@click.pass_context
def command(
    context: click.Context,
    old: str,
    new: str | None,
    examples: tuple[str, ...],
    form: str,
    samples: int,
    given: tuple[str, ...],
    output: str | None,
) -> None:
    """Show how the results of two versions of a mapping differ.

    OLD and NEW are mappings such as kibo/order, conversations such as kibo/order_ack, files, folders of
    them, or REVISION:MAPPING for the version in a git revision, such as HEAD:kibo/order. Without NEW, OLD is
    compared with the version here.

    Conversations are run on their requests with the answers beside them. Their calls, events and responses
    are compared.

    Exit code 0 when no result differs, 1 when one does.
    """
    from crossdock.tools.diff.revisions import NoSuchVersionError
    from crossdock.tools.diff.sides import find_sides

    with ExitStack() as stack:
        try:
            project = open_project(context)
            sides = find_sides(project, old, new, stack)
            report = _compare(sides, examples, project.roots, samples, dict(pairs(given)))
        except NoSuchVersionError as error:
            raise click.UsageError(str(error)) from None
    put(_written(report, form), output)
    context.exit(1 if report.changed else 0)


def _compare(
    sides: tuple[Side, Side],
    examples: Sequence[str],
    here: Sequence[Path],
    samples: int,
    given: dict[str, str],
) -> DiffReport:
    from crossdock.tools.diff.comparison import compare
    from crossdock.tools.diff.report import Compared, DiffReport
    from crossdock.tools.diff.sides import pairs as pairs_of
    from crossdock.tools.diff.versions import version_of

    old, new = sides
    both, gone, come = pairs_of(old, new)
    report = [Compared(name, status="only in the old version") for name in gone]
    report += [Compared(name, status="only in the new version") for name in come]
    places = examples_in(examples, mappings=len(both))
    for before, after in both:
        versions = version_of(old.project, before, given), version_of(new.project, after, given)
        records = _records(new, old, versions[1].name, places, here, alone=len(both) == 1)
        comparison = compare(*versions, _watched(records), samples=samples)
        if comparison.read:
            report.append(Compared(versions[1].name, comparison))
    if not report:
        raise click.UsageError("there are no payloads to compare; name some with --examples")
    return DiffReport(old.shown, new.shown, tuple(report))


def _records(
    new: Side, old: Side, name: str, places: Sequence[Path], here: Sequence[Path], *, alone: bool
) -> Iterator[Record]:
    """The payloads for a mapping.

    A directory for several mappings has a folder for each, as examples/ has.
    """
    from crossdock.project.examples import examples_of, records_in

    if not places:
        # The versions may be from the past or from another project; the examples are always the current ones.
        roots = [new.project.roots[0], *here, *new.project.roots, *old.project.roots]
        yield from examples_of(roots, name)
    for place in places:
        own = place / name
        if own.is_dir():
            yield from records_in(own)
        elif alone:
            yield from records_in(place)


def _watched(records: Iterator[Record]) -> Iterator[Record]:
    """The same records. At a terminal, their number is printed after every thousand."""
    for number, record in enumerate(records, 1):
        if number % 1000 == 0 and sys.stderr.isatty():
            say(f"{number} payloads read")
        yield record


def _written(report: DiffReport, form: str) -> str:
    from crossdock.tools.diff import json, markdown, text

    write = {"text": text.write, "json": json.write, "markdown": markdown.write}[form]
    return write(report)
