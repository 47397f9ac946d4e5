"""One version of a mapping, or of a conversation, ready to be run over a corpus."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from crossdock.channels.steps import Conversation
from crossdock.core.errors import InputError
from crossdock.core.json_types import MISSING
from crossdock.execution.errors import EvaluationError, OutputError
from crossdock.tools.diff.conversations import ConversationVersion
from crossdock.tools.diff.privacy import Privacy
from crossdock.tools.diff.revisions import NoSuchVersionError
from crossdock.tools.diff.rules import Explained
from crossdock.tools.diff.runs import Run

if TYPE_CHECKING:
    from crossdock.execution.runner import Mapping
    from crossdock.execution.trace import Parts, Step
    from crossdock.project.examples import Record
    from crossdock.project.project import Project


AnyVersion: TypeAlias = "Version | ConversationVersion"


def version_of(project: Project, name: str, given: MappingType[str, str]) -> AnyVersion:
    """The version of a mapping or a conversation that a project has."""
    if not isinstance(named := project.named(name), Conversation):
        return Version(project, name, given)
    if named.inputs is not None or project.is_dialect(named.name):
        what = "shared steps" if named.inputs is not None else "conversations of a dialect"
        raise NoSuchVersionError(f"`{name}` cannot be compared: {what} run in another conversation")
    return ConversationVersion(project, named, given)


class Version:
    """A mapping, ready to be run over a corpus."""

    def __init__(self, project: Project, name: str, given: MappingType[str, str]) -> None:
        self.mapping: Mapping = project.mapping(name)
        self._channel = project.channel_of(self.mapping.name)
        self._given = given

    @property
    def name(self) -> str:
        return self.mapping.name

    @cached_property
    def privacy(self) -> Privacy:
        return Privacy(self.mapping.linked)

    @cached_property
    def explained(self) -> Explained:
        return Explained(self.mapping.linked)

    def run(self, record: Record) -> Run:
        if record.fault is not None:
            return Run(MISSING, failure=record.fault.diagnostics)
        # A setting that this version does not know yet, or no longer, is the other one's.
        given = {**record.settings, **self._given}
        known = {name: value for name, value in given.items() if name in self._channel.settings}
        try:
            result = self.mapping.run(
                record.payload, settings=self._channel.overridden(known), name=record.name
            )
        except (InputError, EvaluationError, OutputError) as error:
            return Run(MISSING, failure=error.diagnostics)
        steps: dict[Parts, list[Step]] = {}
        for step in result.trace.steps:
            steps.setdefault(step.output, []).append(step)
        return Run(result.value if result.present else MISSING, steps, result.warnings)
