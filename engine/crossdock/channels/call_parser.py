"""A step's call -> data: the method and the path, what is sent, and what is done with the answer.

call: GET /orders/{{ data.order.channel_refnum }}
query: {expand: {$const: lines}}
answer: shop/order
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from crossdock.channels.again import Again
from crossdock.channels.config import header_problems, list_style
from crossdock.channels.steps import CallTask
from crossdock.core.diagnostics import did_you_mean
from crossdock.core.limits import AGAIN_CALLS, MOST_AGAIN_CALLS
from crossdock.core.yaml_reader import MapNode, Node, ScalarNode
from crossdock.language import syntax
from crossdock.language.expr import Constant, Expression, children
from crossdock.language.jinja import compile_constant_text, compile_template, is_template
from crossdock.language.parser import Parser, unknown_keys

# The characters of a path (RFC 3986, 3.3), without `?` and `#`, which end one.
_PATH = re.compile(r"[A-Za-z0-9/._~!$&'()*+,;=:@%-]*")
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
# Sending one of these twice does no more than sending it once (RFC 9110, 9.2.2).
IDEMPOTENT_METHODS: Final = ("GET", "HEAD", "PUT", "DELETE")
CALL_KEYS: Final = {
    "query": "the query parameters: cells that give text, or lists of text",
    "headers": "more headers: cells that give text",
    "body": "the body: the name of a mapping, or a cell",
    "form": "true: the body is sent as a form and not as JSON",
    "lists": "how lists of the query and the form are sent: repeat or brackets",
    "answer": "the schema of the channel's answer",
    "tolerate": "an expression over {status, headers, body}: no failure although the status says so",
    "refuse": "an expression over {status, headers, body}: a failure although the status does not say so",
    "repeatable": "true: the call may be made again when its outcome is unknown",
    "again": "the next call of several: pages, or a job that is asked for until it is done",
}
AGAIN_KEYS: Final = {
    "when": "an expression over the last answer and `turn`: true while there is another call to make",
    "url": "an expression: the whole next URL, on the channel's own host",
    "path": "the path of the next call, as it is written in `call`",
    "query": "the query parameters that change: cells; null leaves one out",
    "body": "the body of the next call: the name of a mapping, or a cell",
    "wait": "the seconds to wait before the next call: a number, or an expression",
    "most": f"the most calls in all; reaching it is a failure. {AGAIN_CALLS} by default",
}
_CALL = re.compile(r"([A-Za-z]+)[ ]+(/\S.*|/)", re.DOTALL)


class CallParser(Parser):
    """Parses the calls of a conversation, and collects what is wrong in them."""

    def call(self, node: MapNode, content: Node) -> CallTask | None:
        method, path = self.method_and_path(content)
        self.problems.extend(header_problems(node.get("headers")))
        call = CallTask(
            method=method,
            path=path or compile_constant_text(ScalarNode("", content.span)),
            query=self.cells_object(node.get("query"), "query"),
            headers=self.cells_object(node.get("headers"), "headers"),
            body=self.optional(node.get("body")),
            form=self.flag(node.get("form")),
            answer=self.schema_name(node.get("answer")),
            tolerate=self.optional_expression(node, "tolerate"),
            refuse=self.optional_expression(node, "refuse"),
            repeatable=self.repeatable(node.get("repeatable"), method),
            lists=list_style(self, node.get("lists")),
            again=self.again(node.get("again")),
        )
        return call if path is not None else None

    def repeatable(self, node: Node | None, method: str) -> bool:
        """Whether a call is repeated by itself after a lost answer: as it says, or else by its method.

        A PUT whose body says how many to take off changes more with each repeat, and says `false`.
        """
        return method in IDEMPOTENT_METHODS if node is None else self.flag(node)

    def again(self, node: Node | None) -> Again | None:
        if node is None:
            return None
        if not isinstance(node, MapNode):
            self.problem("not-an-object", "`again` must be an object with `when:`", node.span)
            return None
        self.problems.extend(unknown_keys(node, AGAIN_KEYS, "`again`"))
        self.again_ends(node)
        when, path = self.optional_expression(node, "when"), node.get("path")
        if when is None:
            return None
        return Again(
            when=when,
            url=self.optional_expression(node, "url"),
            path=self.whole_path(path) if path is not None else None,
            query=self.cells_object(node.get("query"), "query"),
            body=self.optional(node.get("body")),
            wait=self.wait(node.get("wait")),
            most=self.most_calls(node.get("most")),
        )

    def again_ends(self, node: MapNode) -> None:
        """Report an `again` that could only make the same call for ever."""
        changed = [key for key in ("url", "path", "query", "body") if node.get(key) is not None]
        if node.get("when") is None:
            self.problem("incomplete-again", "`again` has no `when:`", node.span)
        elif not changed and node.get("wait") is None:
            message = "`again` would make the same call without an end"
            help = "it changes `url`, `path`, `query` or `body`, or it has a `wait:`"
            self.problem("incomplete-again", message, node.span, help)
        if changed[:1] == ["url"] and set(changed) & {"path", "query"}:
            message = f"`url` is the whole next URL, so `{changed[1]}` has no meaning beside it"
            self.problem("again-clash", message, node.span)

    def whole_path(self, node: Node) -> Expression | None:
        if isinstance(node, ScalarNode) and isinstance(node.value, str) and node.value.startswith("/"):
            return self.path(node, 0)
        self.problem(
            "not-a-call", "this is not a path", node.span, "it begins with a slash: /orders/{{ body.id }}"
        )
        return None

    def wait(self, node: Node | None) -> syntax.Cell | None:
        if node is None:
            return None
        number = node.value if isinstance(node, ScalarNode) else None
        if isinstance(number, int | float) and (isinstance(number, bool) or number <= 0):
            self.problem("limit-value", "`wait` must be a number of seconds above 0", node.span)
        return self.cell(node)

    def most_calls(self, node: Node | None) -> int:
        number = node.value if isinstance(node, ScalarNode) else None
        if node is None or (type(number) is int and 2 <= number <= MOST_AGAIN_CALLS):
            return AGAIN_CALLS if number is None else int(number)
        message = f"`most` must be a whole number from 2 to {MOST_AGAIN_CALLS}"
        self.problem("limit-value", message, node.span)
        return AGAIN_CALLS

    def method_and_path(self, content: Node) -> tuple[str, Expression | None]:
        text = content.value if isinstance(content, ScalarNode) else None
        match = _CALL.fullmatch(text) if isinstance(text, str) else None
        if match is None or not isinstance(content, ScalarNode):
            help = "write the method and the path: GET /orders/{{ id }}"
            self.problem("not-a-call", "this is not a call", content.span, help)
            return "", None
        method = match[1]
        if method not in METHODS:
            help = did_you_mean(method, METHODS) or f"the methods are {', '.join(METHODS)}"
            span = content.part(*match.span(1))
            self.problem("unknown-method", f"there is no method `{method}`", span, help)
        return method, self.path(content, match.start(2))

    def path(self, content: ScalarNode, start: int) -> Expression | None:
        """The path as a template: the text after the method."""
        rest = content.behind(start)
        template = is_template(str(rest.value))
        path = self._compiled(compile_template, rest) if template else compile_constant_text(rest)
        if path is not None and (wrong := _path_problem(path)):
            span = content.part(start, len(str(content.value)))
            self.problem("not-a-call", wrong[0], span, wrong[1])
        return path

    def cells_object(self, node: Node | None, what: str) -> syntax.Cell | None:
        if node is None:
            return None
        if not isinstance(node, MapNode):
            self.problem("not-an-object", f"`{what}` must be an object of cells", node.span)
            return None
        return self.cell(node)

    def flag(self, node: Node | None) -> bool:
        if node is None:
            return False
        if isinstance(node, ScalarNode) and isinstance(node.value, bool):
            return node.value
        self.problem("not-a-flag", "this must be true or false", node.span)
        return False

    def optional(self, node: Node | None) -> syntax.Cell | None:
        return None if node is None else self.cell_or_mapping(node)

    def cell_or_mapping(self, node: Node) -> syntax.Cell:
        """Plain text names a mapping, relative to this file without a slash; anything else is a cell."""
        if isinstance(node, ScalarNode) and isinstance(node.value, str) and node.value.strip():
            name = node.value if "/" in node.value else f"./{node.value}"
            return syntax.Use(name, node.span, (), node.span)
        return self.cell(node)


def _path_problem(path: Expression) -> tuple[str, str] | None:
    """What is wrong in the constant parts of a path, and what to do; None when nothing is.

    A segment is `.` or `..` also when it is written `%2e`. A value counts as `{}` here: it is encoded, and
    refused if it is such a segment, when the call is built.
    """
    pieces = [str(part.value) if isinstance(part, Constant) else "{}" for part in children(path.node)]
    written = "".join(piece for piece in pieces if piece != "{}")
    if "?" in written or "#" in written:
        help = "write what follows the `?` as `query: {key: value}`"
        return "a path must not contain `?` or `#`", help
    if not _PATH.fullmatch(written):
        return "a path must have only the characters of a URL", "a value in {{ }} is escaped"
    if any(unquote(segment) in (".", "..") for segment in "".join(pieces).split("/")):
        return "a path must not have a segment `.` or `..`", "the path begins at the channel's URL"
    return None
