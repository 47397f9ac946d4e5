"""``crossdock explain``: what each field of a result is made of, and how the values of one came about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from crossdock.cli.commands.console import (
    format_option,
    open_project,
    output_option,
    pairs,
    put,
    read_payload,
    report,
    settings_option,
)

if TYPE_CHECKING:
    from crossdock.core.json_types import JSON
    from crossdock.core.rendering import Format
    from crossdock.language.mapping import Mapping

FORMS: Final = ("tree", "json", "markdown", "openlineage")


@click.command(name="explain")
@click.argument("mapping")
@click.option("--field", metavar="POINTER", help="Only this field of the result, and all below it.")
@click.option("--source", metavar="PATH", help="The other way round: where this source field goes.")
@click.option("--payload", metavar="FILE", type=click.Path(), help="Run this payload (- is stdin).")
@settings_option
@click.option(
    "--as", "wanted", type=click.Choice(FORMS), default="tree", show_default=True, help="How it is written."
)
@output_option
@format_option
@click.pass_context
def command(
    context: click.Context,
    mapping: str,
    field: str | None,
    source: str | None,
    payload: str | None,
    given: tuple[str, ...],
    wanted: str,
    output: str | None,
    form: Format,
) -> None:
    """Say where each field of a result comes from.

    With --payload say how each value came about, step by step: what was read, which branch was taken, what
    each function gave. Sensitive values are hidden. A field is written /items/0/sku or items[].sku.
    """
    from crossdock.tools.explain.paths import UnknownPathError

    _refuse_mixtures(field, source, payload, wanted)
    project = open_project(context)
    compiled = project.mapping(mapping)
    try:
        if source is not None:
            put(_destinations(compiled, source, wanted), output)
        elif payload is None:
            put(_fields(compiled, field, wanted), output)
        else:
            settings = project.settings(compiled.name, pairs(given))
            _run(context, compiled, payload, settings, field, wanted, output, form)
    except UnknownPathError as error:
        hint = "--source" if source is not None else "--field"
        raise click.BadParameter(str(error), param_hint=f"'{hint}'") from None


def _refuse_mixtures(field: str | None, source: str | None, payload: str | None, wanted: str) -> None:
    if source is not None and (field is not None or payload is not None):
        raise click.UsageError("--source stands alone: without --field and --payload")
    if wanted == "openlineage" and (source is not None or payload is not None):
        raise click.UsageError("OpenLineage has fields only: without --payload and --source")


def _fields(mapping: Mapping, field: str | None, wanted: str) -> str:
    from crossdock.core.json_reader import encode
    from crossdock.tools.explain import json, markdown, text
    from crossdock.tools.explain.fields import fields

    links = fields(mapping, field)
    match wanted:
        case "json":
            return encode(json.of_links(mapping, links))
        case "markdown":
            return markdown.of_links(mapping, links)
        case "openlineage":
            from crossdock.tools.explain.openlineage import facet

            return encode(facet(mapping, links))
    return text.of_links(links)


def _destinations(mapping: Mapping, source: str, wanted: str) -> str:
    from crossdock.core.json_reader import encode
    from crossdock.tools.explain import json, markdown, text
    from crossdock.tools.explain.fields import destinations

    found = destinations(mapping, source)
    match wanted:
        case "json":
            return encode(json.of_destinations(mapping, found))
        case "markdown":
            return markdown.of_destinations(mapping, found)
    return text.of_destinations(found)


def _run(
    context: click.Context,
    mapping: Mapping,
    payload: str,
    settings: dict[str, JSON],
    field: str | None,
    wanted: str,
    output: str | None,
    form: Format,
) -> None:
    from crossdock.core.json_reader import encode
    from crossdock.tools.explain import json, markdown, text
    from crossdock.tools.explain.fields import fields
    from crossdock.tools.explain.run import run

    fields(mapping, field)  # a field that is none is refused before anything is read
    read, name = read_payload(payload)
    account = run(mapping, read, settings, name=name, field=field)
    match wanted:
        case "json":
            put(encode(json.of_stories(mapping, name, account.stories)), output)
        case "markdown":
            put(markdown.of_stories(mapping, name, account.stories), output)
        case _:
            put(text.of_stories(account.stories, whole=field is not None), output)
    report(account.problems, form)
    if account.broken:
        context.exit(4)
