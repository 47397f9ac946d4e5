"""What an inference reports: what is wrong with an expression, and what it reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

from crossdock.checking.types import Type
from crossdock.core.diagnostics import Severity
from crossdock.core.records import record
from crossdock.language.expr import Expr, Expression


@record(frozen=True, slots=True, eq=False)
class Finding:
    """Something wrong with a node of an expression."""

    id: str
    message: str
    expression: Expression
    node: Expr
    help: str | None = None
    severity: Severity = "error"


class Sink(Protocol):
    """The listener of an inference."""

    def report(self, finding: Finding) -> None: ...

    def read(self, name: str, *, indirect: bool) -> None:
        """A part of a schema is read: for its value, or indirectly, to decide on another value."""

    def used(self, kind: str, name: str) -> None:
        """A ``function`` is called, or a ``table`` is looked up."""

    def shown(self, node: Expr, typ: Type, *, whole: bool) -> None:
        """A value is read for itself; ``whole``: with all that is in it, to make text of it."""


class _Silent:
    def report(self, finding: Finding) -> None: ...

    def read(self, name: str, *, indirect: bool) -> None: ...

    def used(self, kind: str, name: str) -> None: ...

    def shown(self, node: Expr, typ: Type, *, whole: bool) -> None: ...


SILENT: Final[Sink] = _Silent()
"""For an expression that is inferred a second time, when everything is reported already."""


@dataclass(slots=True)
class DirectReads:
    """Passes everything on, and remembers what was read for its value."""

    sink: Sink
    names: dict[str, None] = field(default_factory=dict)

    def report(self, finding: Finding) -> None:
        self.sink.report(finding)

    def read(self, name: str, *, indirect: bool) -> None:
        self.sink.read(name, indirect=indirect)
        if not indirect:
            self.names[name] = None

    def used(self, kind: str, name: str) -> None:
        self.sink.used(kind, name)

    def shown(self, node: Expr, typ: Type, *, whole: bool) -> None:
        self.sink.shown(node, typ, whole=whole)


@dataclass(slots=True)
class Recording:
    """Passes findings on. Keeps what was read, each thing once, to report it later."""

    sink: Sink
    reads: dict[tuple[str, bool], None] = field(default_factory=dict)
    uses: dict[tuple[str, str], None] = field(default_factory=dict)
    shows: dict[tuple[int, bool], tuple[Expr, Type]] = field(default_factory=dict)

    def report(self, finding: Finding) -> None:
        self.sink.report(finding)

    def read(self, name: str, *, indirect: bool) -> None:
        self.reads[name, indirect] = None

    def used(self, kind: str, name: str) -> None:
        self.uses[kind, name] = None

    def shown(self, node: Expr, typ: Type, *, whole: bool) -> None:
        self.shows[id(node), whole] = (node, typ)

    def replay(self, sink: Sink, *, indirect: bool) -> None:
        """Report to a sink what was read; ``indirect``: where the value only decides on another one."""
        for name, was_indirect in self.reads:
            sink.read(name, indirect=indirect or was_indirect)
        for kind, name in self.uses:
            sink.used(kind, name)
        if not indirect:
            for (_, whole), (node, typ) in self.shows.items():
                sink.shown(node, typ, whole=whole)
