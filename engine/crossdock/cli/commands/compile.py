"""``crossdock compile``: mappings compiled to Python and cached before their first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crossdock.cli.completion import MAPPING
from crossdock.cli.console import (
    bundled_option,
    count,
    diagnostics_option,
    output_option,
    own_roots,
    put,
    report,
    say,
)

if TYPE_CHECKING:
    from crossdock.core.diagnostics import Diagnostic
    from crossdock.core.python_module import Generated
    from crossdock.core.rendering import Format
    from crossdock.project.project import Project


@click.command(name="compile")
@click.argument("mappings", nargs=-1, metavar="[MAPPING]...", type=MAPPING)
@click.option("--show", is_flag=True, help="Print the Python code of one mapping; cache nothing.")
@output_option
@click.option(
    "--no-cache", is_flag=True, help="Only test whether the mappings can be compiled; cache nothing."
)
@bundled_option
@diagnostics_option
@click.pass_context
def command(
    context: click.Context,
    mappings: tuple[str, ...],
    show: bool,
    output: str | None,
    no_cache: bool,
    bundled: bool,
    form: Format,
) -> None:
    """Compile mappings to Python before they are used.

    Without MAPPING, all mappings of the project are compiled. The code is cached in the directory
    CROSSDOCK_CACHE (default: ~/.cache/crossdock), so that the next transform starts at once. A mapping is
    compiled again when a file changes. A mapping outside the project is not cached.
    """
    from crossdock.project.project import Project

    project = Project(own_roots(context, bundled=bundled, named=bool(mappings)))
    if show:
        _show(project, mappings, output)
        return
    if output is not None:
        raise click.UsageError("--output needs --show")
    context.exit(_compile(project, mappings or project.mapping_names(own=True), form, keep=not no_cache))


def _show(project: Project, mappings: tuple[str, ...], output: str | None) -> None:
    from crossdock.execution import codegen

    if len(mappings) != 1:
        raise click.UsageError("--show takes one mapping")
    mapping = project.mapping(mappings[0])
    try:
        generated = mapping.generated()
    except codegen.BEYOND:
        raise click.UsageError(f"only the interpreter can run `{mapping.name}`") from None
    put(_source(generated), output)


def _source(generated: Generated) -> str:
    """The source of a module. The constants that it gets when it is loaded are written below its title."""
    title, _, rest = generated.source.rstrip("\n").partition("\n")
    constants = [
        f"{name} = ...  # the text of a mapping's file" if name.startswith("TEXT") else f"{name} = {value!r}"
        for name, value in generated.constants.items()
    ]
    return "\n".join([title, *constants, rest] if title.startswith("#") else [*constants, title, rest])


def _compile(project: Project, names: tuple[str, ...] | list[str], form: Format, *, keep: bool) -> int:
    """Compile mappings and return the exit code.

    Each one has its own Project, because the cache records which files a mapping was compiled from.
    """
    from crossdock.core.errors import CrossdockError
    from crossdock.project import code_cache
    from crossdock.project.project import Project

    findings: list[Diagnostic] = []
    compiled, interpreted, kept = 0, [], 0
    for name in names:
        own = Project(project.roots)
        try:
            mapping = own.mapping(name)
        except CrossdockError as error:
            findings.extend(error.diagnostics)
            continue
        if mapping.prepared() is None:
            interpreted.append(mapping.name)
            continue
        compiled += 1
        kept += keep and code_cache.keep_mapping(own, mapping)
    report(list(dict.fromkeys(findings)), form)
    if form == "text":
        _tell(compiled, interpreted, compiled - kept if keep else 0)
    return 2 if findings else 0


def _tell(compiled: int, interpreted: list[str], unkept: int) -> None:
    told = f"{count(compiled, 'mapping')} compiled"
    say(f"{told}, {unkept} of them not cached" if unkept else told)
    for name in interpreted:
        say(f"only the interpreter can run {name}")
