"""``crossdock explain``: the source of each field of a result, and how its value was computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crossdock.cli.console import (
    diagnostics_format,
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
    from crossdock.language.syntax import LinkedMapping

# The last three are formats of the errors beside the explanation, which is then text.
FORMATS = ("text", "json", "markdown", "openlineage", "short", "github", "sarif")


@click.command(name="explain")
@click.argument("mapping")
@click.option(
    "--field", metavar="POINTER", help="Explain only this field of the result, and the fields below it."
)
@click.option("--source", metavar="PATH", help="List the fields of the result that use this source field.")
@click.option(
    "--payload",
    metavar="FILE",
    type=click.Path(),
    help="Convert this payload (- is stdin), and show how each value was computed.",
)
@settings_option
@format_option(*FORMATS, written="The format of the explanation, and of warnings and errors.")
@output_option
@click.pass_context
def command(
    context: click.Context,
    mapping: str,
    field: str | None,
    source: str | None,
    payload: str | None,
    given: tuple[str, ...],
    form: str,
    output: str | None,
) -> None:
    """Show where each field of a result comes from.

    With --payload, show how each value was computed, step by step: which values were read, which branch was
    taken, what each function returned. Sensitive values are hidden. A field is written /items/0/sku or
    items[].sku.

    With --format short, github or sarif, warnings and errors are in that format, the explanation is text.
    """
    from crossdock.tools.explain.paths import UnknownPathError

    _refuse_mixtures(field, source, payload, form)
    project = open_project(context)
    compiled = project.mapping(mapping).linked
    try:
        if source is not None:
            put(_destinations(compiled, source, form), output)
        elif payload is None:
            put(_fields(compiled, field, form), output)
        else:
            settings = project.settings(compiled.name, pairs(given))
            _run(context, compiled, payload, settings, field, form, output)
    except UnknownPathError as error:
        hint = "--source" if source is not None else "--field"
        raise click.BadParameter(str(error), param_hint=f"'{hint}'") from None


def _refuse_mixtures(field: str | None, source: str | None, payload: str | None, form: str) -> None:
    if source is not None and (field is not None or payload is not None):
        raise click.UsageError("--source cannot be combined with --field and --payload")
    if form == "openlineage" and (source is not None or payload is not None):
        raise click.UsageError("--format openlineage cannot be combined with --payload and --source")


def _fields(mapping: LinkedMapping, field: str | None, form: str) -> str:
    from crossdock.tools.explain import json, markdown, openlineage, text
    from crossdock.tools.explain.fields import fields

    links = fields(mapping, field)
    match form:
        case "json":
            return json.write_fields(mapping, links)
        case "markdown":
            return markdown.write_fields(mapping, links)
        case "openlineage":
            return openlineage.write_fields(mapping, links)
    return text.write_fields(links)


def _destinations(mapping: LinkedMapping, source: str, form: str) -> str:
    from crossdock.tools.explain import json, markdown, text
    from crossdock.tools.explain.fields import destinations

    found = destinations(mapping, source)
    match form:
        case "json":
            return json.write_destinations(mapping, found)
        case "markdown":
            return markdown.write_destinations(mapping, found)
    return text.write_destinations(found)


def _run(
    context: click.Context,
    mapping: LinkedMapping,
    payload: str,
    settings: dict[str, JSON],
    field: str | None,
    form: str,
    output: str | None,
) -> None:
    from crossdock.tools.explain import json, markdown, text
    from crossdock.tools.explain.fields import fields
    from crossdock.tools.explain.run import run

    fields(mapping, field)  # reports an unknown field before it waits for stdin
    read, name = read_payload(payload)
    account = run(mapping, read, settings, name=name, field=field)
    match form:
        case "json":
            put(json.write_values(mapping, name, account.stories), output)
        case "markdown":
            put(markdown.write_values(mapping, name, account.stories), output)
        case _:
            put(text.write_values(account.stories, whole=field is not None), output)
    report(account.problems, diagnostics_format(form))
    if account.broken:
        context.exit(4)
