"""Where a step runs: its context and scope, and what the steps around it have given so far."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as MappingType

from crossdock.channels.conversation import ConversationResult
from crossdock.channels.conversation_trace import StepsTrace, StepTrace
from crossdock.channels.steps import Conversation, ConversationStep, makes_calls
from crossdock.core.json_types import JSON
from crossdock.core.records import record, replace
from crossdock.execution.scope import Scope, given_settings
from crossdock.language import syntax


def _nothing(_result: ConversationResult) -> dict[str, JSON]:
    return {}


@record(frozen=True, slots=True)
class StepFrame:
    """Where a step runs.

    ``context`` is the request or the element of an ``each``, and ``name`` what messages call it. ``failure``
    is the nearest failure mapping, and ``about`` gives the ``concept`` and ``id`` of an event. ``later`` are
    the steps that will not run if this one fails. ``unknown`` are the steps of a plan whose
    answers are not given. ``trace`` takes what happens here, if the caller asked for it.
    """

    context: JSON
    scope: Scope
    name: str
    failure: syntax.Cell | None
    about: Callable[[ConversationResult], dict[str, JSON]] = _nothing
    later: tuple[ConversationStep, ...] = ()
    unknown: tuple[str, ...] = ()
    trace: StepsTrace | StepTrace | None = None

    @property
    def skipped(self) -> list[JSON]:
        """The steps with calls that will not run if this one fails."""
        return [step.name for step in self.later if makes_calls(step)]

    # Every element of every step has a frame. `replace` takes several times as long as the class itself.

    def for_step(
        self,
        step: ConversationStep,
        scope: Scope,
        done: ConversationResult,
        later: tuple[ConversationStep, ...],
    ) -> StepFrame:
        """The frame of one of several steps: ``scope`` and ``done`` have what those before it gave, ``later``
        follow it."""
        unknown = (*self.unknown, *done.unknown)
        return StepFrame(
            self.context,
            scope,
            self.name,
            step.failure or self.failure,
            self.about,
            (*later, *self.later),
            tuple(name for name in unknown if name not in done.answers) if unknown else (),
            self.trace.begin(step) if self.trace is not None else None,
        )

    def for_element(self, step: ConversationStep, number: int, element: JSON) -> StepFrame:
        """The frame of an element of a step's `each`. If it fails, the steps after it still run."""
        name = f"{self.name}, element {number} of `{step.name}`"
        trace = self.trace.element() if isinstance(self.trace, StepTrace) else None
        scope = self.scope if step.element is None else self.scope.naming(step.element, element)
        return StepFrame(element, scope, name, self.failure, self.about, (), self.unknown, trace)

    def hiding(self, steps: tuple[ConversationStep, ...]) -> StepFrame:
        """The frame around some steps: their names hide the same names of the steps around them."""
        answers = self.scope.answers
        if not any(step.name in answers or step.name in self.unknown for step in steps):
            return self
        names = {step.name for step in steps}
        answers = {name: answer for name, answer in answers.items() if name not in names}
        unknown = tuple(name for name in self.unknown if name not in names)
        return replace(self, scope=replace(self.scope, answers=answers), unknown=unknown)

    def for_request(self, action: str, request: JSON, conversation: Conversation) -> StepFrame:
        """The frame of a conversation that answers another action, with a request of its own."""
        settings = given_settings(conversation.cells, self.scope.settings)
        scope = Scope(settings=settings, request=request, now=self.scope.now)
        return StepFrame(
            request, scope, f"the request for `{action}`", conversation.failure, trace=self.trace
        )

    def for_shared(
        self, step: ConversationStep, inputs: MappingType[str, JSON], shared: Conversation
    ) -> StepFrame:
        """The frame of the shared steps that a step uses: they see their inputs and their own answers.

        A failure in them is about what the step is about, and skips what the step's own failure would.
        """
        names = {name: inputs.get(name) for name in shared.inputs or {}}
        scope = replace(self.scope, request=None, answers={}, names=names)
        name = f"{self.name}, the inputs of `{step.name}`"
        return replace(self, context=dict(inputs), scope=scope, name=name, failure=shared.failure, unknown=())
