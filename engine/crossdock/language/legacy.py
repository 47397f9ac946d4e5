"""JMESPath's dictionary trees beside the typed nodes, until all readings use the nodes. To be removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

from crossdock.core.json_types import JSON
from crossdock.language import expr

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode

Tree: TypeAlias = "_TreeNode"
Positions = dict[int, tuple[int, int]]


def from_tree(tree: Tree, positions: Positions) -> expr.Expr:
    """A node from a dictionary tree; ``positions`` are the places of its names by the id of a tree."""
    kind, value, parts = tree["type"], tree.get("value"), tree["children"]
    span = positions.get(id(tree))
    if kind == "slice":
        return expr.Slice(*cast(Any, parts))
    nodes = tuple(from_tree(part, positions) for part in parts)
    match kind:
        case "field":
            return expr.Identifier(cast(str, value), span=span)
        case "index":
            return expr.Index(cast(int, value))
        case "literal":
            return expr.Constant(value, span=span)
        case "comparator":
            return expr.Comparator(cast(expr.Operator, value), *nodes)
        case "key_val_pair":
            return expr.KeyValue(cast(str, value), *nodes, span=span)
        case "function_expression":
            return expr.FunctionCall(cast(str, value), nodes, span=span)
        case "filter_projection":
            return expr.FilterProjection(nodes[0], nodes[2], nodes[1])
        case "conditional":
            return expr.Conditional(nodes[0], nodes[1], nodes[2], value == "inline")
        case "multi_select_dict":
            return expr.MultiselectHash(cast(Any, nodes))
    made = _BY_KIND[kind]
    return made(nodes) if made in _OF_MANY else made(*nodes)  # type: ignore[no-any-return]


_BY_KIND: dict[str, Any] = {
    "current": expr.Current,
    "identity": expr.Identity,
    "subexpression": expr.Subexpression,
    "index_expression": expr.IndexExpression,
    "pipe": expr.Pipe,
    "projection": expr.Projection,
    "value_projection": expr.ValueProjection,
    "flatten": expr.Flatten,
    "or_expression": expr.Or,
    "and_expression": expr.And,
    "not_expression": expr.Not,
    "multi_select_list": expr.MultiselectList,
    "expref": expr.ExpressionReference,
    "text": expr.Text,
    "concat": expr.Concat,
}
_OF_MANY = (expr.Subexpression, expr.IndexExpression, expr.MultiselectList, expr.Text, expr.Concat)
_KIND = {made: kind for kind, made in _BY_KIND.items()}


def to_tree(node: expr.Expr, positions: Positions, by_node: dict[int, Tree]) -> Tree:
    """A dictionary tree from a node; the places of its names are added to ``positions``."""
    parts: list[Any] = [to_tree(part, positions, by_node) for part in expr.children(node)]
    kind, value = _kind(node)
    match node:
        case expr.Slice(start, stop, step):
            parts = [start, stop, step]
        case expr.FilterProjection():
            parts = [parts[0], parts[2], parts[1]]
        case expr.Conditional(inline=True):
            parts = [parts[1], parts[0], parts[2]]
    tree: Tree = {"type": kind, "children": parts, "value": value}
    by_node[id(node)] = tree
    if node.span is not None:
        positions[id(tree)] = node.span
    return tree


def _kind(node: expr.Expr) -> tuple[str, Any]:
    match node:
        case expr.Identifier(name):
            return "field", name
        case expr.Index(position):
            return "index", position
        case expr.Slice():
            return "slice", None
        case expr.Constant(value):
            return "literal", value
        case expr.Comparator(operator):
            return "comparator", operator
        case expr.KeyValue(key):
            return "key_val_pair", key
        case expr.FunctionCall(name):
            return "function_expression", name
        case expr.FilterProjection():
            return "filter_projection", None
        case expr.Conditional(inline=inline):
            return "conditional", "inline" if inline else None
        case expr.MultiselectHash():
            return "multi_select_dict", None
    return _KIND[type(node)], None


class Dictionaries:
    """An observer of nodes that tells another one the dictionaries of the same parts."""

    def __init__(self, expression: expr.Expression, observer: Any) -> None:
        self._observer = observer
        self._trees = expression.trees_by_node
        self.seen, self.closed, self.mark = observer.seen, observer.closed, observer.mark

    def opened(self, part: expr.Expr, context: JSON) -> None:
        self._observer.opened(self._trees[id(part)], context)
