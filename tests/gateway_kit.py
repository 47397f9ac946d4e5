"""A gateway for tests: with a fake channel behind it, on a real socket, its journal in a real database."""

from __future__ import annotations

import asyncio
import logging
import os
import pwd
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from sqlalchemy import create_engine, text

from crossdock import Project
from crossdock.gateway.app import application
from crossdock.gateway.config import GatewayConfig, GatewayLimits, Profile
from crossdock.gateway.gateway import Gateway
from crossdock.gateway.http_guard import GuardedHttp
from crossdock.gateway.serving import Absolute
from fakes.channel import CLIENT_ID, CLIENT_SECRET

TICKET = "canary-ticket"
SECRETS = {
    "kibo": {"KIBO_CLIENT_ID": CLIENT_ID, "KIBO_CLIENT_SECRET": CLIENT_SECRET},
    "fabric": {"FABRIC_CLIENT_ID": CLIENT_ID, "FABRIC_CLIENT_SECRET": CLIENT_SECRET},
}
POSTGRES = Path("/usr/lib/postgresql")


def project_for(place: Path, repository: Path, channel: str, url: str, **limits: Any) -> Path:
    """A project whose channel is at a URL: that of a fake one."""
    file = (repository / "mappings" / channel / "channel.yaml").read_text(encoding="utf-8")
    file = re.sub(r"(?m)^base_url: .*$", f"base_url: {url}", file)
    chosen = {"seconds": 2, "attempts": 2, "wait_seconds": 1, **limits}
    file = re.sub(r"(?ms)^limits:.*?(?=^\S|\Z)", "", file) + f"\nlimits: {chosen}\n".replace("'", "")
    folder = place / "mappings" / channel
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "channel.yaml").write_text(file, encoding="utf-8")
    return place


def config_for(channel: str, journal: str, **more: Any) -> GatewayConfig:
    profile = Profile(channel, channel, **{"tickets": ("TICKET",), **more})
    return GatewayConfig((profile,), journal, limits=GatewayLimits(deadline_seconds=20, body_seconds=2))


@dataclass
class Served:
    """A gateway that is served, and a client of it."""

    gateway: Gateway
    client: httpx.Client
    url: str

    def post(self, path: str, body: Any, **more: Any) -> httpx.Response:
        return self.client.post(path, json=body, **more)


class StoppedServer(uvicorn.Server):
    """uvicorn's server, told when it is to end: uvicorn's own looks ten times a second, and waits a tenth."""

    loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        await self.on_tick(0)
        self.ended = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        if not self.should_exit:
            await self.ended.wait()

    def stop(self) -> None:
        self.should_exit = True
        if self.loop is not None:
            self.loop.call_soon_threadsafe(self.ended.set)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        for connection in [*self.server_state.connections]:
            connection.shutdown()
        while self.server_state.connections or self.server_state.tasks:
            await asyncio.sleep(0.005)
        await self.lifespan.shutdown()


@contextmanager
def served(
    project: Project, config: GatewayConfig, *, environ: dict[str, str] | None = None
) -> Iterator[Served]:
    """Serve in this process, on a socket of its own. The project is compiled once, whoever uses it."""
    channels = {profile.channel for profile in config.profiles}
    secrets = {name: value for channel in channels for name, value in SECRETS.get(channel, {}).items()}
    gateway = Gateway(project, config, environ={"TICKET": TICKET, **secrets, **(environ or {})})
    logging.getLogger("uvicorn.access").disabled = True  # as `configure_logs` does
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    app = Absolute(application(gateway))
    settings = uvicorn.Config(
        app, http=GuardedHttp, ws="none", log_config=None, access_log=False, server_header=False
    )
    server = StoppedServer(settings)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        with httpx.Client(base_url=url, timeout=30) as client:
            yield Served(gateway, client, url)
    finally:
        server.stop()
        thread.join(30)
        listening.close()


def exchange(url: str, data: bytes) -> bytes:
    """What a server answers to some bytes, until it closes or is silent."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(data)
        connection.settimeout(3)
        found = b""
        try:
            while more := connection.recv(65536):
                found += more
                if b"content-length: 0" in found or found.endswith((b"}", b"ok\n")):
                    break
        except TimeoutError:
            pass
        return found


def until(found: Callable[[], Any], seconds: float = 15) -> Any:
    """What a function gives, as soon as it gives something."""
    end, pause = time.monotonic() + seconds, 0.002
    while time.monotonic() < end:
        if value := found():
            return value
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)  # most things come about at once
    raise AssertionError("it did not come about")


# PostgreSQL


def postgres_folder() -> Path | None:
    """The programs of the newest PostgreSQL of this machine."""
    found = sorted(POSTGRES.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@contextmanager
def postgres() -> Iterator[str]:
    """A server of its own, in a folder of its own: the URL of its database."""
    programs = postgres_folder()
    assert programs is not None
    # It refuses to run as root; Debian's package brings a user, who may not read pytest's folders.
    as_root = os.geteuid() == 0
    user: dict[str, Any] = {"user": "postgres", "group": "postgres"} if as_root else {}
    with tempfile.TemporaryDirectory(prefix="crossdock-") as place:
        if as_root:
            owner = pwd.getpwnam("postgres")
            os.chown(place, owner.pw_uid, owner.pw_gid)
        data, port = f"{place}/data", free_port()
        options = ["-U", "crossdock", "-A", "trust", "--no-sync", "-E", "UTF8", "-D", data]
        subprocess.run([programs / "initdb", *options], check=True, capture_output=True, cwd="/", **user)
        options = ["-p", str(port), "-k", place, "-h", "127.0.0.1", "-D", data]
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        server = subprocess.Popen([programs / "postgres", *options], cwd="/", **quiet, **user)
        try:
            _until_ready(programs, port)
            yield f"postgresql+psycopg://crossdock@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # end the sessions, and stop
            server.wait(20)


_SCHEMAS = iter(range(10_000))


def own_schema(url: str) -> str:
    """The URL of a schema of its own in a database: it is empty."""
    name = f"test_{next(_SCHEMAS)}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    engine.dispose()
    return f"{url}?options=-csearch_path%3D{name}"


def _until_ready(programs: Path, port: int) -> None:
    for _ in range(200):
        asked = subprocess.run(
            [str(programs / "pg_isready"), "-h", "127.0.0.1", "-p", str(port)], capture_output=True, cwd="/"
        )
        if asked.returncode == 0:
            return
        time.sleep(0.05)
    raise AssertionError("PostgreSQL did not start")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
