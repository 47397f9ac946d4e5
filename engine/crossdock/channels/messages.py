"""What goes to a channel and what comes back, as plain data: no network here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlencode

from crossdock.core.json_types import JSON, MISSING, Missing

Silence = Literal["unreachable", "timeout", "answer", "request"]
Texts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One call. ``path`` is percent-encoded, and below the channel's base URL; ``query`` is not encoded."""

    step: str
    method: str
    path: str
    query: Texts = ()
    headers: Texts = ()
    body: JSON | Missing = MISSING
    form: bool = False
    repeatable: bool = False

    def url(self, base: str) -> str:
        """Where the call goes, its query encoded."""
        return base + self.path + (f"?{urlencode(self.query, quote_via=quote)}" if self.query else "")

    def as_json(self, base: str = "") -> dict[str, JSON]:
        """The call as a plan shows it; what it does not have is left out."""
        shown: dict[str, JSON] = {"step": self.step, "method": self.method, "url": base + self.path}
        if self.query:
            shown["query"] = dict(self.query)
        if self.headers:
            shown["headers"] = dict(self.headers)
        if not isinstance(self.body, Missing):
            shown["form" if self.form else "body"] = self.body
        return shown


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. ``body`` is its JSON; ``text`` the beginning of one that is no JSON."""

    status: int
    body: JSON | Missing = MISSING
    text: str | None = None


class NoAnswer(Exception):  # noqa: N818 (it never leaves the engine)
    """A call without an answer. ``message`` holds no secret."""

    def __init__(self, kind: Silence, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
