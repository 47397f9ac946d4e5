"""``conversation.yaml`` -> steps and cells as data. Names of schemas and mappings are not looked up yet.

A file of shared steps has the same steps.

steps:
  - step: order
    call: GET /orders/{{ data.order.channel_refnum }}
    answer: shop/order
"""

from __future__ import annotations

from typing import Final

from crossdock.channels.call_limits import whole_limit
from crossdock.channels.call_parser import CALL_KEYS
from crossdock.channels.config import NO_CHANNEL, Channel
from crossdock.channels.steps import (
    BlockTask,
    ConversationFile,
    ConversationStep,
    EventTask,
    Task,
    ValueTask,
)
from crossdock.channels.task_parser import NAME, REPORT_KEYS, REPORTS, TaskParser, start_of
from crossdock.core.diagnostics import Diagnostic, Span
from crossdock.core.records import replace
from crossdock.core.yaml_reader import ListNode, MapNode, Node, ScalarNode
from crossdock.language import syntax
from crossdock.language.expr import Expression, FunctionCall
from crossdock.language.parser import unknown_keys

FILE_KEYS: Final = {
    "describe": "what the conversation does, in one sentence",
    "request": "the schema of the RetailOPS request; by default `retailops/<action>.request`, if it exists",
    "response_schema": "the schema of the RetailOPS response; by default `retailops/<action>.response`",
    "deadline_seconds": "the seconds after which no more calls are made, in place of the channel's",
    "cannot": "what the channel cannot do for this action, each with the reason and what is done instead",
    "tables": "lookup tables: rows, or the path of a table file",
    "fragments": "cells with a name, for `$use`",
    "values": "cells over the request with a name: `$name` is the value in all that follows",
    "steps": "the steps, in order",
    "response": "the response: a cell, or the name of a mapping; by default `{events: events()}`",
    "failure": "the mapping that turns a failed step into an event, by default the channel's; without one, "
    "or with null, a failed step is an error",
    "events": "the mapping that makes the events of `fail` and `warn`; by default the channel's",
    "checks": "the code of the warning events of checks that fail in the mappings of `value` steps",
    "about": "what events are about, where no step says it: `concept` and `id`",
}
SHARED_KEYS: Final = {
    "describe": "what the steps do, in one sentence",
    "inputs": "what the steps are given, each with a `describe`",
    "tables": FILE_KEYS["tables"],
    "fragments": FILE_KEYS["fragments"],
    "values": "cells over the inputs with a name: `$name` is the value in all that follows",
    "steps": FILE_KEYS["steps"],
    "answer": "a cell: the answer of the step that uses them",
    "failure": "the mapping that turns a failed step into an event; by default the caller's",
    "events": "the mapping that makes the events of `fail` and `warn`; by default the caller's",
    "about": "what events are about, where no step says it; by default what the caller's step is about",
}
# Old names of keys of the file, and their new names.
RENAMED_KEYS: Final = {"answer": "response_schema"}
TASKS: Final = {
    "call": "the method and the path: `POST /orders/{{ id }}/packages`",
    "value": "a cell, whose value is the step's answer",
    "event": "a cell, whose value is an event of the response",
    **REPORTS,
    "use": "the file of shared steps to run: `../find_order`",
    "adapts": "another action to answer as the channel does: `order_ack`",
    "steps": "nested steps, mostly with `each`",
}
STEP_KEYS: Final = {
    "step": "the step's name: letters, digits and _",
    "if": "the step runs only when this is true",
    "unless": "the step runs only when this is not true",
    "each": "the step runs once for each element of this list, with the element as its context: "
    "an expression, or `{name: expression}` to name the element `$name`",
    "at_once": "how many elements run at the same time; 1 by default",
    "about": "what the step is about, for the event of its failure: `concept` and `id`",
    **TASKS,
    **CALL_KEYS,
    **REPORT_KEYS,
    "with": "the inputs of the shared steps, a cell for each; or the request for the adapted action",
    "none": "what to report when the step ran and has no answer: {fail: CODE, message: …} or {warn: …}",
    "failure": "the failure mapping of this step, in place of the conversation's",
}
RESERVED: Final = ("element",)  # beside the answers inside an `each`


def parse_conversation(
    node: Node | None, span: Span, channel: Channel = NO_CHANNEL
) -> tuple[ConversationFile | None, list[Diagnostic]]:
    """A conversation and everything that is wrong with it; None for a file that is not an object.

    ``span`` is the start of the file, for an error about all of it. The ``channel``'s file has the steps
    before those of the conversation, and what makes its events if the file does not say it.
    """
    if not isinstance(node, MapNode):
        help = "a conversation begins with `request:`, `steps:` and `response:`"
        return None, [Diagnostic("not-a-conversation", "the file is not a conversation", span, help)]
    reading = _StepParser()
    return reading.conversation(node, channel), reading.problems


def parse_shared(node: Node | None, span: Span) -> tuple[ConversationFile | None, list[Diagnostic]]:
    """The same for a file of shared steps."""
    if not isinstance(node, MapNode):
        help = "a file of shared steps begins with `inputs:`, `steps:` and `answer:`"
        return None, [Diagnostic("not-a-conversation", "the file has no steps", span, help)]
    reading = _StepParser()
    return reading.shared(node), reading.problems


def _events(span: Span) -> syntax.Cell:
    """The cell `{events: events()}`."""
    call = Expression("events()", FunctionCall("events", ()), ScalarNode("events()", span))
    return syntax.Object((syntax.Field("events", span, syntax.Evaluate(call)),), span)


class _StepParser(TaskParser):
    """Parses one conversation and collects what is wrong in it.

    A part that is wrong is replaced by an empty one, so that all errors of a file are found at once.
    """

    def conversation(self, node: MapNode, channel: Channel) -> ConversationFile:
        node = self.with_new_names(node)
        self.problems.extend(unknown_keys(node, FILE_KEYS, "a conversation"))
        return ConversationFile(
            describe=self.text(node.get("describe")) or "",
            request=self.schema_name(node.get("request")),
            response_schema=self.schema_name(node.get("response_schema")),
            deadline_seconds=self.deadline(node.get("deadline_seconds")),
            cannot=self._named(node.get("cannot"), "cannot", self.limit),
            tables=self.tables(node),
            fragments=self.fragments(node),
            values=self._named(node.get("values"), "values", self.named_value),
            steps=self.steps(node.get("steps"), channel.first),
            response=self.response(node),
            failure=self.own_or_of_channel(node, "failure", channel.failure),
            events=self.own_or_of_channel(node, "events", channel.events),
            about=self.optional_cell(node.get("about")),
            checks=self.constant_code(node.get("checks")),
        )

    def shared(self, node: MapNode) -> ConversationFile:
        self.problems.extend(unknown_keys(node, SHARED_KEYS, "a file of shared steps"))
        answer = self.optional_cell(node.get("answer"))
        return ConversationFile(
            describe=self.text(node.get("describe")) or "",
            request=None,
            response_schema=None,
            cannot={},
            tables=self.tables(node),
            fragments=self.fragments(node),
            values=self._named(node.get("values"), "values", self.named_value),
            steps=self.steps(node.get("steps")),
            response=answer or syntax.Literal(None, start_of(node)),
            failure=self.maker_of_events(node, "failure"),
            events=self.maker_of_events(node, "events"),
            about=self.optional_cell(node.get("about")),
            inputs=self.inputs(node.get("inputs")),
        )

    def own_or_of_channel(self, node: MapNode, key: str, default: Node | None) -> syntax.Cell | None:
        """The cell under ``failure`` or ``events``, else that of the channel. With a null it is neither."""
        content = node.get(key)
        if isinstance(content, ScalarNode) and content.value is None:
            return None
        return self.maker_of_events(node, key) if content is not None else self.optional(default)

    def maker_of_events(self, node: MapNode, key: str) -> syntax.Cell | None:
        """The cell under ``failure`` or ``events`` of a step, or of shared steps.

        There a null would add null to the events, without a word.
        """
        content = node.get(key)
        if isinstance(content, ScalarNode) and content.value is None:
            help = f"name a mapping, or leave `{key}` out"
            self.problem("not-an-object", f"`{key}` must give an event, and this is null", content.span, help)
            return None
        return self.optional(content)

    def optional_cell(self, node: Node | None) -> syntax.Cell | None:
        return None if node is None else self.cell(node)

    def deadline(self, node: Node | None) -> int | None:
        return None if node is None else whole_limit(self, node, "deadline_seconds")

    def with_new_names(self, node: MapNode) -> MapNode:
        """The file with renamed keys under their new names, each reported.

        Their values are still read, so that a renamed key is the only thing reported about it.
        """
        entries = []
        for key, value in node.entries:
            if (new := RENAMED_KEYS.get(str(key.value))) is not None:
                message = f"the key `{key.value}` of a conversation is now `{new}`"
                help = "in a step, `answer` is still the schema of the channel's answer"
                self.problem("renamed-key", message, key.span, help)
                key = replace(key, value=new)
            entries.append((key, value))
        return replace(node, entries=tuple(entries))

    def response(self, node: MapNode) -> syntax.Cell:
        response = node.get("response")
        return _events(start_of(node)) if response is None else self.cell_or_mapping(response)

    def named_value(self, key: ScalarNode, node: Node) -> syntax.Fragment | None:
        name = self.variable_name(key)
        return None if name is None else syntax.Fragment(name, self.cell(node), key.span)

    def limit(self, _key: ScalarNode, node: Node) -> str | None:
        return self.text(node)

    def steps(self, node: Node | None, first: ListNode | None = None) -> tuple[ConversationStep, ...]:
        """Some steps, after those of ``first``."""
        if node is not None and not isinstance(node, ListNode):
            self.problem("not-a-list", "`steps` must be a list", node.span)
        items = [item for each in (first, node) if isinstance(each, ListNode) for item in each.items]
        steps = [step for item in items if (step := self.step(item)) is not None]
        for position, step in enumerate(steps):
            if any(step.name == earlier.name for earlier in steps[:position]):
                self.problem("duplicate-step", f"there are two steps `{step.name}`", step.span)
        return tuple(steps)

    def step(self, node: Node) -> ConversationStep | None:
        if not isinstance(node, MapNode):
            self.problem("not-an-object", "a step must be an object with `step:` and what it does", node.span)
            return None
        self.step_keys(node)
        name, task = self.name(node), self.task(node)
        element, each = self.named_list(node, "each")
        step = ConversationStep(
            name=name or "",
            condition=self.optional_expression(node, "if"),
            unless=self.optional_expression(node, "unless"),
            each=each,
            at_once=self.at_once(node.get("at_once")),
            about=self.optional_cell(node.get("about")),
            failure=self.maker_of_events(node, "failure"),
            task=task or BlockTask(()),
            span=self.head(node),
            element=element,
            none=self.none(node.get("none")),
        )
        # One without a task keeps its name, so that what reads its answer is not reported as well.
        return step if name is not None else None

    def head(self, node: MapNode) -> Span:
        name = node.get("step")
        return name.span if name is not None else start_of(node)

    def step_keys(self, node: MapNode) -> None:
        self.problems.extend(unknown_keys(node, STEP_KEYS, "a step"))
        if node.get("call") is None:
            for key, _ in node.entries:
                if key.value in CALL_KEYS:
                    message = f"`{key.value}` goes with a `call`, and this step has none"
                    self.problem("key-without-call", message, key.span)
        self.misplaced_keys(node)
        if (at_once := node.get("at_once")) is not None and node.get("each") is None:
            self.problem("at-once", "`at_once` goes with `each`, and this step has none", at_once.span)

    def name(self, node: MapNode) -> str | None:
        given = node.get("step")
        name = given.value if isinstance(given, ScalarNode) else None
        if isinstance(name, str) and NAME.fullmatch(name) and name not in RESERVED:
            return name
        message = "the step has no name" if given is None else "this cannot be a step's name"
        help = "a name is made of letters, digits and _, and not `element`: `- step: order`"
        self.problem("step-name", message, self.head(node), help)
        return None

    def task(self, node: MapNode) -> Task | None:
        given = [key for key in TASKS if node.get(key) is not None]
        if len(given) != 1:
            listed = ", ".join(f"`{key}`" for key in TASKS)
            message = "a step must do exactly one thing" if given else "the step does nothing"
            self.problem("step-action", message, self.head(node), f"it has one of {listed}")
            return None
        key, content = next((key, value) for key, value in node.entries if key.value == given[0])
        match given[0]:
            case "call":
                return self.call(node, content)
            case "fail" | "warn":
                return self.report(node, key, content)
            case "use":
                return self.use(node, content)
            case "adapts":
                return self.adapts(node, content)
            case "value":
                return ValueTask(self.cell(content))
            case "event":
                return EventTask(self.cell(content))
        return BlockTask(self.steps(content))

    def at_once(self, node: Node | None) -> int:
        if node is None:
            return 1
        if isinstance(node, ScalarNode) and type(node.value) is int and 1 <= node.value <= 16:
            return node.value
        self.problem("at-once", "`at_once` must be a whole number from 1 to 16", node.span)
        return 1
