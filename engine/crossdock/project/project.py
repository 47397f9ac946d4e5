"""Mappings, schemas and channels on a search path: the project's own directory, then the bundled one.

A directory with a ``mappings/`` folder is a project. A file replaces the whole bundled file at the same
path; nothing is merged.

    project = Project.open()                 # nearest project above the working directory
    mapping = project.mapping("kibo/order")  # mappings/kibo/order.yaml, compiled and checked
"""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from collections.abc import Sequence, Set
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from crossdock.channels.actions import ACTIONS_FILE, Actions, parse_actions
from crossdock.channels.config import CHANNEL_FILE, NO_CHANNEL, Channel, parse_channel, schema_of
from crossdock.core.diagnostics import Diagnostic, Source, did_you_mean, shorten
from crossdock.core.errors import ProjectError
from crossdock.core.garbage import collection_paused
from crossdock.core.json_types import JSON
from crossdock.core.once import MAKING, made_once
from crossdock.execution.runner import Mapping
from crossdock.language.syntax import LinkedMapping
from crossdock.project.compiled_files import CompiledFiles
from crossdock.project.compiler import compile_mapping
from crossdock.project.files import ProjectFiles
from crossdock.project.search_path import (
    FILES,
    MAPPINGS,
    file_of,
    leads_out,
    located,
    name_of_file,
    outside,
    resolved_name,
)
from crossdock.project.search_path import bundled as bundled_root
from crossdock.project.shared_files import (
    CONVERSATION,
    CONVERSATION_FILE,
    TABLES,
    names_below,
    no_conversation,
    no_mapping,
    no_shared_steps,
)
from crossdock.project.table_files import no_table, rows_of
from crossdock.schema.store import Schema, SchemaStore

if TYPE_CHECKING:
    from crossdock.channels.connection import Connection
    from crossdock.channels.http import Transport
    from crossdock.channels.steps import Conversation
    from crossdock.project.dialects import Dialects

__all__ = ["MAPPINGS", "Project", "bundled_root"]

SCHEMAS: Final = "schemas"
_NAMES: Final = ("all names", "own names")


class Project:
    """The files on the search path. Compiled mappings are cached; open a new Project after a change.

    Threads may share it, and everything that it gives.
    """

    def __init__(
        self,
        roots: Sequence[Path],
        *,
        lenient: bool = False,
        files: ProjectFiles | None = None,
        compiled: CompiledFiles | None = None,
    ) -> None:
        """``files`` reads them, an editor's unsaved texts too; by default what is on disk."""
        self.roots = tuple(roots)
        self._lenient = lenient
        self._compiled = compiled or CompiledFiles()
        self.kept = self._compiled.get
        self._read_once: dict[object, object] = {}
        self._files = files or ProjectFiles(roots)

    @classmethod
    def open(cls, directory: Path | str | None = None) -> Project:
        """The nearest project at or above a directory (the working directory), over the bundled one."""
        return cls(located(directory))

    def after(self, changed: Set[Path], *, relisted: bool = False) -> Project:
        """The project after a change of files below ``mappings/``. What was not made of them is shared.

        ``relisted``: one is new or gone, or has become a file of shared steps or a mapping.
        """
        left = self._compiled.without(changed, broken=relisted)
        project = Project(self.roots, lenient=self._lenient, files=self._files, compiled=left)
        project.schemas = self.schemas
        if not relisted:
            project._read_once = {key: self._read_once[key] for key in _NAMES if key in self._read_once}
            project._conversation_names = self._conversation_names
        return project

    @cached_property
    def schemas(self) -> SchemaStore:
        return SchemaStore([root / SCHEMAS for root in self.roots])

    def seen(self) -> dict[Path, str | None] | None:
        """Every file that was read so far, with the SHA-256 of its content; None for one that was missing.

        None instead of the dictionary if it is incomplete: a file was found by its content.
        """
        with MAKING:
            schemas = self.schemas.seen()
            return None if schemas is None else self._files.seen | schemas

    def schema(self, name: str, user: str = "") -> Schema:
        """A schema by name, such as ``kibo/order``, as the mapping ``user`` means it. Raises ProjectError."""
        return schema_of(name, self.schemas, self.channel_of(user) if user else NO_CHANNEL)

    def derived_systems(self, names: Sequence[str] = ()) -> list[Path]:
        """The folders of systems whose schemas are derived from documents: these, or the project's own."""
        own = self.roots[0] / SCHEMAS
        found = {path.parent.name: path.parent for path in sorted(own.glob("*/derive.yaml"))}
        for name in names:
            if name not in found:
                help = did_you_mean(name, found) or f"the systems are {', '.join(found)}"
                message = f"there is no `derive.yaml` for `{shorten(name)}`"
                raise ProjectError([Diagnostic("unknown-system", message, help=help)])
        return [found[name] for name in names or found]

    def file_name(self, name: str) -> str:
        """The file below ``mappings/``: of the conversation kibo/order_ack, kibo/order_ack/conversation."""
        return f"{name}/conversation" if name in self.conversation_names() else name

    def mapping_names(self, *, own: bool = False) -> list[str]:
        """The names of all mappings, or of those in the project's own directory."""
        return self._names(own=own, shared=False)

    def shared_names(self, *, own: bool = False) -> list[str]:
        """The names of all files of shared steps, or of those in the project's own directory."""
        return self._names(own=own, shared=True)

    def _names(self, *, own: bool, shared: bool) -> list[str]:  # listed once: they are asked for often
        roots, key = (self.roots[:1], _NAMES[1]) if own else (self.roots, _NAMES[0])
        is_shared = self._files.has_shared_steps
        names = made_once(self._read_once, key, lambda: names_below(roots, is_shared))
        return sorted(name for name, has_steps in names.items() if has_steps is shared)

    def mapping(self, name: str) -> Mapping:
        """A mapping by name or by file, compiled and checked.

        Raises ProjectError when there is none, CompileError when it is wrong.
        """
        name = name_of_file(self.roots, name)
        return self._compiled.get("mapping", name, lambda: self._compile(name))

    def own_names(self) -> list[str]:
        """The names that ``check`` uses by default: the project's own mappings, steps and conversations."""
        conversations = (f"{name}/{CONVERSATION}" for name in self.conversation_names(own=True))
        return [*self.mapping_names(own=True), *self.shared_names(own=True), *conversations]

    def text(self, name: str) -> Source:
        """The text of a mapping's file, compiled or not. Raises ProjectError."""
        path = self._find(file_of(name_of_file(self.roots, name)))
        if path is None:
            raise self._unknown(name)
        return self._read(path)

    @collection_paused()
    def check(self, names: Sequence[str] | None = None, *, lenient: bool = False) -> list[Diagnostic]:
        """All findings in these mappings and conversations, by default in all of the project's own.

        ``lenient``: a property that a schema does not document is a warning and not an error.
        """
        if lenient and not self._lenient:
            return Project(self.roots, lenient=True, files=self._files).check(names)
        from crossdock.project.findings import action_findings, findings_of

        asked = names or self.own_names()
        findings = findings_of(self, asked, lenient=self._lenient)
        findings += self.dialects.findings(asked, lenient=self._lenient)
        if names:
            return findings
        own = [*action_findings(self), *self.dialects.action_findings()]
        return [*findings, *own, *self._of_channels()]

    def _of_channels(self) -> list[Diagnostic]:
        """Findings in the files of the project's own channels, by what all files of a channel read."""
        from crossdock.project.findings import channel_findings

        paths = (self.roots[0] / MAPPINGS).glob(f"*/{CHANNEL_FILE}")
        names = sorted(path.parent.name for path in paths)
        checks = [(name, partial(channel_findings, self, name)) for name in names]
        return [item for name, check in checks for item in self.kept("check", name, check, used=False)]

    def all_names(self) -> list[str]:
        """The names of all mappings, shared steps and conversations, those of the bundled ones too."""
        conversations = (f"{name}/{CONVERSATION}" for name in self.conversation_names())
        return [*self.mapping_names(), *self.shared_names(), *conversations]

    def named(self, name: str) -> Mapping | Conversation:
        known = name_of_file(self.roots, self.file_name(name))
        folder, _, last = known.rpartition("/")
        if last == CONVERSATION and folder in self.conversation_names():
            return self.conversation(*folder.split("/"))
        return self.shared_steps(known) if self._is_shared(known) else self.mapping(name)

    # Conversations

    def conversation_names(self, *, own: bool = False) -> list[str]:
        """The names of all conversations, channel and action, or of those in the project's own directory."""
        found = self._conversation_names[:1] if own else self._conversation_names
        return sorted(set[str]().union(*found))

    @cached_property
    def _conversation_names(self) -> list[set[str]]:
        """The names of the conversations in each root. They are asked for with every name."""
        folders = [root / MAPPINGS for root in self.roots]
        return [
            {path.parent.relative_to(folder).as_posix() for path in folder.glob(f"*/*/{CONVERSATION_FILE}")}
            for folder in folders
        ]

    def channel_names(self) -> list[str]:
        """The names of all channels that have conversations, without the dialects."""
        folders = {name.partition("/")[0] for name in self.conversation_names()}
        return sorted(name for name in folders if not self.is_dialect(name))

    def actions_of(self, channel: str) -> list[str]:
        """The actions that a channel has a conversation for. Raises ProjectError for an unknown channel."""
        pairs = [name.split("/") for name in self.conversation_names()]
        if found := [action for name, action in pairs if name == channel]:
            return found
        channels = self.channel_names()
        help = did_you_mean(channel, channels) or f"the channels are {', '.join(channels) or 'none'}"
        message = f"there is no channel `{shorten(channel)}`"
        raise ProjectError([Diagnostic("unknown-channel", message, help=help)])

    def conversation(self, channel: str, action: str) -> Conversation:
        """The conversation of a channel for an action, checked. Raises ProjectError or CompileError."""
        from crossdock.channels.compiler import compile_conversation

        name = f"{channel}/{action}/{CONVERSATION}"

        def compile_file() -> Conversation:
            known = action in self.actions_of(channel)
            path = self._find(file_of(name)) if known else None
            if path is None:
                raise no_conversation(channel, action, self.actions_of(channel))
            source, earlier = self._read(path), self._compiled.earlier
            compiled = compile_conversation(name, source, self, lenient=self._lenient, earlier=earlier)
            return self.dialects.completed(compiled, channel)

        return self._compiled.get("conversation", name, compile_file, used=False)

    def shared_steps(self, name: str) -> Conversation:
        """A file of shared steps, checked. Raises ProjectError or CompileError."""
        from crossdock.channels.compiler import compile_shared

        def compile_file() -> Conversation:
            path = self._find(file_of(name))
            if path is None or not self._files.has_shared_steps(path):
                raise no_shared_steps(name, self.shared_names(), is_mapping=path is not None)
            return compile_shared(name, self._read(path), self, lenient=self._lenient)

        return self._compiled.get("shared steps", name, compile_file)

    def _is_shared(self, name: str) -> bool:
        path = self._find(file_of(name))
        return path is not None and self._files.has_shared_steps(path)

    @property
    def dialects(self) -> Dialects:
        from crossdock.project.dialects import Dialects

        return made_once(self._read_once, Dialects, lambda: Dialects(self, self._read, self.kept))

    def adaptable(self, user: str) -> Sequence[str]:
        """The actions that a file can adapt: see ``dialects``."""
        return self.dialects.adaptable(user)

    def is_dialect(self, name: str) -> bool:
        """Whether a file is part of a dialect."""
        return self.dialects.is_dialect(name)

    @property
    def actions(self) -> Actions:
        """The actions of RetailOPS. Raises ProjectError or CompileError."""
        return self._compiled.get("actions", ACTIONS_FILE, self._actions, used=False)

    def _actions(self) -> Actions:
        path = self._find(PurePosixPath(MAPPINGS, ACTIONS_FILE))
        return parse_actions(self._read(path)) if path else Actions({})

    def connect(
        self,
        channel: str,
        *,
        settings: MappingType[str, JSON] | None = None,
        environ: MappingType[str, str] | None = None,
        transport: Transport | None = None,
    ) -> Connection:
        """Connect to a channel, to answer requests with it.

        ``settings`` override the defaults, ``environ`` has the secrets instead of the process's environment,
        and ``transport`` is that of another connection, which stays its owner. Raises ProjectError,
        CompileError for a wrong setting, and ValueError for the transport of another channel.
        """
        from crossdock.channels.connection import Connection

        self.actions_of(channel)  # an unknown channel is reported before a secret that is missing
        of, known = self.channel_of(channel), self.settings(channel, settings or {})
        found = partial(self.dialects.conversation_of, channel)
        return Connection(of, known, found, environ=environ, transport=transport)

    # What the linker finds: see ``language.linker.Surroundings``

    def used_mapping(self, name: str, user: str) -> LinkedMapping:
        """A mapping that ``user`` names: relative to that file with ./ or ../, else below ``mappings/``.

        Raises ProjectError for an unknown name, CompileError for a mapping with errors or for a circle.
        """
        resolved = self._used(name, user, "$use", "mappings")
        if self._is_shared(resolved):
            raise no_mapping(name)
        return self.mapping(resolved).linked

    def used_steps(self, name: str, user: str) -> Conversation:
        """Shared steps that ``user`` names, as it names a mapping. Raises the same."""
        return self.shared_steps(self._used(name, user, "use", "files of shared steps"))

    def _used(self, name: str, user: str, word: str, what: str) -> str:
        """The name of a file that another one names with a word. ``what`` are such files in messages."""
        resolved = resolved_name(name, user)
        if resolved is None:
            raise leads_out(name)
        self._compiled.used(resolved, word, what)
        if not resolved.endswith(FILES):  # only the user names a mapping by a file
            return resolved
        raise self._unknown(resolved)

    def table(self, name: str, user: str) -> MappingType[str, JSON]:
        """The rows of a table that has a file of its own, in a folder named ``tables``."""
        source = self.table_text(name, user)
        return made_once(self._read_once, source, lambda: rows_of(source))

    def table_text(self, name: str, user: str) -> Source:
        """The text of a table's own file. Raises ProjectError."""
        resolved = resolved_name(name, user)
        path = self._find(file_of(resolved)) if resolved else None
        if path is None or path.parent.name != TABLES:
            raise no_table(name)
        return self._read(path)

    def settings_of(self, name: str) -> tuple[MappingType[str, JSON], MappingType[str, tuple[JSON, ...]]]:
        """The settings of a mapping's channel: their defaults, and the values of those with a choice."""
        channel = self.channel_of(name)
        return channel.defaults(), channel.options()

    def settings(self, name: str, given: MappingType[str, JSON]) -> dict[str, JSON]:
        """The same, with some of them given, also as text as on the command line. Raises CompileError."""
        return self.channel_of(name).overridden(given)

    def channel_of(self, name: str) -> Channel:
        """The channel of a mapping: the first part of its name."""
        file = PurePosixPath(MAPPINGS, PurePosixPath(name).parts[0], CHANNEL_FILE)
        return self._compiled.get("channel", str(file), lambda: self._channel(file), used=False)

    def _channel(self, file: PurePosixPath) -> Channel:
        path = self._find(file)
        return parse_channel(self._read(path)) if path else NO_CHANNEL

    # Files

    def _find(self, path: PurePosixPath) -> Path | None:
        for root in self.roots:
            self._compiled.reads(root / path)
        return self._files.find(path)

    def _read(self, path: Path) -> Source:
        self._compiled.reads(path)
        return self._files.read(path)

    def _compile(self, name: str) -> Mapping:
        path = outside(name) if name.endswith(FILES) else self._find(file_of(name))
        if path is None:
            raise self._unknown(name)
        return compile_mapping(name, self._read(path), self, lenient=self._lenient)

    def _unknown(self, name: str) -> ProjectError:
        if name in self.conversation_names():
            help = f"did you mean `{name}/{CONVERSATION}`?"
        else:
            others = (known for known in self.mapping_names() if known != name)  # one may link to nothing
            help = did_you_mean(name, others) or "`crossdock list` shows them all"
        return ProjectError(
            [Diagnostic("unknown-mapping", f"there is no mapping `{shorten(name)}`", help=help)]
        )
