"""A call to a channel and its answer, as plain data: no network here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from crossdock.channels.encoding import encoded_query
from crossdock.core.diagnostics import Diagnostic
from crossdock.core.errors import CrossdockError
from crossdock.core.json_types import JSON, MISSING, Missing

# `unreachable`: nothing was sent. `timeout`: sent, and no whole answer in time. `answer`: cut off, or not
# HTTP. `request`: the call cannot be written as HTTP. `deadline` and `cancelled`: it was not made.
NoAnswerKind = Literal["unreachable", "timeout", "answer", "request", "deadline", "cancelled"]
Texts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    ``path`` is percent-encoded and begins with a slash, below the channel's base URL. ``query`` and
    ``headers`` are pairs of a name and a text, not encoded. ``body`` is JSON, sent as a form if ``form``,
    whose lists are written with ``brackets`` or repeat their name. ``repeatable``: sending it twice does no
    more than sending it once. ``target`` is a path and a query as the channel wrote them, from the root of
    its host: they are sent in place of ``path`` and ``query``. ``wait``: the seconds to wait before.
    """

    step: str
    method: str
    path: str
    query: Texts = ()
    headers: Texts = ()
    body: JSON | Missing = MISSING
    form: bool = False
    repeatable: bool = False
    brackets: bool = False
    target: str = ""
    wait: float = 0

    def url(self, base: str) -> str:
        """The whole URL, its query encoded."""
        if self.target:
            # Not joined as a reference: a target that begins with two slashes would name another host.
            parts = urlsplit(base)
            return (f"{parts.scheme}://{parts.netloc}" if parts.netloc else "") + self.target
        before = "&" if "?" in self.path else "?"
        return base + self.path + (before + encoded_query(self.query) if self.query else "")

    def as_json(self, base: str = "") -> dict[str, JSON]:
        """The call as a plan shows it, without the parts that are empty."""
        shown: dict[str, JSON] = {"step": self.step}
        if self.wait:
            shown["wait"] = int(self.wait) if self.wait.is_integer() else self.wait
        shown |= {"method": self.method, "url": self.url(base) if self.target else base + self.path}
        if self.query:
            shown["query"] = _by_name(self.query)
        if self.headers:
            shown["headers"] = dict(self.headers)
        if not isinstance(self.body, Missing):
            shown["form" if self.form else "body"] = self.body
        return shown


def _by_name(texts: Texts) -> JSON:
    """Pairs as an object; a name that comes several times has a list of its texts."""
    found: dict[str, list[JSON]] = {}
    for name, text in texts:
        found.setdefault(name, []).append(text)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


@dataclass(frozen=True, slots=True)
class Answer:
    """A channel's answer: its HTTP status, and its JSON or, when it is not JSON, the beginning of its text.

    An empty answer has neither ``body`` nor ``text``. The names of ``headers`` are in lower case. ``exceeds``
    is the limit in bytes of an answer that is larger, and was not read; 0 for any other.
    """

    status: int
    body: JSON | Missing = MISSING
    text: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    exceeds: int = 0


class Failed(NamedTuple):
    """What a step's failure was: its kind, as in docs/conversations.md, and the status of the last answer.

    The kind is `reported` for an error that a step reports with ``fail``. For all others ``error`` is what is
    raised when no event can tell of the failure.
    """

    kind: str
    status: int | None = None
    error: CrossdockError | None = None


class NoAnswer(Exception):  # noqa: N818 (it never leaves the engine)
    """A call that has no answer. ``message`` is one sentence and contains no secret."""

    def __init__(self, kind: NoAnswerKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class ChannelError(CrossdockError):
    """A channel gave no usable answer. ``call`` is what was sent, ``answer`` what came back, if anything.

    ``kind`` is one of those in docs/conversations.md.
    """

    exit_code = 5

    def __init__(
        self,
        diagnostics: Sequence[Diagnostic],
        call: Call | None = None,
        answer: Answer | None = None,
        kind: str = "status",
    ) -> None:
        super().__init__(diagnostics)
        self.call = call
        self.answer = answer
        self.kind = kind
