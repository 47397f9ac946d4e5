"""``crossdock lsp``: the language server, for editors."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(name="lsp")
@click.pass_context
def command(context: click.Context) -> None:
    """Answer an editor's questions about the files of a project.

    The editor starts it, and speaks the Language Server Protocol over stdin and stdout. The project is that
    of the editor's folder, or of `-C`. Needs the extra `lsp`.
    """
    try:
        from crossdock.editing.server import serve
    except ModuleNotFoundError as error:
        raise click.ClickException(f"`lsp` needs {error.name}: install crossdock[lsp]") from None
    serve(Path(context.obj) if context.obj else None)
