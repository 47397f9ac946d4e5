"""The findings in mappings and conversations, those in a mapping with the types of each place that uses it.

findings_of(project, ["kibo/inv_push/row"], lenient=False)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol, TypeVar

from crossdock.channels.actions import ACTIONS_FILE, Actions, shape_findings
from crossdock.channels.class_bodies import class_findings
from crossdock.channels.config import Channel
from crossdock.channels.steps import Conversation, shared_steps
from crossdock.channels.unused_settings import unused_settings
from crossdock.checking.check import check_mapping, missing_result
from crossdock.checking.suppressions import apply_suppressions, without_allowed
from crossdock.checking.todos import todos
from crossdock.checking.uses import Reads, depends_on_uses, merged_uses, reads_of
from crossdock.core.diagnostics import Diagnostic, Source, Span
from crossdock.core.errors import CompileError, CrossdockError
from crossdock.execution.runner import Mapping
from crossdock.language import syntax
from crossdock.language.syntax import LinkedMapping
from crossdock.project.search_path import FILES, MAPPINGS, name_of_file
from crossdock.project.shared_files import CONVERSATION
from crossdock.schema.store import Schema

T = TypeVar("T")


class CheckedProject(Protocol):
    """What is asked of a project."""

    @property
    def roots(self) -> Sequence[Path]: ...

    @property
    def actions(self) -> Actions: ...

    def all_names(self) -> list[str]: ...

    def conversation_names(self) -> list[str]: ...

    def is_dialect(self, name: str) -> bool: ...

    def conversation(self, channel: str, action: str) -> Conversation: ...

    def named(self, name: str) -> Mapping | Conversation: ...

    def text(self, name: str) -> Source: ...

    def channel_of(self, name: str) -> Channel: ...

    def kept(self, kind: str, name: str, compile_file: Callable[[], T], *, used: bool) -> T:
        """``CompiledFiles.get``."""


# What is before the last part of a mapping's name: a slash, or in a conversation a key that takes a name.
_BEFORE = r"""(?:/|\b(?:body|response|failure|events|use|with)["']?:\s*(?:[>|][-+0-9]*\s+)?["']?)"""


@dataclass(frozen=True, slots=True)
class _CheckedFile:
    """A checked file. ``linked`` is None if it has errors, ``needed`` what is not wrong about comments.

    ``shared`` is set for shared steps. ``uses`` are the files that this one uses, by the names of their
    texts, each with the place.
    """

    name: str
    findings: tuple[Diagnostic, ...]
    linked: LinkedMapping | None = None
    is_mapping: bool = False
    shared: Conversation | None = None
    uses: tuple[tuple[str, str], ...] = ()
    needed: frozenset[Diagnostic] = frozenset()

    @property
    def is_used(self) -> bool:
        """Whether other files can use it."""
        return self.is_mapping or self.shared is not None


def findings_of(project: CheckedProject, names: Sequence[str], *, lenient: bool) -> list[Diagnostic]:
    """The findings in these files. A mapping is checked in every place that uses it.

    Raises ProjectError for an unknown name.
    """
    names = [name_of_file(project.roots, name) for name in names]
    files = {name: _checked(project, name, lenient=lenient) for name in names}
    users = Users(project)
    around = [
        _checked(project, name, lenient=lenient) for name in users.of(files.values()) if name not in files
    ]
    findings = [item for file in files.values() for item in _todos(project, file)]
    findings += [item for file in files.values() for item in file.findings]
    asked = {file.linked.text.name for file in files.values() if file.linked is not None}
    for file in around:
        findings += [item for item in file.findings if item.span and item.span.source.name in asked]
    everything = [*files.values(), *around]
    broken = [file for file in everything if file.linked is None]
    unclear = {file.name for file in files.values() for user in broken if users.hides(user, file)}
    used = _uses(everything)
    nowhere = [item for file in files.values() if file.name not in unclear for item in _unused(file, used)]
    nowhere, allowed = without_allowed(nowhere)
    needed = allowed.union(*(file.needed for file in everything), *_unclear_comments(files, unclear))
    found = [item for item in (*findings, *nowhere) if item not in needed]
    return merged_uses(found, lambda place: used.get(place, set()))


def _checked(project: CheckedProject, name: str, *, lenient: bool) -> _CheckedFile:
    kind = "lenient check" if lenient else "strict check"
    try:
        return project.kept(kind, name, lambda: _sound(name, project.named(name), lenient), used=False)
    except CompileError as error:
        return _CheckedFile(name, tuple(error.diagnostics))


def _sound(name: str, compiled: Mapping | Conversation, lenient: bool) -> _CheckedFile:
    """A file without errors."""
    if isinstance(compiled, Mapping):
        linked = compiled.linked
        needed = without_allowed(check_mapping(linked, lenient=lenient).findings)[1]
        uses = tuple(_uses_of(linked))
        return _CheckedFile(name, compiled.findings, linked, is_mapping=True, uses=uses, needed=needed)
    shared = compiled if compiled.inputs is not None else None
    steps = shared_steps(compiled.steps)
    used = ((task.linked.cells.text.name, str(task.name_span)) for task in steps)
    uses = (*_uses_of(compiled.cells), *used)
    return _CheckedFile(
        name, compiled.findings, compiled.cells, shared=shared, uses=uses, needed=compiled.needed
    )


def _todos(project: CheckedProject, file: _CheckedFile) -> Iterable[Diagnostic]:
    """What is not decided yet in a file, also in one that does not compile."""
    if file.linked is not None:
        return todos(file.linked.text)
    try:
        return todos(project.text(file.name))
    except CrossdockError:  # it is not in the project, and reported already
        return ()


@dataclass(slots=True)
class Users:
    """Which files may use a mapping, by their texts. It reads no file before it is asked."""

    project: CheckedProject
    texts: dict[str, str] | None = None

    def of(self, files: Iterable[_CheckedFile]) -> Iterator[str]:
        """The files that may use one of these, themselves or through others, as far as that matters."""
        files = list(files)
        pending = [
            file.name
            for file in files
            if file.shared or (file.is_mapping and file.linked and _depends_on_uses(file.linked))
        ]
        others = set(self.project.all_names()).difference(file.name for file in files)
        while pending and others:
            name = pending.pop()
            for user in sorted(user for user in others if self.names(user, name)):
                others.discard(user)
                pending.append(user)
                yield user

    def users_of(self, name: str) -> list[str]:
        """The files that may use one, in order."""
        return sorted(user for user in self.project.all_names() if user != name and self.names(user, name))

    def read(self) -> dict[str, str]:
        if self.texts is None:
            self.texts = {name: self._text(name) for name in self.project.all_names()}
        return self.texts

    def _text(self, name: str) -> str:
        """A file's text, with that of the channel's file where it has parts of its conversations."""
        text, channel = self.project.text(name).text, None
        if PurePosixPath(name).name == CONVERSATION:
            with suppress(CompileError):  # reported with the conversation
                channel = self.project.channel_of(name)
        parts = (channel.first, channel.failure, channel.events) if channel is not None else ()
        return next((text + part.span.source.text for part in parts if part is not None), text)

    def names(self, user: str, name: str) -> bool:
        """Whether a file may name a mapping: `$use: ../row`, or `body: row` in a conversation."""
        last = PurePosixPath(name).name
        text = self.read().get(user, "")
        if last not in text:  # most files: the pattern is slow on a long text
            return False
        return re.search(rf"""(?m){_BEFORE}{re.escape(last)}/*["']?[ \t]*(?:[,}}#]|$)""", text) is not None

    def hides(self, user: _CheckedFile, file: _CheckedFile) -> bool:
        """Whether a file with errors may use a mapping, so that not all uses of it are known."""
        return file.is_used and user.name != file.name and self.names(user.name, file.name)


def _uses(files: Iterable[_CheckedFile]) -> dict[str, set[str]]:
    """The places that use each mapping, by the name of its text."""
    found: dict[str, set[str]] = {}
    for file in files:
        for name, place in file.uses:
            found.setdefault(name, set()).add(place)
    return found


def _uses_of(linked: LinkedMapping) -> Iterator[tuple[str, str]]:
    for cell in (linked.cell, *linked.fragments.values()):
        for use in syntax.uses(cell):
            if isinstance(use.definition, LinkedMapping):
                yield use.definition.text.name, str(use.name_span)


def _depends_on_uses(mapping: LinkedMapping) -> bool:
    """Whether there can be findings in a mapping only where it is used, or only because it is not used."""
    return depends_on_uses(mapping) or bool(missing_result(mapping))


def _unused(file: _CheckedFile, used: dict[str, set[str]]) -> Iterator[Diagnostic]:
    """What is wrong with a mapping or shared steps that no file uses.

    Nothing gives them a type if they have no source schema, and the result of a mapping may be missing.
    """
    linked = file.linked
    if file.shared is not None and linked is not None and linked.text.name not in used:
        message = "no step uses these shared steps: the types of their inputs are not known"
        help = f"use them in a step, `use: ../{PurePosixPath(file.name).name}`, or delete them"
        yield Diagnostic("unused-shared-steps", message, Span(linked.text, 0, 1), help, severity="warning")
    if linked is None or not file.is_mapping or file.name.endswith(FILES):
        return
    if linked.text.name in used:
        return
    yield from missing_result(linked) if linked.source is not None else ()
    if linked.source is None and reads_of(linked) != Reads():
        message = "no file uses this mapping, and it has no `from`: the types of what it reads are not known"
        help = "use it, delete it, or name the schema of its payload: `from: shop/order`"
        yield Diagnostic("unused-mapping", message, Span(linked.text, 0, 1), help, severity="warning")


def _unclear_comments(files: dict[str, _CheckedFile], unclear: set[str]) -> Iterator[frozenset[Diagnostic]]:
    """What may be not wrong about comments, as not all uses of their mappings are known."""
    for name in unclear:
        yield frozenset(item for item in files[name].findings if item.id == "unused-allowance")


def action_findings(project: CheckedProject) -> list[Diagnostic]:
    """The errors in the project's own `actions.yaml`. `when` is tried on the requests of all its actions."""
    if not (project.roots[0] / MAPPINGS / ACTIONS_FILE).is_file():
        return []
    try:
        actions = project.actions
    except CompileError as error:
        return list(error.diagnostics)
    try:
        names = (name for name in project.conversation_names() if not project.is_dialect(name))
        requests = {name: _request(project, name) for name in names}
    except CompileError:  # its errors are reported already, and what its request has is not known
        return []
    # What a request has is not known for an action without a conversation, or for one without a schema.
    answered = {name.partition("/")[2] for name in requests}
    if None in requests.values():
        return []
    return shape_findings(actions, requests.values()) if answered >= set(actions.by_name) else []


def _request(project: CheckedProject, name: str) -> Schema | None:
    channel, _, action = name.partition("/")
    return project.conversation(channel, action).cells.source


def channel_findings(project: CheckedProject, name: str) -> list[Diagnostic]:
    """The findings in a channel's file, by what all files of the channel read."""
    try:
        channel = project.channel_of(name)
        files = [project.named(each) for each in project.all_names() if each.startswith(f"{name}/")]
    except CompileError:  # what a broken file reads is not known
        return []
    linked = (file.linked if isinstance(file, Mapping) else file.cells for file in files)
    steps = (file for file in files if not isinstance(file, Mapping))
    findings = [*unused_settings(channel, linked), *class_findings(channel, steps)]
    return [] if channel.source is None else apply_suppressions(findings, channel.source)
