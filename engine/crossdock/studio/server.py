"""Serves the page on loopback until a signal ends it.

serve_studio(roots, port=0, started=print)      # http://127.0.0.1:43121/?token=…
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import uvicorn

from crossdock.studio.app import application
from crossdock.studio.files import StudioFiles

if TYPE_CHECKING:
    from crossdock.studio.traffic import Traffic

LOOPBACK: Final = "127.0.0.1"
USUAL_PORT: Final = 8466
_GRACE_SECONDS: Final = 2


class PortError(Exception):
    """The port cannot be listened at."""


def serve_studio(
    roots: Sequence[Path],
    port: int | None,
    started: Callable[[str], None],
    *,
    traffic: Traffic | None = None,
) -> None:
    """Serve the project of a search path. ``started`` gets the URL with the token. Raises PortError.

    ``port`` 0 is any that is free; None is the usual one, or any if that is taken. Texts that are not saved
    are kept by the browser for the port, so it is the same one from start to start.
    """
    listening = _usual() if port is None else _listening(port)
    token, chosen = secrets.token_urlsafe(24), listening.getsockname()[1]
    server: uvicorn.Server | None = None
    app = application(
        StudioFiles(roots),
        token,
        chosen,
        traffic=traffic,
        stopping=lambda: server is not None and server.should_exit,
    )
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            ws="none",
            lifespan="off",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )
    started(f"http://{LOOPBACK}:{chosen}/?token={token}")
    server.run([listening])


def _usual() -> socket.socket:
    try:
        return _listening(USUAL_PORT)
    except PortError:
        return _listening(0)


def _listening(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((LOOPBACK, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise PortError(f"cannot listen at port {port}: {(error.strerror or '').lower()}") from None
    return listening
