"""The command line: reads arguments, prints, and exits. It decides nothing.

Results go to stdout, diagnostics to stderr, `-` is stdin. Exit codes: 0 ok; 1 findings; 2 usage, or
a mapping or schema refused; 3 the payload refused; 4 the mapping failed on the payload; 5 the channel
could not be asked; 6 a limit of --untrusted was hit; 130 interrupted. All but click is imported by the
command that needs it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn, cast

import click

from crossdock import __version__
from crossdock.cli.commands import Commands, ReaderGoneError
from crossdock.cli.commands.console import (
    FORMATS,
    count,
    format_option,
    open_project,
    output_option,
    pairs,
    read_payload,
    report,
    settings_option,
)

if TYPE_CHECKING:
    from crossdock.core.json_types import JSON
    from crossdock.core.rendering import Format
    from crossdock.project.project import Project

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(cls=Commands, context_settings=_SETTINGS)
@click.version_option(__version__, "--version", prog_name="crossdock")
@click.option(
    "-C",
    "--project",
    "directory",
    metavar="DIR",
    type=click.Path(),
    help="The project: a directory with mappings/ and schemas/. Default: the nearest above this one.",
)
@click.pass_context
def cli(context: click.Context, directory: str | None) -> None:
    """Turn commerce payloads of one system into another's, by mappings written in YAML."""
    context.obj = directory


@cli.command()
@click.argument("mapping")
@click.argument("file", default="-", type=click.Path(allow_dash=True))
@output_option
@click.option("--compact", is_flag=True, help="The result on one line.")
@click.option("--lines", is_flag=True, help="Each line of FILE is a payload, and each result is a line.")
@click.option("--no-validate", is_flag=True, help="Check neither the payload nor the result.")
@click.option(
    "--trust-source",
    is_flag=True,
    help="The payload is not checked; only what the mapping reads of it is decoded.",
)
@click.option("--no-cache", is_flag=True, help="Neither use nor keep generated code on disk.")
@click.option(
    "--untrusted",
    is_flag=True,
    help="Run in a process of its own, with limits on memory and time, without files or network.",
)
@settings_option
@format_option
@click.pass_context
def transform(
    context: click.Context,
    mapping: str,
    file: str,
    output: str | None,
    compact: bool,
    lines: bool,
    no_validate: bool,
    trust_source: bool,
    no_cache: bool,
    untrusted: bool,
    given: tuple[str, ...],
    form: Format,
) -> None:
    """Turn the payload in FILE (- is stdin) into what MAPPING makes of it.

    MAPPING is a name such as kibo/order, or a YAML file. The result is printed; checks of the mapping
    that do not hold are warnings.

    With --lines a payload that is refused is reported as FILE:LINE and has no result, and the others go
    on; the exit code is that of the first that was refused. Blank lines are skipped.

    A mapping is turned into Python once, and kept in the directory CROSSDOCK_CACHE, by default
    crossdock below ~/.cache; CROSSDOCK_CACHE=off keeps nothing. A changed file counts at once.
    """
    if untrusted:
        from crossdock.cli.sandbox.transform import transform_file

        _vouched_for_by_nobody(lines, trust_source)
        transform_file(context, mapping, file, output, compact, not no_validate, given, form)
        return
    from crossdock.cli.commands.transform import Transformation

    wanted = Transformation(
        context, mapping, given, form, compact or lines, not no_validate, not no_cache, trust_source
    )
    if lines:
        context.exit(wanted.lines(file, output))
    wanted.file(file, output)


def _vouched_for_by_nobody(lines: bool, trust_source: bool) -> None:
    """What --untrusted cannot go with. Raises UsageError."""
    if lines:
        raise click.UsageError("--untrusted takes one payload: leave out --lines")
    if trust_source:
        raise click.UsageError("--untrusted checks the payload: leave out --trust-source")


@cli.command()
@click.argument("mappings", nargs=-1, metavar="[MAPPING]...")
@click.option(
    "--lenient", is_flag=True, help="A property that a schema does not document is a warning, and no error."
)
@format_option
@click.pass_context
def check(context: click.Context, mappings: tuple[str, ...], lenient: bool, form: Format) -> None:
    """Compile and check mappings and conversations: all of the project's, or these.

    Reports every mistake of every file.
    """
    from crossdock.core.diagnostics import has_errors

    project = open_project(context)
    names = list(mappings) or project.own_names()
    findings = project.check(mappings, lenient=lenient)
    report(findings, form)
    if form == "text":
        found = count(len(findings), "finding") if findings else "no findings"
        click.echo(f"{_checked(names)} checked, {found}", err=True)
    if findings:
        context.exit(2 if has_errors(findings) else 1)


def _checked(names: Sequence[str]) -> str:
    conversations = sum(name.removesuffix(".yaml").endswith("/conversation") for name in names)
    listed = [count(len(names) - conversations, "mapping"), count(conversations, "conversation")]
    return " and ".join(listed if conversations else listed[:1])


@cli.command()
@click.argument("channel")
@click.argument("arguments", nargs=-1, metavar="[ACTION] [FILE]")
@click.option("--answers", type=click.Path(), help="The answers by step: a JSON file, or a directory.")
@settings_option
@format_option
@click.pass_context
def plan(
    context: click.Context,
    channel: str,
    arguments: tuple[str, ...],
    answers: str | None,
    given: tuple[str, ...],
    form: Format,
) -> None:
    """Print the calls to CHANNEL that the RetailOPS request in FILE leads to, and make none.

    ACTION is found from the request when it is left out. With --answers the later steps and the
    response are worked out too.
    """
    _plan(context, channel, arguments, answers, given, form)


@cli.command()
@click.argument("channel")
@click.argument("arguments", nargs=-1, metavar="[ACTION] [FILE]")
@click.option("--dry-run", is_flag=True, help="Only plan: print the calls and make none.")
@click.option("--compact", is_flag=True, help="The response on one line.")
@settings_option
@format_option
@click.pass_context
def answer(
    context: click.Context,
    channel: str,
    arguments: tuple[str, ...],
    dry_run: bool,
    compact: bool,
    given: tuple[str, ...],
    form: Format,
) -> None:
    """Answer the RetailOPS request in FILE by asking CHANNEL, and print the response."""
    if dry_run:
        _plan(context, channel, arguments, None, given, form)
        return
    from crossdock.channels.http import Transport
    from crossdock.core import json_reader

    project = open_project(context)
    action, request, name = _request(project, channel, arguments)
    settings = project.settings(channel, pairs(given))
    with Transport(project.channel_of(channel), settings, environ=os.environ) as transport:
        outcome = project.hold(
            channel,
            action,
            request,
            transport.ask,
            settings=settings,
            base_url=transport.base_url,
            name=name,
        )
    report(outcome.warnings, form)
    click.echo(json_reader.encode(cast("JSON", outcome.response), compact=compact))


def _plan(
    context: click.Context,
    channel: str,
    arguments: tuple[str, ...],
    answers: str | None,
    given: tuple[str, ...],
    form: Format,
) -> None:
    from crossdock.channels.dry_run import plan, read_answers
    from crossdock.core import json_reader

    project = open_project(context)
    action, request, name = _request(project, channel, arguments)
    planned, warnings = plan(
        project,
        channel,
        action,
        request,
        settings=project.settings(channel, pairs(given)),
        answers=read_answers(answers, project.conversation(channel, action)) if answers is not None else {},
        name=name,
    )
    report(warnings, form)
    click.echo(json_reader.encode(planned))


def _request(project: Project, channel: str, arguments: tuple[str, ...]) -> tuple[str, JSON, str]:
    """The action, the request and its name, from [ACTION] [FILE]. There is a conversation for the action."""
    if len(arguments) > 2:
        raise click.UsageError("too many arguments: CHANNEL [ACTION] [FILE]")
    known = {*project.actions_of(channel), *project.actions.by_name}
    action = arguments[0] if len(arguments) == 2 else None
    file = arguments[-1] if arguments else "-"
    if len(arguments) == 1 and file in known:
        action, file = file, "-"
    if action is not None:
        project.conversation(channel, action)
    request, name = read_payload(file)
    action = action or project.actions.find(request)
    project.conversation(channel, action)
    return action, request, name


@cli.command()
@click.argument("systems", nargs=-1, metavar="[SYSTEM]...")
@click.option("--documents", metavar="DIR", type=click.Path(), help="Where the documents are.")
@click.option("--check", "compare", is_flag=True, help="Write nothing; show what differs.")
@click.pass_context
def derive(context: click.Context, systems: tuple[str, ...], documents: str | None, compare: bool) -> None:
    """Derive schemas from the documents of a system, as schemas/SYSTEM/derive.yaml says.

    Without SYSTEM, those of every system that has a derive.yaml. The directory of the documents may
    also be named in CROSSDOCK_DOCUMENTS.
    """
    from pathlib import Path

    from crossdock.tools import derivation

    place = Path(documents) if documents is not None else None
    folders = open_project(context).derived_systems(systems)
    if compare:
        difference = "".join(derivation.check(folder, place) for folder in folders)
        click.echo(difference, nl=False)
        context.exit(1 if difference else 0)
    derived = {path: text for folder in folders for path, text in derivation.derive(folder, place).items()}
    derivation.write(derived)
    named = ", ".join(folder.name for folder in folders)
    click.echo(f"{count(len(derived), 'schema')} of {named} written", err=True)


@cli.command()
@click.argument("name")
@click.pass_context
def schema(context: click.Context, name: str) -> None:
    """Print a JSON Schema: of payloads, such as kibo/order, or of a language for your editor.

    The languages are mapping, conversation, channel and actions.
    """
    from crossdock.core import json_reader
    from crossdock.tools import editor

    if name in editor.LANGUAGES:
        click.echo(json_reader.encode(editor.schema(name)))
    else:
        click.echo(json_reader.encode(dict(open_project(context).schema(name).document)))


@cli.command()
@click.argument("mapping")
@click.pass_context
def show(context: click.Context, mapping: str) -> None:
    """Print the file of a mapping, to read it or to copy it into a project of your own."""
    click.echo(open_project(context).text(mapping).text, nl=False)


@cli.command(name="list")
@click.pass_context
def list_mappings(context: click.Context) -> None:
    """List the mappings that can be used here."""
    for name in open_project(context).mapping_names():
        click.echo(name)


@cli.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
def functions(names: tuple[str, ...]) -> None:
    """List the functions for expressions and templates, or explain these."""
    from crossdock.core.diagnostics import did_you_mean
    from crossdock.language.functions import REGISTRY

    for name in names:
        if name not in REGISTRY:
            help = did_you_mean(name, REGISTRY)
            raise click.BadParameter(f"there is no function `{name}`" + (f"; {help}" if help else ""))
    for name in names or sorted(REGISTRY):
        function = REGISTRY[name]
        click.echo(f"{function.signature}\n    {function.doc}")
        for example in function.examples if names else ():
            from crossdock.core.json_reader import encode

            click.echo(f"    {example.expression}  →  {encode(example.result, compact=True)}")


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes commands and options in SHELL."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(cli, {}, "crossdock", "_CROSSDOCK_COMPLETE").source())


def _format_of(arguments: Sequence[str]) -> Format:
    """The --format that was asked for, wherever the command failed."""
    for position, argument in enumerate(arguments):
        value = argument.removeprefix("--format=")
        if argument == "--format" and position + 1 < len(arguments):
            value = arguments[position + 1]
        if value in FORMATS and argument.startswith("--format"):
            return value  # type: ignore[return-value]
    return "text"


def main() -> NoReturn:
    """The console script."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run the command line and give its exit code; nothing but its own messages reaches the user."""
    try:
        code = cli.main(args=list(arguments), prog_name="crossdock", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except SystemExit as end:  # after the words that a shell completes
        return int(end.code or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return 130
    except (BrokenPipeError, ReaderGoneError):
        _give_up_stdout()  # the reader had enough
        return 0
    except OSError as error:
        _give_up_stdout()
        click.echo(f"error: {(error.strerror or str(error)).lower()}", err=True)
        return 2
    except Exception as error:
        return _failed(error, arguments)


def _give_up_stdout() -> None:
    """What is still buffered goes nowhere, or else the interpreter would try to write it at its end."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(error: Exception, arguments: Sequence[str]) -> int:
    from crossdock.core.errors import CrossdockError, exit_code

    if not isinstance(error, CrossdockError):
        raise error
    report(error.diagnostics, _format_of(arguments))
    return exit_code(error)


if __name__ == "__main__":
    main()
