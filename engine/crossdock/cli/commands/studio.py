"""``crossdock studio``: a page in the browser that shows a project at work."""

from __future__ import annotations

from contextlib import suppress

import click

from crossdock.cli.console import own_roots, say


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
@click.pass_context
def command(context: click.Context, directory: str | None, port: int | None, opens: bool) -> None:
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

    def started(url: str) -> None:
        say(f"the studio is at {url}")
        if opens:
            click.launch(url)

    try:
        with suppress(KeyboardInterrupt):  # Ctrl-C is how it ends
            serve_studio(roots, port, started)
    except PortError as error:
        raise click.ClickException(str(error)) from None
