"""HTTP -> a request that is known: whose it is, which action it asks for, and that it fits the schema.

Everything is refused before anything is kept or called.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from crossdock.channels.actions import Action
from crossdock.channels.received import Received
from crossdock.core.errors import InputError
from crossdock.core.json_reader import decode
from crossdock.core.json_types import JSON
from crossdock.core.limits import PAYLOAD_BYTES
from crossdock.gateway.bracket_query import parse_brackets
from crossdock.gateway.logs import LOG
from crossdock.gateway.problems import HttpProblem
from crossdock.gateway.requests import has_nul
from crossdock.gateway.served import Destination, Served, addressed, authenticated, candidates

NAME: Final = "request"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it came: ``path`` decoded, ``query`` not, names of ``headers`` in lower case."""

    method: str
    path: str
    query: bytes
    headers: dict[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is known."""

    served: Served
    dialect: str | None
    action: Action
    received: Received

    @property
    def request(self) -> JSON:
        return self.received.whole


def check_head(all_served: Iterable[Served], http: HttpRequest) -> list[Destination]:
    """Whose a request may be, before its body is read. Raises HttpProblem."""
    found = candidates(all_served, http.method, http.path)
    if http.method in ("GET", "HEAD"):
        if http.headers.get("content-length", "0") != "0" or "transfer-encoding" in http.headers:
            raise HttpProblem(400, "a GET request must not have a body")
        return found
    kind = http.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise HttpProblem(415, "the body must be application/json", headers=(("accept", "application/json"),))
    if http.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise HttpProblem(415, "the body must not be compressed", headers=(("accept-encoding", "identity"),))
    length = http.headers.get("content-length", "")
    if length.isdecimal() and int(length) > PAYLOAD_BYTES:
        raise too_large()
    return found


def too_large() -> HttpProblem:
    return HttpProblem(413, f"the body has more than {PAYLOAD_BYTES} bytes, the limit")


def asked(found: list[Destination], http: HttpRequest) -> Asked:
    """What a request asks for. Raises HttpProblem."""
    request = _read(http)
    if not isinstance(request, dict):
        raise HttpProblem(400, "the request is not a JSON object")
    candidate = addressed(authenticated(found, request), request)
    if (b"\\u0000" in http.body or b"%00" in http.query) and has_nul(request):
        raise HttpProblem(422, "a text of the request has the character U+0000")
    served, dialect = candidate.served, candidate.dialect or None
    actions = served.dialects[candidate.dialect]
    try:
        name = actions.find(request, candidate.actions)
    except InputError:
        able = ", ".join(candidate.actions)
        raise HttpProblem(422, f"the request does not say which action it is: {able}") from None
    if actions.named(request) not in (None, name):
        more = {"profile": served.name, "action": name, "named": actions.named(request)}
        LOG.warning("a request names another action than its path", extra=more)
    try:
        received = served.connection.received(name, request, dialect=dialect, name=NAME)
    except InputError as error:
        raise HttpProblem(422, "the request does not fit its schema", errors=error.diagnostics) from None
    return Asked(served, dialect, actions.by_name[name], received)


def _read(http: HttpRequest) -> JSON:
    if http.method in ("GET", "HEAD"):
        found: JSON = parse_brackets(http.query)  # type: ignore[assignment]
        return found
    try:
        return decode(http.body, NAME)
    except InputError as error:
        raise HttpProblem(400, "the body is not JSON", errors=error.diagnostics) from None
