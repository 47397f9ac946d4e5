"""What commands share: options, the project, reading payloads, and printing results and diagnostics.

Results go to stdout or into a file, diagnostics to stderr.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TextIO, TypeVar

import click

if TYPE_CHECKING:
    from pathlib import Path

    from crossdock.core.diagnostics import Diagnostic
    from crossdock.core.errors import ProjectError
    from crossdock.core.json_types import JSON
    from crossdock.core.rendering import Format
    from crossdock.project.project import Project

Command = TypeVar("Command", bound=Callable[..., Any])

DIAGNOSTICS_FORMATS: Final[tuple[Format, ...]] = ("text", "short", "json", "github", "sarif")
_DOCUMENTS: Final = ("json", "sarif")


def format_option(*forms: str, written: str) -> Callable[[Command], Command]:
    """The option --format, with these forms; the first is the default."""
    return click.option(
        "--format", "form", type=click.Choice(forms), default=forms[0], show_default=True, help=written
    )


diagnostics_option = format_option(*DIAGNOSTICS_FORMATS, written="The format of warnings and errors.")
settings_option = click.option(
    "--set", "given", multiple=True, metavar="KEY=VALUE", help="Override a setting of the channel."
)
output_option = click.option("-o", "--output", type=click.Path(), help="Write the result to this file.")


def examples_option(default: str) -> Callable[[Command], Command]:
    """The option --examples: the payloads that a command runs."""
    return click.option(
        "--examples",
        multiple=True,
        metavar="DIR|FILE",
        type=click.Path(allow_dash=True),
        help="Payloads: a directory of JSON files, a JSON file, or a file with one payload on each line "
        f"(.ndjson, .jsonl; - is stdin). Can be repeated. Default: {default}.",
    )


def format_of(arguments: Sequence[str]) -> Format:
    """The form of the diagnostics by the arguments, for an error that ended the command."""
    form: Format = "text"
    for position, argument in enumerate(arguments):
        value = argument.removeprefix("--format=")
        if argument == "--format" and position + 1 < len(arguments):
            value = arguments[position + 1]
        if argument.startswith("--format"):
            form = diagnostics_format(value)
    return form


def diagnostics_format(form: str) -> Format:
    """The form of the diagnostics beside a result in this form: the same if possible, otherwise text."""
    return form if form in DIAGNOSTICS_FORMATS else "text"


def examples_in(given: Sequence[str], *, mappings: int = 1) -> list[Path]:
    """The paths of --examples. Raises BadParameter for one that does not exist.

    Each mapping reads the payloads again, so stdin can serve one mapping only.
    """
    from pathlib import Path

    for place in given:
        if place == "-" and mappings > 1:
            raise click.BadParameter("- can be read for one mapping only", param_hint="'--examples'")
        if place != "-" and not Path(place).exists():
            raise click.BadParameter(f"there is no file `{place}`", param_hint="'--examples'")
    return [Path(place) for place in given]


bundled_option = click.option(
    "--bundled", is_flag=True, help="Take the mappings that come with Crossdock, not those of a project."
)


def own_roots(context: click.Context, *, bundled: bool | None, named: bool) -> Sequence[Path]:
    """The search path for a command that takes the whole project when no mapping is ``named``.

    ``bundled`` is the option of that name, None for a command without it.

    Raises ProjectError where there is no project: the bundled mappings are taken only when asked for.
    """
    from pathlib import Path

    from crossdock.core.diagnostics import Diagnostic
    from crossdock.core.errors import ProjectError
    from crossdock.project import search_path

    if bundled:
        return search_path.search_path(None)
    if not named and context.find_root().obj is None and search_path.nearest(Path.cwd()) is None:
        message = "there is no project here: neither this directory nor one above it has a `mappings` folder"
        help = "`crossdock new` begins one"
        if bundled is not None:
            help += "; --bundled takes the mappings that come with Crossdock"
        raise ProjectError([Diagnostic("no-project", message, help=help)])
    return search_path.located(context.find_root().obj)


def open_project(context: click.Context) -> Project:
    from crossdock.project.project import Project

    return Project.open(context.find_root().obj)


def read_payload(file: str) -> tuple[JSON, str]:
    """The payload in a file (- is stdin), and its name in messages. Raises InputError."""
    from crossdock.core import json_reader

    name = "<stdin>" if file == "-" else file
    return json_reader.decode(payload_bytes(file), name), name


def payload_bytes(file: str) -> bytes:
    """The content of a file; `-` is stdin. Raises InputError."""
    from crossdock.core.limits import PAYLOAD_BYTES

    if file != "-":
        with suppress(OSError, ValueError), open(file, "rb") as stream:  # noqa: PTH123 (pathlib loads slowly)
            return stream.read(PAYLOAD_BYTES + 1)
    from crossdock.core import json_reader  # reads it again to report what is wrong

    return json_reader.read(file, stdin_for(file))


def stdin_for(file: str) -> BinaryIO:
    """Stdin for `-`, otherwise an empty stream. At a terminal, a line says that it is being read."""
    if file != "-":
        return BytesIO()
    if sys.stdin is None:
        raise click.UsageError("standard input is closed")
    if sys.stdin.isatty():
        say("reading from the terminal; end with Ctrl-D")
    return sys.stdin.buffer


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Raise ClickException for a package that is missing, which is one of this extra."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise click.ClickException(f"{error.name} is needed: install crossdock[{name}]") from None


def pairs(given: Sequence[str]) -> dict[str, str]:
    """The settings in --set KEY=VALUE; the last one of a key counts. Raises BadParameter."""
    found: dict[str, str] = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise click.BadParameter("write it as key=value", param_hint="'--set'")
        found[key] = value
    return found


def count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def put_text(text: str, output: str | None) -> None:
    """Print a text that has its own line ends, or write it to a file. Raises ProjectError."""
    if output is None or output == "-":
        click.echo(text, nl=False)
    else:
        write(output, text)


def put(text: str, output: str | None) -> None:
    """Print a result and a newline, or write them to a file. Raises ProjectError."""
    if output is None or output == "-":
        click.echo(text)
    else:
        write(output, text + "\n")


@contextmanager
def opened_output(output: str | None) -> Iterator[Callable[[str], object]]:
    """What `put` does, for a file that is opened at once: before anything is done that cannot be repeated.

    Raises ProjectError.
    """
    if output is None or output == "-":
        yield click.echo
        return
    with _file(output) as stream:
        yield lambda text: stream.write(f"{text}\n".encode())


def write(path: str, text: str) -> None:
    """Write a file completely or not at all. Raises ProjectError."""
    with _file(path) as stream:
        stream.write(text.encode())


@contextmanager
def written(output: str | None) -> Iterator[BinaryIO]:
    """A stream for results: stdout, or a file that is written completely or not at all.

    Raises ProjectError.
    """
    if output is not None and output != "-":
        with _file(output) as stream:
            yield stream
        return
    yield sys.stdout.buffer


@contextmanager
def _file(path: str) -> Iterator[BinaryIO]:
    """A file to write; its old content stays until the new one is complete. Raises ProjectError."""
    from pathlib import Path

    from crossdock.core.replaced_file import replaced

    if "\0" in path:
        raise _unwritable(path, "it is not a valid file name")
    try:
        if Path(path).is_dir():
            raise IsADirectoryError(0, "it is a directory")
        # A device or a pipe cannot be replaced by a file; it is written to directly.
        whole = not Path(path).exists() or Path(path).is_file()
        with replaced(Path(path).resolve()) if whole else Path(path).open("wb") as stream:
            yield stream
    except OSError as error:
        raise _unwritable(path, error.strerror or "unknown reason") from None


def _unwritable(path: str, reason: str) -> ProjectError:
    from crossdock.core.diagnostics import Diagnostic, shorten
    from crossdock.core.errors import ProjectError

    message = f"`{shorten(path, 200)}` cannot be written: {reason.lower()}"
    return ProjectError([Diagnostic("unwritable", message)])


def report(diagnostics: Sequence[Diagnostic], form: Format) -> None:
    """Print diagnostics to stderr. JSON and SARIF are documents, so they are printed even when empty."""
    if diagnostics or form in _DOCUMENTS:
        from crossdock.core.rendering import render

        say(render(diagnostics, form, color=color_wanted(sys.stderr)))


def put_report(diagnostics: Sequence[Diagnostic], form: Format, output: str | None) -> None:
    """Print the diagnostics that a command was asked for, or write them to a file. Raises ProjectError.

    JSON and SARIF are documents, so they are written even when empty; so is a file.
    """
    from crossdock.core.rendering import render

    if output is not None and output != "-":
        put(render(diagnostics, form) if diagnostics or form in _DOCUMENTS else "", output)
    elif diagnostics or form in _DOCUMENTS:
        click.echo(render(diagnostics, form, color=color_wanted(sys.stdout)), color=True)


def say(text: str) -> None:
    """Print a message to stderr. If that is closed or full, the message is lost, and the exit code tells."""
    with suppress(OSError):
        click.echo(text, err=True, color=True)


def color_wanted(stream: TextIO | None) -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream is not None and stream.isatty())
