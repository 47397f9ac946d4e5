"""The calls after the first of a step with `again`: the next page, or the same question later.

following = NextCall(again, reader, builder, base_url).after(call, answer, turn)
following      # the next call; None when `when` is not true
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from crossdock.channels.again import Again
from crossdock.channels.answer_reader import AnswerReader
from crossdock.channels.call_builder import CallBuilder
from crossdock.channels.failures import StepFailed
from crossdock.channels.messages import Answer, Call
from crossdock.channels.retry_after import seconds_of
from crossdock.channels.steps import ConversationStep
from crossdock.core.diagnostics import Diagnostic
from crossdock.core.errors import InputError
from crossdock.core.json_types import JSON, Missing
from crossdock.core.records import replace
from crossdock.execution.values import is_true
from crossdock.language import syntax

_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class NextCall:
    """Computes the calls of a step after the first. ``base_url`` is the channel's."""

    again: Again
    reader: AnswerReader
    builder: CallBuilder
    base_url: str

    def after(self, call: Call, answer: Answer, turn: int) -> Call | None:
        """The call after this one, ``turn`` in number, and its answer; None after the last.

        Raises StepFailed: `answer` when the answer has no usable URL, `request` when another part is wrong.
        """

        def value(cell: syntax.Cell) -> JSON | Missing:
            return self.reader.value(cell, self.again.when, answer, {"turn": turn})

        goes_on = value(syntax.Evaluate(self.again.when))
        if isinstance(goes_on, Missing) or not is_true(goes_on):
            return None
        if self.again.url is not None:
            following = self._at(call, value(syntax.Evaluate(self.again.url)))
        else:
            following = replace(self.builder, within=value).following(self.again, call)
        return replace(following, wait=self._wait(value))

    def identity(self, call: Call) -> str:
        """What makes a call the same as another one: all that is sent, but not when.

        A URL of the channel is the same as a path and a query that are sent as it.
        """
        body = None if isinstance(call.body, Missing) else call.body
        return json.dumps([call.url(self.base_url), body])

    def _wait(self, value: Callable[[syntax.Cell], JSON | Missing]) -> float:
        found = None if self.again.wait is None else value(self.again.wait)
        seconds = None if isinstance(found, Missing) else seconds_of(found)
        return max(seconds or 0.0, 0.0)

    def _at(self, call: Call, url: JSON | Missing) -> Call:
        """The same call at a URL that the channel gives, which may be relative to the last one (RFC 3986, 5).

        It must be on the channel's own origin: the credentials go with it.
        """
        if not isinstance(url, str) or not url:
            raise StepFailed("answer", "the answer has no next URL, although `when` of `again` is true")
        try:
            parts = urlsplit(urljoin(call.url(self.base_url), url))
            same = _origin(parts) == _origin(urlsplit(self.base_url))
        except ValueError:
            same = False
        odd = any(char in ' \\"<>' or not "!" <= char <= "~" for char in url)
        if odd or not same:
            problem = "is not a URL" if odd else "leads to another host than the channel's"
            raise StepFailed("answer", f"the next URL {problem}")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return replace(call, target=target, query=())


def _origin(parts: SplitResult) -> tuple[str, str, int | None]:
    """The scheme, the host and the port; a user before the host makes it another one."""
    host = "@" if "@" in parts.netloc else parts.hostname or ""
    return parts.scheme, host, parts.port or _PORTS.get(parts.scheme)


def given_turns(step: ConversationStep, given: JSON | Missing) -> list[JSON]:
    """The given answers of a step with `again`, one for each call. Raises InputError without a list."""
    if isinstance(given, Missing):
        return []
    if isinstance(given, list):
        return given
    message = "the answers to a step with `again` are a list, with one for each call"
    raise InputError([Diagnostic("wrong-type", message, notes=(f"an answer to the step `{step.name}`",))])
