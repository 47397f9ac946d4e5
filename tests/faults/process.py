"""`crossdock serve` as a tree of processes: started, stopped for a while, killed, and started again at once.

Only processes that it started itself get a signal: they are a group of their own.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import httpx

from faults.ledger import KEY

HERE = Path(__file__).parent
TICKET = "canary-ticket"
PROFILE = "shop"
CONFIG = """\
journal: {journal}
limits: {{deadline_seconds: {deadline}, threads: {threads}}}
profiles:
  shop:
    channel: ledger
    settings: {{url: "{url}", mode: {mode}}}
    tickets: [TICKET]
    queued: [{queued}]
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


class Process:
    """One gateway of the ledger channel. Use it as a context: it is killed at the end if it still lives."""

    def __init__(
        self,
        folder: Path,
        channel_url: str,
        *,
        mode: str = "idempotent",
        journal: str = "",
        workers: int = 1,
        queued: Sequence[str] = (),
        deadline: int = 20,
        threads: int = 16,
        environ: dict[str, str] | None = None,
        limits: dict[int, tuple[int, int]] | None = None,
        seconds: int = 1,
    ) -> None:
        """``limits`` are resource limits of the process, ``seconds`` those of an attempt at the ledger."""
        self.folder, self.workers, self.port = folder, workers, free_port()
        self.journal = journal or f"sqlite:///{folder}/journal.db"
        # Each start would compile all modules anew if they were not kept.
        self.environ = {"PYTHONDONTWRITEBYTECODE": "", "TICKET": TICKET, "LEDGER_KEY": KEY, **(environ or {})}
        self.limits = limits
        self.log = folder / "gateway.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.project = folder / "project"
        shutil.copytree(HERE / "project", self.project)
        channel = self.project / "mappings" / "ledger" / "channel.yaml"
        text = channel.read_text(encoding="utf-8")
        channel.write_text(
            text.replace("limits: {seconds: 1,", f"limits: {{seconds: {seconds},"), encoding="utf-8"
        )
        (folder / "gateway.yaml").write_text(
            CONFIG.format(
                journal=f'"{self.journal}"',
                url=channel_url,
                mode=mode,
                queued=", ".join(queued),
                deadline=deadline,
                threads=threads,
            ),
            encoding="utf-8",
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self, **environ: str) -> None:
        """Start it, and do not wait until it listens."""
        command = [sys.executable, "-m", "crossdock.cli", "-C", str(self.project), "serve"]
        command += ["--config", str(self.folder / "gateway.yaml"), "--port", str(self.port)]
        command += ["--workers", str(self.workers), "--grace", "5"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                env={**os.environ, **self.environ, **environ},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=self._limit if self.limits else None,
            )

    def _limit(self) -> None:
        import resource

        for kind, values in (self.limits or {}).items():
            resource.setrlimit(kind, values)

    def ready(self, seconds: float = 120) -> float:
        """Wait until it answers: the seconds that it took."""
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/readyz", timeout=5, trust_env=False).status_code == 200:
                    return time.monotonic() - begun
            assert self.process is not None
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"the gateway does not answer: {self.log.read_text()[-2000:]}")

    def signal(self, number: int) -> None:
        """Send a signal to the whole tree."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """End the whole tree at once; a worker may have outlived the process that started it."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)

    def children(self) -> list[int]:
        """The processes that it has started."""
        assert self.process is not None
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(id) for id in listed.read_text().split()] if listed.exists() else []

    def ended(self, seconds: float = 30) -> int:
        """Wait until it ends by itself: its exit code."""
        assert self.process is not None
        return self.process.wait(seconds)

    def client(self, **more: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, **{"timeout": 30, "trust_env": False, **more})
