"""The tools of ``crossdock mcp``: the commands of the command line, for assistants that speak the protocol.

Each call is one command in a process of its own, confined as `transform --untrusted` is: limits of memory,
time and output, no network, no other program, no file written, and nothing of the environment. A tool takes
names of mappings and the texts of payloads; it cannot name a file.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, TypedDict

from mcp.server import MCPServer
from mcp.types import ToolAnnotations
from pydantic import Field

from crossdock.cli.sandbox.confinement import ProcessLimits
from crossdock.cli.sandbox.worker import run_command
from crossdock.core.errors import CrossdockError, ProjectError
from crossdock.core.version import __version__
from crossdock.project.search_path import FILES, MAPPINGS, located

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./#$-]*")
_PROJECT_LIMITS: Final = ProcessLimits(processor=30, wall=60.0, files=64)
"""The limits of what reads all files of a project. Others have those of an untrusted run."""
_READ: Final = ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=False)
_WRITE: Final = ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=False)

Name = Annotated[str, Field(description="A mapping or conversation, such as shop/order or shop/order_ack")]
SchemaOf = Annotated[str, Field(description="A schema, such as shop/order")]
Payload = Annotated[str, Field(description="The payload, as JSON text")]
Answers = Annotated[str, Field(description="The channel's answers by step, as a JSON object; may be empty")]
Settings = Annotated[dict[str, str], Field(description="Settings that differ from the defaults")]


class ToolAnswer(TypedDict):
    """What a command gave: its exit code, what it printed, and its warnings and errors."""

    code: int
    result: str
    diagnostics: str


def server(directory: str | None, *, write: bool) -> MCPServer:
    """The server for the project at or above a directory. ``write``: it may save mappings and examples.

    Raises ProjectError for a directory that is not in a project.
    """
    root = located(directory)[0]
    made = MCPServer("crossdock", version=__version__, instructions=_INSTRUCTIONS)
    _commands(made, _Commands(root))
    _comparing(made, _Commands(root))
    if write:
        _writing(made, root)
    return made


_INSTRUCTIONS: Final = (
    "Crossdock converts commerce payloads with mappings in YAML. `check` finds mistakes before there is a "
    "payload, `transform` converts one, `explain` tells where each value comes from, `plan` is the dry run "
    "of a conversation with a channel. A code of 0 is success; the diagnostics say what is wrong, and where."
)


class _Commands:
    """Runs commands in a project."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def run(
        self,
        command: str,
        options: Sequence[str],
        names: Sequence[str],
        stdin: str = "",
        *,
        wide: bool = False,
    ) -> ToolAnswer:
        """One command. ``wide``: with the limits of what reads all files of the project."""
        for name in names:
            if name != "-" and (_NAME.fullmatch(name) is None or ".." in name or name.endswith(FILES)):
                return {"code": 2, "result": "", "diagnostics": f"error: `{name}` is not a name"}
        arguments = ["-C", str(self._root), command, *options, "--", *names]
        try:
            done = run_command(arguments, stdin.encode(), _PROJECT_LIMITS if wide else ProcessLimits())
        except CrossdockError as error:
            return {"code": error.exit_code, "result": "", "diagnostics": str(error)}
        return {"code": done.code, "result": done.result, "diagnostics": done.diagnostics}

    def with_answers(
        self, command: str, options: Sequence[str], names: Sequence[str], request: str, answers: str
    ) -> ToolAnswer:
        """The same of a conversation, whose answers the command reads from a file."""
        if not answers.strip():
            return self.run(command, options, names, request)
        with tempfile.TemporaryDirectory(prefix="crossdock-") as folder:
            file = Path(folder, "answers.json")
            file.write_text(answers, encoding="utf-8")
            return self.run(command, [*options, "--answers", str(file)], names, request)


def _set(settings: Mapping[str, str]) -> list[str]:
    return [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]


def _commands(made: MCPServer, commands: _Commands) -> None:
    @made.tool(annotations=_READ)
    def check(names: Annotated[list[str], Field(description="Mappings; none for all")] = []) -> ToolAnswer:  # noqa: B006
        """Check mappings and conversations. The result is a list of findings in JSON."""
        return commands.run("check", ["--format", "json", "--no-cache"], names, wide=True)

    @made.tool(annotations=_READ)
    def transform(mapping: Name, payload: Payload, settings: Settings = {}) -> ToolAnswer:  # noqa: B006
        """Convert a payload with a mapping."""
        return commands.run("transform", ["--no-cache", *_set(settings)], [mapping, "-"], payload)

    @made.tool(annotations=_READ)
    def explain(mapping: Name, payload: str = "", answers: Answers = "", field: str = "") -> ToolAnswer:
        """Show where each field of a result comes from and, with a payload, how each value was computed."""
        options = [*(["--payload", "-"] if payload else []), *(["--field", field] if field else [])]
        return commands.with_answers("explain", options, [mapping], payload, answers)

    @made.tool(annotations=_READ)
    def plan(
        channel: str,
        request: Payload,
        action: Annotated[str, Field(description="Found by the request if it is empty")] = "",
        answers: Answers = "",
        settings: Settings = {},  # noqa: B006
    ) -> ToolAnswer:
        """Dry run of a conversation: the calls for a RetailOPS request, without making them."""
        names = [channel, *([action] if action else []), "-"]
        return commands.with_answers("plan", _set(settings), names, request, answers)


def _comparing(made: MCPServer, commands: _Commands) -> None:
    @made.tool(annotations=_READ)
    def suggest(source: SchemaOf, target: SchemaOf) -> ToolAnswer:
        """Draft a mapping from one schema to another."""
        return commands.run("suggest", [], [source, target], wide=True)

    @made.tool(annotations=_READ)
    def coverage(mapping: Name) -> ToolAnswer:
        """Show which fields a mapping covers and which of its rules its examples run."""
        return commands.run("coverage", ["--format", "json"], [mapping], wide=True)

    @made.tool(annotations=_READ)
    def diff(old: Name, new: Name) -> ToolAnswer:
        """Show how the results of two mappings differ on the examples of the first."""
        return commands.run("diff", ["--format", "json"], [old, new], wide=True)


def _writing(made: MCPServer, root: Path) -> None:
    @made.tool(annotations=_WRITE)
    def save(name: Annotated[str, Field(description="Such as shop/order")], text: str) -> ToolAnswer:
        """Write the YAML file of a mapping or conversation of the project. `check` it afterwards."""
        path = root / MAPPINGS / f"{name}.yaml"
        try:
            if _NAME.fullmatch(name) is None or ".." in name or not _is_inside(path, root):
                raise ProjectError([])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except (OSError, ProjectError):
            return {"code": 2, "result": "", "diagnostics": f"error: `{name}` cannot be written"}
        return {"code": 0, "result": path.relative_to(root).as_posix(), "diagnostics": ""}


def _is_inside(path: Path, root: Path) -> bool:
    """Whether a file is below the mappings, also after all links are followed."""
    return path.resolve().is_relative_to((root / MAPPINGS).resolve())
