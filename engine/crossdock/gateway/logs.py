"""The gateway's log: one JSON object a line, on stderr. It has ids, names, counts and times, and no values.

A line of a request has its id, which the answer has as X-Request-Id.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from types import TracebackType
from typing import Final

LOG: Final = logging.getLogger("crossdock.gateway")
_OWN: Final = frozenset(logging.LogRecord("", 0, "", 0, "", None, None).__dict__) | {"message", "asctime"}


class Withheld(Exception):  # noqa: N818 (it stands for an error in the log)
    """An error of the program without its message, which may have a value of a payload."""


def told() -> tuple[type[BaseException], BaseException, TracebackType | None]:
    """The error that is handled now, for ``exc_info``: where it was raised, and its type alone."""
    kind, _, trace = sys.exc_info()
    return Withheld, Withheld(kind.__name__ if kind is not None else ""), trace


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        line |= {key: value for key, value in record.__dict__.items() if key not in _OWN}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class TolerantHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to stderr, and goes on without it: a full disk must not stop the gateway."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, ARG002 (the name is logging's)
        return


def configure_logs(level: int = logging.INFO) -> None:
    """Send the gateway's log, and the server's, to stderr as lines of JSON."""
    handler = TolerantHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name, least in (("crossdock.gateway", level), ("uvicorn.error", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(least)
        logger.propagate = False
    logging.getLogger("uvicorn.access").disabled = True  # its lines have the query, and so the ticket
