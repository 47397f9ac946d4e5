"""What the page shows of a conversation: each step of a dry run, its calls and answers, and the response.

    conversed(project, Exchange("shop/order_ack", request="{…}", answers="{…}"))
    # {"steps": [{"step": "order", "outcome": "ran", "calls": […], …}], "response": "{…}", …}

Sensitive values are hidden in all of it, unless the page asks to reveal them.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field

from crossdock.channels.dry_run import shown_base_url
from crossdock.channels.given_answers import placed_answers
from crossdock.channels.messages import Answer
from crossdock.channels.steps import Conversation
from crossdock.core import json_reader
from crossdock.core.diagnostics import Diagnostic
from crossdock.core.errors import CrossdockError
from crossdock.core.json_types import JSON, Missing
from crossdock.project.cases import conversation_of
from crossdock.project.project import Project
from crossdock.studio.evaluation import value_data
from crossdock.studio.hidden_answers import hidden_answers
from crossdock.studio.places import diagnostics_data, hidden_in, range_of
from crossdock.tools.explain.conversation import (
    ExplainedCall,
    ExplainedConversation,
    ExplainedStep,
    explain_conversation,
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A conversation by the name of its folder of examples, and the texts of a request and of answers.

    The names are those in messages. ``settings`` are given as `--set` takes them.
    """

    conversation: str
    request: str
    answers: str
    request_name: str = "request"
    answers_name: str = "answers"
    settings: MappingType[str, str] = field(default_factory=dict)
    revealed: bool = False


def conversed(project: Project, asked: Exchange) -> dict[str, JSON]:
    """Check a conversation, and run it with the answers if it compiles."""
    diagnostics: list[Diagnostic] = []
    parts: dict[str, JSON] = {}
    try:
        diagnostics += project.check([_checked_name(project, asked.conversation)])
        found = conversation_of(project, asked.conversation)
        if found is not None:
            diagnostics += _run(project, asked, *found, parts)
    except CrossdockError as error:
        diagnostics += [item for item in error.diagnostics if item not in diagnostics]
    return {"diagnostics": diagnostics_data(diagnostics), **parts}


def _checked_name(project: Project, name: str) -> str:
    """The conversation of a folder of examples: that of a dialect has one folder for each channel."""
    parts = name.split("/")
    return "/".join(parts[:2]) if len(parts) == 3 and project.is_dialect(name) else name


def _run(
    project: Project, asked: Exchange, channel: str, conversation: Conversation, parts: dict[str, JSON]
) -> tuple[Diagnostic, ...]:
    parts["channel"] = channel
    parts["action"] = conversation.action
    request = json_reader.decode(asked.request.encode(), asked.request_name)
    parts["hidden"] = hidden_in(request, conversation.cells.source)
    given = json_reader.decode(asked.answers.encode(), asked.answers_name)
    parts["hidden_answers"] = list(hidden_answers(conversation, given))
    settings = project.settings(channel, asked.settings)
    base = shown_base_url(project.channel_of(channel), settings)
    explained = explain_conversation(
        conversation,
        request,
        answers=placed_answers(given, asked.answers_name, conversation),
        settings=settings,
        base=base,
        name=asked.request_name,
        revealed=asked.revealed,
    )
    parts.update(explained_data(explained, base))
    return explained.problems


def explained_data(explained: ExplainedConversation, base: str) -> dict[str, JSON]:
    """The steps and the response of a conversation that was explained."""
    found: dict[str, JSON] = {"steps": [step_data(step, base) for step in explained.steps]}
    if not isinstance(explained.value, Missing):
        found["response"] = json_reader.encode(explained.value)
    found["values"] = [value_data(story) for story in explained.response]
    return found


def step_data(step: ExplainedStep, base: str) -> JSON:
    return {
        "step": step.name,
        "number": step.number,
        "at": range_of(step.span),
        "outcome": step.outcome,
        "why": step.why,
        "parts": [
            {
                "key": part.key,
                "at": range_of(part.span),
                "failed": part.failed,
                "values": [value_data(story) for story in part.stories],
            }
            for part in step.parts
        ],
        "calls": [call_data(call, base) for call in step.calls],
        "elements": [step_data(each, base) for each in step.elements],
        "steps": [step_data(each, base) for each in step.inside],
    }


def call_data(made: ExplainedCall, base: str) -> JSON:
    call = {key: value for key, value in made.call.as_json(base).items() if key != "step"}
    return {**call, "answer": None if made.answer is None else answer_data(made.answer)}


def answer_data(answer: Answer) -> JSON:
    found: dict[str, JSON] = {"status": answer.status}
    if not isinstance(answer.body, Missing):
        found["body"] = json_reader.encode(answer.body)
    elif answer.text is not None:
        found["body"] = answer.text
    return found
