"""Python source, line by line, and what is known of the values that it computes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from crossdock.core.json_types import JSON

MOST_LINES: Final = 20_000

KINDS: Final = frozenset({"null", "boolean", "number", "string", "array", "object"})
NULL: Final = frozenset({"null"})
BOOLEAN: Final = frozenset({"boolean"})
NUMBER: Final = frozenset({"number"})
STRING: Final = frozenset({"string"})
ARRAY: Final = frozenset({"array"})
OBJECT: Final = frozenset({"object"})
_HOLDERS: Final = frozenset({"array", "object"})


class TooLarge(Exception):  # noqa: N818 (it never leaves the package)
    """The mapping would need more code than is worth having."""


@dataclass(frozen=True, slots=True)
class Value:
    """A Python expression, the kinds of JSON that it can give, and whether it may be written twice.

    ``members`` and ``items`` are the parts of an object or a list that is written in the mapping:
    an expression that reads a part uses it directly, and the whole is never built. ``units`` names the amount
    of the value in ten-thousandths; it is None where the value is None. ``test`` is a shorter condition that
    holds if the value is true, ``whole`` is a constant, and a ``harmless`` expression cannot raise.
    """

    code: str
    kinds: frozenset[str] = KINDS
    simple: bool = False
    members: dict[str, Value] | None = None
    items: tuple[Value, ...] | None = None
    units: str | None = None
    test: str | None = None
    whole: int | None = None
    harmless: bool = False

    @property
    def nullable(self) -> bool:
        return "null" in self.kinds

    @property
    def nothing(self) -> bool:
        return self.code == "None"


NONE: Final = Value("None", NULL, simple=True)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the writing."""

    lines: int
    moved: int
    risks: int
    known: dict[str, str]


@dataclass(slots=True)
class Writer:
    """The lines of one function; ``prelude`` are names outside it, ``constants`` what is not a literal."""

    lines: list[str] = field(default_factory=list)
    constants: dict[str, JSON] = field(default_factory=dict)
    prelude: dict[str, str] = field(default_factory=dict)
    amounts: bool = True  # whether to compute with whole ten-thousandths, and to give up on others
    risks: int = 0  # how many places so far can raise
    loops: int = 0  # how many loops there are around what is being written
    _depth: int = 1
    _names: int = 0
    _effort: int = 0
    _comment: str = ""
    _constants: dict[tuple[str, str], str] = field(default_factory=dict)
    _known: list[dict[str, str]] = field(default_factory=lambda: [{}])
    _start: int = -1
    _early: frozenset[str] = frozenset()
    _moved: int = 0
    _top: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self._top = self.lines

    def line(self, code: str) -> None:
        self.lines.append("    " * self._depth + code)
        self._effort += 1
        if self._effort > MOST_LINES:
            raise TooLarge

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Lines written inside the context are indented by one step, below ``head``."""
        self.line(head)
        before = len(self.lines)
        self._depth += 1
        self._known.append({})
        yield
        if len(self.lines) == before:
            self.line("pass")
        self._known.pop()
        self._depth -= 1

    @contextmanager
    def loop(self) -> Iterator[None]:
        """What is written meanwhile runs many times."""
        self.loops += 1
        yield
        self.loops -= 1

    @contextmanager
    def aside(self) -> Iterator[list[str]]:
        """What is written meanwhile is kept one step in and not yet placed: see ``place``."""
        outer, self.lines = self.lines, []
        self._depth += 1
        self._known.append({})
        kept: list[str] = self.lines
        yield kept
        self._known.pop()
        self.lines, self._depth = outer, self._depth - 1

    def mark(self) -> Mark:
        """The current position, for ``undo``."""
        return Mark(len(self.lines), self._moved, self.risks, dict(self._known[-1]))

    def undo(self, mark: Mark) -> None:
        """Forget what was written since, but for what was put at the start."""
        moved = self._moved - mark.moved if self.lines is self._top else 0
        del self.lines[mark.lines + moved :]
        self.risks, self._known[-1] = mark.risks, dict(mark.known)

    def started(self) -> None:
        """From here on what reads nothing but names that are there already can be put here: see ``early``."""
        if self._depth == 1 and self._start < 0:
            self._start = len(self.lines)
            self._early = frozenset(self._known[0].values())

    def early(self, code: str, reads: str, prefix: str = "v") -> Value:
        """The value of an expression that reads one name, computed at the start if the name is there."""
        if reads not in self._early:
            return self.named(Value(code), prefix)
        name = self._known[0].get(code)
        if name is None:
            name = self._known[0][code] = self.fresh(prefix)
            self._top.insert(self._start, f"    {name} = {code}")
            self._start += 1
            self._moved += 1
        return Value(name, simple=True)

    def place(self, head: str, kept: list[str], *more: str) -> None:
        """A block of what was kept aside, and lines after it."""
        self.line(head)
        self.lines += kept
        for code in more:
            self.lines.append("    " * (self._depth + 1) + code)

    def fresh(self, prefix: str = "v") -> str:
        self._names += 1
        return f"{prefix}{self._names}"

    def named(self, value: Value, prefix: str = "v") -> Value:
        """The value as something that may be written more than once.

        A value that was already computed, here or around, is not computed again; but each list and object
        is one of its own.
        """
        if value.simple:
            return value
        name = self.known(value.code)
        if name is None:
            name = self.fresh(prefix)
            self.line(f"{name} = {value.code}")
            if value.code[0] not in "[{":
                self._known[-1][value.code] = name
        return replace(value, code=name, simple=True)

    def known(self, code: str) -> str | None:
        """The name of a value that was already computed."""
        return next((known[code] for known in self._known if code in known), None)

    def comment(self, text: str) -> None:
        """A comment, unless it is the same as the last."""
        if text != self._comment:
            self._comment = text
            self.line(text)

    def constant(self, value: JSON, prefix: str, key: str) -> str:
        """The name of a constant; ``key`` says which it is."""
        names = self._constants
        if (prefix, key) not in names:
            names[prefix, key] = f"{prefix.upper()}{len(names) + 1}"
            self.constants[names[prefix, key]] = value
        return names[prefix, key]

    def outside(self, name: str, code: str) -> str:
        """A name that is given its value once, outside the function."""
        self.prelude[name] = code
        return name

    def risky(self) -> None:
        """Note that what is written here can raise."""
        self.risks += 1


def literal(value: JSON) -> Value:
    """A constant as Python code; a list or an object is made again each time."""
    match value:
        case None:
            return NONE
        case bool():
            return Value(repr(value), BOOLEAN, simple=True)
        case str():
            return Value(repr(value), STRING, simple=True)
        case int() | float():
            # In brackets: `1.__class__` is not Python, and `-0.0.__class__` asks 0.0.
            whole = value if isinstance(value, int) else None
            return Value(f"({value!r})", NUMBER, simple=True, whole=whole)
        case list():
            return of_items([literal(item) for item in value])
    return of_members({key: literal(item) for key, item in value.items()})


def of_items(items: list[Value]) -> Value:
    return Value("[" + ", ".join(item.code for item in items) + "]", ARRAY, items=tuple(items))


def of_members(members: dict[str, Value]) -> Value:
    written = ", ".join(f"{key!r}: {value.code}" for key, value in members.items())
    return Value("{" + written + "}", OBJECT, members=members)


def or_empty(writer: Writer, value: Value) -> Value:
    """A value for a parameter that takes a list: the empty list in place of null."""
    if not value.nullable:
        return value
    if value.nothing:
        return of_items([])
    if value.kinds <= ARRAY | NULL:
        return Value(f"({value.code} or [])", ARRAY)
    name = writer.named(value).code
    return Value(f"([] if {name} is None else {name})", value.kinds - NULL | ARRAY)


def truth(writer: Writer, value: Value) -> str:
    """A Python condition that is true when the value is, as JMESPath has it: 0 is true."""
    if value.test is not None and not value.simple:
        return value.test
    if "number" not in value.kinds:
        return value.code
    name = value.code
    if not value.simple:
        name = writer.fresh()
        return f"(({name} := {value.code}) or {name}.__class__ in NUMBERS)"
    return f"({name} or {name}.__class__ in NUMBERS)"


def equality(left: Value, right: Value, negated: bool) -> str:
    """A Python condition that is true when two named values are equal in JSON; ``negated`` when not."""
    same, other = ("==", "is") if not negated else ("!=", "is not")
    for one, value in ((left, right), (right, left)):
        if value.code in ("None", "True", "False"):
            return f"({one.code} {other} {value.code})"
    # In Python 1 == True and 0 == False; JSON keeps them apart. Only where both could meet is it checked.
    for one, value in ((left, right), (right, left)):
        if value.whole in (0, 1) and "boolean" in one.kinds:
            joint = (
                f"and {one.code}.__class__ is not bool" if not negated else f"or {one.code}.__class__ is bool"
            )
            return f"({one.code} {same} {value.code} {joint})"
        if value.whole is not None:
            return f"({one.code} {same} {value.code})"
    mixed = ("number" in left.kinds and "boolean" in right.kinds) or (
        "boolean" in left.kinds and "number" in right.kinds
    )
    if not mixed and not left.kinds & right.kinds & _HOLDERS:
        return f"({left.code} {same} {right.code})"
    equal = f"{'not ' if negated else ''}equal({left.code}, {right.code})"
    # A text is only equal to the same text, and most comparisons are with one.
    for one, value in ((left, right), (right, left)):
        if "string" in one.kinds and not one.whole:
            return f"({one.code} {same} {value.code} if {one.code}.__class__ is str else {equal})"
    return f"({equal})"
