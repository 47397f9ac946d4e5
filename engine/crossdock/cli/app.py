"""The command line: the group of commands, and how errors become exit codes.

Results go to stdout, diagnostics to stderr, `-` is stdin. Exit codes: 0 ok; 1 findings; 2 usage error, or
a mapping or schema was rejected; 3 the payload was rejected; 4 the mapping failed on the payload; 5 the
channel could not be called; 6 a limit of --untrusted was exceeded, there is not enough memory, or a worker
process was ended; 130 interrupted.
"""

# ruff: noqa: ARG002 - click decides which arguments the methods of a group have

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import click

from crossdock.cli.commands import SUMMARIES
from crossdock.cli.console import format_of, report, say
from crossdock.core.version import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# The old spelling of an option, and the new one of the commands that have it.
RENAMED: Final = {"--as": "--format", "--corpus": "--examples", "--examples": "--only", "--most": "--limit"}
_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class ClosedOutputError(Exception):
    """The reader of stdout has closed it. Click would report a BrokenPipeError as a failure, exit code 1."""


class Commands(click.Group):
    """A group that imports a command when it is run, and lists the commands without importing them."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except BrokenPipeError:
            raise ClosedOutputError from None

    def list_commands(self, context: click.Context) -> list[str]:
        return list(SUMMARIES)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in SUMMARIES:
            return None
        found: click.Command = import_module(f"crossdock.cli.commands.{name}").command
        return found

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = arguments[0]
        if name not in SUMMARIES:
            from crossdock.core.diagnostics import did_you_mean  # rarely needed

            if near := did_you_mean(name, SUMMARIES):
                context.fail(f"No such command '{name}'; {near}")
        return super().resolve_command(context, arguments)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))

    def shell_complete(self, context: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        commands = [
            CompletionItem(name, help=summary)
            for name, summary in SUMMARIES.items()
            if name.startswith(incomplete)
        ]
        return [*commands, *click.Command.shell_complete(self, context, incomplete)]


@click.group(cls=Commands, context_settings=_SETTINGS)
@click.version_option(__version__, "--version", prog_name="crossdock")
@click.option(
    "-C",
    "--project",
    "directory",
    metavar="DIR",
    type=click.Path(),
    help="The project: a directory with mappings/ and schemas/. Default: the nearest one, from here upward.",
)
@click.pass_context
def cli(context: click.Context, directory: str | None) -> None:
    """Convert commerce payloads between systems, with mappings written in YAML."""
    context.obj = directory


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code. Raises only what is a bug."""
    try:
        code = cli.main(args=list(arguments), prog_name="crossdock", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except SystemExit as end:  # click ends the process so after it has printed completions
        return int(end.code or 0)
    except click.ClickException as error:
        with suppress(OSError):  # stderr is closed or full
            _naming_the_new_option(error).show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        say("interrupted")
        return 130
    except (BrokenPipeError, ClosedOutputError):
        _discard_stdout()
        return 0
    except OSError as error:
        _discard_stdout()
        closed = error.errno == errno.EBADF
        say("error: " + ("standard output is closed" if closed else error.strerror or str(error)).lower())
        return 2
    except MemoryError:
        pass  # what the exception holds is free again below
    except Exception as error:
        return _failed(error, arguments)
    say("error: there is not enough memory")
    return 6


def _naming_the_new_option(error: click.ClickException) -> click.ClickException:
    """The same error, or one that names the new option when an old spelling was used."""
    if isinstance(error, click.NoSuchOption) and error.ctx is not None:
        new = RENAMED.get(error.option_name)
        if any(new in option.opts for option in error.ctx.command.params):
            return click.UsageError(f"{error.option_name} is now {new}", error.ctx)
    return error


def _discard_stdout() -> None:
    """Send what is still buffered to the null device: the interpreter would try to write it at exit."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(error: Exception, arguments: Sequence[str]) -> int:
    from crossdock.core.errors import CrossdockError

    if not isinstance(error, CrossdockError):
        raise error
    report(error.diagnostics, format_of(arguments))
    return error.exit_code
