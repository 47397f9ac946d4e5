"""What an expression can reach beside its context."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from crossdock.core.json_types import JSON


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
