"""The dialects of a project, and their conversations bound to a channel.

project.dialects.conversation("shop", "acknowledge", "desk")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, TypeVar

from crossdock.channels.actions import ACTIONS_FILE, Actions, parse_actions, shape_findings
from crossdock.channels.conversation_check import check_conversation
from crossdock.channels.dialects import adaptations, bound, parse_dialect
from crossdock.channels.steps import AdaptTask, Conversation
from crossdock.checking.suppressions import without_allowed
from crossdock.core.diagnostics import Diagnostic, Source, did_you_mean, shorten
from crossdock.core.errors import CompileError, ProjectError
from crossdock.project.search_path import MAPPINGS
from crossdock.project.shared_files import CONVERSATION, DIALECT_FILE

T = TypeVar("T")


class DialectProject(Protocol):
    """What is asked of a project."""

    @property
    def roots(self) -> Sequence[Path]: ...

    def conversation_names(self) -> list[str]: ...

    def conversation(self, channel: str, action: str) -> Conversation: ...


class Kept(Protocol):
    """``CompiledFiles.get``."""

    def __call__(self, kind: str, name: str, compile_file: Callable[[], T], *, used: bool) -> T: ...


@dataclass(slots=True)
class Dialects:
    """The dialects of one project. What is made of their files is ``kept`` by the project."""

    project: DialectProject
    read: Callable[[Path], Source]
    kept: Kept
    _binding: list[str] = field(default_factory=list)
    _folders: dict[str, bool] = field(default_factory=dict)  # which are those of dialects

    def files(self) -> dict[str, Path]:
        """The file of each dialect, by name."""
        found: dict[str, Path] = {}
        for root in self.project.roots:
            for path in sorted((root / MAPPINGS).glob(f"*/{DIALECT_FILE}")):
                found.setdefault(path.parent.name, path)
        return found

    def is_dialect(self, name: str) -> bool:
        """Whether a name, or the first part of one, is that of a dialect."""
        folder = name.partition("/")[0]
        if folder not in self._folders:
            self._folders[folder] = any(
                (root / MAPPINGS / folder / DIALECT_FILE).is_file() for root in self.project.roots
            )
        return self._folders[folder]

    def describe(self, name: str) -> str:
        """What a dialect is. Raises ProjectError for an unknown one, CompileError for a file with errors."""
        files = self.files()
        if name in files:
            return parse_dialect(self.read(files[name]))
        help = did_you_mean(name, files) or f"the dialects are {', '.join(files) or 'none'}"
        message = f"there is no dialect `{shorten(name)}`"
        raise ProjectError([Diagnostic("unknown-dialect", message, help=help)])

    def channels(self) -> list[str]:
        """The channels of the project that have conversations, without the dialects."""
        names = {name.partition("/")[0] for name in self.project.conversation_names()}
        return sorted(name for name in names if not self.is_dialect(name))

    def adaptable(self, user: str) -> list[str]:
        """The actions that a file can adapt: those of its own channel, or of any if it is in a dialect."""
        own = user.partition("/")[0]
        pairs = [name.split("/") for name in self.project.conversation_names()]
        if self.is_dialect(user):
            return sorted({action for channel, action in pairs if not self.is_dialect(channel)})
        return [action for channel, action in pairs if channel == own]

    def refuse(self, channel: str) -> None:
        """Raise ProjectError if the name of a channel is that of a dialect."""
        if self.is_dialect(channel):
            message = f"`{shorten(channel)}` is a dialect, and not a channel"
            known = ", ".join(self.channels()) or "there is none"
            help = f"use `--dialect {channel}` with a channel: {known}"
            raise ProjectError([Diagnostic("unknown-channel", message, help=help)])

    def actions_of(self, dialect: str) -> list[str]:
        """The actions of a dialect. Raises ProjectError for an unknown one."""
        self.describe(dialect)
        names = (name.split("/") for name in self.project.conversation_names())
        return [action for folder, action in names if folder == dialect]

    def is_answered(self, channel: str, action: str, dialect: str) -> bool:
        """Whether a channel has all the actions that a dialect's action adapts. Raises CompileError."""
        own = self.project.conversation(dialect, action)
        return {task.action for task in adaptations(own)} <= set(self.adaptable(f"{channel}/"))

    def actions(self, dialect: str) -> Actions:
        """How the actions of a dialect are called, from its own actions.yaml. Raises CompileError."""
        self.describe(dialect)
        name = f"{dialect}/{ACTIONS_FILE}"
        paths = [root / MAPPINGS / dialect / ACTIONS_FILE for root in self.project.roots]
        path = next((each for each in paths if each.is_file()), None)

        def make() -> Actions:
            return parse_actions(self.read(path)) if path else Actions({})

        return self.kept("actions", name, make, used=False)

    def action_findings(self) -> Iterator[Diagnostic]:
        """The errors in the actions.yaml of the project's own dialects."""
        for name in self.files():
            if not (self.project.roots[0] / MAPPINGS / name / ACTIONS_FILE).is_file():
                continue
            try:
                actions = self.actions(name)
            except CompileError as error:
                yield from error.diagnostics
                continue
            with suppress(CompileError):  # that of a conversation, which is reported with it
                own = [self.project.conversation(name, action) for action in self.actions_of(name)]
                yield from shape_findings(actions, (each.cells.source for each in own))

    def conversation_of(self, channel: str, action: str, dialect: str | None) -> Conversation:
        """The conversation of a channel, or of a dialect as the channel answers it."""
        if dialect is None:
            return self.project.conversation(channel, action)
        return self.conversation(channel, action, dialect)

    def conversation(self, channel: str, action: str, dialect: str) -> Conversation:
        """A dialect's conversation, as a channel answers it. Raises ProjectError or CompileError."""

        def make() -> Conversation:
            self.describe(dialect)
            return self.bound(self.project.conversation(dialect, action), channel)

        return self.kept("dialect", f"{channel}/{action} {dialect}", make, used=False)

    def completed(self, conversation: Conversation, channel: str) -> Conversation:
        """A compiled conversation, ready to run if its folder is a channel. Raises as it is read or bound."""
        if not self.is_dialect(channel):
            return self.bound(conversation, channel)
        self.describe(channel)
        return conversation

    def bound(self, conversation: Conversation, channel: str) -> Conversation:
        """A conversation with the conversations of a channel that it adapts. Raises as these do."""

        def found(task: AdaptTask) -> Conversation:
            name = f"{channel}/{task.action}"
            if name in self._binding:
                circle = " → ".join([*self._binding[self._binding.index(name) :], name])
                message = f"`adapts` forms a circle: {circle}"
                raise CompileError([Diagnostic("use-circle", message, task.span)])
            return self.project.conversation(channel, task.action)

        self._binding.append(conversation.name.removesuffix(f"/{CONVERSATION}"))
        try:
            return bound(conversation, found)
        finally:
            self._binding.pop()

    def findings(self, names: Iterable[str], *, lenient: bool) -> Iterator[Diagnostic]:
        """What the schemas of each channel find in the dialects' conversations among some files."""
        for name in names:
            folder, _, last = name.rpartition("/")
            if last != CONVERSATION or not self.is_dialect(name):
                continue
            dialect, _, action = folder.partition("/")
            for channel in self.channels():
                yield from self._kept_findings(channel, action, dialect, lenient=lenient)

    def _kept_findings(self, channel: str, action: str, dialect: str, *, lenient: bool) -> list[Diagnostic]:
        def make() -> list[Diagnostic]:
            return list(self._findings_with(channel, action, dialect, lenient=lenient))

        return self.kept("check with", f"{channel}/{action} {dialect} {lenient}", make, used=False)

    def _findings_with(
        self, channel: str, action: str, dialect: str, *, lenient: bool
    ) -> Iterator[Diagnostic]:
        try:
            own = self.project.conversation(dialect, action)
            if not self.is_answered(channel, action, dialect):
                return
            there = self.conversation(channel, action, dialect)
        except CompileError:  # reported with the file itself
            return
        found = check_conversation(there, lenient=lenient)
        known = check_conversation(own, lenient=lenient) if found else []
        new = [item for item in found if item not in known]
        for item in without_allowed(new)[0]:
            yield replace(item, notes=(*item.notes, f"with the channel `{channel}`"))
