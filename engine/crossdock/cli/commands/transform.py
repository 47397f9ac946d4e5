"""``crossdock transform``: convert one payload, or one on each line, with a mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crossdock.cli.completion import MAPPING
from crossdock.cli.console import diagnostics_option, output_option, settings_option

if TYPE_CHECKING:
    from crossdock.core.rendering import Format


@click.command(name="transform")
@click.argument("mapping", type=MAPPING)
@click.argument("file", default="-", type=click.Path(allow_dash=True))
@output_option
@click.option("--compact", is_flag=True, help="Print the result on one line.")
@click.option("--lines", is_flag=True, help="Read one payload from each line, and print one result per line.")
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
    file: str,
    output: str | None,
    compact: bool,
    lines: bool,
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
    are still converted. The exit code is that of the first rejected payload. Blank lines are skipped.

    A mapping is compiled to Python once and cached in the directory CROSSDOCK_CACHE (default:
    ~/.cache/crossdock). A changed file takes effect at once. CROSSDOCK_CACHE=off disables the cache.
    """
    if untrusted:
        from crossdock.cli.sandbox.transform import transform_file

        _refuse_with_untrusted(lines, trust_source)
        transform_file(context, mapping, file, output, compact, not no_validate, given, form)
        return
    from crossdock.cli.transformation import Transformation

    wanted = Transformation(
        context, mapping, given, form, compact or lines, not no_validate, not no_cache, trust_source
    )
    if lines:
        context.exit(wanted.lines(file, output))
    wanted.file(file, output)


def _refuse_with_untrusted(lines: bool, trust_source: bool) -> None:
    """Raises UsageError for an option that --untrusted cannot be combined with."""
    if lines:
        raise click.UsageError("--untrusted takes one payload: leave out --lines")
    if trust_source:
        raise click.UsageError("--untrusted validates the payload: leave out --trust-source")
