"""The parts of a sequence diagram: ``sequence`` makes them of a conversation, and ``svg`` draws them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

SHARED: Final = "shared steps"
"""The word of a frame around the steps of another file."""


@dataclass(frozen=True, slots=True)
class Message:
    """An arrow between two lives: ``R``, ``X`` and ``C``. What is sent back is ``dashed``."""

    source: str
    target: str
    text: str
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happens in Crossdock."""

    text: str


@dataclass(frozen=True, slots=True)
class StepsFrame:
    """A frame around parts: ``opt``, ``loop``, ``break``, or ``alt``, which has an ``otherwise``."""

    word: str
    title: str
    parts: tuple[Part, ...]
    otherwise: tuple[Part, ...] = ()


Part: TypeAlias = "Message | Note | StepsFrame"


@dataclass(frozen=True, slots=True)
class Diagram:
    """A whole diagram. ``lives`` are the names of R, X and C, and ``title`` says what it shows."""

    title: str
    lives: tuple[str, str, str]
    parts: tuple[Part, ...]
