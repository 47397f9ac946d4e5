r"""Patterns as JSON Schema means them, in the syntax of Python.

JSON Schema takes its patterns from ECMA 262. There ``$`` is the end of the text and not the place before a
last new line, ``\d``, ``\w`` and ``\b`` are ASCII, ``\s`` is all white space of Unicode, and ``.`` matches
all but line terminators. Python has other answers to each.
"""

from __future__ import annotations

import re
from typing import Final

WHITE_SPACE: Final = (
    "\t\n\v\f\r \u00a0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""WhiteSpace and LineTerminator of ECMA 262."""

_LINE_ENDS: Final = r"\n\r\u2028\u2029"
_SPACES: Final = r"\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_OTHERS: Final = (
    r"\x00-\x08\x0e-\x1f!-\x9f\xa1-\u167f\u1681-\u1fff\u200b-\u2027\u202a-\u202e\u2030-\u205e\u2060-\u2fff"
    r"\u3001-\ufefe\uff00-\U0010ffff"
)
_TOKEN: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[.$]", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\.", re.DOTALL)
_WORDS: Final = {".": f"[^{_LINE_ENDS}]", "$": r"\Z", r"\s": f"[{_SPACES}]", r"\S": f"[{_OTHERS}]"}
_IN_CLASS: Final = {r"\s": _SPACES, r"\S": _OTHERS}


def in_python(pattern: str) -> str:
    """The pattern for Python's ``re`` with the flag ``ASCII``: it matches the same texts."""
    return _TOKEN.sub(_translated, pattern)


def _translated(token: re.Match[str]) -> str:
    written = token[0]
    if written.startswith("["):
        return _ESCAPE.sub(lambda escape: _IN_CLASS.get(escape[0], escape[0]), written)
    return _WORDS.get(written, written)
