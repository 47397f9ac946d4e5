"""Which RetailOPS action a request is for. ``mappings/actions.yaml`` has the rules, as data.

actions = parse_actions(source)
actions.find(request)       # "shipment_submit"
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, replace
from typing import Final

from crossdock.checking.check import check_alone
from crossdock.checking.given_types import schema_type
from crossdock.checking.types import UnionType, union
from crossdock.core.diagnostics import Diagnostic, Source, Span
from crossdock.core.errors import CompileError, InputError
from crossdock.core.json_types import JSON
from crossdock.core.similar import bounded
from crossdock.core.yaml_reader import MapNode, Node, ScalarNode, parse_yaml
from crossdock.execution.evaluator import Evaluator, Failure
from crossdock.execution.scope import Scope
from crossdock.execution.values import is_true
from crossdock.language import syntax
from crossdock.language.expr import Expression
from crossdock.language.parser import Parser, plain, unknown_keys
from crossdock.schema.store import Schema

ACTIONS_FILE: Final = "actions.yaml"
KEYS: Final = {
    "aliases": "other names of the action",
    "placeholders": "whole names that senders put in any request: they count only with the shape",
    "call": "the method and path by which RetailOPS calls it",
    "status": "the HTTP status of its response",
    "when": "an expression over the request: true when the request has the action's shape",
}


@dataclass(frozen=True, slots=True)
class Action:
    """A RetailOPS action.

    ``call`` is the method and path by which RetailOPS calls it, ``status`` the HTTP status of its response,
    and ``when`` true for requests of its shape. ``placeholders`` are whole names that senders put in any
    request.
    """

    name: str
    aliases: tuple[str, ...]
    call: str
    status: int
    when: Expression
    placeholders: tuple[str, ...] = ()

    def has_name(self, given: str) -> bool:
        last = given.rpartition(".")[
            2
        ]  # the channel and the module may be before it: `shop.orders.order_ack`
        return last == self.name or last in self.aliases


@dataclass(frozen=True, slots=True)
class Actions:
    """All actions, by name, in the order in which their shapes are tried."""

    by_name: MappingType[str, Action]

    def find(self, request: JSON) -> str:
        """The name of the action that a request is for: the one that it names or the one whose shape it has.

        A name counts with the shape of its action, and without it when the request has no other shape.
        A shape that an empty request has too says nothing against a name. Raises InputError when neither the
        name nor the shape decides.
        """
        fitting = [action for action in self.by_name.values() if _fits(action, request)]
        given = request.get("action") if isinstance(request, dict) else None
        if isinstance(given, str):
            named = [action for action in self.by_name.values() if action.has_name(given)]
            certain = [action for action in named if given not in action.placeholders]
            others = [action for action in fitting if not _fits(action, {})]
            agreed = [action for action in named if action in fitting]
            for action in agreed or ([] if others else certain):
                return action.name
        if len(fitting) == 1:
            return fitting[0].name
        names = [action.name for action in fitting] or list(self.by_name)
        message = "the request does not say which action it is"
        help = f"name it on the command line: {', '.join(names)}"
        raise InputError([Diagnostic("unknown-action", message, help=help)])


def _fits(action: Action, request: JSON) -> bool:
    try:
        return is_true(Evaluator(Scope(root=request)).evaluate(action.when, request))
    except Failure:
        return False


@bounded()
def parse_actions(source: Source) -> Actions:
    """The actions from their file. Raises CompileError with everything that is wrong."""
    node = parse_yaml(source)
    if not isinstance(node, MapNode):
        message = "the file contains no actions"
        raise CompileError([Diagnostic("not-actions", message, Span(source, 0, 1))])
    parser = _ActionParser()
    found = {str(key.value): parser.action(key, value) for key, value in node.entries}
    actions = [action for action in found.values() if action is not None]
    problems = parser.problems or check_alone((syntax.Evaluate(action.when) for action in actions), {})
    if problems:
        raise CompileError(problems)
    return Actions({action.name: action for action in actions})


def shape_findings(actions: Actions, requests: Iterable[Schema | None]) -> list[Diagnostic]:
    """The errors in `when`, which is tried on every request. ``requests`` are the schemas of all actions."""
    cells = [syntax.Evaluate(action.when) for action in actions.by_name.values()]
    request = union(map(schema_type, requests))
    if isinstance(request, UnionType):
        request = replace(request, documented=True)  # what no schema documents cannot tell actions apart
    return check_alone(cells, {}, request)


class _ActionParser(Parser):
    def action(self, key: ScalarNode, node: Node) -> Action | None:
        if not isinstance(node, MapNode):
            self.problem("not-an-object", "an action must be an object with `call:` and `when:`", node.span)
            return None
        self.problems.extend(unknown_keys(node, KEYS, "an action"))
        call, when = self.text(node.get("call")), node.get("when")
        expression = self.expression(when, "when") if when is not None else None
        status = self.status(node.get("status"))
        if node.get("call") is None or when is None:
            self.problem("incomplete-action", f"the action `{key.value}` needs `call:` and `when:`", key.span)
        if call is None or expression is None:
            return None
        aliases, placeholders = self.names(node, "aliases"), self.names(node, "placeholders")
        return Action(str(key.value), aliases, call, status, expression, placeholders)

    def names(self, parent: MapNode, key: str) -> tuple[str, ...]:
        node = parent.get(key)
        names = plain(node) if node is not None else []
        if node is not None and not (
            isinstance(names, list) and all(isinstance(name, str) for name in names)
        ):
            self.problem("not-a-list", f"`{key}` must be a list of names", node.span)
        return tuple(str(name) for name in names) if isinstance(names, list) else ()

    def status(self, node: Node | None) -> int:
        status = plain(node) if node is not None else 200
        if node is not None and not (type(status) is int and 200 <= status < 300):
            self.problem("action-status", "`status` must be a success status: 200 to 299", node.span)
        return status if isinstance(status, int) else 200
