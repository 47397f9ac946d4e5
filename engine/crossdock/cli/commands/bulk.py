"""``crossdock bulk``: convert files of many payloads into a directory, and what was refused once more."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click

from crossdock.cli.completion import MAPPING
from crossdock.cli.console import (
    count,
    extra,
    format_option,
    output_option,
    pairs,
    put_text,
    settings_option,
    stdin_for,
)

if TYPE_CHECKING:
    from crossdock.bulk.folder import BulkFolder, Record
    from crossdock.bulk.pool import Conversion
    from crossdock.bulk.run import BulkJob

_FINDINGS: Final = 1
workers_option = click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes."
)
scheduler_option = click.option(
    "--scheduler", metavar="ADDRESS", help="A Dask cluster: tcp://HOST:PORT, or local for one of --workers."
)
no_cache_option = click.option(
    "--no-cache", is_flag=True, help="Neither read nor write compiled mappings on disk."
)
summary_option = format_option("text", "json", written="The format of the summary and of errors.")


class Bulk(click.Group):
    """The command `run` may be left out: `crossdock bulk kibo/order orders.jsonl --to out`."""

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        if arguments and arguments[0] not in (*self.commands, "-h", "--help"):
            arguments = ["run", *arguments]
        return super().parse_args(context, arguments)


@click.group(name="bulk", cls=Bulk)
def command() -> None:
    """Convert files with many payloads into a directory.

    `crossdock bulk MAPPING SOURCE... --to DIR` is short for `crossdock bulk run`.
    """


@command.command(name="run")
@click.argument("mapping", type=MAPPING)
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...", type=click.Path(allow_dash=True))
@click.option(
    "--to",
    "to",
    required=True,
    metavar="DIR",
    type=click.Path(),
    help="Where the results go: a directory or a URL.",
)
@click.option("--resume", is_flag=True, help="Go on with the run that DIR has, or begin one.")
@click.option(
    "--part-size",
    default=64.0,
    show_default=True,
    metavar="MIB",
    type=click.FloatRange(0.001, 4096),
    help="How much of the sources becomes one part.",
)
@click.option("--no-validate", is_flag=True, help="Validate neither the payloads nor the results.")
@click.option("--trust-source", is_flag=True, help="Do not validate the payloads.")
@workers_option
@scheduler_option
@no_cache_option
@settings_option
@summary_option
@output_option
@click.pass_context
def run(
    context: click.Context,
    mapping: str,
    sources: tuple[str, ...],
    to: str,
    resume: bool,
    part_size: float,
    no_validate: bool,
    trust_source: bool,
    workers: int,
    scheduler: str | None,
    no_cache: bool,
    given: tuple[str, ...],
    form: str,
    output: str | None,
) -> None:
    """Convert the payload on each line of the sources into parts below DIR.

    A part appears when it is complete, with its record; manifest.json has the counts and digests. Lines that
    are refused are in DIR/dead, with the reasons: these files have all values of the payloads. After an
    interruption, --resume converts what is missing, and gives the same bytes.

    Sources whose names end in .gz or .zst are compressed; - is stdin. Exit code 1: lines were refused.
    """
    from crossdock.bulk.converter import PayloadConverter
    from crossdock.bulk.far_folder import folder_at
    from crossdock.bulk.run import BulkJob

    options = (True, not no_validate, not no_cache, trust_source)
    converter = PayloadConverter(context.find_root().obj, mapping, tuple(pairs(given).items()), *options)
    with extra("bulk"):
        converter.check()
        job = BulkJob(converter, sources, converter.digest(), int(part_size * 1024 * 1024))
        begun = time.monotonic()
        with folder_at(to) as folder:
            manifest = _run(job, folder, workers, scheduler, resume=resume)
        _put(manifest, time.monotonic() - begun, form, output)
    context.exit(_FINDINGS if manifest["refused"] else 0)


def _run(job: BulkJob, folder: BulkFolder, workers: int, scheduler: str | None, *, resume: bool) -> Record:
    """Run, with its progress on stderr. Returns the manifest. Raises CrossdockError."""
    from crossdock.bulk.run import BulkRun
    from crossdock.bulk.sources import Sources
    from crossdock.cli.progress import progress

    stdin = stdin_for("-" if "-" in job.sources else "")
    far, several = scheduler is not None, workers > 1 or scheduler is not None
    sources = Sources(job.sources, stdin, digests=True, ranges=several, ranges_of_far=far)
    bulk = BulkRun(job, folder, sources)
    with folder.locked(), _conversion(job, workers, scheduler) as converted:
        bulk.begin(resume=resume)
        with progress(sources) as watch:
            return bulk.run(converted, watch)


@contextmanager
def _conversion(job: BulkJob, workers: int, scheduler: str | None) -> Iterator[Conversion]:
    """What converts the blocks: processes of this machine, or a cluster."""
    if scheduler is None:
        from crossdock.bulk.pool import conversion

        with conversion(job.converter, workers) as converted:
            yield converted
        return
    with extra("dask"):
        from crossdock.bulk.dask_cluster import cluster

    with cluster(job.converter, scheduler, workers, job.digest) as converted:
        yield converted


@command.command()
@click.argument("directory", metavar="DIR", type=click.Path())
@workers_option
@scheduler_option
@no_cache_option
@summary_option
@output_option
@click.pass_context
def replay(
    context: click.Context,
    directory: str,
    workers: int,
    scheduler: str | None,
    no_cache: bool,
    form: str,
    output: str | None,
) -> None:
    """Convert what was refused once more, with the mapping as it is now.

    The results are new parts in DIR/replay-001, and so is what is refused still; the next replay takes only
    that. The report says what passes now and what fails still, by the cause. Exit code 1: something does.
    """
    from crossdock.bulk.far_folder import folder_at
    from crossdock.bulk.folder import writing
    from crossdock.bulk.replay import job_of, replay_of

    begun = time.monotonic()
    with extra("bulk"), folder_at(directory) as folder:
        found = replay_of(folder)
        job = job_of(found.manifest, context.find_root().obj, cached=not no_cache)
        with writing(folder.shown), folder.locked(), _conversion(job, workers, scheduler) as converted:
            manifest = found.run(job, converted)
    _put(manifest, time.monotonic() - begun, form, output)
    context.exit(_FINDINGS if manifest["refused"] else 0)


def _put(manifest: Record, seconds: float, form: str, output: str | None) -> None:
    """Print the summary of a run or a replay."""
    if form == "json":
        put_text(json.dumps({**manifest, "seconds": round(seconds, 3)}, indent=2) + "\n", output)
        return
    from crossdock.cli.progress import summary

    lines = summary(manifest, seconds, f", {count(len(manifest['parts']), 'part')}")
    lines += [_cause(each) for each in manifest.get("causes", ())]
    put_text("".join(f"{line}\n" for line in lines), output)


def _cause(report: Record) -> str:
    failing = ", ".join(f"{each['times']:,} {each['id']}" for each in report["failing"])
    still = f", fail still: {failing}" if failing else ""
    letters = f"{report['letters']:,} letter{'' if report['letters'] == 1 else 's'}"
    return f"cause {report['cause']}: {letters}, pass now: {report['passing']:,}{still}"
