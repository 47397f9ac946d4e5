"""Serves a gateway with uvicorn: one process, or several that share a socket and the journal.

SIGTERM and SIGINT drain it: nothing more is accepted, and what runs has ``grace`` seconds. Then no further
call is made, and the next process goes on with what is left.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.supervisors import Multiprocess

from crossdock.gateway.app import application
from crossdock.gateway.config import GatewayConfig
from crossdock.gateway.gateway import Gateway
from crossdock.gateway.http_guard import GuardedHttp
from crossdock.gateway.logs import configure_logs
from crossdock.project.project import Project

_KEEP_ALIVE: Final = 65
"""Seconds: longer than clients keep idle connections, so that none is closed while a request is sent."""


_YOUNG_OBJECTS: Final = 10_000
"""Objects that are made before the collector looks at them. A request makes thousands, and all but a few are
gone with it: with the 700 that are usual, it looks several times in each."""

_SILENT: Final = 60
"""Seconds in which a worker may say nothing before it is replaced. A machine that is busy takes a while to
start one; replaced too early, none would ever start."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a gateway listens, and how."""

    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    grace: float = 30


def serve_gateway(
    directory: Path | None, config: GatewayConfig, address: Address, started: Callable[[str], None]
) -> None:
    """Serve until a signal ends it. ``started`` gets the URL. Raises CrossdockError, JournalError
    and ListenError."""
    configure_logs()
    factory = Factory(directory, config, address.grace)
    gateway = factory.gateway()  # what is missing is reported here, and not by every worker
    if address.workers == 1:
        settings = _settings(factory.application(gateway), address)
        listening = _listening(settings)
        started(_url(listening))
        uvicorn.Server(settings).run([listening])
        return
    gateway.close()
    settings = _settings(factory, address)
    listening = _listening(settings)
    started(_url(listening))
    Multiprocess(settings, sockets=[listening]).run()


class ListenError(Exception):
    """The address cannot be listened at."""


def _listening(settings: uvicorn.Config) -> socket.socket:
    """A socket that takes connections from now on: they wait until a worker is ready. Raises ListenError."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host, settings.port))
        listening.listen(settings.backlog)
    except OSError as error:
        listening.close()
        reason = (error.strerror or "").lower()
        raise ListenError(f"cannot listen at {settings.host}, port {settings.port}: {reason}") from None
    listening.set_inheritable(True)
    return listening


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _settings(app: ASGIApp | Factory, address: Address) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        factory=isinstance(app, Factory),
        host=address.host,
        port=address.port,
        workers=address.workers,
        http=GuardedHttp,
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_worker_healthcheck=_SILENT,
    )


@dataclass(frozen=True, slots=True)
class Factory:
    """Makes the application, also in a worker process."""

    directory: Path | None
    config: GatewayConfig
    grace: float

    def __call__(self) -> ASGIApp:
        end_with_parent()
        configure_logs()
        return self.application(self.gateway())

    def gateway(self) -> Gateway:
        return Gateway(Project.open(self.directory), self.config, environ=os.environ)

    def application(self, gateway: Gateway) -> ASGIApp:
        # What was compiled stays. The collector would walk through all of it again and again, and every
        # request would wait for it, for a fifth of a second.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_YOUNG_OBJECTS, 10, 10)
        return Absolute(application(gateway, lambda: drain_on_signals(gateway, self.grace)))


def end_with_parent() -> None:
    """Drain this worker when the process that started it is killed: it would keep the port for ever."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="crossdock-parent", daemon=True).start()


def drain_on_signals(gateway: Gateway, grace: float) -> None:
    """Drain the gateway when a signal ends the server, beside what the server itself does then.

    The server waits for the requests that run, for ever; so their calls end after the time of grace.
    """
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # a terminal that closes; not with nohup
        signal.signal(signal.SIGHUP, lambda _sig, _frame: os.kill(os.getpid(), signal.SIGTERM))
    for number in (signal.SIGINT, signal.SIGTERM):
        before = signal.getsignal(number)

        def stop(sig: int, frame: FrameType | None, before: object = before) -> None:
            gateway.drain()
            timer = threading.Timer(grace, gateway.cancellation.cancel)
            timer.daemon = True
            timer.start()
            if callable(before):
                before(sig, frame)

        signal.signal(number, stop)


class Absolute:
    """Takes the host from a request target that is a whole URL, as a proxy sends it.

    The parsers of uvicorn differ in that; RFC 9112, 3.2.2, wants it understood.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(("http://", "https://")):
            rest = scope["path"].split("://", 1)[1]
            scope = {**scope, "path": "/" + rest.partition("/")[2]}
        await self.app(scope, receive, send)
