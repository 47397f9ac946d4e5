"""Lets a request through that comes from the page itself: its host, its origin and its token are right.

The page is opened with the token in its URL. The answer moves the token into a cookie that no script can
read, and leads to the URL without it, so that it is in no history and in no referrer. Another name for this
address, which a foreign page can give it (DNS rebinding), is refused by the host, and a page of another
origin by what the browser says of it.
"""

from __future__ import annotations

from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN: Final = "token"  # noqa: S105 (the name of a parameter)
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "content-security-policy": POLICY,
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Guard:
    """An ASGI application around that of the page. ``port`` is where it listens."""

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app = app
        self._token = token.encode()
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        # Cookies do not know ports: two studios at one time must not take each other's.
        self._cookie = f"crossdock_studio_{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        answer = self._refusal(Request(scope)) or self._app
        await answer(scope, receive, sent)

    def _refusal(self, request: Request) -> Response | None:
        """The answer to a request that is not let through, or not yet; None for one that is."""
        headers = request.headers
        if headers.get("host") not in self._hosts or not self._from_the_page(headers):
            return PlainTextResponse("This address is not the studio's own.\n", 403)
        given = request.query_params.get(TOKEN)
        if request.url.path == "/" and given is not None and self._is_token(given):
            answer = RedirectResponse("/", 303)
            answer.set_cookie(self._cookie, given, httponly=True, samesite="strict", path="/")
            return answer
        if self._is_token(self._in_cookie(headers)):
            return None
        return PlainTextResponse("Open the address that `crossdock studio` printed: it has a token.\n", 403)

    def _from_the_page(self, headers: Headers) -> bool:
        """Whether the browser says nothing of another origin. Programs other than browsers say nothing."""
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        own = origin is None or origin.removeprefix("http://") in self._hosts
        return own and site in ("none", "same-origin")

    def _in_cookie(self, headers: Headers) -> str:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return ""
        return found.value if found is not None else ""

    def _is_token(self, given: str) -> bool:
        return compare_digest(given.encode(), self._token)
