"""How a step fails, and the error or the event that its failure becomes.

The object that a failure mapping is given is documented in docs/conversations.md.
"""

from __future__ import annotations

from crossdock.channels.conversation import ConversationResult
from crossdock.channels.conversation_sensitivity import sensitivity_of_conversation
from crossdock.channels.messages import Answer, Call, ChannelError
from crossdock.channels.step_frame import StepFrame
from crossdock.channels.steps import Conversation, ConversationStep
from crossdock.core.diagnostics import Diagnostic, shorten
from crossdock.core.errors import CrossdockError
from crossdock.core.json_types import JSON, MISSING, Missing
from crossdock.core.limits import FAILURE_CHARACTERS
from crossdock.core.records import replace


class StepFailed(Exception):  # noqa: N818 (it never leaves this package)
    """A step failed. ``kind`` is one of those in docs/conversations.md, ``message`` one sentence.

    ``cause`` is the error when an expression or a mapping failed, and not the channel. ``call`` and
    ``answer`` are added where the call is made.
    """

    def __init__(self, kind: str, message: str, cause: CrossdockError | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.cause = cause
        self.call: Call | None = None
        self.answer: Answer | None = None


class StepsStopped(Exception):  # noqa: N818 (it never leaves this package)
    """A step failed and its event is written; the steps after it do not run."""


def failure_error(conversation: Conversation, step: ConversationStep, failed: StepFailed) -> CrossdockError:
    """A failure as an error: the cause as it is when the channel is not to blame, else a ChannelError."""
    if failed.cause is not None:
        return failed.cause
    notes: tuple[str, ...] = ()
    if failed.call is not None:
        shown = sensitivity_of_conversation(conversation).shown_call(failed.call)
        notes = (f"{shown.method} {shown.path}",)
    message = f"the step `{step.name}` failed: {failed.message}"
    diagnostic = Diagnostic("channel-failed", message, step.span, notes=notes)
    return ChannelError([diagnostic], failed.call, failed.answer, failed.kind)


def adapted_failure(error: CrossdockError) -> StepFailed:
    """The failure of a step that adapts an action, whose conversation ended with an error."""
    message = error.diagnostics[0].message
    if not isinstance(error, ChannelError):
        return StepFailed("request", message, cause=error)
    failed = StepFailed(error.kind, message, cause=error)
    failed.call, failed.answer = error.call, error.answer
    return failed


def failure_details(
    action: str,
    step: ConversationStep,
    frame: StepFrame,
    failed: StepFailed,
    result: ConversationResult,
    base_url: str,
) -> JSON:
    """The object that a failure mapping is given, without the properties that are missing."""
    call, answer = failed.call, failed.answer
    found: dict[str, JSON | Missing] = {
        "action": action,
        "step": step.name,
        "kind": failed.kind,
        "message": failed.message,
        "status": answer.status if answer is not None else MISSING,
        "method": call.method if call is not None else MISSING,
        "url": call.url(base_url) if call is not None else MISSING,
        "body": answer.body if answer is not None else MISSING,
        "text": MISSING
        if answer is None or answer.text is None
        else shorten(answer.text, FAILURE_CHARACTERS),
        **frame.about(result),
        "skipped": frame.skipped,
    }
    return {key: value for key, value in found.items() if not isinstance(value, Missing)}


def as_warnings(error: CrossdockError) -> list[Diagnostic]:
    """The diagnostics of an error that does not end the conversation."""
    return [replace(item, severity="warning") for item in error.diagnostics]
