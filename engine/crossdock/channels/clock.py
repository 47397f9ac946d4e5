"""The time that `now()` gives: when a conversation began, in UTC and without fractions of a second.

A dry run has a fixed time, so that the same answers print the same.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from crossdock.core.diagnostics import Diagnostic, Place
from crossdock.core.errors import InputError
from crossdock.core.json_types import JSON
from crossdock.language.functions import FunctionError
from crossdock.language.functions.dates import iso

DRY_RUN_TIME: Final = "2026-01-01T00:00:00Z"
"""The time in a dry run for which no other time is given."""


def current_time() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def time_of(given: JSON, name: str, at: str = "") -> str:
    """A given time as `now()` gives it. ``name`` and ``at`` are its place in messages. Raises InputError."""
    try:
        if isinstance(given, str):
            return iso(given)
    except FunctionError:
        pass
    message = "this is not a date-time such as `2026-11-30T09:00:00Z`"
    raise InputError([Diagnostic("format-mismatch", message, input=Place(name, at))])
