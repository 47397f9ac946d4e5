"""What can follow an evaluation: a witness what it reads, an observer each of its parts as well."""

from __future__ import annotations

from typing import Protocol

from crossdock.core.json_types import JSON
from crossdock.language.expr import Expr


class Witness(Protocol):
    """Is notified of each property and element that an evaluation reads."""

    def seen(self, container: JSON, key: str | int) -> None: ...

    def mark(self) -> int:
        """How much has been seen so far."""


class Observer(Witness, Protocol):
    """A witness that is also told of each part of an expression, as it is evaluated."""

    def opened(self, part: Expr, context: JSON) -> None: ...

    def closed(self, value: JSON) -> None:
        """The part that was opened last, of those still open, gives this value."""
