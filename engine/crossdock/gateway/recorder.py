"""Keeps the calls of one run: a call that may not be made twice is in the journal before it is sent.

When an earlier run, or an earlier request, made the same call and its outcome is not known, the conversation
has looked the order up by now and found it not done. Then the call is made once more, if the channel had the
time of one attempt to do it before this run looked, and not for ever.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from crossdock.channels.messages import Answer, Call, NoAnswer
from crossdock.core.json_types import JSON, Missing
from crossdock.gateway.journal.entries import CallOutcome, CallRecord, Turn
from crossdock.gateway.journal.journal import FencedError, Journal, now
from crossdock.gateway.journal.store import JournalError

MOST_UNKNOWN: Final = 3
"""How often a call may end without a known outcome."""
KEPT_CHARACTERS: Final = 64 * 1024
# With these the channel may have done what it was asked for (RFC 9110, 15.5.9 and 15.6). With 503 it was not
# able to handle it.
_UNCLEAR: Final = frozenset({408, 500, 502, 504})


@dataclass(slots=True)
class Settling:
    """Since when calls without an outcome may be at work: a channel has the ``seconds`` of one attempt.

    The time of day counts only for a call that this process did not make, and only once: it may jump.
    """

    seconds: float
    since: dict[int, float] = field(default_factory=dict)

    def begins(self, call: int) -> None:
        self.since[call] = time.monotonic()

    def ended(self, call: int) -> None:
        self.since.pop(call, None)

    def is_over(self, call: int, begun: int, looked: float) -> bool:
        """Whether the channel had its time when a run began to look, by the monotonic clock."""
        ago = max((now() - begun) / 1000, 0.0)
        return looked - self.since.setdefault(call, time.monotonic() - ago) >= self.seconds


@dataclass(slots=True)
class CallRecorder:
    """Records the calls of one run of an entry, which begins now.

    ``calls`` are not in the journal yet, or not completed there. ``doubtful``: a call was refused because
    its outcome stayed unknown. ``lost``: another run has the entry now.
    """

    journal: Journal
    turn: Turn
    profile: str
    base_url: str
    settling: Settling
    calls: list[CallRecord] = field(default_factory=list)
    doubtful: bool = False
    lost: bool = False
    looked: float = field(default_factory=time.monotonic)

    def around(self, call: Call, send: Callable[[], Answer]) -> Answer:
        """Make a call, and keep it. Raises NoAnswer, also when it may not be made."""
        record = self._record(call)
        if not call.repeatable:
            record = replace(record, id=self._begun(record))
        try:
            answer = send()
        except NoAnswer as missing:
            outcome: CallOutcome = "unknown" if missing.kind in ("timeout", "answer") else "not_sent"
            self.calls.append(replace(record, outcome=outcome))
            raise
        unclear = answer.status in _UNCLEAR and not call.repeatable
        if not unclear:
            self.settling.ended(record.id)
        # PostgreSQL keeps no U+0000, which only text that is not JSON can have.
        shown = (
            (answer.text or "").replace("\0", "\ufffd")
            if isinstance(answer.body, Missing)
            else _text(answer.body)
        )
        self.calls.append(
            replace(record, outcome="unknown" if unclear else "answered", status=answer.status, answer=shown)
        )
        return answer

    def _begun(self, record: CallRecord) -> int:
        try:
            earlier = self.journal.unknown_calls(self.profile, record.identity)
            if len(earlier) >= MOST_UNKNOWN:
                self.doubtful = True
                raise NoAnswer(
                    "request", f"the same call was made {MOST_UNKNOWN} times, and its outcome is not known"
                )
            if not all(self.settling.is_over(call, begun, self.looked) for call, begun in earlier):
                raise NoAnswer("unreachable", "the same call was just made, and its outcome is not known yet")
            id = self.journal.begin_call(self.turn, self.profile, record)
            self.settling.begins(id)
            return id
        except FencedError:
            self.lost = True
            raise NoAnswer("cancelled", "another run of this request has taken over") from None
        except JournalError:
            raise NoAnswer("unreachable", "the journal cannot be written, so the call was not made") from None

    def _record(self, call: Call) -> CallRecord:
        return record_of(call, self.base_url)


def record_of(call: Call, base_url: str) -> CallRecord:
    """A call that is about to be made, as the journal has it."""
    url = call.url(base_url)
    body = None if isinstance(call.body, Missing) else _text(call.body)
    identity = hashlib.sha256("\n".join((call.method, url, body or "")).encode()).hexdigest()
    return CallRecord(call.step, call.method, url, identity, now(), "begun", body)


def _text(value: JSON) -> str:
    """JSON as it is kept, cut where it is very long."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))[:KEPT_CHARACTERS]
