"""Makes gateways that live for one request: it compiles the project once, and forks a process for each.

    python -m faults.zygote          # a task as JSON on each line of stdin, what came of it on stdout

A process that dies at a place says nothing, and its exit code does.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import Any

from crossdock import Project
from crossdock.channels.http import _certificates
from crossdock.gateway.config import GatewayConfig, GatewayLimits, Profile
from crossdock.gateway.gateway import Gateway
from crossdock.gateway.intake import HttpRequest
from faults.crash import crash_at
from faults.kit import HERE
from faults.ledger import KEY
from faults.plant import plant
from faults.process import TICKET

MOST_SECONDS = 60
_ENVIRON = {"TICKET": TICKET, "LEDGER_KEY": KEY}


def main() -> None:
    project = Project.open(HERE)
    _gateway(project, "sqlite:////tmp/crossdock-zygote.db", "http://127.0.0.1:1", ()).close()
    _certificates()
    plant("schedule=0.2")
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(_forked(project, json.loads(line))), flush=True)


def _forked(project: Project, task: dict[str, Any]) -> dict[str, Any]:
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        signal.alarm(MOST_SECONDS)
        try:
            found = _run(project, task)
        except BaseException as error:
            found = {"error": repr(error)}
        os.write(writing, json.dumps(found).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return {"code": code, **(json.loads(data) if data else {})}


def _run(project: Project, task: dict[str, Any]) -> dict[str, Any]:
    """Ask until it is done, and stop. The states are those of the journal's entries."""
    if task["crash"]:
        crash_at(task["crash"])
    gateway = _gateway(project, task["journal"], task["url"], task["queued"])
    gateway.keeper.start()
    body = json.dumps(task["request"]).encode()
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    http = HttpRequest("POST", task["path"], b"", headers, body)
    asked = 0
    while True:
        asked += 1
        reply = gateway.answer(http)
        entries = gateway.journal.entries()
        if reply.body == b'{"events":[]}' and entries[-1].state == "done":
            break
        time.sleep(0.1)
    gateway.close()
    return {"asked": asked, "states": [entry.state for entry in entries], "status": reply.status}


def _gateway(project: Project, journal: str, url: str, queued: Any) -> Gateway:
    settings = {"url": url, "mode": "naive"}
    profile = Profile("shop", "ledger", ("TICKET",), settings=settings, queued=tuple(queued))
    config = GatewayConfig((profile,), journal, limits=GatewayLimits(deadline_seconds=20))
    return Gateway(project, config, environ=_ENVIRON)


if __name__ == "__main__":
    main()
