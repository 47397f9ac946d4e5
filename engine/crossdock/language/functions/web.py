"""What calls to a channel need: links in headers, Base64, and signatures.

link('<https://shop.example/orders?page=2>; rel="next"', 'next')     https://shop.example/orders?page=2
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from crossdock.language.functions.bounds import bounded, within
from crossdock.language.functions.function import Example, Function, FunctionError, takes, types

# The parts of a Link header as RFC 8288, appendix B reads them. Each matches at one place only, so that
# reading a header takes time in proportion to its length.
_TARGET: Final = re.compile(r"[ \t,]*<([^>]*)>[ \t]*")
_PARAMETER: Final = re.compile(r";[ \t]*([^ \t=;,]*)[ \t]*(=?)[ \t]*")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"?[^;,]*', re.DOTALL)
_TOKEN: Final = re.compile(r"([^;,]*)")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


def link(header: str, rel: str) -> str | None:
    wanted = rel.lower()
    for target, parameters in _links(header):
        # A link with an anchor leads on from another resource than the one that was asked for.
        if "anchor" not in parameters and wanted in parameters.get("rel", "").lower().split():
            return target
    return None


def _links(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The targets of a header with their parameters; of equal ones the first counts. Ends at a mistake."""
    position = 0
    while found := _TARGET.match(header, position):
        position, parameters = found.end(), dict[str, str]()
        while parameter := _PARAMETER.match(header, position):
            position, value = parameter.end(), ""
            if parameter[2]:
                quoted = _QUOTED.match(header, position)
                written = quoted or _TOKEN.match(header, position)
                position = written.end() if written else position
                value = _ESCAPED.sub(r"\1", quoted[1]) if quoted else written[1].strip() if written else ""
            parameters.setdefault(parameter[1].lower(), value)
        yield found[1].strip(), parameters


def base64(text: str) -> str:
    from base64 import b64encode  # rarely needed

    return bounded(b64encode(_bytes(text)).decode())


def hmac_sha256(key: str, text: str) -> str:
    import hmac  # rarely needed, and slow to import

    return hmac.new(_bytes(key), _bytes(text), "sha256").hexdigest()


def _bytes(text: str) -> bytes:
    within(len(text))
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise FunctionError("takes valid Unicode text, and this text is not valid") from None


FUNCTIONS = (
    Function(
        "base64",
        takes("text: string"),
        types("string"),
        "The text in UTF-8, encoded in Base64 with padding",
        (Example("base64('user:päss')", "dXNlcjpww6Rzcw=="), Example("base64(missing)", None)),
        base64,
    ),
    Function(
        "hmac_sha256",
        takes("key: string, text: string"),
        types("string"),
        "The HMAC of the text with SHA-256, in hexadecimal; the key and the text are taken in UTF-8",
        (
            Example(
                "hmac_sha256('Jefe', 'what do ya want for nothing?')",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
        ),
        hmac_sha256,
    ),
    Function(
        "link",
        takes("header: string, rel: string"),
        types("string | null"),
        "The target of the first link with this relation in a Link header (RFC 8288), as it is written; "
        "null if there is none. A link with an `anchor` is of another resource and does not count",
        (
            Example(
                "link('</orders?page=1>; rel=\"first prev\", </orders?page=3>; rel=next', 'next')",
                "/orders?page=3",
            ),
            Example("link('</orders?page=1>; rel=\"first prev\"', 'prev')", "/orders?page=1"),
            Example("link('</orders?page=1>; rel=\"first prev\"', 'next')", None),
            Example("link(missing, 'next')", None),
        ),
        link,
    ),
)
