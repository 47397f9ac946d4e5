"""Calls over the network. One transport serves one channel.

Every attempt of a call has a deadline, and every answer a maximum size.
A call is sent again only when that cannot do the work twice. Redirects are not followed, proxies of the
environment are ignored, and the host comes from the channel's file alone. Calls run on one event loop in
a thread of its own: a deadline then ends a call wherever it is, and callers need not be asynchronous.

    with Transport(channel, settings, environ=os.environ) as transport:
        answer = transport.ask(call)

httpx's client is not used, only its requests and ``connections``: a client follows redirects, keeps cookies,
reads the environment and logs every URL.
"""

from __future__ import annotations

import asyncio
import json
import random
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterable
from collections.abc import Mapping as MappingType
from concurrent.futures import CancelledError
from functools import cache, partial
from types import TracebackType
from typing import Final, NamedTuple, NoReturn, Self, TypeAlias

import httpx

from crossdock.channels.answer_classes import RETRY
from crossdock.channels.auth import (
    Credentials,
    Token,
    base_url,
    channel_headers,
    identity_of,
    redacted,
    token_of,
)
from crossdock.channels.config import OWN_HEADERS, Channel
from crossdock.channels.connections import Connections
from crossdock.channels.encoding import encoded_form, pairs
from crossdock.channels.messages import Answer, Call, NoAnswer, NoAnswerKind
from crossdock.channels.patience import ENDED, ENDLESS, Patience
from crossdock.channels.rate import Pace
from crossdock.channels.retry_after import retry_after, seconds_of
from crossdock.core.errors import CrossdockError, InputError
from crossdock.core.json_reader import decode
from crossdock.core.json_types import JSON, MISSING, Missing
from crossdock.core.limits import ANSWER_TEXT_BYTES
from crossdock.core.version import __version__

# A server that answers 425 (RFC 8470, 5.2) or 429 (RFC 6585, 4) declined to process the call, so any call
# can be sent again. With the others (RFC 9110, 15.5.9 and 15.6) it may have processed it, so only a
# repeatable call is sent again.
NOT_PROCESSED: Final = frozenset({425, 429})
RETRIED: Final = NOT_PROCESSED | {408, 500, 502, 503, 504}
_FIRST_WAIT: Final = 0.2  # seconds

_AuthHeaders: TypeAlias = "MappingType[str, str]"


class _Received(NamedTuple):
    """An answer, the seconds that it asks to wait, and whether the channel calls it one to be retried."""

    answer: Answer
    wait: float | None = None
    put_off: bool = False


class _NoToken(NoAnswer):
    """The call for a token failed, its retries included; the call that needed the token was never sent."""


class Transport:
    """Makes the calls of one channel, from any number of threads. Close it, or use it as a context manager.

    Raises ProjectError when the channel's URL is not usable or a secret is missing from ``environ``.
    """

    def __init__(
        self, channel: Channel, settings: MappingType[str, JSON], *, environ: MappingType[str, str]
    ) -> None:
        self.limits = channel.limits
        self.base_url = base_url(channel, settings)
        self._identity = identity_of(channel, settings)
        self._classes, self._settings = channel.classes, settings
        self._credentials = Credentials(channel.auth, settings, environ, self.base_url)
        # `identity` comes last, so that no file can ask for compression. The size limit counts the bytes
        # on the wire, and a few compressed ones can expand to gigabytes.
        self._headers = {
            "user-agent": f"crossdock/{__version__}",
            "accept": "application/json",
            **channel_headers(channel, settings),
            "accept-encoding": "identity",
        }
        self._pace = None if channel.limits.rate is None else Pace(channel.limits.rate)
        self._connections = Connections(_certificates)
        self._token: Token | None = None
        self._fetching: asyncio.Task[Token] | None = None
        self._closed = False
        # Held while a call is handed to the loop, so that none is handed to a loop that has stopped:
        # its caller would wait forever.
        self._gate = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="crossdock-transport", daemon=True
        )
        self._thread.start()

    def serves(self, channel: Channel, settings: MappingType[str, JSON]) -> bool:
        """Whether these settings of a channel lead to the same URL with the same headers and credentials."""
        return identity_of(channel, settings) == self._identity

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Cancel the calls that are still running, close the connections and end the thread."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            ending = asyncio.run_coroutine_threadsafe(self._shut_down(), self._loop)
        try:
            ending.result(self.limits.seconds)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _shut_down(self) -> None:
        calls = asyncio.all_tasks() - {asyncio.current_task()}
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await self._connections.aclose()

    def ask(self, call: Call, _given: JSON | Missing = MISSING, patience: Patience = ENDLESS) -> Answer:
        """The channel's answer to a call, of any status. Raises NoAnswer when there is none.

        Blocks until then: at most ``seconds`` for each attempt, and ``wait_seconds`` between two of them.
        ``_given`` is an answer from a file, for dry runs. When ``patience`` is over, no attempt is made.
        """
        with self._gate:
            if self._closed:
                raise NoAnswer("unreachable", "the transport is closed")
            asked = asyncio.run_coroutine_threadsafe(self._ask(call, patience), self._loop)
        try:
            return asked.result()
        except CancelledError:
            raise NoAnswer("answer", "the call was cancelled") from None

    async def _ask(self, call: Call, patience: Patience) -> Answer:
        if call.wait and not await patience.sleep(min(call.wait, self.limits.wait_seconds)):
            raise patience.ended()
        return await self._with_retries(lambda: self._classified(call, patience), call.repeatable, patience)

    async def _classified(self, call: Call, patience: Patience) -> _Received:
        """A call whose answer may be of the class `retry`: as 429, it says that nothing was done."""
        received = await self._with_credentials(call, patience)
        try:
            if not self._classes.holds(RETRY, received.answer, self._settings):
                return received
        except CrossdockError:  # reported where the answer is read
            return received
        asked = seconds_of(self._classes.wait_of(received.answer, self._settings))
        return received._replace(wait=received.wait if asked is None else asked, put_off=True)

    # Retries

    async def _with_retries(
        self, send: Callable[[], Awaitable[_Received]], repeatable: bool, patience: Patience
    ) -> Answer:
        """The first answer that no retry could improve, or the last one.

        A call that is not repeatable is sent again only when it cannot have been processed: the connection
        was never made, or the status says so. A lost answer is not such a case; the order may exist. When
        ``patience`` ends between two attempts, what came of the one before is the outcome.
        """
        outcome: Answer | NoAnswer | None = None
        for attempt in range(1, self.limits.attempts + 1):
            wait = None
            try:
                outcome, wait, put_off = await send()
                retried = put_off or outcome.status in (RETRIED if repeatable else NOT_PROCESSED)
            except NoAnswer as failure:
                outcome = outcome if outcome is not None and failure.kind in ENDED else failure
                # A call that cannot be written will not get better, and a token had its own retries.
                final = isinstance(failure, _NoToken) or failure.kind in ("request", *ENDED)
                retried = not final and (repeatable or failure.kind == "unreachable")
            last = not retried or attempt == self.limits.attempts
            if last or not await patience.sleep(self._wait_before_retry(attempt, wait)):
                break
        if isinstance(outcome, Answer):
            return outcome
        assert outcome is not None  # there is at least one attempt
        raise outcome from None

    def _wait_before_retry(self, attempt: int, retry_after: float | None) -> float:
        """The seconds to wait: what the channel asks for, else exponential backoff with full jitter.

        Both are bounded by ``wait_seconds``. Without jitter, clients that failed together would all come
        back together.
        """
        if retry_after is not None:
            return min(max(retry_after, 0.0), self.limits.wait_seconds)
        return random.uniform(0, min(self.limits.wait_seconds, _FIRST_WAIT * 2**attempt))  # noqa: S311

    # Credentials

    async def _with_credentials(self, call: Call, patience: Patience) -> _Received:
        """The call with its credentials; once more with a new token when the channel rejects the token.

        A token can end early: it was revoked, or the channel restarted. A call that is answered 401 was
        not applied (RFC 9110, 15.5.2), so the second one is safe for any method. A second 401 is the answer:
        then the credentials are wrong, and a third token would not help.
        """
        if not self._credentials.renewable:
            return await self._send(call, self._credentials.headers, patience)
        token = await self._valid_token(None, patience)
        received = await self._send(call, token, patience)
        if received.answer.status == 401:
            received = await self._send(call, await self._valid_token(token, patience), patience)
        return received

    async def _valid_token(self, rejected: _AuthHeaders | None, patience: Patience) -> _AuthHeaders:
        """The header with the token. Calls that need a new token at the same time share one fetch.

        A call whose token was rejected fetches one only if another call has not done so already. The end of
        one waiting call does not take the token away from the others.
        """
        patience.check()
        if self._token is None or not self._token.valid or _bearer(self._token) == rejected:
            if self._fetching is None or self._fetching.done():
                self._fetching = asyncio.create_task(self._fetch_token())
            return _bearer(await patience.wait_for(self._fetching))
        return _bearer(self._token)

    async def _fetch_token(self) -> Token:
        call, url = self._credentials.token_call(), self._credentials.url
        try:
            send = partial(self._send, call, {}, ENDLESS, url)
            answer = await self._with_retries(send, call.repeatable, ENDLESS)
        except NoAnswer as failure:
            raise _NoToken(failure.kind, f"no token was given: {failure.message}") from None
        token = token_of(answer)
        if token is None:
            raise _NoToken("answer", f"no token was given: the channel answered {answer.status}")
        self._token = token
        return token

    # One attempt

    async def _paced(self, patience: Patience) -> None:
        """Wait until the rate allows another attempt. Raises NoAnswer when ``patience`` ends before."""
        patience.check()
        pace = self._pace
        if pace is None:
            return
        if pace.delay >= patience.left or ((delay := pace.take()) and not await patience.sleep(delay)):
            raise patience.ended()

    async def _send(
        self, call: Call, auth: _AuthHeaders, patience: Patience, url: str | None = None
    ) -> _Received:
        """One attempt within its deadline. Only the call for a token has a ``url`` of its own.

        httpx's timeouts are for one operation each, so that a channel that sends a byte now and then would
        never meet one; the deadline is for all of it.
        """
        request = self._request(call, auth, url or call.url(self.base_url))
        await self._paced(patience)
        # The end of a call that may be repeated loses nothing. The outcome of another one would be lost.
        cut = call.repeatable and patience.left < self.limits.seconds
        try:
            async with asyncio.timeout(patience.left if cut else self.limits.seconds):
                data, response = await self._exchange(request)
        except TimeoutError:
            limit = "before the deadline" if cut else f"within {self.limits.seconds:g} seconds"
            _fail("timeout", f"the channel did not answer {limit}")
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            # These alone are certain to come before a byte of the call is sent.
            _fail("unreachable", "no connection to the channel could be made")
        except httpx.TimeoutException:
            _fail("timeout", "the channel did not answer in time")
        except httpx.LocalProtocolError:
            _fail("request", "the call cannot be written as HTTP")
        except httpx.HTTPError:
            _fail("answer", "the connection broke before the answer was complete, or the answer is not HTTP")
        secrets: tuple[str, ...] = ()
        if url is None:
            # Some channels repeat the headers of a call in an error page. The answer to the call for a
            # token stays as it is: the token in it is what it was asked for, and nothing shows it.
            secrets = (*self._credentials.secrets, *map(_secret, auth.values()))
        headers = _headers(response, secrets)
        if len(data) > (most := self.limits.answer_bytes):
            return _Received(Answer(response.status_code, headers=headers, exceeds=most), None)
        return _Received(_answer(response, redacted(data, secrets), headers), retry_after(headers))

    def _request(self, call: Call, auth: _AuthHeaders, url: str) -> httpx.Request:
        """The call as httpx sends it. Its own headers win over the channel's, the credentials over both."""
        given = {name.lower(): value for name, value in call.headers}
        headers, content = {**self._headers}, b""
        try:
            if not isinstance(call.body, Missing):
                kind = "x-www-form-urlencoded" if call.form else "json"
                headers["content-type"] = f"application/{kind}"
                content = _form(call) if call.form else _json(call.body)
            if OWN_HEADERS & given.keys():
                _fail("request", "the call sets a header that only HTTP itself may set")
            # Half of the deadline for the connection, so that it ends as `unreachable`, which may always be
            # retried, and not as `timeout`.
            timeout = httpx.Timeout(self.limits.seconds, connect=self.limits.seconds / 2)
            return httpx.Request(
                call.method,
                url,
                headers={**headers, **given, **auth},
                content=content or None,
                extensions={"timeout": timeout.as_dict()},
            )
        except (httpx.InvalidURL, ValueError, RecursionError):
            _fail("request", "the call cannot be written as HTTP")

    async def _exchange(self, request: httpx.Request) -> tuple[bytes, httpx.Response]:
        """The raw bytes, at most one piece beyond the limit. A length in a header may be a lie."""
        response = await self._connections.handle_async_request(request)
        data = bytearray()
        try:
            async for chunk in response.aiter_raw():
                data += chunk
                if len(data) > self.limits.answer_bytes:
                    break
        finally:
            await response.aclose()
        return bytes(data), response


@cache
def _certificates() -> ssl.SSLContext:
    """The certificate authorities to trust; kept, because reading them is slow. Nothing turns this off."""
    return httpx.create_ssl_context(trust_env=False)


def _fail(kind: NoAnswerKind, message: str) -> NoReturn:
    """Raise NoAnswer and hide its cause: httpx's errors carry the request, and with it the credentials."""
    raise NoAnswer(kind, message) from None


def _bearer(token: Token) -> _AuthHeaders:
    return {"authorization": f"Bearer {token.value}"}


def _secret(header: str) -> str:
    return header.removeprefix("Bearer ")


def _headers(response: httpx.Response, secrets: Iterable[str]) -> dict[str, str]:
    """The headers of an answer by their names in lower case, those of one name joined (RFC 9110, 5.3).

    Cookies cannot be joined, and are left out: none is kept, and one would be as good as a credential.
    """
    found = {name: value for name, value in response.headers.items() if name != "set-cookie"}
    return {name: redacted(value.encode(), secrets).decode() for name, value in found.items()}


def _answer(response: httpx.Response, data: bytes, headers: MappingType[str, str]) -> Answer:
    """An answer from its bytes. What is not JSON is kept as text, cut to its first 2,000 bytes.

    A compressed answer is not expanded: it was not requested (RFC 9110, 12.5.3), and has no size limit.
    """
    if response.headers.get("content-encoding", "identity") != "identity":
        text = "the channel's answer is compressed although compression was not requested"
        return Answer(response.status_code, text=text, headers=headers)
    if not data.strip():
        return Answer(response.status_code, headers=headers)
    try:
        return Answer(response.status_code, decode(data, "answer"), headers=headers)
    except InputError:
        text = data[:ANSWER_TEXT_BYTES].decode("utf-8", "replace")
        return Answer(response.status_code, text=text, headers=headers)


def _json(body: JSON) -> bytes:
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _form(call: Call) -> bytes:
    """The fields of the body; one that is not an object has none."""
    fields = call.body if isinstance(call.body, dict) else {}
    return encoded_form(pairs(fields, brackets=call.brackets)).encode()
