"""``crossdock transform --untrusted``: the same command, run in a sandboxed process.

The payload is read here, so that the time limit does not include waiting for stdin.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from crossdock.cli.console import color_wanted, pairs, payload_bytes, put, say

if TYPE_CHECKING:
    from crossdock.core.rendering import Format


def transform_file(
    context: click.Context,
    mapping: str,
    file: str,
    output: str | None,
    compact: bool,
    validate: bool,
    given: tuple[str, ...],
    form: Format,
) -> None:
    """Print the result of a sandboxed process, and exit with its exit code. Raises LimitError."""
    from crossdock.cli.sandbox.worker import Job, run_sandboxed

    job = Job(
        mapping,
        "<stdin>" if file == "-" else file,
        directory=context.find_root().obj,
        settings=pairs(given),
        validate=validate,
        compact=compact,
        form=form,
        color=color_wanted(sys.stderr),
    )
    finished = run_sandboxed(job, payload_bytes(file))
    if finished.diagnostics:
        say(finished.diagnostics)
    if finished.code:
        context.exit(finished.code)
    put(finished.result, output)
