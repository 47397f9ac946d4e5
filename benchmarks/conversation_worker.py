"""Conversations in a process of its own, as rows: see ``workers.py``. It also runs in an older build.

One line of JSON in, one out: ``{"root": …, "case": ["writeback", "kibo", 500]}``, then ``{"calls": n}``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import conversation_cases
from conversation_cases import Case
from measuring import timed


def conversing(root: Path, case: Case) -> Callable[[], Any]:
    """A call that runs a conversation with a channel in memory, from the request to the response."""
    from crossdock import Project

    conversation: Any = Project.open(root).conversation(case.channel, case.action)
    try:
        from crossdock.channels.messages import Answer
        from crossdock.channels.runner import run_conversation
    except ModuleNotFoundError:  # until November 2026
        from crossdock.calls import Answer  # type: ignore[import-not-found, no-redef]

        def ask(call: Any, _given: object) -> Any:
            return Answer(200, case.answer(call.method, call.path))

        return lambda: conversation.hold(case.request, ask)
    return lambda: run_conversation(
        conversation,
        case.request,
        lambda call, _given: Answer(200, case.answer(call.method, call.path)),
    )


def main() -> None:
    run: Callable[[], Any] | None = None
    for line in sys.stdin:
        asked = json.loads(line)
        if "case" in asked:
            kind, channel, size = asked["case"]
            run = conversing(Path(asked["root"]), getattr(conversation_cases, kind)(channel, size))
            print("{}", flush=True)
        else:
            assert run is not None
            print(json.dumps({"seconds": timed(run, asked["calls"])}), flush=True)


if __name__ == "__main__":
    main()
