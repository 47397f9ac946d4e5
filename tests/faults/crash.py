"""Places where the program dies as if it were killed: what it was about to do is not done.

The program has no such places. A process of a test gets one by wrapping a function from outside
(faults/plant.py), so that it costs nothing and cannot be enabled by accident.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

DIED = 137
Wrap = Callable[[Any, str, Callable[..., Any]], None]


def crash_at(name: str, number: int = 1) -> None:
    """Let this process die the ``number``-th time that it comes to a place."""
    left = [number]

    def pass_by() -> None:
        left[0] -= 1
        if not left[0]:
            os._exit(DIED)

    POINTS[name](pass_by)


def _before(owner: Any, name: str) -> Callable[[Callable[[], None]], None]:
    return lambda pass_by: _wrapped(owner(), name, lambda call: (pass_by(), call())[1])


def _after(owner: Any, name: str, *, fits: Callable[[Any], bool] = bool) -> Callable[..., None]:
    def wrap(pass_by: Callable[[], None]) -> None:
        def around(call: Callable[[], Any]) -> Any:
            found = call()
            if fits(found):
                pass_by()
            return found

        _wrapped(owner(), name, around)

    return wrap


def _wrapped(owner: Any, name: str, around: Callable[[Callable[[], Any]], Any]) -> None:
    original = getattr(owner, name)

    def wrapper(*given: Any, **named: Any) -> Any:
        return around(lambda: original(*given, **named))

    setattr(owner, name, wrapper)


def _journal() -> Any:
    from crossdock.gateway.journal.journal import Journal

    return Journal


def _gateway() -> Any:
    from crossdock.gateway.gateway import Gateway

    return Gateway


def _gateway_module() -> Any:
    from crossdock.gateway import gateway

    return gateway


def _recorder() -> Any:
    from crossdock.gateway.recorder import CallRecorder

    return CallRecorder


def _before_send(pass_by: Callable[[], None]) -> None:
    """The call is in the journal, and not sent."""
    recorder = _recorder()
    original = recorder.around

    def around(self: Any, call: Any, send: Callable[[], Any]) -> Any:
        def sending() -> Any:
            if call.method != "GET":
                pass_by()
            return send()

        return original(self, call, sending)

    recorder.around = around


def _after_send(pass_by: Callable[[], None]) -> None:
    """The call is on its way whole, and the channel may do it while the next process starts."""
    from httpcore._async.http11 import AsyncHTTP11Connection

    original = AsyncHTTP11Connection._send_request_body

    async def send(self: Any, request: Any) -> None:
        await original(self, request)
        if request.method == b"POST":
            pass_by()

    AsyncHTTP11Connection._send_request_body = send  # type: ignore[method-assign]


def _after_answer(pass_by: Callable[[], None]) -> None:
    """The process knows what came of the call, and the journal does not."""
    recorder = _recorder()
    original = recorder.around

    def around(self: Any, call: Any, send: Callable[[], Any]) -> Any:
        try:
            return original(self, call, send)
        finally:
            if call.method != "GET":
                pass_by()

    recorder.around = around


def _claimed(pass_by: Callable[[], None]) -> None:
    """An entry got its turn, by whichever way."""
    for name in ("claim", "claim_due", "claim_queued"):
        _after(_journal, name)(pass_by)
    _after(_journal, "accept", fits=lambda accepted: accepted.turn is not None)(pass_by)


POINTS: dict[str, Callable[[Callable[[], None]], None]] = {
    "before_accept": _before(_journal, "accept"),
    "before_commit": _after(_journal, "_inserted", fits=lambda found: isinstance(found, int)),
    "after_commit_before_answer": _after(_journal, "accept"),
    "after_claim": _claimed,
    "before_send": _before_send,
    "after_send": _after_send,
    "after_answer": _after_answer,
    "before_done": _before(_journal, "finish"),
    "after_done": _after(_journal, "finish", fits=lambda _: True),
    "in_adopt": _after(_journal, "adopt"),
    "in_drain": _before(_gateway, "drain"),
}
