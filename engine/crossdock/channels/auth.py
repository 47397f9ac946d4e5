"""A channel's URLs and headers, its credentials, and the call for a token.

Secrets are read from the environment when the transport is made. No message contains one.
"""

from __future__ import annotations

import re
import time
from base64 import b64encode
from collections.abc import Iterable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from crossdock.channels.config import Auth, Channel, Secret
from crossdock.channels.messages import Answer, Call, Texts
from crossdock.core.diagnostics import Diagnostic
from crossdock.core.errors import ProjectError
from crossdock.core.json_types import JSON
from crossdock.execution.interpreter import evaluate_alone
from crossdock.language import syntax
from crossdock.language.expr import Expression

_LOCAL_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_TOKEN_MARGIN: Final = 30.0  # seconds before its end in which a token is not used: a call needs some time
_TOKEN_SECONDS: Final = 300.0  # for a token that names no lifetime
_SHORTEST_SECRET: Final = 6  # characters; a shorter one would be found in words of every answer


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and until when it is used, in seconds of the monotonic clock."""

    value: str
    until: float

    @property
    def valid(self) -> bool:
        return time.monotonic() < self.until


def token_of(answer: Answer) -> Token | None:
    """The token in a channel's answer (RFC 6749, 5.1); None when there is none that can be sent.

    It is used until 30 seconds before it expires, or for half of its lifetime if that is longer: with a
    lifetime of 20 seconds, a margin of 30 would fetch a token for every call. ``expires_in`` is optional.
    """
    body = answer.body if 200 <= answer.status < 300 and isinstance(answer.body, dict) else {}
    value, given = body.get("access_token"), body.get("expires_in")
    if not isinstance(value, str) or not _sendable(value):
        return None
    try:
        lasts = _TOKEN_SECONDS if given is None else float(given)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        lasts = _TOKEN_SECONDS
    return Token(value, time.monotonic() + max(lasts - _TOKEN_MARGIN, lasts / 2))


def base_url(channel: Channel, settings: MappingType[str, JSON]) -> str:
    """The channel's URL, without a slash at its end. Raises ProjectError for one that is not allowed.

    It must use https, or http to this machine. Only settings can be part of it: a payload cannot change
    where the credentials are sent.
    """
    if channel.base_url is None:
        raise ProjectError([Diagnostic("no-base-url", "the channel's file has no `base_url:`")])
    url = _text(channel.base_url, settings)
    return _checked(url, "the channel's URL", channel.base_url).rstrip("/")


def channel_headers(channel: Channel, settings: MappingType[str, JSON]) -> dict[str, str]:
    """The headers of every call by their names in lower case, without those whose value is missing.

    Raises EvaluationError.
    """
    found = evaluate_alone(channel.headers, settings) if channel.headers is not None else {}
    entries = found.items() if isinstance(found, dict) else ()
    return {name.lower(): str(value) for name, value in entries if value is not None}


def identity_of(channel: Channel, settings: MappingType[str, JSON]) -> tuple[object, ...]:
    """What decides where calls go and as whom: equal for the same, also when the files were read again."""
    auth = channel.auth
    url = "" if auth.url is None else _text(auth.url, settings)
    own = (base_url(channel, settings), channel_headers(channel, settings))
    return (*own, auth.kind, auth.style, dict(auth.secrets), url)


def redacted(data: bytes, secrets: Iterable[str]) -> bytes:
    """An answer with ``***`` for each secret of 6 characters or more that the channel repeats in it.

    Also where the channel writes its characters with the escapes of JSON, such as ``\\/`` and ``\\u002f``.
    """
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            data = data.replace(secret.encode(), b"***")
            if b"\\" in data:
                data = _spelled(secret).sub(b"***", data)
    return data


@lru_cache(maxsize=64)
def _spelled(secret: str) -> re.Pattern[bytes]:
    """A secret, each character as itself or as an escape of JSON."""
    return re.compile(b"".join(map(_character, secret)))


def _character(char: str) -> bytes:
    units = char.encode("utf-16-be").hex()
    escaped = "".join(rf"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
    short = rf"\\{re.escape(char)}|" if char in '"\\/' else ""
    return f"(?:{short}{re.escape(char)}|(?i:{escaped}))".encode()


def _text(expression: Expression, settings: MappingType[str, JSON]) -> str:
    value = evaluate_alone(syntax.Evaluate(expression), settings)
    return value if isinstance(value, str) else ""


def _checked(url: str, what: str, expression: Expression) -> str:
    """A URL whose host is plain to see: no user, query or fragment, and https or this machine.

    Parsers of URLs disagree about `https://shop.example.com\\@evil.example.com`. Without `@`, backslashes
    and control characters there is nothing to disagree about.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        plain = bool(host) and (parts.port is None or parts.port > 0)
    except ValueError:
        plain, host, parts = False, "", urlsplit("")
    odd = any(not char.isprintable() or char in " \\?#@" for char in url)
    if odd or not plain or not host.isascii():
        message = f"{what} is not a plain https URL"
        raise ProjectError([Diagnostic("bad-url", message, expression.span)])
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOCAL_HOSTS):
        message = f"{what} must use https, or be on this machine"
        raise ProjectError([Diagnostic("bad-url", message, expression.span)])
    return url


def _sendable(value: str) -> bool:
    """Whether a text can be the value of a header: a line end in it would begin another header."""
    return bool(value) and value.isascii() and value.isprintable()


@dataclass(slots=True)
class Credentials:
    """A channel's credentials.

    ``values`` are their texts by the keys of `auth:`. ``url`` is where a token is requested, and empty for
    a channel without tokens. Raises ProjectError for a variable that is not set or cannot be sent.
    """

    auth: Auth
    settings: MappingType[str, JSON]
    environ: MappingType[str, str]
    base: str
    values: dict[str, str] = field(init=False)
    url: str = field(init=False, default="")

    def __post_init__(self) -> None:
        self.values = {key: self._value(key, secret) for key, secret in self.auth.secrets.items()}
        if self.renewable:
            self.url = self._token_url()

    @property
    def renewable(self) -> bool:
        """Whether the credentials are exchanged for a token, which can be fetched again."""
        return self.auth.kind == "client_credentials"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that no message and no answer may show: those from the environment."""
        return tuple(self.values[key] for key, secret in self.auth.secrets.items() if secret.env is not None)

    @property
    def headers(self) -> dict[str, str]:
        """The headers with the credentials: of every call or, for `client_credentials`, of the token call."""
        match self.auth.kind, self.auth.style:
            case "bearer", _:
                return {"authorization": f"Bearer {self.values['token']}"}
            case "headers", _:
                secrets = self.auth.secrets
                return {name.lower(): secrets[name].prefix + value for name, value in self.values.items()}
            case "client_credentials", "basic":
                pair = f"{self.values['client_id']}:{self.values['client_secret']}"
                return {"authorization": "Basic " + b64encode(pair.encode()).decode()}
        return {}

    def token_call(self) -> Call:
        """The call for a token (RFC 6749, 4.4.2). It changes nothing, and may be sent again."""
        body: dict[str, JSON] = {"grant_type": "client_credentials"}
        if self.auth.style != "basic":
            body |= {"client_id": self.values["client_id"], "client_secret": self.values["client_secret"]}
        if "scope" in self.values:
            body["scope"] = self.values["scope"]
        headers: Texts = tuple(self.headers.items())
        form = self.auth.style != "json"
        return Call("token", "POST", "", headers=headers, body=body, form=form, repeatable=True)

    def _token_url(self) -> str:
        if self.auth.url is None:
            message = "the channel's file has no URL for its tokens"
            raise ProjectError([Diagnostic("bad-url", message, help="`auth` has `url:`, a path or a URL")])
        given = _text(self.auth.url, self.settings)
        url = self.base + given if given.startswith("/") else given
        return _checked(url, "the token's URL", self.auth.url)

    def _value(self, key: str, secret: Secret) -> str:
        if secret.env is None:
            return secret.text
        value = self.environ.get(secret.env, "")
        if value.isprintable() and (_sendable(value) or (value and self.renewable)):
            return value
        problem = "contains characters that cannot be sent" if value else "is not set"
        message = f"the environment variable `{secret.env}` {problem}"
        help = f"set it to the channel's `{key}`"
        raise ProjectError([Diagnostic("missing-secret", message, help=help)])
