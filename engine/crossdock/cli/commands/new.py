"""`crossdock new`: the folders and first files of a channel."""

from __future__ import annotations

import click


@click.command()
@click.argument("channel")
@click.option("--from", "source", metavar="SCHEMA", help="The schema of its orders. Default: CHANNEL/order.")
@click.option(
    "--to", "target", metavar="SCHEMA", default="retailops/order", show_default=True, help="What they become."
)
@click.option(
    "--editor", "with_editor", is_flag=True, help="Also the schemas of the languages, and VS Code's settings."
)
@click.pass_context
def command(context: click.Context, channel: str, source: str | None, target: str, with_editor: bool) -> None:
    """Begin a channel: folders, a channel.yaml, a recipe for its schemas, and a first mapping.

    When the schema of its orders is there, the mapping is a draft, as `crossdock suggest` makes it.
    Files that are there are never written over. Without a project here, this directory becomes one.
    """
    from pathlib import Path

    from crossdock.project.project import MAPPINGS, Project, bundled_root
    from crossdock.tools.drafting.scaffold import CHANNEL_NAME, Scaffold, files_for, next_steps, write_new

    if not CHANNEL_NAME.fullmatch(channel) or channel == "tables":
        raise click.BadParameter(
            "small letters, digits, - and _, with a letter first", param_hint="'CHANNEL'"
        )
    start = Path(context.find_root().obj or ".").resolve()
    root = next((place for place in (start, *start.parents) if (place / MAPPINGS).is_dir()), start)
    bundled = bundled_root()
    project = Project([root, *([bundled] if bundled != root else [])])
    if source is not None:
        project.schema(source)
    wanted = Scaffold(channel, source or f"{channel}/order", target, with_editor)
    project.schema(target)
    made, kept = write_new(root, files_for(wanted, root, project))
    for path in made:
        click.echo(f"made  {path}")
    for path in (each for each in kept if not each.endswith(".gitkeep")):
        click.echo(f"kept  {path}, which was there")
    click.echo("\nnext:")
    for number, step in enumerate(next_steps(wanted, root, project), 1):
        click.echo(f"{number}. {step}")
