"""``crossdock mcp``: the tools of a project, for assistants."""

from __future__ import annotations

import click

from crossdock.cli.console import extra


@click.command(name="mcp")
@click.option("--write", is_flag=True, help="Offer a tool that writes the files of mappings, too.")
@click.pass_context
def command(context: click.Context, write: bool) -> None:
    """Offer the commands of a project to an assistant.

    The assistant starts it, and speaks the Model Context Protocol over stdin and stdout. Each call runs as
    with --untrusted: with limits on memory and time, without network, and without writing a file.
    """
    with extra("mcp"):
        from crossdock.cli.assistant import server
    server(context.obj, write=write).run()
