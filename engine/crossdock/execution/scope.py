"""What an expression can reach beside its context."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from crossdock.core.json_types import JSON, settled


@dataclass(frozen=True, slots=True)
class Scope:
    """The payload of the mapping, the settings, and in a conversation the request and what came of it.

    ``tables`` are those of the mapping, by name; a mapping puts its own and its payload in when it runs.
    """

    root: JSON = None
    settings: Mapping[str, JSON] = field(default_factory=dict)
    request: JSON = None
    answers: Mapping[str, JSON] = field(default_factory=dict)
    events: tuple[JSON, ...] = ()
    tables: Mapping[str, Mapping[str, JSON]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", whole_numbers(self.settings))


def whole_numbers(settings: Mapping[str, JSON]) -> Mapping[str, JSON]:
    """Settings as expressions see them: a default that is written 0.0 only says that decimals are allowed."""
    changed = {name: new for name, value in settings.items() if (new := settled(value)) is not value}
    return {**settings, **changed} if changed else settings
