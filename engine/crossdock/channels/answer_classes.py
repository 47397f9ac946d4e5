"""Classes of a channel's answers: names for conditions over ``{status, headers, body}``, written once.

    answers:                                    # in channel.yaml
      not_found: status == `404`
      retry: {when: "body.errors[0].code == 'THROTTLED'", wait: body.retry_in}

    tolerate: not_found || status == `409`      # in a step

Every condition over an answer sees the classes as true or false, beside the answer's own properties.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from typing import Final

from crossdock.channels.messages import Answer
from crossdock.checking.cells_alone import check_alone
from crossdock.checking.types import ANYTHING, TEXT, TRUTH, ObjectType, ScalarType, Type
from crossdock.core.diagnostics import Diagnostic
from crossdock.core.errors import CrossdockError
from crossdock.core.json_types import JSON, Missing
from crossdock.core.records import replace
from crossdock.core.yaml_reader import MapNode, Node, ScalarNode
from crossdock.execution.interpreter import evaluate_alone
from crossdock.execution.values import is_true
from crossdock.language import syntax
from crossdock.language.expr import Expr, Expression, Identifier, Subexpression, children, source_order
from crossdock.language.parser import Parser, unknown_keys

ANSWER_KEYS: Final = ("status", "headers", "body", "too_large", "turn")
RETRY: Final = "retry"
REFUSED: Final = "refused"
RETRY_KEYS: Final = {
    "when": "an expression over {status, headers, body}: the call is made again later",
    "wait": "an expression over the same: the seconds to wait; without it, the answer's Retry-After",
}
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_STATUS: Final = ScalarType(frozenset({"integer"}))
_HEADERS: Final = ObjectType({}, "the answer's headers", rest=TEXT)


@dataclass(frozen=True, slots=True)
class AnswerClasses:
    """The classes of a channel by name, in the order of its file; each may name those before it.

    ``wait`` gives the seconds to wait before a call with an answer of the class ``retry`` is made again.
    """

    by_name: MappingType[str, Expression] = field(default_factory=dict)
    wait: Expression | None = None

    def seen(self, answer: Answer, settings: MappingType[str, JSON], names: Iterable[str]) -> dict[str, JSON]:
        """``{status, headers, body}`` of an answer, and whether it is of each of these classes.

        Only the classes that a condition names are computed: one that fails must not fail every call.
        Raises EvaluationError.
        """
        body = None if isinstance(answer.body, Missing) else answer.body
        found: dict[str, JSON] = {"status": answer.status, "headers": dict(answer.headers), "body": body}
        found["too_large"] = answer.exceeds > 0
        wanted = self._with_named({*names})
        for name, condition in self.by_name.items():
            if name in wanted:
                found[name] = is_true(evaluate_alone(syntax.Evaluate(condition), settings, found))
        return found

    def _with_named(self, names: set[str]) -> set[str]:
        """Names of classes, and those of the classes that they name themselves."""
        for name in reversed([*self.by_name]):
            if name in names:
                names |= names_in(self.by_name[name])
        return names

    def holds(self, name: str, answer: Answer, settings: MappingType[str, JSON]) -> bool:
        """Whether an answer is of a class; of one that the channel does not have, none is.

        Raises EvaluationError.
        """
        return name in self.by_name and self.seen(answer, settings, [name])[name] is True

    def wait_of(self, answer: Answer, settings: MappingType[str, JSON]) -> JSON:
        """What ``wait`` gives for an answer; null when it gives nothing. Never raises.

        An expression that fails here has nothing to fail yet: the answer is retried as any other.
        """
        if self.wait is None:
            return None
        try:
            seen = self.seen(answer, settings, names_in(self.wait))
            return evaluate_alone(syntax.Evaluate(self.wait), settings, seen)
        except CrossdockError:
            return None

    def expressions(self) -> list[Expression]:
        return [*self.by_name.values(), *([self.wait] if self.wait is not None else [])]

    def typ(self, body: Type, more: MappingType[str, Type] | None = None) -> Type:
        """The type of what a condition over an answer sees, with the type of the answer's body."""
        return self._type_before(self.by_name, body, more or {})

    def _type_before(self, names: Iterable[str], body: Type, more: MappingType[str, Type]) -> Type:
        own: dict[str, Type] = {"status": _STATUS, "headers": _HEADERS, "body": body}
        own |= {"too_large": TRUTH, **more}
        return ObjectType({**own, **dict.fromkeys(names, TRUTH)}, "the answer")

    def findings(self, settings: MappingType[str, JSON], body: Type = ANYTHING) -> list[Diagnostic]:
        """What is wrong in the classes, with the settings of the channel and the type of an answer's body."""
        found: list[Diagnostic] = []
        before: list[str] = []
        for name, condition in self.by_name.items():
            typ = self._type_before(before, body, {})
            found += map(self._explained, check_alone([syntax.Evaluate(condition)], settings, typ))
            found += cased_headers(condition)
            before.append(name)
        if self.wait is not None:
            cells = [syntax.Evaluate(self.wait)]
            found += [*check_alone(cells, settings, self.typ(body)), *cased_headers(self.wait)]
        return found

    def _explained(self, finding: Diagnostic) -> Diagnostic:
        below = finding.id == "unknown-property" and finding.span and finding.span.text in self.by_name
        return replace(finding, help="a class sees only those above it") if below else finding


def names_in(expression: Expression) -> set[str]:
    """Every name of a property that an expression reads, of the answer or of a part of it."""
    return {node.name for node in source_order(expression.node) if isinstance(node, Identifier)}


def cased_headers(expression: Expression) -> Iterator[Diagnostic]:
    """A finding for each header that is not written in lower case, and so would never be found."""
    for name in _cased(expression.node):
        message = f"the names of an answer's headers are in lower case, and `{name.name}` is not"
        yield Diagnostic("header-name", message, expression.at(name), f'write "{name.name.lower()}"')


def _cased(node: Expr) -> Iterator[Identifier]:
    match node:
        case Subexpression((Identifier("headers"), Identifier(name) as header, *_)) if name != name.lower():
            yield header
    for child in children(node):
        yield from _cased(child)


def parse_classes(parser: Parser, node: Node | None) -> AnswerClasses:
    """The classes under `answers:` in a channel's file. ``parser`` takes what is wrong."""
    if node is None:
        return AnswerClasses()
    if not isinstance(node, MapNode):
        message = "`answers` must contain names with their conditions"
        parser.problem("not-an-object", message, node.span)
        return AnswerClasses()
    found: dict[str, Expression] = {}
    wait: Expression | None = None
    for key, value in node.entries:
        name = str(key.value)
        if name == RETRY and isinstance(value, MapNode):
            condition, wait = _retry(parser, key, value)
        else:
            condition = parser.expression(value, name)
        if condition is not None and _is_name(parser, key):
            found[name] = condition
    return AnswerClasses(found, wait)


def _retry(parser: Parser, key: ScalarNode, node: MapNode) -> tuple[Expression | None, Expression | None]:
    parser.problems.extend(unknown_keys(node, RETRY_KEYS, "`retry`"))
    when, wait = node.get("when"), node.get("wait")
    if when is None:
        parser.problem("answer-class", "`retry` has no `when:`", key.span)
    return (
        None if when is None else parser.expression(when, "when"),
        None if wait is None else parser.expression(wait, "wait"),
    )


def _is_name(parser: Parser, key: ScalarNode) -> bool:
    name = str(key.value)
    if name in ANSWER_KEYS:
        message = f"`{name}` is a property of every answer, and cannot be the name of a class"
        parser.problem("answer-class", message, key.span)
    elif not _NAME.fullmatch(name):
        help = "a name is made of letters, digits and _: `not_found`"
        parser.problem("answer-class", "this cannot be the name of a class", key.span, help)
    else:
        return True
    return False
