"""Calls over the network: the only module that imports httpx.

One transport serves one channel. A call has a deadline for all of it; an answer has a size; a call is
made again only when that is safe; redirects are refused, proxies of the environment ignored, and the
host comes from the channel's file. Calls run on one event loop in a thread of its own, so that a
deadline ends a call wherever it is, and conversations need not be asynchronous.

    with Transport(channel, settings, environ=os.environ) as transport:
        answer = transport.ask(call)
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from base64 import b64encode
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlencode, urlsplit

import httpx

from crossdock import __version__, nodes
from crossdock.calls import Answer, Call, NoAnswer, Texts
from crossdock.channel import Auth, Channel, Secret
from crossdock.diagnostics import Diagnostic
from crossdock.errors import InputError, ProjectError
from crossdock.interpreter import evaluate_alone
from crossdock.payloads import decode
from crossdock.values import JSON, MISSING, Missing

RETRIED: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_LOCAL_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_FIRST_WAIT: Final = 0.2
_TOKEN_MARGIN: Final = 30.0
_LONGEST_TEXT: Final = 2_000


@dataclass(slots=True)
class _Token:
    """A token and when it runs out, on the monotonic clock."""

    value: str
    until: float


class Transport:
    """Makes the calls of one channel. Close it, or use it as a context."""

    def __init__(
        self,
        channel: Channel,
        settings: MappingType[str, JSON],
        *,
        environ: MappingType[str, str],
    ) -> None:
        self.limits = channel.limits
        self.base_url = base_url(channel, settings)
        self._auth = _Credentials(channel.auth, settings, environ, self.base_url)
        self._headers = _headers(channel, settings)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="crossdock-transport", daemon=True
        )
        self._thread.start()
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(self.limits.seconds),
            headers={"user-agent": f"crossdock/{__version__}", "accept-encoding": "identity"},
        )
        self._signing = asyncio.Lock()
        self._token: _Token | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections and end the thread."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._client.aclose(), self._loop).result(self.limits.seconds)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def ask(self, call: Call, _given: JSON | Missing = MISSING) -> Answer:
        """Make a call, again where that is safe. Raises NoAnswer."""
        return asyncio.run_coroutine_threadsafe(self._ask(call), self._loop).result()

    async def _ask(self, call: Call) -> Answer:
        attempts = self.limits.attempts
        for attempt in range(1, attempts + 1):
            try:
                answer, wait = await self._signed(call)
            except NoAnswer as silence:
                if attempt == attempts or not (call.repeatable or silence.kind == "unreachable"):
                    raise
                wait = None
            else:
                may_repeat = call.repeatable or answer.status == 429
                if answer.status not in RETRIED or not may_repeat or attempt == attempts:
                    return answer
            await asyncio.sleep(self._pause(attempt, wait))
        raise AssertionError("the last attempt returns or raises")

    def _pause(self, attempt: int, wait: float | None) -> float:
        """How long to wait: what the channel asks for within bounds, else ever longer, with jitter."""
        if wait is not None:
            return min(max(wait, 0.0), self.limits.wait_seconds)
        return random.uniform(0, min(self.limits.wait_seconds, _FIRST_WAIT * 2**attempt))  # noqa: S311

    async def _signed(self, call: Call) -> tuple[Answer, float | None]:
        """The call with its credentials; with new ones, once, when the channel does not take them."""
        answer, wait = await self._once(call, await self._authorization())
        if answer.status == 401 and self._auth.kind == "client_credentials":
            self._token = None
            answer, wait = await self._once(call, await self._authorization())
        return answer, wait

    async def _authorization(self) -> dict[str, str]:
        if self._auth.kind != "client_credentials":
            return self._auth.headers
        async with self._signing:
            if self._token is None or self._token.until < time.monotonic():
                self._token = await self._fetch_token()
            return {"authorization": f"Bearer {self._token.value}"}

    async def _fetch_token(self) -> _Token:
        call = self._auth.token_call()
        answer, _ = await self._once(call, self._auth.headers, url=self._auth.url)
        body = answer.body if isinstance(answer.body, dict) else {}
        value, seconds = body.get("access_token"), body.get("expires_in", 300)
        if answer.status >= 300 or not isinstance(value, str) or not value:
            message = f"the channel gave no token: it answered {answer.status}"
            raise NoAnswer("answer", message)
        lasts = float(seconds) if isinstance(seconds, int | float) else 300.0
        return _Token(value, time.monotonic() + max(lasts - _TOKEN_MARGIN, lasts / 2))

    async def _once(
        self, call: Call, authorization: MappingType[str, str], url: str | None = None
    ) -> tuple[Answer, float | None]:
        headers = {**self._headers, **dict(call.headers), **authorization}
        content = None
        if not isinstance(call.body, Missing):
            headers["content-type"] = "application/x-www-form-urlencoded" if call.form else "application/json"
            content = _form(call.body) if call.form else _json(call.body)
        request = self._client.build_request(
            call.method,
            url or self.base_url + call.path,
            params=list(call.query) or None,
            headers=headers,
            content=content,
        )
        try:
            async with asyncio.timeout(self.limits.seconds):
                return await self._exchange(request)
        except TimeoutError:
            message = f"the channel did not answer within {self.limits.seconds:g} seconds"
            raise NoAnswer("timeout", message) from None
        except httpx.TimeoutException:
            raise NoAnswer("timeout", "the channel did not answer in time") from None
        except (httpx.ConnectError, httpx.UnsupportedProtocol):
            raise NoAnswer("unreachable", "no connection to the channel could be made") from None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            raise NoAnswer("answer", "the connection broke before the answer was whole") from None

    async def _exchange(self, request: httpx.Request) -> tuple[Answer, float | None]:
        response = await self._client.send(request, stream=True)
        try:
            data = bytearray()
            async for chunk in response.aiter_raw():
                data += chunk
                if len(data) > self.limits.answer_bytes:
                    message = f"the answer has more than the {self.limits.answer_bytes} bytes that are read"
                    raise NoAnswer("answer", message)
        finally:
            await response.aclose()
        return _answer(response, bytes(data)), _retry_after(response.headers.get("retry-after"))


def _answer(response: httpx.Response, data: bytes) -> Answer:
    """An answer from its bytes. What is not JSON is kept as text, cut."""
    if response.headers.get("content-encoding", "identity") != "identity":
        return Answer(response.status_code, text="a packed answer, which was not asked for")
    if not data.strip():
        return Answer(response.status_code)
    try:
        return Answer(response.status_code, decode(data, "answer"))
    except InputError:
        return Answer(response.status_code, text=data[:_LONGEST_TEXT].decode("utf-8", "replace"))


def _retry_after(header: str | None) -> float | None:
    """Seconds from a Retry-After header: a number of them, or a date."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        return parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None


def _json(body: JSON) -> bytes:
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _form(body: JSON) -> bytes:
    fields = body if isinstance(body, dict) else {}
    return urlencode({key: str(value) for key, value in fields.items() if value is not None}).encode()


def base_url(channel: Channel, settings: MappingType[str, JSON]) -> str:
    """Where the channel is, without a slash at its end. Raises ProjectError.

    Only settings have a part in it: https, or http to this machine.
    """
    if channel.base_url is None:
        raise ProjectError([Diagnostic("no-base-url", "the channel's file has no `base_url:`")])
    url = evaluate_alone(nodes.Evaluate(channel.base_url), settings)
    return _checked_url(str(url or ""), channel).rstrip("/")


def _checked_url(url: str, channel: Channel) -> str:
    span = channel.base_url.span if channel.base_url is not None else None
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        host = ""
        parts = urlsplit("")
    if not host or parts.username or parts.password or parts.query or parts.fragment:
        message = "the channel's URL is not a plain https URL"
        raise ProjectError([Diagnostic("bad-url", message, span)])
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOCAL_HOSTS):
        message = "the channel's URL must be https, or on this machine"
        raise ProjectError([Diagnostic("bad-url", message, span)])
    return url


def _headers(channel: Channel, settings: MappingType[str, JSON]) -> dict[str, str]:
    if channel.headers is None:
        return {}
    found = evaluate_alone(channel.headers, settings)
    return {key: str(value) for key, value in found.items()} if isinstance(found, dict) else {}


@dataclass(slots=True)
class _Credentials:
    """The channel's credentials, read from the environment when the transport is made."""

    auth: Auth
    settings: MappingType[str, JSON]
    environ: MappingType[str, str]
    base: str
    values: dict[str, str] = field(init=False)
    url: str = field(init=False, default="")

    def __post_init__(self) -> None:
        self.values = {key: self._value(key, secret) for key, secret in self.auth.secrets.items()}
        if self.auth.kind == "client_credentials":
            given = evaluate_alone(nodes.Evaluate(self.auth.url), self.settings) if self.auth.url else ""
            self.url = self.base + str(given) if str(given).startswith("/") else str(given)
            parts = urlsplit(self.url)
            local = parts.scheme == "http" and parts.hostname in _LOCAL_HOSTS
            if not parts.hostname or (parts.scheme != "https" and not local):
                message = "the token's URL must be https, or on this machine"
                span = self.auth.url.span if self.auth.url is not None else None
                raise ProjectError([Diagnostic("bad-url", message, span)])

    def _value(self, key: str, secret: Secret) -> str:
        if secret.env is None:
            return secret.text
        value = self.environ.get(secret.env, "")
        if not value or not value.isprintable():
            message = f"the environment variable `{secret.env}` is not set"
            help = f"it holds the channel's `{key}`"
            raise ProjectError([Diagnostic("missing-secret", message, help=help)])
        return value

    @property
    def kind(self) -> str:
        return self.auth.kind

    @property
    def headers(self) -> dict[str, str]:
        """What goes with a call, or with the call for a token."""
        match self.auth.kind, self.auth.style:
            case "bearer", _:
                return {"authorization": f"Bearer {self.values['token']}"}
            case "headers", _:
                return self.values
            case "client_credentials", "basic":
                pair = f"{self.values['client_id']}:{self.values['client_secret']}"
                return {"authorization": "Basic " + b64encode(pair.encode()).decode()}
        return {}

    def token_call(self) -> Call:
        body: dict[str, JSON] = {"grant_type": "client_credentials"}
        if self.auth.style != "basic":
            body |= {"client_id": self.values["client_id"], "client_secret": self.values["client_secret"]}
        if "scope" in self.values:
            body["scope"] = self.values["scope"]
        headers: Texts = (("accept", "application/json"),)
        form = self.auth.style != "json"
        return Call("token", "POST", "", headers=headers, body=body, form=form, repeatable=True)
