"""The explanation of a conversation for programs. ``docs/explain.md`` says what each key is."""

from __future__ import annotations

from typing import cast

from crossdock.core.json_reader import encode
from crossdock.core.json_types import JSON
from crossdock.tools.explain import json
from crossdock.tools.explain.conversation import ExplainedCall, ExplainedConversation, ExplainedStep


def write(explained: ExplainedConversation, payload: str, base: str) -> str:
    """The whole explanation. ``payload`` is the name of the request, ``base`` the channel's URL."""
    return encode(
        {
            "conversation": explained.name,
            "payload": payload,
            "steps": [_step(step, base) for step in explained.steps],
            "response": [json.story_data(story) for story in explained.response],
        }
    )


def _step(step: ExplainedStep, base: str) -> dict[str, JSON]:
    found: dict[str, JSON] = {"step": step.name} if step.number is None else {"element": step.number}
    found |= {"outcome": step.outcome, "at": json.place_data(step.span)}
    if step.why:
        found["why"] = step.why
    found["parts"] = [
        {
            "key": part.key,
            "failed": part.failed,
            "at": json.place_data(part.span),
            "values": [json.story_data(story) for story in part.stories],
        }
        for part in step.parts
    ]
    found["calls"] = [_call(call, base) for call in step.calls]
    found["uses"] = cast("list[JSON]", list(step.uses))
    if step.elements:
        found["elements"] = [_step(each, base) for each in step.elements]
    if step.inside:
        found["steps"] = [_step(each, base) for each in step.inside]
    return found


def _call(made: ExplainedCall, base: str) -> dict[str, JSON]:
    status: dict[str, JSON] = {} if made.status is None else {"status": made.status}
    return {**{key: value for key, value in made.call.as_json(base).items() if key != "step"}, **status}
