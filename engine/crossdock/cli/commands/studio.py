"""``crossdock studio``: a page in the browser that shows a project at work."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from crossdock.cli.console import own_roots, say

if TYPE_CHECKING:
    from crossdock.gateway.config import Profile
    from crossdock.studio.traffic import Traffic


@click.command(name="studio")
@click.argument("directory", metavar="[PROJECT]", required=False, type=click.Path())
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="The port on 127.0.0.1; 0 is any. Default: 8466, or any if that is taken.",
)
@click.option(
    "--open/--no-open", "opens", default=True, show_default=True, help="Open the page in a browser."
)
@click.option("--journal", metavar="URL", help="Show the requests in the journal of a gateway too.")
@click.option(
    "--config",
    "file",
    metavar="FILE",
    type=click.Path(),
    help="The gateway's file: its profiles and journal.",
)
@click.pass_context
def command(
    context: click.Context,
    directory: str | None,
    port: int | None,
    opens: bool,
    journal: str | None,
    file: str | None,
) -> None:
    """Show mappings, payloads and results in the browser.

    PROJECT is the project's directory; by default the nearest one. The page is at 127.0.0.1 only, and its
    address has a token. It changes a file only when you save it there. Needs the extra `studio`.
    """
    if directory is not None:
        context.find_root().obj = directory
    roots = own_roots(context, bundled=None, named=False)
    try:
        from crossdock.studio.server import PortError, serve_studio
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"`studio` needs {(error.name or '').partition('.')[0]}: install crossdock[studio]"
        ) from None

    traffic = _traffic(context, journal, file) if journal is not None or file is not None else None

    def started(url: str) -> None:
        say(f"the studio is at {url}")
        if opens:
            click.launch(url)

    try:
        with suppress(KeyboardInterrupt):  # Ctrl-C is how it ends
            serve_studio(roots, port, started, traffic=traffic)
    except PortError as error:
        raise click.ClickException(str(error)) from None


def _traffic(context: click.Context, journal: str | None, file: str | None) -> Traffic:
    """The journal of a gateway, to be read. Raises click.ClickException and CrossdockError."""
    from crossdock.cli.commands.serve import gateway_config

    try:
        from crossdock.gateway.config import journal_url
        from crossdock.gateway.journal.reading import read_journal
        from crossdock.gateway.journal.store import JournalError
        from crossdock.studio.traffic import Traffic
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        raise click.ClickException(f"`studio --journal` needs {name}: install crossdock[serve]") from None
    profiles: tuple[Profile, ...] = ()
    url = journal or ""
    if file is not None:
        config = gateway_config(context, None, file, journal, ())
        profiles, url = config.profiles, journal_url(config, os.environ)
    try:
        return Traffic(read_journal(url), profiles)
    except JournalError as error:
        raise click.ClickException(str(error)) from None
