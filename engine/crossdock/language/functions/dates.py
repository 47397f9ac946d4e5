"""Points in time: Unix seconds on one side, ISO 8601 text in UTC on the other, and RFC 2822 text read too.

A text without an offset does not name a point in time. It is refused unless the mapping gives a zone,
because the result must not depend on the machine's own zone.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from crossdock.core.json_types import JSON
from crossdock.language.functions.arithmetic import number
from crossdock.language.functions.function import Example, Function, FunctionError, takes, types

_OFFSET: Final = r"(?P<offset>[Zz]|(?P<sign>[+-])(?P<hours>[0-9]{2})(?::?(?P<minutes>[0-9]{2}))?)"
_DATE_TIME: Final = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?P<clock>[Tt ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?P<fraction>(?<=:..:..)[.,][0-9]+)?"
    rf"{_OFFSET}?)?"
)
# The usual form. Python reads its first ``_WITHOUT_FRACTION`` characters as ``epoch_of_parts`` does.
_USUAL: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?Z")
_WITHOUT_FRACTION: Final = 19
# Unix time has no leap seconds: this one is the same as the second after it.
_LEAP: Final = re.compile(r"..:..:60")
_ZONE: Final = re.compile(_OFFSET)
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# The date of a header of mail or HTTP. Its names are English in every language.
_RFC_2822: Final = re.compile(
    rf"(?:(?P<weekday>{'|'.join(_DAYS)}), *)?(?P<day>[0-9]{{1,2}}) +(?P<month>{'|'.join(_MONTHS)})"
    r" +(?P<year>[0-9]{4}) +(?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?: +(?P<offset>[+-][0-9]{4}|GMT|UTC?))?"
)
_DAY: Final = 86_400
_CYCLE: Final = 146_097 * _DAY  # after 400 years the calendar repeats
# All datetimes here are naive, and in UTC.
_BEGINNING: Final = datetime(1970, 1, 1)
_FIRST: Final = (datetime.min - _BEGINNING) // timedelta(seconds=1)
_LAST: Final = (datetime.max - _BEGINNING) // timedelta(seconds=1)


def epoch(text: str, zone: str | None = None) -> int:
    if zone is None and _USUAL.fullmatch(text):
        try:
            return _elapsed(text[:_WITHOUT_FRACTION])
        except ValueError:
            pass  # not a real date: epoch_of_parts raises the error
    return epoch_of_parts(text, zone)


def epoch_of_parts(text: str, zone: str | None = None) -> int:
    """``epoch`` for every text that it takes, read in parts. FunctionError says what is wrong with others."""
    found = _DATE_TIME.fullmatch(_as_iso(text))
    if not found:
        raise FunctionError("takes an ISO 8601 or RFC 2822 date-time, and this text is neither")
    if zone is None and not found["clock"]:
        raise FunctionError("takes a date with a time, or a zone as its second argument")
    if zone is None and not found["offset"]:
        raise FunctionError("takes a date-time with an offset, or a zone as its second argument")
    # A zone is read even where the text has an offset: a wrong one is wrong for every text.
    around = 0 if zone is None else _zone(zone)
    offset = _offset(found) if found["offset"] else around
    clock, leap = found["time"] or "00:00", int(bool(_LEAP.fullmatch(found["time"] or "")))
    try:
        local = _elapsed(f"{found['date']}T{clock[:-2] + '59' if leap else clock}")
    except ValueError:
        local = None
    if local is None or offset is None or (leap and (local - offset + 1) % _DAY):
        raise FunctionError("takes a date-time that exists, and this one does not")
    return local - offset + leap


def iso(value: JSON, zone: str | None = None) -> str:
    seconds = epoch(value, zone) if isinstance(value, str) else number(value)
    if not isinstance(seconds, int):
        raise FunctionError("takes whole seconds, not a fraction")
    if seconds > _LAST:
        cycles, rest = divmod(seconds, _CYCLE)
        year = (_BEGINNING + timedelta(0, rest)).year + 400 * cycles
        raise FunctionError(f"takes Unix seconds, and these lie in the year {year}: probably milliseconds")
    if seconds < _FIRST:
        raise FunctionError("takes Unix seconds, and these lie before the year 1")
    return (_BEGINNING + timedelta(0, seconds)).isoformat() + "Z"


def _as_iso(text: str) -> str:
    """An RFC 2822 date-time in the form of ISO 8601, any other text as it is."""
    found = _RFC_2822.fullmatch(text)
    if not found:
        return text
    date = f"{found['year']}-{_MONTHS.index(found['month']) + 1:02}-{int(found['day']):02}"
    if found["weekday"] and not _is_weekday(date, found["weekday"]):
        raise FunctionError("takes a date-time that exists, and this one is on another day of the week")
    offset = re.sub("[A-Z]+", "Z", found["offset"] or "")
    return f"{date}T{found['time']}{offset}"


def _is_weekday(date: str, weekday: str) -> bool:
    """Whether a date is that day of the week. True if it does not exist: that is another error."""
    try:
        return _DAYS[datetime.fromisoformat(date).weekday()] == weekday
    except ValueError:
        return True


def _elapsed(text: str) -> int:
    """The Unix seconds of a date and a time in UTC. ValueError if the date or time does not exist."""
    elapsed = datetime.fromisoformat(text) - _BEGINNING
    return elapsed.days * _DAY + elapsed.seconds


def _zone(zone: str | None) -> int:
    found = _ZONE.fullmatch("Z" if zone == "UTC" else zone or "")
    offset = _offset(found) if found else None
    if offset is None:
        raise FunctionError("takes UTC or an offset such as +01:00 as its zone")
    return offset


def _offset(found: re.Match[str]) -> int | None:
    """Seconds ahead of UTC. None if the offset is not valid."""
    hours, minutes = int(found["hours"] or 0), int(found["minutes"] or 0)
    if hours > 23 or minutes > 59:
        return None
    seconds = hours * 3600 + minutes * 60
    return -seconds if found["sign"] == "-" else seconds


FUNCTIONS = (
    Function(
        "epoch",
        takes("text: string, zone?: string"),
        types("integer"),
        "The Unix seconds of an ISO 8601 or RFC 2822 date-time. Without an offset, or without a time, it "
        "needs a zone: 'UTC', or an offset such as '+01:00'",
        (
            Example("epoch('2016-04-08T19:09:07.123Z')", 1460142547),
            Example("epoch('2016-04-08T14:09:07-0500')", 1460142547),
            Example("epoch('2016-04-08 21:09', '+02:00')", 1460142540),
            Example("epoch('2016-04-08', 'UTC')", 1460073600),
            Example("epoch('Fri, 08 Apr 2016 14:09:07 -0500')", 1460142547),
        ),
        epoch,
    ),
    Function(
        "iso",
        takes("value: number | string, zone?: string"),
        types("string"),
        "The ISO 8601 date-time in UTC, without fractions, of Unix seconds or of a text that `epoch` takes",
        (
            Example("iso(`1460142547`)", "2016-04-08T19:09:07Z"),
            Example("iso('2016-04-08T14:09:07.99-05:00')", "2016-04-08T19:09:07Z"),
            Example("iso('2016-04-08', '-05:00')", "2016-04-08T05:00:00Z"),
        ),
        iso,
    ),
)
