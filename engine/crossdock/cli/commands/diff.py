"""`crossdock diff`: two versions of a mapping, run over the same payloads."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from crossdock.cli.commands.console import open_project, output_option, pairs, put, settings_option

if TYPE_CHECKING:
    from pathlib import Path

    from crossdock.project.examples import Record
    from crossdock.tools.diff.report import Report
    from crossdock.tools.diff.sides import Side


@click.command()
@click.argument("old")
@click.argument("new", required=False)
@click.option(
    "--corpus",
    type=click.Path(),
    help="The payloads: a directory of JSON files, or a file with one on each line (- is stdin). "
    "Default: the mapping's examples.",
)
@click.option(
    "--as",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="How the changes are written.",
)
@click.option(
    "--samples",
    type=click.IntRange(1, 100),
    default=3,
    show_default=True,
    help="How many payloads are shown for each change.",
)
@settings_option
@output_option
@click.pass_context
def command(
    context: click.Context,
    old: str,
    new: str | None,
    corpus: str | None,
    form: str,
    samples: int,
    given: tuple[str, ...],
    output: str | None,
) -> None:
    """Run two versions of a mapping over a corpus, and show what changes.

    OLD and NEW are mappings such as kibo/order, files, folders of mappings, or REVISION:MAPPING for
    what stood in a git revision. Without NEW, what stands here is compared with OLD: HEAD:kibo/order.

    Exit code 0 when nothing changed, 1 when something did.
    """
    from crossdock.tools.diff.revisions import NoSuchVersionError
    from crossdock.tools.diff.sides import find_sides

    with ExitStack() as stack:
        try:
            project = open_project(context)
            sides = find_sides(project, old, new, stack)
            report = _compare(sides, corpus, project.roots, samples, dict(pairs(given)))
        except NoSuchVersionError as error:
            raise click.UsageError(str(error)) from None
    put(_written(report, form), output)
    context.exit(1 if report.changed else 0)


def _compare(
    sides: tuple[Side, Side], corpus: str | None, here: Sequence[Path], samples: int, given: dict[str, str]
) -> Report:
    from crossdock.tools.diff.comparison import compare
    from crossdock.tools.diff.report import Compared, Report
    from crossdock.tools.diff.sides import pairs as pairs_of
    from crossdock.tools.diff.versions import Version

    old, new = sides
    both, gone, come = pairs_of(old, new)
    report = [Compared(name, status="only in the old version") for name in gone]
    report += [Compared(name, status="only in the new version") for name in come]
    for before, after in both:
        versions = Version(old.project, before, given), Version(new.project, after, given)
        records = _records(new, old, after, corpus, here, alone=len(both) == 1)
        comparison = compare(*versions, _watched(records), samples=samples)
        if comparison.read:
            report.append(Compared(versions[1].mapping.name, comparison))
    if not report:
        raise click.UsageError("there are no payloads to compare; name some with --corpus")
    return Report(old.shown, new.shown, tuple(report))


def _records(
    new: Side, old: Side, name: str, corpus: str | None, here: Sequence[Path], *, alone: bool
) -> Iterator[Record]:
    """The payloads for a mapping; a corpus for several has a folder for each, as examples have."""
    from pathlib import Path

    from crossdock.project.examples import examples_of, records_in, records_of

    mapping = new.project.mapping(name).name
    if corpus is None:
        # What is compared may stand in the past, or in another project; the examples are today's.
        roots = [new.project.roots[0], *here, *new.project.roots, *old.project.roots]
        return examples_of(roots, mapping)
    if corpus == "-" and alone:
        return records_of(sys.stdin.buffer, "<stdin>")
    place = Path(corpus)
    if not place.exists():
        raise click.BadParameter(f"there is no file `{corpus}`", param_hint="'--corpus'")
    own = place / mapping
    if own.is_dir():
        return records_in(own)
    if not alone:
        return iter(())
    return records_in(place)


def _watched(records: Iterator[Record]) -> Iterator[Record]:
    """The same records; at a terminal with a word now and then of how many there were."""
    for number, record in enumerate(records, 1):
        if number % 1000 == 0 and sys.stderr.isatty():
            click.echo(f"{number} payloads read", err=True)
        yield record


def _written(report: Report, form: str) -> str:
    from crossdock.tools.diff import json, markdown, text

    write = {"text": text.write, "json": json.write, "markdown": markdown.write}[form]
    return write(report)
