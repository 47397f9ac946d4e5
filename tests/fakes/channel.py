"""What every fake channel shares: a server on this machine, tokens, faults, and what it wrote down.

The server listens on a real socket, on a port that the system chooses. A channel adds its routes and the
form of its error bodies. Whatever changes the channel's state goes into its ledger, so that a test counts
effects and not calls.

    with FakeKibo() as kibo:
        kibo.fault(faults.status(500), matching="orders", times=2)
        ...
        assert kibo.effects("ship") == ["1001"]
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from socket import socket
from typing import Any, ClassVar, NamedTuple, Self
from urllib.parse import unquote
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler, make_server

from descriptions import Sent, query_of, unlisted
from fakes.requests import refused

CLIENT_ID = "acme.retailops.1.0.0.Release"
CLIENT_SECRET = "canary-client-secret"

Handler = Callable[..., Any]


class Effect(NamedTuple):
    """A change of the channel's state: what was done, to what, and with which data."""

    effect: str
    subject: str
    data: Any = None


class Seen(NamedTuple):
    """A request that reached the channel, whatever became of it."""

    method: str
    target: str
    headers: dict[str, str]
    body: str

    @property
    def text(self) -> str:
        return f"{self.method} {unquote(self.target)}\n{self.body}"


class Refusal(Exception):
    """The channel says no."""

    def __init__(self, status: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.more = more


@dataclass(frozen=True)
class Wire:
    """What a fault has at hand: the request, its socket, and the channel with its real answer."""

    channel: FakeChannel
    request: Request
    socket: socket
    real: Callable[[], Response]


Fault = Callable[[Wire], Response]


@dataclass
class FaultRule:
    """A fault for the requests whose method, target or body match, so many times."""

    fault: Fault
    matching: re.Pattern[str]
    left: float
    hits: int = 0


@dataclass
class _Tokens:
    seconds: float = 3600
    given: dict[str, float] = field(default_factory=dict)


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002
        """Nothing: the channel's own log has every request."""

    def connection_dropped(self, error: BaseException, environ: WSGIEnvironment | None = None) -> None:
        self.close_connection = True


class FakeChannel:
    """A channel without routes. Use it as a context: it serves inside."""

    channel: ClassVar[str | None] = None
    """The channel whose published descriptions the calls of Crossdock must fit."""
    base: ClassVar[str] = ""
    version: ClassVar[str] = ""
    """What the paths of the API descriptions leave out beside the base."""
    open_paths: ClassVar[frozenset[str]] = frozenset()

    def __init__(self) -> None:
        self.ledger: list[Effect] = []
        self.seen: list[Seen] = []
        self.failures: list[str] = []
        self.closing = threading.Event()
        self.tokens = _Tokens()
        self._faults: list[FaultRule] = []
        self._lock = threading.RLock()
        self._routes = [(method, _pattern(path), handler) for method, path, handler in self.routes()]

    def routes(self) -> Iterable[tuple[str, str, Handler]]:
        """Method, path below the base with its pieces as `<names>`, and what answers."""
        return ()

    def error(self, status: int, message: str, **more: Any) -> Any:
        """The body of a refusal."""
        return {"message": message, **more}

    # Serving

    def __enter__(self) -> Self:
        self._server = make_server("127.0.0.1", 0, self._application, threaded=True, request_handler=_Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        assert not self.failures, self.failures

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{self.base}"

    def _application(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        body = request.get_data(as_text=True)
        target = environ["RAW_URI"]
        seen = Seen(request.method, target, {k.lower(): v for k, v in request.headers}, body)
        with self._lock:
            self.seen.append(seen)
            rule = self._rule(seen.text)
        if rule is None:
            response = self._answer(request)
        else:
            wire = Wire(self, request, environ["werkzeug.socket"], lambda: self._answer(request))
            response = rule.fault(wire)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        with self._lock:
            try:
                return self._routed(request)
            except Refusal as refusal:
                return answer(self.error(refusal.status, refusal.message, **refusal.more), refusal.status)
            except HTTPException as error:
                status = error.code or 500
                return answer(self.error(status, error.description or ""), status)
            except Exception as error:
                self.failures.append(f"{request.method} {request.full_path}: {error!r}")
                return answer(self.error(500, f"the fake itself failed: {error!r}"), 500)

    def _routed(self, request: Request) -> Response:
        whole = request.environ["RAW_URI"].partition("?")[0]
        if not whole.startswith(self.base):
            raise Refusal(404, "nothing is served here")
        path = whole.removeprefix(self.base)
        if path not in self.open_paths:
            self._authorize(request)
        for method, pattern, handler in self._routes:
            if method == request.method and (match := pattern.fullmatch(path)):
                self._check(request, path)
                pieces = {name: unquote(piece) for name, piece in match.groupdict().items()}
                found = handler(request, **pieces)
                return found if isinstance(found, Response) else answer(found)
        raise Refusal(404, "nothing is served here")

    def _check(self, request: Request, path: str) -> None:
        """Refuse a body that the channel's API description refuses."""
        if self.channel and request.is_json:
            path = path.removeprefix(self.version)
            if wrong := refused(self.channel, request.method, path, request.json):
                raise self.bad_body(path, *wrong)

    def bad_body(self, path: str, place: str, message: str) -> Refusal:
        """The channel's refusal of a body."""
        return Refusal(400, f"{place}: {message}")

    # Tokens

    def give_token(self, client_id: Any, client_secret: Any) -> dict[str, Any]:
        if (client_id, client_secret) != (CLIENT_ID, CLIENT_SECRET):
            raise Refusal(401, "Invalid credentials", code="INVALID_CREDENTIALS")
        token = f"canary-token-{len(self.tokens.given) + 1}"
        self.tokens.given[token] = time.monotonic() + self.tokens.seconds
        return {"access_token": token, "token_type": "bearer", "expires_in": self.tokens.seconds}

    def expire_tokens(self) -> None:
        """Every token given so far stops being good."""
        with self._lock:
            self.tokens.given = dict.fromkeys(self.tokens.given, 0.0)

    def _authorize(self, request: Request) -> None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or self.tokens.given.get(token, 0.0) < time.monotonic():
            raise Refusal(401, "Missing or expired token", code="UNAUTHORIZED")

    # Faults

    def fault(self, fault: Fault, *, matching: str = "", times: float = float("inf")) -> FaultRule:
        """From now on, this fault for requests with ``matching`` in ``METHOD target`` or the body."""
        rule = FaultRule(fault, re.compile(matching), times)
        with self._lock:
            self._faults.append(rule)
        return rule

    def mend(self) -> None:
        """No more faults."""
        with self._lock:
            self._faults.clear()

    def _rule(self, text: str) -> FaultRule | None:
        for rule in self._faults:
            if rule.left > 0 and rule.matching.search(text):
                rule.left -= 1
                rule.hits += 1
                return rule
        return None

    # What was done

    def record(self, effect: str, subject: object, data: Any = None) -> None:
        self.ledger.append(Effect(effect, str(subject), data))

    def effects(self, *names: str) -> list[str]:
        """The subjects of these effects, in their order."""
        return [effect.subject for effect in self.ledger if effect.effect in names]

    def calls(self, pattern: str) -> list[Seen]:
        """The requests that match, as ``fault`` matches them."""
        return [seen for seen in self.seen if re.search(pattern, seen.text)]

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Nothing inside may have an effect."""
        before = list(self.ledger)
        yield
        assert self.ledger[len(before) :] == [], "a second effect"

    @contextmanager
    def described(self) -> Iterator[None]:
        """Every call inside must be one of the channel's published description, where that is at hand."""
        before = len(self.seen)
        try:
            yield
        finally:
            open_targets = {self.base + path for path in self.open_paths}
            calls = [each for each in self.seen[before:] if each.target not in open_targets]
            wrong = unlisted(self.channel, map(_sent, calls)) if self.channel else []
            assert not wrong, wrong


def _sent(seen: Seen) -> Sent:
    body = {"body": json.loads(seen.body)} if seen.body else {}
    return Sent(seen.method, seen.target, query_of(seen.target), **body, headers=seen.headers)


@cache
def _pattern(path: str) -> re.Pattern[str]:
    """A path with `<names>` for its pieces."""
    return re.compile(re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", path))


def answer(body: Any, status: int = 200) -> Response:
    """A JSON answer; ``None`` is an empty one."""
    if body is None:
        return Response(status=status)
    return Response(json.dumps(body), status, mimetype="application/json")
