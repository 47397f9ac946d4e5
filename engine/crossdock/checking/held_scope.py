"""What a value may hold that an expression reads from the conversation around it, and that is sensitive."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import field
from typing import Final

from crossdock.checking.held import CLEAR, Held, joined_values, list_of
from crossdock.checking.uses import reads_of
from crossdock.core.records import record
from crossdock.language.syntax import LinkedMapping


@record(frozen=True, slots=True, eq=False)
class HeldScope:
    """What a conversation gives to expressions: `request()`, `answers()`, `events()`, and names as `$line`.

    A mapping that is run by itself has none of them.
    """

    request: Held = CLEAR
    answers: Held = CLEAR
    events: tuple[Held, ...] = ()
    names: Mapping[str, Held] = field(default_factory=dict)

    def function(self, name: str) -> Held | None:
        """What one of the three functions gives; None for any other function."""
        match name:
            case "request":
                return self.request
            case "answers":
                return self.answers
            case "events":  # joined only here: few expressions ask for them
                return list_of(joined_values(self.events))
        return None

    def read_by(self, mapping: LinkedMapping) -> Hashable:
        """The same for scopes that make no difference to a mapping."""
        reads = reads_of(mapping)
        if reads.events or reads.answers != frozenset():
            return id(self)
        return self.request.content if reads.request else None


ALONE: Final = HeldScope()
