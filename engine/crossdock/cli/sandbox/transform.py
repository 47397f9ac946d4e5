"""`crossdock transform --untrusted`: the same command, run in a process of its own.

The payload is read here, so that waiting for it costs the run no time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crossdock.cli.console import color_wanted, pairs, payload_bytes, put

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
    """Print what a confined process makes of a payload, and exit as it did. Raises LimitError."""
    from crossdock.cli.sandbox.worker import Request, transform_apart

    request = Request(
        mapping,
        "<stdin>" if file == "-" else file,
        directory=context.find_root().obj,
        settings=pairs(given),
        validate=validate,
        compact=compact,
        form=form,
        color=color_wanted(),
    )
    answer = transform_apart(request, payload_bytes(file))
    if answer.diagnostics:
        click.echo(answer.diagnostics, err=True, color=True)
    if answer.code:
        context.exit(answer.code)
    put(answer.result, output)
