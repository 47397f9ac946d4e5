"""``crossdock derive``: schemas made from a system's documents."""

from __future__ import annotations

import click

from crossdock.cli.completion import SYSTEM
from crossdock.cli.console import count, output_option, own_roots, put_text, say


@click.command(name="derive")
@click.argument("systems", nargs=-1, metavar="[SYSTEM]...", type=SYSTEM)
@click.option(
    "--documents",
    metavar="DIR",
    type=click.Path(),
    help="The directory of the documents. Default: CROSSDOCK_DOCUMENTS.",
)
@click.option("--check", "compare", is_flag=True, help="Write nothing; print how the schemas would change.")
@output_option
@click.pass_context
def command(
    context: click.Context,
    systems: tuple[str, ...],
    documents: str | None,
    compare: bool,
    output: str | None,
) -> None:
    """Derive schemas from documents, samples, or an API's description.

    The recipe is schemas/SYSTEM/derive.yaml. Without SYSTEM, the schemas of every system with a recipe are
    derived. With --check, exit code 1 when a schema would change.
    """
    from pathlib import Path

    from crossdock.project.project import Project
    from crossdock.tools import derivation
    from crossdock.tools.openapi.derived import described

    if output is not None and not compare:
        raise click.UsageError("--output needs --check: schemas have their places")
    place = Path(documents) if documents is not None else None
    roots = own_roots(context, bundled=None, named=False)
    folders = Project(roots).derived_systems(systems)
    if compare:
        difference = "".join(derivation.check(folder, place, described(folder, place)) for folder in folders)
        put_text(difference, output)
        context.exit(1 if difference else 0)
    derived: dict[Path, str] = {}
    for folder in folders:
        derived |= derivation.derive(folder, place) | described(folder, place)
    derivation.write(derived)
    named = ", ".join(folder.name for folder in folders)
    say(f"{count(len(derived), 'schema')} of {named} written")
