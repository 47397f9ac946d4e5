"""``crossdock serve``: answer RetailOPS' requests over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from crossdock.cli.completion import CHANNEL
from crossdock.cli.console import diagnostics_option, pairs, say, settings_option

if TYPE_CHECKING:
    from crossdock.core.diagnostics import Source
    from crossdock.core.rendering import Format
    from crossdock.gateway.config import GatewayConfig

TICKET = "RETAILOPS_TICKET"


@click.command(name="serve")
@click.argument("channel", required=False, type=CHANNEL)
@click.option(
    "--config", "file", metavar="FILE", type=click.Path(), help="The gateway's file, for several merchants."
)
@click.option("--journal", metavar="URL", help="The journal's database: sqlite:///FILE or postgresql://….")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes.")
@click.option(
    "--grace",
    default=30.0,
    show_default=True,
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="How long requests go on after the signal to stop.",
)
@click.option(
    "--dialect", "dialects", multiple=True, help="A dialect to serve beside RetailOPS' own; may be repeated."
)
@settings_option
@diagnostics_option
@click.pass_context
def command(
    context: click.Context,
    channel: str | None,
    file: str | None,
    journal: str | None,
    host: str,
    port: int,
    workers: int,
    grace: float,
    dialects: tuple[str, ...],
    given: tuple[str, ...],
    form: Format,  # noqa: ARG001 (read where errors are reported)
) -> None:
    """Answer RetailOPS' requests over HTTP, each once.

    Serves CHANNEL, with the ticket in the environment variable RETAILOPS_TICKET, or what the file of
    --config describes. Needs the extra `serve`.
    """
    try:
        from crossdock.gateway.journal.store import JournalError
        from crossdock.gateway.serving import Address, ListenError, serve_gateway
    except ModuleNotFoundError as error:
        raise click.ClickException(f"`serve` needs {error.name}: install crossdock[serve]") from None
    config = gateway_config(context, channel, file, journal, given, dialects)
    directory = Path(context.obj) if context.obj else None
    try:
        serve_gateway(
            directory,
            config,
            Address(host, port, workers, grace),
            lambda url: say(f"listening at {url}"),
        )
    except (JournalError, ListenError) as error:
        raise click.ClickException(str(error)) from None


def read_source(file: str) -> Source:
    """A file of the user as text. Raises click.ClickException."""
    from crossdock.core.diagnostics import Source

    try:
        return Source(file, Path(file).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise click.ClickException(f"{file} cannot be read: {reason}") from None


def gateway_config(
    context: click.Context,
    channel: str | None,
    file: str | None,
    journal: str | None,
    given: tuple[str, ...],
    dialects: tuple[str, ...] = (),
) -> GatewayConfig:
    """The gateway of a file or, with a channel, of one profile. ``journal`` overrides its journal."""
    from dataclasses import replace

    from crossdock.gateway.config import GatewayConfig, Profile, parse_config

    if (channel is None) == (file is None):
        raise click.UsageError("name a channel, or a file with --config", context)
    if file is not None:
        if given:
            raise click.UsageError("--set goes with a channel: a file has `settings:`", context)
        if dialects:
            raise click.UsageError("--dialect goes with a channel: a file has `dialects:`", context)
        config = parse_config(read_source(file))
    else:
        config = GatewayConfig(
            (Profile(str(channel), str(channel), (TICKET,), settings=pairs(given), dialects=dialects),)
        )
    return config if journal is None else replace(config, journal=journal, journal_env=None)
