"""``crossdock new``: the folders and first files of a channel."""

from __future__ import annotations

import click


@click.command(name="new")
@click.argument("channel")
@click.option(
    "--from", "source", metavar="SCHEMA", help="The schema of the channel's orders. Default: CHANNEL/order."
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
    orders exists, the mapping is drafted as `crossdock suggest` does it. Existing files are never
    overwritten. If there is no project here, this directory becomes one.
    """
    from pathlib import Path

    from crossdock.project.project import Project, bundled_root
    from crossdock.project.search_path import nearest
    from crossdock.tools.drafting.scaffold import CHANNEL_NAME, Scaffold, files_for, next_steps, write_new

    if not CHANNEL_NAME.fullmatch(channel) or channel == "tables":
        raise click.BadParameter(
            "use lowercase letters, digits, - and _, and begin with a letter", param_hint="'CHANNEL'"
        )
    start = Path(context.find_root().obj or ".").resolve()
    root = nearest(start) or start
    bundled = bundled_root()
    project = Project([root, *([bundled] if bundled != root else [])])
    if source is not None:
        project.schema(source)
    wanted = Scaffold(channel, source or f"{channel}/order", target, with_editor)
    project.schema(target)
    made, kept = write_new(root, files_for(wanted, root, project))
    for path in made:
        click.echo(f"created  {path}")
    for path in (each for each in kept if not each.endswith(".gitkeep")):
        click.echo(f"kept     {path}, which already exists")
    click.echo("\nnext:")
    for number, step in enumerate(next_steps(wanted, root, project), 1):
        click.echo(f"{number}. {step}")
