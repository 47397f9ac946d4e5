"""`crossdock bulk --scheduler`: a real cluster gives the bytes of one process, also when workers are killed.

DASK_KILLS=10 kills ten workers instead of one.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from conftest import MakeProject, Run
from crossdock.bulk.converter import PayloadConverter
from crossdock.bulk.ranges import LineRange, state_of
from crossdock.bulk.unit import LineBlock
from crossdock.core.errors import ProjectError
from crossdock.core.version import __version__
from test_bulk import files, said
from test_bulk_lines import alive, mixed, until
from test_lines import FILES, payload, result

WHOLE: dict[str, bytes] = {}
KILLS = int(os.environ.get("DASK_KILLS", "1"))
BULK = ["bulk", "shop/order", "lines.jsonl", "--part-size", "0.02"]
COMMAND = [sys.executable, "-m", "crossdock.cli", *BULK]


@pytest.fixture
def cluster() -> ModuleType:
    """The module, which only these tests load: Dask takes more than a second."""
    from crossdock.bulk import dask_cluster

    return dask_cluster


@pytest.fixture
def place(project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    project(FILES)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lines.jsonl").write_bytes(b'{"number": 1}\n')
    return tmp_path


@pytest.fixture
def converted(place: Path, run_crossdock: Run) -> dict[str, bytes]:
    """What one process gives. It has nothing of the place where it was made, so it is made once."""
    (place / "lines.jsonl").write_bytes(mixed(30_000))
    if not WHOLE:
        assert run_crossdock(*BULK, "--to", "whole").code == 1
        WHOLE.update(files(place / "whole"))
    return WHOLE


def workers_of(process: int) -> list[int]:
    """The workers of a local cluster: they are forked from a process that a thread of the run has started."""

    def started(process: int) -> list[int]:
        lists = Path(f"/proc/{process}/task").glob("*/children")
        return [int(child) for each in lists for child in each.read_text().split()]

    server = [
        each for each in started(process) if b"forkserver" in Path(f"/proc/{each}/cmdline").read_bytes()
    ]
    return [child for each in server for child in started(each)]


def test_a_local_cluster_gives_the_same_bytes_also_when_workers_are_killed(
    place: Path, converted: dict[str, bytes]
) -> None:
    chance, kills, runs = random.Random(KILLS), 0, 0
    while kills < KILLS:
        runs += 1
        running = subprocess.Popen(
            [*COMMAND, "--to", f"out{runs}", "--workers", "2", "--scheduler", "local"],
            cwd=place,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        until(lambda: (place / f"out{runs}/parts/part-00000.json").exists())  # noqa: B023
        time.sleep(chance.random() * 0.2)
        victim = chance.choice([each for each in workers_of(running.pid) if alive(each)])
        os.kill(victim, signal.SIGKILL)
        kills += 1
        _, err = running.communicate(timeout=120)
        assert (running.returncode, said(err)) == (1, "")
        assert files(place / f"out{runs}") == converted


@pytest.fixture
def scheduler(place: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler with two workers, each a process of its own."""
    dask, started = [sys.executable, "-m", "distributed.cli.dask_scheduler"], []
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    file = str(place / "scheduler.json")
    options = ["--port", "0", "--scheduler-file", file, "--no-dashboard", "--host", "127.0.0.1"]
    started.append(subprocess.Popen([*dask, *options], **quiet))  # type: ignore[call-overload]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", file, "--no-nanny"]
    worker += ["--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1"]
    started += [subprocess.Popen(worker, **quiet, cwd=place) for _ in range(2)]  # type: ignore[call-overload]
    until(lambda: Path(file).exists() and Path(file).read_text().endswith("}"))  # it is not written at once
    try:
        yield json.loads(Path(file).read_text())["address"], started[1:]
    finally:
        for each in reversed(started):
            each.kill()
            each.wait()


def test_a_cluster_of_its_own_goes_on_with_the_workers_that_are_left(
    place: Path,
    converted: dict[str, bytes],
    scheduler: tuple[str, list[subprocess.Popen[bytes]]],
    cluster: ModuleType,
) -> None:
    address, workers = scheduler
    check_that_lines_are_sent_which_workers_cannot_read(cluster, address)
    running = subprocess.Popen(
        [*COMMAND, "--to", "out", "--scheduler", address],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: (place / "out/parts/part-00000.json").exists() or running.poll() is not None)
    workers[0].kill()
    _, err = running.communicate(timeout=120)
    assert (running.returncode, said(err)) == (1, "")
    assert files(place / "out") == converted


def check_that_lines_are_sent_which_workers_cannot_read(cluster: ModuleType, address: str) -> None:
    lines = [payload(number) + b"\n" for number in range(9)]
    Path("few.jsonl").write_bytes(b"".join(lines))
    converter = PayloadConverter(None, "shop/order")
    with Path("few.jsonl").open("rb") as file:
        path = f"/proc/self/fd/{file.fileno()}"  # each process has its own
        whole = LineRange("few.jsonl", 1, path, 0, 0, state_of(file.fileno()))
        size = len(lines[0])
        ranges = [replace(whole, offset=number * size, size=size) for number in range(9)]
        with cluster.cluster(converter, address, 0, converter.digest()) as converted:
            made = [made.results.decode() for _, made in converted(iter(ranges))]
    assert made == [result(number) for number in range(9)]


def test_a_scheduler_that_cannot_be_reached(
    place: Path, run_crossdock: Run, cluster: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_SECONDS", 0.2)
    ran = run_crossdock(*BULK, "--to", "out", "--scheduler", "tcp://127.0.0.1:9")
    message = "error[no-scheduler]: the scheduler `tcp://127.0.0.1:9` cannot be reached\n"
    assert ran == (2, "", message)
    assert files(place / "out") == {}


def test_a_worker_with_other_mappings_converts_nothing(place: Path, cluster: ModuleType) -> None:
    converter = PayloadConverter(".", "shop/order")
    digest, block = converter.digest(), LineBlock("lines.jsonl", 1, payload(1))
    made = cluster.on_worker(converter, digest, __version__, block)
    assert made is not None
    assert made.results.decode() == result(1)
    for other, version in (("0" * 64, __version__), (digest, "0.0.1")):
        with pytest.raises(ProjectError) as raised:
            cluster.on_worker(converter, other, version, block)
        assert str(raised.value) == (
            "error[other-mappings]: a worker of the cluster has other mappings or schemas in `.`\n"
            "  = help: the workers need the same version of Crossdock, and the project at the same path"
        )


def test_without_dask_the_extra_is_named(
    place: Path, run_crossdock: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "crossdock.bulk.dask_cluster", raising=False)
    ran = run_crossdock(*BULK, "--to", "out", "--scheduler", "local")
    assert ran == (2, "", "Error: distributed is needed: install crossdock[dask]\n")
