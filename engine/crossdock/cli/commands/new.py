"""``crossdock new``: the folders and first files of a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path

    from crossdock.tools.drafting.scaffold import Scaffold


@click.command(name="new")
@click.argument("channel")
@click.option(
    "--from",
    "source",
    metavar="SCHEMA|FILE",
    help="The schema of the channel's orders, by default CHANNEL/order; or a description of its API "
    "(OpenAPI 3.0 or 3.1, .json, .yaml or .yml).",
)
@click.option(
    "--to",
    "target",
    metavar="SCHEMA",
    default="retailops/order",
    show_default=True,
    help="The schema that they are converted to.",
)
@click.option(
    "--editor",
    "with_editor",
    is_flag=True,
    help="Also create schemas for your editor, and settings for VS Code.",
)
@click.pass_context
def command(context: click.Context, channel: str, source: str | None, target: str, with_editor: bool) -> None:
    """Create the folders and first files of a channel.

    They are a channel.yaml, a recipe for its schemas, and a first mapping. If the schema of the channel's
    orders exists, the mapping is drafted as `crossdock suggest` does it. From a description of an API come
    the schemas, the channel.yaml, and a first conversation for each action that it has a call for; what is
    left to decide is marked TODO. Existing files are never overwritten. If there is no project here, this
    directory becomes one.
    """
    from pathlib import Path

    from crossdock.project.search_path import nearest
    from crossdock.tools.drafting.scaffold import CHANNEL_NAME, Scaffold

    if not CHANNEL_NAME.fullmatch(channel) or channel == "tables":
        raise click.BadParameter(
            "use lowercase letters, digits, - and _, and begin with a letter", param_hint="'CHANNEL'"
        )
    start = Path(context.find_root().obj or ".").resolve()
    root = nearest(start) or start
    if source is not None and source.endswith((".json", ".yaml", ".yml")):
        _described(channel, Path(source), root, with_editor=with_editor)
    else:
        _laid_out(Scaffold(channel, source or f"{channel}/order", target, with_editor), root, source)


def _described(channel: str, description: Path, root: Path, *, with_editor: bool) -> None:
    """The files that are made from the description of an API."""
    from crossdock.tools.drafting.scaffold import described_steps, editor_files, write_new
    from crossdock.tools.openapi.files import files_of

    files = files_of(description, channel) | (editor_files() if with_editor else {})
    _report(*write_new(root, files), described_steps(channel))


def _laid_out(wanted: Scaffold, root: Path, source: str | None) -> None:
    """The files of a channel whose schemas come from samples, or are there already."""
    from crossdock.project.project import Project, bundled_root
    from crossdock.tools.drafting.scaffold import files_for, next_steps, write_new

    bundled = bundled_root()
    project = Project([root, *([bundled] if bundled != root else [])])
    for name in (source, wanted.target):
        if name is not None:
            project.schema(name)
    made, kept = write_new(root, files_for(wanted, root, project))
    _report(made, kept, next_steps(wanted, root, project))


def _report(made: list[str], kept: list[str], steps: list[str]) -> None:
    for path in made:
        click.echo(f"created  {path}")
    for path in (each for each in kept if not each.endswith(".gitkeep")):
        click.echo(f"kept     {path}, which already exists")
    click.echo("\nnext:")
    for number, step in enumerate(steps, 1):
        click.echo(f"{number}. {step}")
