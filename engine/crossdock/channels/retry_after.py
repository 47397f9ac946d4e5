"""How long a channel asks to wait: a `Retry-After` header, or what an expression makes of an answer."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from crossdock.core.json_types import JSON

# RFC 9110, 10.2.3 allows whole seconds only, but rate limiters also send fractions.
_SECONDS: Final = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)
_DIGITS: Final = 64  # of a number that is converted: as many seconds as no limit allows


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds of an answer's Retry-After, a number of them or a date (RFC 9110, 10.2.3).

    None when there is none that can be read; negative for a date that has passed. A date is compared with
    the answer's own `Date`, as far as it has one: then clocks that differ do not change the wait.
    """
    text = headers.get("retry-after")
    if text is None:
        return None
    seconds = seconds_of(text)
    if seconds is not None:
        return seconds
    until = _moment(text)
    now = _moment(headers.get("date"))
    return None if until is None else until - (time.time() if now is None else now)


def seconds_of(value: JSON) -> float | None:
    """A number of seconds, also one that is written as text; None for anything else."""
    if isinstance(value, str):
        return float(value.strip()[:_DIGITS]) if _SECONDS.fullmatch(value.strip()) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _moment(text: str | None) -> float | None:
    """An HTTP date as seconds since 1970. All three forms are in UTC; one of them does not say so."""
    try:
        found = None if text is None else parsedate_to_datetime(text)
        return None if found is None else (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
