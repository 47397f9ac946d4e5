"""A context that expressions read, and the Python names of what is read from it.

Reading a property cannot fail and changes nothing, so what is read more than once is read when the
context is entered, whether or not a branch will want it: each shared way to a property is walked once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from crossdock.execution.codegen.writer import NONE, NULL, Value, Writer

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Access:
    """A property that is read; ``often`` when that is in a loop."""

    path: Path
    often: bool = False


@dataclass(slots=True)
class _Step:
    """A property on the ways that are read: how often as a value, and what is read behind it.

    Asked for its entries only when all ways are there.
    """

    reads: int = 0
    behind: dict[str, _Step] = field(default_factory=dict)
    _entries: int | None = None  # counted once: a way may be long

    @property
    def kept(self) -> bool:
        """Whether its value gets a name: it is read twice, or is an object on the way as well."""
        return self.reads > 1 or (self.reads > 0 and bool(self.behind))

    @property
    def entries(self) -> int:
        """How often it is needed as an object."""
        if self._entries is None:
            self._entries = sum(
                1 if step.kept or step.shared else step.reads + step.entries for step in self.behind.values()
            )
        return self._entries

    @property
    def shared(self) -> bool:
        """Whether the object that it is gets a name."""
        return self.entries > 1


class Frame:
    """A context: its value, and the names of properties and objects within it."""

    def __init__(self, writer: Writer, value: Value, accesses: Iterable[Access] = ()) -> None:
        self.value = value
        self.first: Value | None = None  # what `[0]` gives, when the list itself is never built
        self._writer = writer
        self._values: dict[Path, Value] = {}
        self._objects: dict[Path, str] = {}
        self._within: dict[str, Frame] = {}
        if value.members is None:
            self._open(accesses)

    def read(self, path: Path) -> Value:
        """The value of a property; of the context itself for the empty path."""
        if not path:
            return self.value
        if self.value.members is not None:
            return self._part(path[0]).read(path[1:])
        if "object" not in self.value.kinds:
            return NONE
        return self._values.get(path) or Value(self._reading(path))

    def named(self) -> Value:
        """The context under a name, assigned here if the mapping itself states the form of the context."""
        return self._writer.named(self.value)

    @contextmanager
    def narrowed(self, sure: bool) -> Iterator[None]:
        """Meanwhile, if ``sure``, the context is known to be there."""
        value = self.value
        if sure:
            self.value = replace(value, kinds=value.kinds - NULL)
        yield
        self.value = value

    def _part(self, name: str) -> Frame:
        if name not in self._within:
            members = self.value.members or {}
            self._within[name] = Frame(self._writer, members.get(name, NONE))
        return self._within[name]

    def _open(self, accesses: Iterable[Access]) -> None:
        top = _Step()
        for access in accesses:
            step = top
            for name in access.path:
                step = step.behind.setdefault(name, _Step())
            step.reads += 2 if access.often else 1
        if not top.behind or "object" not in self.value.kinds:
            return
        if top.shared or self.value.kinds == {"object"}:
            self._object((), self.named())
        self._name((), top)

    def _name(self, path: Path, step: _Step) -> None:
        for name, inner in step.behind.items():
            way = (*path, name)
            if inner.kept:
                self._values[way] = self._writer.named(Value(self._reading(way)))
            if inner.shared:
                known = self._values.get(way) or self._writer.named(Value(self._reading(way)))
                self._object(way, known)
            self._name(way, inner)

    def _object(self, path: Path, value: Value) -> None:
        """The same as an object: an empty one if it is anything else."""
        if value.kinds == {"object"}:
            self._objects[path] = value.code
            return
        name = self._writer.fresh("o")
        self._writer.line(f"{name} = {value.code} if {value.code}.__class__ is dict else EMPTY")
        self._objects[path] = name

    def _reading(self, path: Path) -> str:
        known = next(length for length in range(len(path) - 1, -1, -1) if self._is_known(path[:length]))
        code = self._base(path[:known])
        for name in path[known:-1]:
            step = self._writer.fresh("t")
            code = f"({step} if ({step} := {code}.get({name!r})).__class__ is dict else EMPTY)"
        return f"{code}.get({path[-1]!r})"

    def _is_known(self, path: Path) -> bool:
        return not path or path in self._objects or path in self._values

    def _base(self, path: Path) -> str:
        if path in self._objects:
            return self._objects[path]
        name = (self._values[path] if path else self.named()).code
        return f"({name} if {name}.__class__ is dict else EMPTY)"
