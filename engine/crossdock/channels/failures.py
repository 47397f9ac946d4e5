"""How a step fails, and the error or the event that its failure becomes.

The object that a failure mapping is given is documented in docs/conversations.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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
from crossdock.execution.errors import EvaluationError, OutputError


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
    help = _credentials(conversation) if failed.answer is not None and failed.answer.status == 401 else None
    diagnostic = Diagnostic("channel-failed", message, step.span, help, notes=notes)
    return ChannelError([diagnostic], failed.call, failed.answer, failed.kind)


def _credentials(conversation: Conversation) -> str | None:
    """Where the credentials come from that a channel refused."""
    secrets = conversation.channel.auth.secrets.values()
    variables = " and ".join(f"`{secret.env}`" for secret in secrets if secret.env is not None)
    return f"the channel refuses the credentials; they come from {variables}" if variables else None


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


@contextmanager
def failures_first(result: ConversationResult) -> Iterator[None]:
    """Raise an error of the response as the ChannelError of the calls that failed before it, if any did.

    What the response lacks is then what these calls did not give, and its author is not to blame.
    """
    try:
        yield
    except (EvaluationError, OutputError) as error:
        failed = [each.error for each in result.failed if isinstance(each.error, ChannelError)]
        if not failed:
            raise
        first, diagnostics = failed[0], [item for each in failed for item in each.diagnostics]
        result.warnings = [item for item in result.warnings if item.id != "channel-failed"]
        raise ChannelError(
            [*diagnostics, *error.diagnostics], first.call, first.answer, first.kind
        ) from error


def as_warnings(error: CrossdockError) -> list[Diagnostic]:
    """The diagnostics of an error that does not end the conversation."""
    return [replace(item, severity="warning") for item in error.diagnostics]
