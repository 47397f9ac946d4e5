"""The parts of ``conversation.yaml`` that report an event or run the steps of another file.

- step: order
  use: ../find_order
  with: {refnum: data.order.channel_refnum}
  none: {fail: ORDER_NOT_FOUND, message: "there is no order {{ data.order.channel_refnum }}"}
"""

from __future__ import annotations

import re
from typing import Final

from crossdock.channels.call_parser import CallParser
from crossdock.channels.steps import AdaptTask, Input, ReportTask, UseTask
from crossdock.core.diagnostics import Span
from crossdock.core.yaml_reader import MapNode, Node, ScalarNode
from crossdock.language import syntax
from crossdock.language.expr import Expression
from crossdock.language.jinja import compile_constant_text
from crossdock.language.parser import unknown_keys

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
REPORTS: Final = {
    "fail": "the code of an error event; the steps after it do not run, as after a failed step",
    "warn": "the code of a warning event",
}
REPORT_KEYS: Final = {
    "message": "the event's message: text, or a template",
    "data": "more about the event: a cell that gives an object",
    "continue": "true: the steps after this `fail` still run",
}
NONE_KEYS: Final = {**REPORTS, **REPORT_KEYS}
INPUT_KEYS: Final = {"describe": "what the input is, in one sentence"}
WITH_NONE: Final = ("call", "value", "use", "adapts")
_CODE: Final = re.compile(r"[A-Za-z0-9_.:-]+")


class TaskParser(CallParser):
    """Parses ``fail``, ``warn``, ``none``, ``use`` and ``inputs``, and collects what is wrong in them."""

    def misplaced_keys(self, node: MapNode) -> None:
        """Report the keys of a step that only go with a task that it does not have."""
        for key, _ in node.entries:
            name = str(key.value)
            if name in REPORT_KEYS and not any(node.get(word) for word in REPORTS):
                self._misplaced(key, "`fail` or `warn`")
            elif name == "continue" and not node.get("fail"):
                self._misplaced(key, "`fail`")
            elif name == "none" and not any(node.get(word) for word in WITH_NONE):
                self._misplaced(key, "a `call`, `value`, `use` or `adapts`")
            elif name == "with" and not node.get("use") and not node.get("adapts"):
                self._misplaced(key, "`use` or `adapts`")

    def _misplaced(self, key: ScalarNode, wanted: str) -> None:
        message = f"`{key.value}` goes with {wanted}, and this step has none"
        self.problem("key-without-task", message, key.span)

    # Events

    def report(self, node: MapNode, key: ScalarNode, content: Node) -> ReportTask | None:
        """What `fail` or `warn` reports. ``node`` has the keys beside the word, and ``key`` is the word."""
        code, message = self._code(content), self._report_message(node, key)
        data = node.get("data")
        cell = None if data is None else self.cell(data)
        continues = self.flag(node.get("continue"))
        if code is None or message is None:
            return None
        fails = key.value == "fail"
        stops = fails and not continues
        return ReportTask("error" if fails else "warning", code, message, cell, stops, key.span)

    def none(self, node: Node | None) -> ReportTask | None:
        """What a step reports when it has no answer."""
        if node is None:
            return None
        given = [key for key, _ in node.entries if key.value in REPORTS] if isinstance(node, MapNode) else []
        if not isinstance(node, MapNode) or len(given) != 1:
            help = "write it as {fail: CODE, message: …} or {warn: CODE, message: …}"
            self.problem("incomplete-report", "`none` must say what to report", node.span, help)
            return None
        self.problems.extend(unknown_keys(node, NONE_KEYS, "`none`"))
        if given[0].value == "warn" and (misplaced := self._key(node, "continue")):
            self.problem("key-without-task", "`continue` goes with `fail`", misplaced.span)
        content = node.get(str(given[0].value))
        assert content is not None
        return self.report(node, given[0], content)

    def _code(self, content: Node) -> Expression | None:
        """Plain text is the code itself; ``{code: EXPR}`` computes it."""
        if isinstance(content, MapNode) and [key.value for key, _ in content.entries] == ["code"]:
            return self.expression(content.entries[0][1], "code")
        return self.constant_code(content, "; {code: …} computes it")

    def constant_code(self, content: Node | None, more: str = "") -> Expression | None:
        """A code that is written in the file. The help for any other ends with ``more``."""
        if content is None:
            return None
        text = content.value if isinstance(content, ScalarNode) else None
        if isinstance(content, ScalarNode) and isinstance(text, str) and _CODE.fullmatch(text):
            return compile_constant_text(content)
        help = f"a code is letters, digits and _ . : -, such as ORDER_NOT_FOUND{more}"
        self.problem("event-code", "this cannot be the code of an event", content.span, help)
        return None

    def _report_message(self, node: MapNode, word: ScalarNode) -> Expression | None:
        message = node.get("message")
        if message is None:
            help = "say what happened, for the merchant: `message: there is no order {{ refnum }}`"
            self.problem("incomplete-report", f"`{word.value}` has no `message`", word.span, help)
            return None
        if not isinstance(message, ScalarNode) or not isinstance(message.value, str) or not message.value:
            self.problem("not-text", "text is expected here", message.span)
            return None
        return self._message(message)

    # Shared steps

    def use(self, node: MapNode, content: Node) -> UseTask | None:
        """The use of shared steps; a name without a slash is in the folder of this file."""
        name = self.text(content)
        inputs = self._given_inputs(node)
        if name is None:
            return None
        return UseTask(name if "/" in name else f"./{name}", content.span, inputs)

    def _given_inputs(self, node: MapNode) -> syntax.Object:
        given = node.get("with")
        if given is None:
            return syntax.Object((), node.span)
        if not isinstance(given, MapNode):
            self.problem("not-an-object", "`with` must be an object: a cell for each input", given.span)
            return syntax.Object((), given.span)
        return syntax.Object(tuple(self._field(key, value) for key, value in given.entries), given.span)

    def adapts(self, node: MapNode, content: Node) -> AdaptTask | None:
        """The action to answer, with its request: a cell, or the name of a mapping."""
        action, request = self.text(content), node.get("with")
        if request is None:
            help = "`with: ./ack` names the mapping that makes the request, or is a cell"
            self.problem("missing-input", "`adapts` needs `with`, the request", content.span, help)
        if action is None or request is None:
            return None
        return AdaptTask(action, content.span, self.cell_or_mapping(request))

    def inputs(self, node: Node | None) -> dict[str, Input]:
        return self._named(node, "inputs", self._input)

    def _input(self, key: ScalarNode, node: Node) -> Input | None:
        name = str(key.value)
        if not NAME.fullmatch(name):
            help = "a name is made of letters, digits and _: `refnum: {describe: the order's number}`"
            self.problem("input-name", "this cannot be an input's name", key.span, help)
            return None
        described = node.get("describe") if isinstance(node, MapNode) else None
        if not isinstance(node, MapNode) or described is None:
            help = f"{name}: {{describe: what it is}}"
            self.problem("incomplete-input", f"the input `{name}` has no `describe:`", key.span, help)
            return Input("", key.span)
        self.problems.extend(unknown_keys(node, INPUT_KEYS, "an input"))
        return Input(self.text(described) or "", key.span)

    # Parts

    def _key(self, node: MapNode, name: str) -> ScalarNode | None:
        return next((key for key, _ in node.entries if key.value == name), None)


def start_of(node: MapNode) -> Span:
    """The first character of an object, for a finding about all of it."""
    return Span(node.span.source, node.span.start, node.span.start + 1)
