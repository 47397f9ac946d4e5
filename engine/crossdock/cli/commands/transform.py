"""``crossdock transform``: convert one payload, or one on each line, with a mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crossdock.cli.completion import MAPPING
from crossdock.cli.console import diagnostics_option, extra, output_option, pairs, settings_option

if TYPE_CHECKING:
    from crossdock.cli.transformation import Transformation
    from crossdock.core.rendering import Format


@click.command(name="transform")
@click.argument("mapping", type=MAPPING)
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(allow_dash=True))
@output_option
@click.option("--compact", is_flag=True, help="Print the result on one line.")
@click.option("--lines", is_flag=True, help="Read one payload from each line, and print one result per line.")
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes, with --lines."
)
@click.option(
    "--progress", is_flag=True, help="With --lines: say how far it is on stderr, also when that is a log."
)
@click.option("--no-validate", is_flag=True, help="Validate neither the payload nor the result.")
@click.option(
    "--trust-source",
    is_flag=True,
    help="Do not validate the payload; decode only the parts that the mapping reads.",
)
@click.option("--no-cache", is_flag=True, help="Neither read nor write compiled mappings on disk.")
@click.option(
    "--untrusted",
    is_flag=True,
    help="Run in a separate process with limits on memory and time, without files or network.",
)
@settings_option
@diagnostics_option
@click.pass_context
def command(
    context: click.Context,
    mapping: str,
    files: tuple[str, ...],
    output: str | None,
    compact: bool,
    lines: bool,
    workers: int,
    progress: bool,
    no_validate: bool,
    trust_source: bool,
    no_cache: bool,
    untrusted: bool,
    given: tuple[str, ...],
    form: Format,
) -> None:
    """Convert a payload with a mapping.

    MAPPING is a name such as kibo/order, or a YAML file. FILE is a JSON payload; - is stdin. The result is
    printed as JSON. Checks of the mapping that fail are warnings.

    With --lines, a payload that is rejected is reported as FILE:LINE and has no result; the other payloads
    are still converted. The exit code is that of the first rejected payload. Blank lines are skipped. There
    may be several files, and names that end in .gz and .zst are those of compressed files, read or written.

    A mapping is compiled to Python once and cached in the directory CROSSDOCK_CACHE (default:
    ~/.cache/crossdock). A changed file takes effect at once. CROSSDOCK_CACHE=off disables the cache.
    """
    files = files or ("-",)
    _refuse_together(lines, len(files) > 1, workers > 1, untrusted, trust_source)
    _refuse_progress(progress, lines, form)
    if untrusted:
        from crossdock.cli.sandbox.transform import transform_file

        transform_file(context, mapping, files[0], output, compact, not no_validate, given, form)
        return
    options = (compact or lines, not no_validate, not no_cache, trust_source)
    wanted = _transformation(context, mapping, given, options, form, output, progress)
    with extra("bulk"):
        context.exit(wanted.lines(files, workers) if lines else wanted.file(files[0]))


def _transformation(
    context: click.Context,
    mapping: str,
    given: tuple[str, ...],
    options: tuple[bool, bool, bool, bool],
    form: Format,
    output: str | None,
    progress: bool,
) -> Transformation:
    from crossdock.bulk.converter import PayloadConverter
    from crossdock.cli.transformation import Transformation

    settings = tuple(pairs(given).items())
    return Transformation(
        PayloadConverter(context.find_root().obj, mapping, settings, *options), form, output, progress
    )


def _refuse_together(lines: bool, several: bool, parallel: bool, untrusted: bool, trusted: bool) -> None:
    """Raises UsageError for options that cannot be combined."""
    if several and not lines:
        raise click.UsageError("several files are read with --lines")
    if parallel and not lines:
        raise click.UsageError("--workers goes with --lines")
    if untrusted and lines:
        raise click.UsageError("--untrusted takes one payload: leave out --lines")
    if untrusted and trusted:
        raise click.UsageError("--untrusted validates the payload: leave out --trust-source")


def _refuse_progress(progress: bool, lines: bool, form: str) -> None:
    """Raises UsageError for --progress without lines, or into a document."""
    if progress and not lines:
        raise click.UsageError("--progress goes with --lines")
    if progress and form in ("json", "sarif"):
        raise click.UsageError(f"--progress prints lines: leave out --format {form}")
