"""order_ack through `crossdock serve`, beside the same without a journal and a server that does nothing.

    python benchmarks/gateway.py                        rounds of 10 seconds, half a minute at half load
    python benchmarks/gateway.py --seconds 600          as long as memory is to be watched

The client, the channel and the server share the machine: two cores are enough. Each request is an order of
its own, and leads to a search and an update at the channel. In a round every row serves once, in an order
that is another in each round. The row without a journal is served from a project whose `actions.yaml` says
that order_ack changes nothing. The conversation alone has no server, and the threads of one process. The
last row is Starlette with a fixed answer, in the same uvicorn.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from results import Table, page  # noqa: E402

from fakes import retailops  # noqa: E402
from gateway_kit import SECRETS, TICKET, project_for  # noqa: E402

HERE: Final = Path(__file__).parent
CLIENTS: Final = 16
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_NUMBERS: Final = iter(range(100_000, 10**9))
_WORDS: Final = (
    "order_ack over HTTP with {clients} connections, the client and the channel on the same {cores} cores: "
    "acks a second, and the processor's time of the server for each. Ratios are within rounds. Then times "
    "from when an ack was due to its answer at half of that load, and a process's memory before and after."
)


@dataclass(slots=True)
class Served:
    """A server that is measured. ``pid`` is that of its first process, ``workers`` their number."""

    name: str
    url: str
    pid: int
    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)

    def round(self, seconds: float) -> None:
        before = self.processor_seconds()
        rate = asyncio.run(full_load(self.port, seconds))
        self.rates.append(rate)
        self.costs.append(1000 * (self.processor_seconds() - before) / (rate * seconds))

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def processes(self) -> list[int]:
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *map(int, children)]

    def processor_seconds(self) -> float:
        found = 0
        for pid in self.processes():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            found += int(fields[11]) + int(fields[12])
        return found / _TICKS

    def megabytes(self) -> float:
        """The resident memory of the largest process."""
        shown = (Path(f"/proc/{pid}/status").read_text() for pid in self.processes())
        return max(int(found[1]) for text in shown if (found := re.search(r"VmRSS:\s+(\d+)", text))) / 1024


@dataclass(slots=True)
class Alone:
    """The conversation in a process without a gateway, with as many threads as the client has connections."""

    name: str
    process: subprocess.Popen[str]
    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)

    def round(self, seconds: float) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        acks, lasted, processor = json.loads(self.process.stdout.readline())
        self.rates.append(acks / lasted)
        self.costs.append(1000 * processor / acks)


# Serving


@contextmanager
def channel() -> Iterator[str]:
    command = [sys.executable, str(HERE / "gateway_channel.py")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(10)


@contextmanager
def crossdock(name: str, place: Path, url: str, *, journal: bool, workers: int) -> Iterator[Served]:
    project = project_for(place, ROOT, "kibo", url, seconds=20, attempts=3)
    if not journal:
        text = (ROOT / "mappings/actions.yaml").read_text(encoding="utf-8")
        changed = text.replace("\norder_ack:\n", "\norder_ack:\n  effect: none\n")
        (project / "mappings/actions.yaml").write_text(changed, encoding="utf-8")
    command = [sys.executable, "-m", "crossdock.cli", "-C", str(project), "serve", "kibo", "--port", "0"]
    command += ["--journal", f"sqlite:///{place}/journal.db", "--workers", str(workers)]
    environ = {**os.environ, **SECRETS["kibo"], "RETAILOPS_TICKET": TICKET}
    with _started(name, command, environ) as served:
        yield served


@contextmanager
def alone(name: str, place: Path, url: str) -> Iterator[Alone]:
    project = project_for(place, ROOT, "kibo", url, seconds=20, attempts=3)
    command = [sys.executable, str(HERE / "gateway_alone.py"), str(project), str(CLIENTS)]
    environ = {**os.environ, **SECRETS["kibo"]}
    with subprocess.Popen(
        command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Alone(name, process)


@contextmanager
def _started(name: str, command: list[str], environ: dict[str, str]) -> Iterator[Served]:
    process = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    started = process.stderr.readline()
    if not started.startswith("listening at "):
        raise SystemExit(started + process.stderr.read())
    # A log is a file or a pipe that is read: a pipe that is full would stop the server.
    reader = subprocess.Popen(["/bin/cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)
    try:
        yield Served(name, started.split()[-1], process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(40)
        reader.wait(10)


# Asking


def request() -> bytes:
    body = json.dumps(retailops.acknowledge(next(_NUMBERS))).encode()
    head = "POST /orders/order_ack HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(request())
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(re.search(rb"content-length: (\d+)", head)[1])  # type: ignore[index]
    body = await reader.readexactly(length)
    if not head.startswith(b"HTTP/1.1 200") or body != b'{"events":[]}':
        raise SystemExit(f"an ack was answered {head!r} {body!r}")


async def full_load(port: int, seconds: float) -> float:
    """Acks a second, from all connections at once."""
    end, done = time.perf_counter() + seconds, 0

    async def client() -> None:
        nonlocal done
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < end:
            await ask(reader, writer)
            done += 1
        writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return done / (time.perf_counter() - begun)


async def half_load(port: int, rate: float, seconds: float) -> list[float]:
    """The milliseconds of each ack when so many a second come, from when it was due."""
    begun, times = time.perf_counter(), []
    due = iter(begun + number / rate for number in range(int(rate * seconds)))

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for moment in due:
            await asyncio.sleep(max(0.0, moment - time.perf_counter()))
            await ask(reader, writer)
            times.append(1000 * (time.perf_counter() - moment))
        writer.close()

    await asyncio.gather(*(client() for _ in range(4 * CLIENTS)))
    return times


def measure(rows: list[Served | Alone], rounds: int, seconds: float) -> None:
    for row in rows:
        row.round(1)  # the first ones compile
        row.rates.clear()
        row.costs.clear()
    for number in range(rounds):
        for row in [*rows[number % len(rows) :], *rows[: number % len(rows)]]:
            row.round(seconds)


def table(rounds: int, seconds: float, workers: int) -> Table:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=HERE)))
        url = stack.enter_context(channel())
        durable = stack.enter_context(
            crossdock("gateway, SQLite", folder / "a", url, journal=True, workers=workers)
        )
        without = stack.enter_context(
            crossdock("without a journal", folder / "b", url, journal=False, workers=workers)
        )
        conversation = stack.enter_context(alone("the conversation alone", folder / "c", url))
        floor = [sys.executable, str(HERE / "gateway_floor.py"), str(workers)]
        nothing = stack.enter_context(_started("Starlette, a fixed answer", floor, {**os.environ}))
        rows: list[Served | Alone] = [durable, without, conversation, nothing]
        measure(rows, rounds, seconds)
        return Table(
            "The gateway", _WORDS.format(clients=CLIENTS, cores=os.cpu_count()), HEAD, shown(rows, seconds)
        )


HEAD: Final = (
    "",
    "acks a second",
    "of the gateway's",
    "processor, ms",
    "of no journal's",
    "of the conversation's",
    "p50, ms",
    "p99, ms",
    "MB",
)


def shown(rows: list[Served | Alone], seconds: float) -> tuple[tuple[str, ...], ...]:
    durable, without, conversation, _ = rows
    lines = []
    for served in rows:
        figures = (
            served.name,
            f"{median(served.rates):,.0f}",
            f"{_ratio(served.rates, durable.rates):.2f}",
            f"{median(served.costs):.2f}",
            f"{_ratio(served.costs, without.costs):.2f}",
            f"{_ratio(served.costs, conversation.costs):.2f}",
        )
        if isinstance(served, Alone):
            lines.append((*figures, "", "", ""))
            continue
        # Long rounds show whether memory grows: the figures are from before and after half load.
        before, rate = served.megabytes(), median(served.rates) / 2
        times = asyncio.run(half_load(served.port, rate, max(3 * seconds, 10)))
        p99 = quantiles(times, n=100)[98]
        lines.append(
            (
                *figures,
                f"{median(times):.1f}",
                f"{p99:.1f}",
                f"{before:.0f} → {served.megabytes():.0f}",
            )
        )
    return tuple(lines)


def _ratio(values: list[float], others: list[float]) -> float:
    """The median of the ratios within rounds."""
    return median(value / other for value, other in zip(values, others, strict=True))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10, help="of each row in each round")
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    found = table(options.rounds, options.seconds, options.workers)
    print(
        page([found], how=f"{options.rounds} rounds of {options.seconds:g} s, {options.workers} worker(s).")
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
