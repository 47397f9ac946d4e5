"""A schema as Python: functions that say how many texts a value holds, or raise that it does not fit.

What a value must be is asked by its kind first, because that is one comparison, and of an object's members
by their names then, all names with the same tests at once. So an object with ``sku``, which is text, and
``price``, a number or null, becomes

    n += len(v0)
    for k0, v1 in v0.items():
        if v1 is None:
            if k0 == 'sku': raise MisfitError
        elif (t1 := type(v1)) is str:
            n += 1
            if k0 == 'price': raise MisfitError
        ...

A function is given a value whose own size and range are counted and checked already, and answers for what
is below. ``room`` is how deep the value's objects and lists may still nest, the value included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from crossdock.core.limits import PAYLOAD_DEPTH
from crossdock.core.python_module import Generated
from crossdock.schema.dialect import Node
from crossdock.schema.fast import applicators
from crossdock.schema.fast.assertions import KINDS, conditions, takes
from crossdock.schema.fast.code_lines import REFUSE, Lines, Snippet, indented
from crossdock.schema.node import reference
from crossdock.schema.store import Schema

# Python nests no more than 20 loops, and a reader fewer: what is further down gets a function.
MOST_INLINED = 3

# These checks hold for every schema. The names are those of the module ``runtime``.
# Small whole numbers need no call: Python compares them at once.
_ALWAYS = {
    "str": "n += 1",
    "int": "if not -1000000000 < {var} < 1000000000: in_range({var})",
    "float": "if {var}.is_integer() or not -1e16 < {var} < 1e16: raise OutsideError",
}


def generate(schema: Schema) -> Generated:
    """The module whose ``run(value)`` is the number of texts in a value that fits, keys included, or -1."""
    return Generated(f"acceptor of {schema.name}", AcceptorCode(schema).module())


@dataclass(slots=True)
class AcceptorCode:
    """The functions of a module; each is written because another one calls it."""

    schema: Schema
    held: dict[str, str] = field(default_factory=dict)
    functions: dict[tuple[int, str], str] = field(default_factory=dict)
    waiting: list[tuple[str, Node, str]] = field(default_factory=list)

    def module(self) -> str:
        """The source: what is held, the functions, and ``run``."""
        run = [
            "def run(v0):",
            f"    n, room = 0, {PAYLOAD_DEPTH}",
            "    try:",
            *indented(self.dispatch(self.schema.node, 0, 0), 2),
            "    except (MisfitError, OutsideError, RecursionError):",
            "        return -1",
            "    return n",
        ]
        functions: Lines = []
        while self.waiting:
            functions += ["", "", *self._function(*self.waiting.pop())]
        held = [f"{name} = {expression}" for expression, name in self.held.items()]
        return "\n".join([*held, *functions, "", "", *run, ""])

    def hold(self, expression: str) -> str:
        """A name for what is evaluated once, when the module is loaded."""
        return self.held.setdefault(expression, f"c{len(self.held)}")

    def function(self, node: Node, kind: str = "") -> str:
        """The name of a node's function, for values of one kind or of any."""
        if (id(node), kind) not in self.functions:
            name = self.functions[id(node), kind] = f"f{len(self.functions)}"
            self.waiting.append((name, node, kind))
        return self.functions[id(node), kind]

    def resolved(self, node: Node, kind: str) -> Node | None:
        """What a node says of a kind of values, through references: None when it takes none of the kind.

        A type beside a reference is answered here, as it is so often there.
        """
        while True:
            if not takes(node, kind):
                return None
            if reference(node) is None or applicators.tests_beside_reference(node, kind):
                return node
            node = self.target(node)

    def target(self, node: Node) -> Node:
        """What a node's reference names."""
        return self.schema.store.target(str(reference(node)))

    def _function(self, name: str, node: Node, kind: str) -> Lines:
        if kind:
            body = self.snippet(node, kind, 0, 0)
            body = [REFUSE] if body is None else body
        else:
            body = self._by_kind({kind: self.snippet(node, kind, 0, 0) for kind in KINDS}, 0)
        room = [f"if room <= {MOST_INLINED}: raise OutsideError", "n = 0"]
        return [f"def {name}(v0, room):", *indented([*room, *body, "return n"])]

    def dispatch(self, node: Node, level: int, inlined: int) -> Lines:
        """The code for a value whose kind is not known yet, and which is not counted yet."""
        snippets = {kind: self.below(node, kind, level, inlined) for kind in KINDS}
        return self.counted(snippets, level)

    def counted(self, snippets: Mapping[str, Snippet], level: int) -> Lines:
        """Branches by the kind of a value. Each counts it, and checks the range of a number."""
        return self._by_kind(
            {
                kind: None if lines is None else [*_always(kind, f"v{level}"), *lines]
                for kind, lines in snippets.items()
            },
            level,
        )

    def below(self, node: Node, kind: str, level: int, inlined: int) -> Snippet:
        """As ``snippet``, but an object or list that is far down or shared has a function of its own."""
        found = self.resolved(node, kind)
        shared = found is not node or inlined == MOST_INLINED
        if found is not None and shared and kind in ("dict", "list"):
            return [f"n += {self.function(found, kind)}(v{level}, {applicators.room(level)})"]
        return self.snippet(node, kind, level, inlined)

    def snippet(self, node: Node, kind: str, level: int, inlined: int) -> Snippet:
        """What is run for a value of a kind: the node's own tests, then those of the schemas in its place."""
        found = self.resolved(node, kind)
        if found is None:
            return None
        own = list(conditions(found, kind, f"v{level}", self.hold))
        lines = [f"if {' or '.join(own)}: {REFUSE}"] if own else []
        if kind == "dict":
            lines += applicators.members(self, found, level, inlined)
        elif kind == "list":
            lines += applicators.items(self, found, level, inlined)
        return [*lines, *applicators.in_place(self, found, level)]

    def _by_kind(self, snippets: Mapping[str, Snippet], level: int) -> Lines:
        var, kind_of = f"v{level}", f"t{level}"
        lines, asked = Lines(), f"({kind_of} := type({var}))"
        branches = [(kind, snippet) for kind, snippet in snippets.items() if snippet is not None]
        if [kind for kind, _ in branches[-2:]] == ["dict", "list"] and branches[-1][1] == branches[-2][1]:
            branches[-2:] = [("dict or {} is list", branches[-1][1])]
        for kind, snippet in branches:
            test = f"{var} is None"
            if kind != "None":
                test, asked = f"{asked} is {kind.format(kind_of)}", kind_of
            lines += [f"{'elif' if lines else 'if'} {test}:", *indented(snippet or ["pass"])]
        refusal = f"raise refusal(type({var}))"
        return [*lines, "else:", *indented([refusal])] if lines else [refusal]


def _always(kind: str, var: str) -> Lines:
    return [_ALWAYS[kind].format(var=var)] if kind in _ALWAYS else []
