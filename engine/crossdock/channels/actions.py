"""Which RetailOPS action a request is for. ``mappings/actions.yaml`` has the rules, as data.

actions = parse_actions(source)
actions.find(request)       # "shipment_submit"
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from typing import Final

from crossdock.checking.cells_alone import check_alone
from crossdock.checking.given_types import schema_type
from crossdock.checking.types import UnionType, union
from crossdock.core.diagnostics import Diagnostic, Source, Span, did_you_mean
from crossdock.core.errors import CompileError, InputError
from crossdock.core.json_types import JSON
from crossdock.core.once import made_once
from crossdock.core.records import replace
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
    "call": "the method and path by which RetailOPS calls it, or a list of them",
    "status": "the HTTP status of its response",
    "when": "an expression over the request: true when the request has the action's shape",
    "effect": "what the action changes: `once` a change, `latest` a state, or `none`",
    "subject": "an expression over the request: the names of what it changes, one request at a time",
}
FILE_KEYS: Final = {
    "$ticket": "an expression over the request: the secret by which RetailOPS authenticates",
    "$channel": "an expression over the request: the channel that it is for, by its id in RetailOPS",
}
# `once`: a repeat of the request is answered with the saved response. `latest`: it is if no other request of
# the action came since. `none`: the action changes nothing.
EFFECTS: Final = ("once", "latest", "none")

_CALL: Final = re.compile(r"(?P<method>[A-Z]+) (?P<path>/[A-Za-z0-9/_.-]*)")


@dataclass(frozen=True, slots=True)
class Action:
    """A RetailOPS action.

    ``calls`` are the methods and paths by which RetailOPS calls it, ``status`` the HTTP status of its
    response, and ``when`` true for requests of its shape; without it the action has none. ``placeholders``
    are whole names that senders put in any request. ``effect`` is one of EFFECTS, and ``subject`` gives the
    names of what a request changes; without it all requests of the action change the same.
    """

    name: str
    aliases: tuple[str, ...]
    calls: tuple[tuple[str, str], ...]
    status: int
    when: Expression | None = None
    placeholders: tuple[str, ...] = ()
    effect: str = EFFECTS[0]
    subject: Expression | None = None

    def has_name(self, given: str) -> bool:
        last = given.rpartition(".")[
            2
        ]  # the channel and the module may be before it: `shop.orders.order_ack`
        return last == self.name or last in self.aliases


@dataclass(frozen=True, slots=True)
class Actions:
    """All actions, by name, in the order in which their shapes are tried.

    ``ticket`` and ``channel`` say where a request has its secret, and the channel that it is for.
    """

    by_name: MappingType[str, Action]
    ticket: Expression | None = None
    channel: Expression | None = None
    _found: dict[object, object] = field(init=False, repr=False, compare=False, default_factory=dict)

    def expressions(self) -> list[Expression]:
        """Every expression over a request."""
        own = [self.ticket, self.channel]
        each = [part for action in self.by_name.values() for part in (action.when, action.subject)]
        return [expression for expression in (*own, *each) if expression is not None]

    def named(self, request: JSON) -> str | None:
        """The action that a request names; None for no name, and for one that stands for no action."""
        given = request.get("action") if isinstance(request, dict) else None
        if not isinstance(given, str):
            return None
        found = [each for each in self.by_name.values() if each.has_name(given)]
        return None if any(given in each.placeholders for each in found) or not found else found[0].name

    def find(self, request: JSON, among: Iterable[str] | None = None) -> str:
        """The name of the action that a request is for: the one that it names or the one whose shape it has.

        A name counts with the shape of its action, and without it when the request has no other shape.
        A shape that an empty request has too says nothing against a name. ``among`` are the only actions
        that it can be. Raises InputError when neither the name nor the shape decides.
        """
        able = [action for action in self.by_name.values() if among is None or action.name in among]
        if among is not None and len(able) == 1:
            return able[0].name
        fitting = [action for action in able if _fits(action, request)]
        given = request.get("action") if isinstance(request, dict) else None
        if isinstance(given, str):
            named = [action for action in able if action.has_name(given)]
            certain = [action for action in named if given not in action.placeholders]
            others = [action for action in fitting if not _fits(action, {})]
            agreed = [action for action in named if action in fitting]
            for action in agreed or ([] if others else certain):
                return action.name
        if len(fitting) == 1:
            return fitting[0].name
        names = [action.name for action in fitting or able]
        message = "the request does not say which action it is"
        help = f"name it on the command line: {', '.join(names)}"
        raise InputError([Diagnostic("unknown-action", message, help=help)])


def _fits(action: Action, request: JSON) -> bool:
    if action.when is None:
        return False
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
    own = {name: parser.optional_expression(node, name) for name in FILE_KEYS}
    rows = [(key, value) for key, value in node.entries if key.value not in FILE_KEYS]
    found = [parser.action(key, value) for key, value in rows]
    by_name = {action.name: action for action in found if action is not None}
    actions = Actions(by_name, own["$ticket"], own["$channel"])
    problems = parser.problems or check_alone(map(syntax.Evaluate, actions.expressions()), {})
    if problems:
        raise CompileError(problems)
    return actions


def shape_findings(actions: Actions, requests: Iterable[Schema | None]) -> list[Diagnostic]:
    """The errors in `when`, which is tried on every request. ``requests`` are the schemas of all actions."""
    given = tuple(requests)
    return made_once(actions._found, given, lambda: _shape_findings(actions, given))


def _shape_findings(actions: Actions, requests: Iterable[Schema | None]) -> list[Diagnostic]:
    cells = [syntax.Evaluate(expression) for expression in actions.expressions()]
    request = union(map(schema_type, requests))
    if isinstance(request, UnionType):
        request = replace(request, documented=True)  # what no schema documents cannot tell actions apart
    return check_alone(cells, {}, request)


class _ActionParser(Parser):
    def action(self, key: ScalarNode, node: Node) -> Action | None:
        if not isinstance(node, MapNode):
            self.problem("not-an-object", "an action must be an object with `call:`", node.span)
            return None
        self.problems.extend(unknown_keys(node, KEYS, "an action"))
        if node.get("call") is None:
            self.problem("incomplete-action", f"the action `{key.value}` needs `call:`", key.span)
        calls, when = self.calls(node.get("call")), self.optional_expression(node, "when")
        aliases, placeholders = self.names(node, "aliases"), self.names(node, "placeholders")
        status, effect = self.status(node.get("status")), self.effect(node.get("effect"))
        subject = self.optional_expression(node, "subject")
        if not calls:
            return None
        return Action(str(key.value), aliases, calls, status, when, placeholders, effect, subject)

    def calls(self, node: Node | None) -> tuple[tuple[str, str], ...]:
        """The methods and paths of `call`: `GET /orders`, or a list of such texts."""
        given = plain(node) if node is not None else []
        texts = given if isinstance(given, list) else [given]
        found = [_CALL.fullmatch(text) if isinstance(text, str) else None for text in texts]
        calls = tuple((match["method"], match["path"]) for match in found if match is not None)
        if node is not None and (len(calls) < len(texts) or not calls):
            help = "for example `POST /orders/cancel`"
            self.problem(
                "action-call", "`call` must be a method and a path, or a list of them", node.span, help
            )
        return calls

    def effect(self, node: Node | None) -> str:
        given = plain(node) if node is not None else EFFECTS[0]
        if given in EFFECTS:
            return str(given)
        assert node is not None
        help = did_you_mean(str(given), EFFECTS) or f"the effects are {', '.join(EFFECTS)}"
        self.problem("action-effect", "this is not an effect of an action", node.span, help)
        return EFFECTS[0]

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
