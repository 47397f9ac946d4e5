"""What commands share: the project that they stand in, options, and how results and diagnostics go out.

Results go to stdout or whole into a file, diagnostics to stderr.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

import click

if TYPE_CHECKING:
    from pathlib import Path

    from crossdock.core.diagnostics import Diagnostic
    from crossdock.core.errors import ProjectError
    from crossdock.core.json_types import JSON
    from crossdock.core.rendering import Format
    from crossdock.project.project import Project

FORMATS = ("text", "short", "json", "github", "sarif")

format_option = click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How diagnostics are written.",
)
settings_option = click.option(
    "--set", "given", multiple=True, metavar="KEY=VALUE", help="Override a setting of the channel."
)
output_option = click.option("-o", "--output", type=click.Path(), help="Write the result to this file.")


def open_project(context: click.Context) -> Project:
    from crossdock.project.project import Project

    return Project.open(context.find_root().obj)


def read_payload(file: str) -> tuple[JSON, str]:
    """The payload in a file, - is stdin, and what messages call it. Raises InputError."""
    from crossdock.core import json_reader

    name = "<stdin>" if file == "-" else file
    return json_reader.decode(payload_bytes(file), name), name


def payload_bytes(file: str) -> bytes:
    """What a file holds; `-` is standard input, at a terminal with a word that it is waited for.

    Raises InputError.
    """
    from crossdock.core.json_types import LARGEST

    if file != "-":
        with suppress(OSError, ValueError), open(file, "rb") as stream:  # noqa: PTH123 (pathlib loads slowly)
            return stream.read(LARGEST + 1)
    from crossdock.core import json_reader  # which says what is wrong

    return json_reader.read(file, _stdin(file))


def payload_lines(file: str) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that are not blank, with their numbers; `-` as above. Raises InputError."""
    from crossdock.core import json_reader

    return json_reader.lines(file, _stdin(file))


def _stdin(file: str) -> BinaryIO:
    """Standard input, if it is what is read: at a terminal with a word that it is waited for."""
    if file != "-":
        return BytesIO()
    if sys.stdin is None:
        raise click.UsageError("standard input is closed")
    if sys.stdin.isatty():
        click.echo("reading from the terminal; end with Ctrl-D", err=True)
    return sys.stdin.buffer


def pairs(given: Sequence[str]) -> dict[str, str]:
    """What --set gives: KEY=VALUE, several times."""
    found: dict[str, str] = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise click.BadParameter("write it as key=value", param_hint="'--set'")
        found[key] = value
    return found


def count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def put(text: str, output: str | None) -> None:
    """A result to stdout, or into a file."""
    if output is None or output == "-":
        click.echo(text)
    else:
        write(output, text + "\n")


def write(path: str, text: str) -> None:
    """A result into a file, whole or not at all. Raises ProjectError."""
    with _file(path) as stream:
        stream.write(text.encode())


@contextmanager
def written(output: str | None) -> Iterator[BinaryIO]:
    """Where results go one after the other: stdout, or a file, whole or not at all. Raises ProjectError."""
    if output is not None and output != "-":
        with _file(output) as stream:
            yield stream
        return
    if sys.stdout is None:
        raise click.UsageError("standard output is closed")
    yield sys.stdout.buffer


@contextmanager
def _file(path: str) -> Iterator[BinaryIO]:
    """A file to write; what stood there stays until all is written. Raises ProjectError."""
    from pathlib import Path

    if "\0" in path:
        raise _unwritable(path, "it is not a file's name")
    try:
        if Path(path).is_dir():
            raise IsADirectoryError(0, "it is a directory")
        # Only a regular file is put in another's place; a device or a pipe is written to.
        whole = not Path(path).exists() or Path(path).is_file()
        with _replaced(Path(path).resolve()) if whole else Path(path).open("wb") as stream:
            yield stream
    except OSError as error:
        raise _unwritable(path, error.strerror or "it does not answer") from None


@contextmanager
def _replaced(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of another, with its permissions, when nothing has gone wrong."""
    unfinished = path.with_name(f".{os.urandom(8).hex()}.unfinished")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            if path.exists():
                unfinished.chmod(path.stat().st_mode & 0o777)
            yield stream
        unfinished.replace(path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


def _unwritable(path: str, reason: str) -> ProjectError:
    from crossdock.core.diagnostics import Diagnostic, shorten
    from crossdock.core.errors import ProjectError

    message = f"`{shorten(path, 200)}` cannot be written: {reason.lower()}"
    return ProjectError([Diagnostic("unwritable", message)])


def report(diagnostics: Sequence[Diagnostic], form: Format) -> None:
    """Diagnostics to stderr; those that are a document, JSON and SARIF, also when there is none."""
    from crossdock.core.rendering import render

    if diagnostics or form in ("json", "sarif"):
        click.echo(render(diagnostics, form, color=color_wanted()), err=True, color=True)


def color_wanted() -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stderr.isatty()
