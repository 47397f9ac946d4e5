"""The examples that reach a mapping: its own, and those of the mappings and conversations that use it.

    for case in cases_of(project, "shop/order"):
        result, diagnostics = run_case(project, case)       # as `pytest` compares them
        run_case(project, case, lambda linked: other)       # the same, with another mapping in its place

A change reaches every mapping that runs for the example. Nothing is parsed or checked again for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Mapping as MappingType
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

from crossdock.channels.compiler import changed_conversation
from crossdock.channels.config import Channel
from crossdock.channels.conversation_trace import StepsTrace
from crossdock.channels.dry_run import dry_run, plan, shown_base_url
from crossdock.channels.given_answers import placed_answers
from crossdock.channels.messages import ChannelError
from crossdock.channels.steps import Conversation, files_of
from crossdock.core import json_reader
from crossdock.core.diagnostics import Diagnostic
from crossdock.core.errors import CompileError, CrossdockError, InputError
from crossdock.core.json_types import JSON
from crossdock.core.rendering import render
from crossdock.execution.errors import EvaluationError, OutputError
from crossdock.language.links import Change, changed
from crossdock.language.syntax import LinkedMapping
from crossdock.project.examples import ANSWERS_SUFFIX, EXAMPLES, is_payload, settings_beside
from crossdock.project.project import bundled_root
from crossdock.project.shared_files import CONVERSATION

if TYPE_CHECKING:
    from crossdock.execution.trace import Watch
    from crossdock.project.project import Project

Outcome: TypeAlias = "tuple[JSON, Sequence[Diagnostic]]"
Texts: TypeAlias = "tuple[str | None, str | None]"


@dataclass(frozen=True, slots=True)
class Case:
    """One example. Its folder below ``examples/`` has the name of a mapping or a conversation, ``of``."""

    root: Path
    path: PurePosixPath

    @property
    def of(self) -> str:
        return self.path.parent.as_posix()

    @property
    def name(self) -> str:
        """The name of its payload in messages."""
        return f"{EXAMPLES}/{self.path}"

    def beside(self, suffix: str) -> Path:
        return self.root / EXAMPLES / self.path.with_suffix(suffix)


def cases_of(project: Project, name: str) -> list[Case]:
    """The examples of a mapping or a conversation, in the first project on the path that has any.

    Those of a dialect's conversation are for all channels.
    """
    patterns = ("*.json", "*/*.json") if project.is_dialect(name) else ("*.json",)
    for root in project.roots:
        folder = root / EXAMPLES / name
        if folder.is_dir():
            files = (file for pattern in patterns for file in folder.glob(pattern))
            return _cases(root, sorted(filter(is_payload, files)))
    return []


def _cases(root: Path, files: Sequence[Path]) -> list[Case]:
    return [Case(root, PurePosixPath(file.relative_to(root / EXAMPLES).as_posix())) for file in files]


def users_of(project: Project, name: str) -> list[str]:
    """The mappings and conversations that use a mapping, directly or through others."""
    found = [
        user
        for user in project.mapping_names()
        if user != name and _uses(lambda other: [project.mapping(other).linked], user, name)
    ]
    for user in project.conversation_names():
        if _uses(lambda pair: _cells_of(project.conversation(*pair.split("/"))), user, name):
            found.append(user)
    return found


def _cells_of(conversation: Conversation) -> list[LinkedMapping]:
    return [file.cells for file in files_of(conversation)]


def _uses(compiled: Callable[[str], Iterable[LinkedMapping]], user: str, name: str) -> bool:
    try:
        return any(mapping.name == name for cells in compiled(user) for mapping in _below(cells))
    except CompileError:
        return False


def _below(mapping: LinkedMapping) -> Iterator[LinkedMapping]:
    for used in mapping.used.values():
        yield used
        yield from _below(used)


def name_of(conversation: Conversation) -> str:
    """The name of a conversation in commands, and of the folder of its examples."""
    return conversation.name.removesuffix(f"/{CONVERSATION}")


def runners_of(project: Project, conversation: Conversation) -> list[str]:
    """The conversations that run a file, or have it themselves."""
    if conversation.inputs is None:
        return [name_of(conversation)]
    return [name for name in project.conversation_names() if _runs(project, name, conversation.name)]


def _runs(project: Project, name: str, file: str) -> bool:
    try:
        return any(each.name == file for each in files_of(project.conversation(*name.split("/"))))
    except CompileError:
        return False


def run_case(project: Project, case: Case, change: Change | None = None, watch: Watch | None = None) -> Texts:
    """The result of an example and its diagnostics, as text; None for a part that is missing.

    Raises ProjectError or CompileError when its mapping, its conversation or its settings are wrong.
    """
    return _texts(lambda: outcome_of(project, case, change, watch))


def _texts(run: Callable[[], Outcome]) -> Texts:
    try:
        result, warnings = run()
    except (InputError, EvaluationError, OutputError, ChannelError) as error:
        return None, _portable(str(error))
    return json_reader.encode(result), _portable(render(warnings)) if warnings else None


def outcome_of(
    project: Project, case: Case, change: Change | None = None, watch: Watch | None = None
) -> Outcome:
    """The result of an example's mapping, or the plan of its conversation, and the warnings.

    ``change`` is applied to every mapping that runs, and ``watch`` is notified of every run.
    """
    given = given_of(project, case)
    if given is None:
        return _mapped(project, case, change, watch)
    conversation = given.conversation
    if change is not None:
        conversation = changed_conversation(conversation, change)
    return given.outcome(replace(conversation, watch=watch))


@dataclass(frozen=True, slots=True)
class GivenCase:
    """An example of a conversation, read: what it is given, and the answers at their places."""

    case: Case
    conversation: Conversation
    channel: Channel
    request: JSON
    settings: MappingType[str, JSON]
    answers: JSON

    def outcome(self, conversation: Conversation) -> Outcome:
        """The plan of a conversation, which may be a changed one, and the warnings. Raises as it does."""
        return plan(
            conversation,
            self.channel,
            self.request,
            settings=self.settings,
            answers=self.answers,
            name=self.case.name,
        )

    def texts(self, conversation: Conversation) -> Texts:
        """The same as text, as ``run_case`` gives it."""
        return _texts(lambda: self.outcome(conversation))

    def trace(self, conversation: Conversation) -> StepsTrace:
        """What the steps do, as far as they come."""
        trace, base = StepsTrace(), shown_base_url(self.channel, self.settings)
        with suppress(CrossdockError):
            dry_run(
                conversation,
                self.request,
                settings=self.settings,
                answers=self.answers,
                base=base,
                name=self.case.name,
                trace=trace,
            )
        return trace


def given_of(project: Project, case: Case) -> GivenCase | None:
    """An example of a conversation; None for one of a mapping. Raises InputError."""
    asked = conversation_of(project, case.of)
    if asked is None:
        return None
    channel, conversation = asked
    answers = case.beside(ANSWERS_SUFFIX)
    shown = f"{EXAMPLES}/{case.path.with_suffix(ANSWERS_SUFFIX)}"
    given = json_reader.decode(answers.read_bytes(), shown) if answers.is_file() else {}
    return GivenCase(
        case,
        conversation,
        project.channel_of(channel),
        payload_of(case),
        settings_of(project, case),
        placed_answers(given, shown, conversation),
    )


def conversation_of(project: Project, name: str) -> tuple[str, Conversation] | None:
    """The channel and the conversation of a folder's examples; None for those of a mapping.

    A dialect's are for a channel, which is the last part of the name: ``desk/ack_all/kibo``.
    """
    parts = name.split("/")
    if len(parts) == 3 and project.is_dialect(name):
        dialect, action, channel = parts
        return channel, project.dialects.conversation(channel, action, dialect)
    if name not in project.conversation_names():
        return None
    return parts[0], project.conversation(*parts)


def _mapped(project: Project, case: Case, change: Change | None, watch: Watch | None) -> Outcome:
    mapping = replace(project.mapping(case.of), watch=watch)
    if change is not None:
        mapping = replace(mapping, linked=changed(mapping.linked, change))
    result = mapping.run(payload_of(case), settings=settings_of(project, case), name=case.name)
    return result.value, result.warnings


def payload_of(case: Case) -> JSON:
    """The payload of an example. Raises InputError."""
    return json_reader.decode((case.root / case.name).read_bytes(), case.name)


def settings_of(project: Project, case: Case) -> dict[str, JSON]:
    """The settings that an example is for. Raises CompileError."""
    shown = f"{EXAMPLES}/{case.path.with_suffix('.settings.yaml')}"
    asked = conversation_of(project, case.of)
    channel = case.of if asked is None else asked[0]
    return project.settings(channel, settings_beside(case.root / case.name, shown))


def _portable(text: str) -> str:
    """Diagnostics without the directory of the bundled mappings, so that all machines give the same text."""
    return text.replace(f"{bundled_root()}/", "")
