"""Calls over the network: the only module that imports httpx.

One transport serves one channel. A call has a deadline for all of it; an answer has a size; a call is
made again only when that is safe; redirects are refused, proxies of the environment ignored, and the
host comes from the channel's file. Calls run on one event loop in a thread of its own, so that a
deadline ends a call wherever it is, and conversations need not be asynchronous.

    with Transport(channel, settings, environ=os.environ) as transport:
        answer = transport.ask(call)

httpx's client is not used, only its connections: a client follows redirects, keeps cookies, reads the
environment and logs every URL.
"""

from __future__ import annotations

import asyncio
import json
import random
import ssl
import threading
import time
from collections.abc import Awaitable, Callable
from collections.abc import Mapping as MappingType
from concurrent.futures import CancelledError
from email.utils import parsedate_to_datetime
from functools import cache
from types import TracebackType
from typing import Final, NoReturn, Self, TypeAlias
from urllib.parse import quote, urlencode

import httpx

from crossdock import __version__
from crossdock.channels.auth import Credentials, Token, base_url, channel_headers, token_of, without
from crossdock.channels.config import OWN_HEADERS, Channel
from crossdock.channels.messages import Answer, Call, NoAnswer
from crossdock.core.errors import InputError
from crossdock.core.json_reader import decode
from crossdock.core.json_types import JSON, MISSING, Missing

# Statuses after which a call is made again: any call when nothing was done, else one that may be repeated.
NOTHING_DONE: Final = frozenset({425, 429})
RETRIED: Final = NOTHING_DONE | {408, 500, 502, 503, 504}
_FIRST_WAIT: Final = 0.2
_LONGEST_TEXT: Final = 2_000

_Received: TypeAlias = "tuple[Answer, float | None]"
_Signature: TypeAlias = "MappingType[str, str]"


class _NoToken(NoAnswer):
    """A token could not be had, with all the repeats that there are: the call was never made."""


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
        self._credentials = Credentials(channel.auth, settings, environ, self.base_url)
        self._headers = {
            "user-agent": f"crossdock/{__version__}",
            "accept": "application/json",
            **channel_headers(channel, settings),
            "accept-encoding": "identity",
        }
        self._connections = httpx.AsyncHTTPTransport(verify=_certificates(), trust_env=False)
        self._token: Token | None = None
        self._fetching: asyncio.Task[Token] | None = None
        self._closed = False
        self._gate = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="crossdock-transport", daemon=True
        )
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give up the calls that are still made, close the connections and end the thread."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            ending = asyncio.run_coroutine_threadsafe(self._end(), self._loop)
        try:
            ending.result(self.limits.seconds)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _end(self) -> None:
        calls = asyncio.all_tasks() - {asyncio.current_task()}
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await self._connections.aclose()

    def ask(self, call: Call, _given: JSON | Missing = MISSING) -> Answer:
        """Make a call, again where that is safe. Raises NoAnswer."""
        with self._gate:
            if self._closed:
                raise NoAnswer("unreachable", "the calls to the channel have ended")
            asked = asyncio.run_coroutine_threadsafe(self._ask(call), self._loop)
        try:
            return asked.result()
        except CancelledError:
            raise NoAnswer("answer", "the call was given up") from None

    async def _ask(self, call: Call) -> Answer:
        return await self._repeated(lambda: self._signed(call), call.repeatable)

    # Again

    async def _repeated(self, once: Callable[[], Awaitable[_Received]], repeatable: bool) -> Answer:
        """Until there is an answer to keep. What may have been done is done again only when repeatable."""
        attempts = self.limits.attempts
        for attempt in range(1, attempts + 1):
            last, wait = attempt == attempts, None
            try:
                answer, wait = await once()
            except NoAnswer as silence:
                known = isinstance(silence, _NoToken) or silence.kind == "request"
                if last or known or not (repeatable or silence.kind == "unreachable"):
                    raise
            else:
                if last or answer.status not in (RETRIED if repeatable else NOTHING_DONE):
                    return answer
            await asyncio.sleep(self._pause(attempt, wait))
        raise AssertionError("the last attempt returns or raises")

    def _pause(self, attempt: int, wait: float | None) -> float:
        """How long to wait: what the channel asks for within bounds, else ever longer, with jitter."""
        if wait is not None:
            return min(max(wait, 0.0), self.limits.wait_seconds)
        return random.uniform(0, min(self.limits.wait_seconds, _FIRST_WAIT * 2**attempt))  # noqa: S311

    # Credentials

    async def _signed(self, call: Call) -> _Received:
        """The call with its credentials; with a new token, once, when the channel does not take the old."""
        if not self._credentials.renewable:
            return await self._once(call, self._credentials.headers)
        token = await self._good_token(refused=None)
        received = await self._once(call, token)
        if received[0].status == 401:
            received = await self._once(call, await self._good_token(refused=token))
        return received

    async def _good_token(self, refused: _Signature | None) -> _Signature:
        """The token's header. All calls that wait for a new one wait for the same."""
        if self._token is None or not self._token.good or _bearer(self._token) == refused:
            if self._fetching is None or self._fetching.done():
                self._fetching = asyncio.create_task(self._fetch_token())
            return _bearer(await asyncio.shield(self._fetching))
        return _bearer(self._token)

    async def _fetch_token(self) -> Token:
        call, url = self._credentials.token_call(), self._credentials.url
        try:
            answer = await self._repeated(lambda: self._once(call, {}, url), call.repeatable)
        except NoAnswer as silence:
            raise _NoToken(silence.kind, f"no token was given: {silence.message}") from None
        token = token_of(answer)
        if token is None:
            raise _NoToken("answer", f"no token was given: the channel answered {answer.status}")
        self._token = token
        return token

    # Once

    async def _once(self, call: Call, signature: _Signature, url: str | None = None) -> _Received:
        """One exchange. Only the call for a token has a ``url`` of its own, and an answer with a secret."""
        request = self._request(call, signature, url or self.base_url + call.path)
        try:
            async with asyncio.timeout(self.limits.seconds):
                data, response = await self._exchange(request)
        except TimeoutError:
            _silent("timeout", f"the channel did not answer within {self.limits.seconds:g} seconds")
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            _silent("unreachable", "no connection to the channel could be made")
        except httpx.TimeoutException:
            _silent("timeout", "the channel did not answer in time")
        except httpx.LocalProtocolError:
            _silent("request", "the call cannot be written as HTTP")
        except httpx.HTTPError:
            _silent("answer", "the connection broke before the answer was whole, or the answer is no HTTP")
        if url is None:
            data = without(data, (*self._credentials.secrets, *map(_secret, signature.values())))
        return _answer(response, data), _retry_after(response.headers.get("retry-after"))

    def _request(self, call: Call, signature: _Signature, url: str) -> httpx.Request:
        given = {name.lower(): value for name, value in call.headers}
        headers, content = {**self._headers}, b""
        try:
            if not isinstance(call.body, Missing):
                kind = "x-www-form-urlencoded" if call.form else "json"
                headers["content-type"] = f"application/{kind}"
                content = _form(call.body) if call.form else _json(call.body)
            if OWN_HEADERS & given.keys():
                _silent("request", "the call names a header that is not its own to say")
            if call.query:
                url += ("&" if "?" in url else "?") + urlencode(call.query, quote_via=quote)
            timeout = httpx.Timeout(self.limits.seconds, connect=self.limits.seconds / 2)
            return httpx.Request(
                call.method,
                url,
                headers={**headers, **given, **signature},
                content=content or None,
                extensions={"timeout": timeout.as_dict()},
            )
        except (httpx.InvalidURL, ValueError, RecursionError):
            _silent("request", "the call cannot be written as HTTP")

    async def _exchange(self, request: httpx.Request) -> tuple[bytes, httpx.Response]:
        response = await self._connections.handle_async_request(request)
        data = bytearray()
        try:
            async for chunk in response.aiter_raw():
                data += chunk
                if len(data) > self.limits.answer_bytes:
                    most = self.limits.answer_bytes
                    _silent("answer", f"the answer has more than the {most} bytes that are read")
        finally:
            await response.aclose()
        return bytes(data), response


@cache
def _certificates() -> ssl.SSLContext:
    """Whom to trust, for all transports: reading it is slow. Nothing turns this off."""
    return httpx.create_ssl_context(trust_env=False)


def _silent(kind: str, message: str) -> NoReturn:
    raise NoAnswer(kind, message) from None  # type: ignore[arg-type]


def _bearer(token: Token) -> _Signature:
    return {"authorization": f"Bearer {token.value}"}


def _secret(header: str) -> str:
    return header.removeprefix("Bearer ")


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
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _json(body: JSON) -> bytes:
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _form(body: JSON) -> bytes:
    fields = body if isinstance(body, dict) else {}
    return urlencode({key: str(value) for key, value in fields.items() if value is not None}).encode()
