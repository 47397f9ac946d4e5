"""The commands that have a module of their own, found when they are asked for.

``LATER`` names them: the module ``crossdock.cli.commands.<name>`` holds one command, called ``command``. Like
the other commands they print and exit, and decide nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

import click

LATER: Final[tuple[str, ...]] = (
    "compile",
    "coverage",
    "diff",
    "explain",
    "mutate",
    "new",
    "overview",
    "sheet",
    "suggest",
)


class ReaderGoneError(Exception):
    """Nobody reads what is printed. Click would make a failure of the BrokenPipeError."""


class Commands(click.Group):
    """A group with some of its commands in modules that are imported when they are wanted."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except BrokenPipeError:
            raise ReaderGoneError from None

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted({*super().list_commands(context), *LATER})

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name in LATER:
            found: click.Command = import_module(f"crossdock.cli.commands.{name}").command
            return found
        return super().get_command(context, name)
