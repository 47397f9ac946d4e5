"""What is wrong with a request as HTTP: problem details of RFC 9457. They never have a value of a payload.

A failure of the business is not one of them: it is an event in a response.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from crossdock.core.diagnostics import Diagnostic

CONTENT_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer over HTTP. ``headers`` are without Content-Type and Content-Length."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    note: str = field(default="", compare=False)  # for the log: why it is not a success
    profile: str = ""
    action: str = ""


class HttpProblem(Exception):  # noqa: N818 (an answer, and not a failure of the program)
    """A request that is refused. ``errors`` name the places, ``headers`` go with the answer."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Iterable[Diagnostic] = (),
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = headers

    def reply(self) -> Reply:
        body: dict[str, object] = {
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = [_shown(item) for item in self.errors]
        data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        return Reply(self.status, data, CONTENT_TYPE, self.headers, self.detail)


def unavailable(detail: str, seconds: int = RETRY_SECONDS) -> HttpProblem:
    """Not now: the sender may come again after some seconds."""
    return HttpProblem(503, detail, headers=(("retry-after", str(seconds)),))


def unauthorized() -> HttpProblem:
    """The same for every kind of wrong: no answer shows which it was."""
    return HttpProblem(401, "the ticket is missing or not valid", headers=(("www-authenticate", "Ticket"),))


def _shown(item: Diagnostic) -> dict[str, object]:
    shown: dict[str, object] = {"code": item.id, "detail": item.message}
    if item.input is not None:
        shown["pointer"] = item.input.pointer
    if item.span is not None and item.input is None:
        shown["line"], shown["column"] = item.span.line, item.span.column
    if item.help:
        shown["help"] = item.help
    return shown
