"""Starlette and uvicorn as the gateway has them, with a fixed answer: `python gateway_floor.py WORKERS`."""

from __future__ import annotations

import sys

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.supervisors import Multiprocess

from crossdock.gateway.http_guard import GuardedHttp


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await Request(scope, receive).body()
        await Response(b'{"events":[]}', media_type="application/json")(scope, receive, send)


def main(workers: int) -> None:
    quiet = {"log_config": None, "access_log": False, "lifespan": "off"}
    settings = uvicorn.Config("gateway_floor:application", port=0, workers=workers, http=GuardedHttp, **quiet)
    listening = settings.bind_socket()
    listening.listen(settings.backlog)
    print(f"listening at http://127.0.0.1:{listening.getsockname()[1]}", file=sys.stderr, flush=True)
    if workers == 1:
        uvicorn.Server(settings).run([listening])
    else:
        Multiprocess(settings, sockets=[listening]).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
