"""``crossdock explain``: the source of each field of a result, and how its value was computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from crossdock.cli.commands.plan import dialect_option
from crossdock.cli.completion import MAPPING_OR_CONVERSATION
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
    from crossdock.channels.steps import Conversation
    from crossdock.language.syntax import LinkedMapping

# The last three are formats of the errors beside the explanation, which is then text.
FORMATS = ("text", "json", "markdown", "openlineage", "short", "github", "sarif")


@click.command(name="explain")
@click.argument("mapping", type=MAPPING_OR_CONVERSATION)
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
@click.option(
    "--answers",
    metavar="FILE",
    type=click.Path(),
    help="For a conversation: the channel's responses by step, as for plan.",
)
@dialect_option
@settings_option
@format_option(*FORMATS, written="The format of the explanation, and of warnings and errors.")
@output_option
@click.pass_context
def command(context: click.Context, /, mapping: str, **asked: Any) -> None:
    """Show where each field of a result comes from.

    With --payload, show how each value was computed, step by step: which values were read, which branch was
    taken, what each function returned. Sensitive values are hidden. A field is written /items/0/sku or
    items[].sku.

    MAPPING can be a conversation, such as kibo/order_ack. Then the payload is the request, and each step is
    explained: whether it ran, was skipped or failed and why, its calls, and how each part of them was made.

    With --format short, github or sarif, warnings and errors are in that format, the explanation is text.
    """
    from crossdock.channels.steps import Conversation
    from crossdock.tools.explain.paths import UnknownPathError

    question = _Question(**asked)
    question.refuse_mixtures()
    project = open_project(context)
    if question.dialect is None:
        compiled = project.named(mapping)
    else:
        compiled = project.dialects.conversation_of(*question.channel_and_action(mapping), question.dialect)
    try:
        if isinstance(compiled, Conversation):
            _conversation(context, mapping.partition("/")[0], compiled, question)
        else:
            _mapping(context, compiled.linked, question)
    except UnknownPathError as error:
        hint = "--source" if question.source is not None else "--field"
        raise click.BadParameter(str(error), param_hint=f"'{hint}'") from None


@dataclass(frozen=True, slots=True)
class _Question:
    """The options of the command. ``given`` are settings, ``form`` is the format."""

    field: str | None
    source: str | None
    payload: str | None
    answers: str | None
    dialect: str | None
    given: tuple[str, ...]
    form: str
    output: str | None

    @staticmethod
    def channel_and_action(name: str) -> tuple[str, str]:
        """The two parts of the name of a conversation."""
        channel, _, action = name.partition("/")
        if not action or "/" in action:
            raise click.UsageError("with --dialect, a conversation is named CHANNEL/ACTION")
        return channel, action

    def refuse_mixtures(self) -> None:
        if self.source is not None and (self.field is not None or self.payload is not None):
            raise click.UsageError("--source cannot be combined with --field and --payload")
        if self.form == "openlineage" and (self.source is not None or self.payload is not None):
            raise click.UsageError("--format openlineage cannot be combined with --payload and --source")


def _mapping(context: click.Context, mapping: LinkedMapping, question: _Question) -> None:
    if question.answers is not None:
        raise click.UsageError("--answers is for conversations")
    if question.source is not None:
        put(_destinations(mapping, question.source, question.form), question.output)
    elif question.payload is None:
        put(_fields(mapping, question.field, question.form), question.output)
    else:
        _run(context, mapping, question.payload, question)


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


def _run(context: click.Context, mapping: LinkedMapping, payload: str, question: _Question) -> None:
    from crossdock.tools.explain import json, markdown, text
    from crossdock.tools.explain.fields import fields
    from crossdock.tools.explain.run import run

    settings = open_project(context).settings(mapping.name, pairs(question.given))
    fields(mapping, question.field)  # reports an unknown field before it waits for stdin
    read, name = read_payload(payload)
    account = run(mapping, read, settings, name=name, field=question.field)
    match question.form:
        case "json":
            written = json.write_values(mapping, name, account.stories)
        case "markdown":
            written = markdown.write_values(mapping, name, account.stories)
        case _:
            written = text.write_values(account.stories, whole=question.field is not None)
    put(written, question.output)
    report(account.problems, diagnostics_format(question.form))
    if account.broken:
        context.exit(4)


def _conversation(
    context: click.Context, channel: str, conversation: Conversation, question: _Question
) -> None:
    from crossdock.channels.dry_run import read_answers, shown_base_url
    from crossdock.tools.explain import conversation_json, conversation_markdown, conversation_text
    from crossdock.tools.explain.conversation import explain_conversation

    if conversation.inputs is not None:
        raise click.UsageError("shared steps are explained with a conversation that uses them")
    if question.payload is None or question.form == "openlineage":
        raise click.UsageError("a conversation is explained with --payload, as text, JSON or Markdown")
    project, answers = open_project(context), question.answers
    settings = project.settings(channel, pairs(question.given))
    base = shown_base_url(project.channel_of(channel), settings)
    read, name = read_payload(question.payload)
    explained = explain_conversation(
        conversation,
        read,
        answers=read_answers(answers, conversation) if answers is not None else {},
        settings=settings,
        base=base,
        name=name,
        field=question.field,
    )
    match question.form:
        case "json":
            written = conversation_json.write(explained, name, base)
        case "markdown":
            written = conversation_markdown.write(explained, name, base)
        case _:
            written = conversation_text.write(explained, base)
    put(written, question.output)
    report(explained.problems, diagnostics_format(question.form))
    if explained.exit_code:
        context.exit(explained.exit_code)
