"""What several test modules share: small projects in a temporary directory, and their mappings."""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pytest

from crossdock import CrossdockError, Project
from crossdock import Mapping as CompiledMapping
from crossdock.cli.app import run
from crossdock.core.json_types import JSON

MakeProject: TypeAlias = Callable[[Mapping[str, str]], Project]
Compile: TypeAlias = Callable[..., CompiledMapping]
Refuse: TypeAlias = Callable[..., str]


class Ran(NamedTuple):
    """What came of a command: its exit code and what it printed."""

    code: int
    out: str
    err: str


Run: TypeAlias = Callable[..., Ran]

REPOSITORY = Path(__file__).parents[1]

# Hundreds of programs are started: each would compile the engine again where no bytecode is written.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A worker holds millions of objects after a while. To walk them every few hundred took a sixth of its time.
gc.set_threshold(50_000, 20, 20)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are processors: some always wait for a process or a socket."""
    return (os.cpu_count() or 1) + 1


def fastest(call: Callable[[], None]) -> float:
    """The processor's seconds of the fastest of three calls, for a machine that has more to do."""
    times = []
    for _ in range(3):
        begun = time.process_time()
        call()
        times.append(time.process_time() - begun)
    return min(times)


def strings_in(value: JSON) -> int:
    """The number of strings in a value, keys included."""
    match value:
        case str():
            return 1
        case list():
            return sum(map(strings_in, value))
        case dict():
            return len(value) + sum(map(strings_in, value.values()))
    return 0


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The database of a PostgreSQL that is started for the tests."""
    from gateway_kit import postgres, postgres_folder  # needs what only the gateway needs

    if postgres_folder() is None:
        pytest.skip("PostgreSQL is not installed: Debian's package postgresql")
    with postgres() as url:
        yield url


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A queued request that failed is due again after a moment, and not after seconds."""
    from crossdock.gateway.journal import waits  # needs what only the gateway needs

    monkeypatch.setattr(waits, "FIRST_WAIT", 0.2)


@pytest.fixture(scope="session", autouse=True)
def kept_code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the tests keep generated code, those in processes of their own too: not where the user does."""
    folder = tmp_path_factory.mktemp("kept-code")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CROSSDOCK_CACHE", str(folder))
        # A test may change the engine in its own process, which no entry can know.
        patch.setattr("crossdock.project.check_cache.CheckCache.find", lambda _: None)
        yield folder


@pytest.fixture(scope="session")
def repository() -> Path:
    """The project that this repository is."""
    return REPOSITORY


@pytest.fixture
def unburdened() -> Iterator[None]:
    """Let the collector pass over what the worker has loaded, so that a time is that of the test alone."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def project(tmp_path: Path) -> MakeProject:
    """Writes files, by their paths, into a directory that is a project with nothing below it."""

    def make(files: Mapping[str, str]) -> Project:
        (tmp_path / "mappings").mkdir(exist_ok=True)
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return Project([tmp_path])

    return make


@pytest.fixture
def compiled(project: MakeProject) -> Compile:
    """Compiles the text of a mapping; other files of its project may be added."""

    def compile_order(text: str, files: Mapping[str, str] | None = None) -> CompiledMapping:
        return project({**(files or {}), "mappings/shop/order.yaml": text}).mapping("shop/order")

    return compile_order


@pytest.fixture
def refused(project: MakeProject) -> Refuse:
    """The rendered diagnostics of a mapping that must not compile."""

    def refuse(text: str, files: Mapping[str, str] | None = None) -> str:
        made = project({**(files or {}), "mappings/shop/order.yaml": text})
        with pytest.raises(CrossdockError) as caught:
            made.mapping("shop/order")
        return str(caught.value)

    return refuse


@pytest.fixture
def run_crossdock(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Runs a command in the working directory, as the console script would."""
    monkeypatch.delenv("FORCE_COLOR", raising=False)

    def call(*arguments: str, stdin: bytes | str = b"") -> Ran:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        code = run(arguments)
        out, err = capsysbinary.readouterr()
        return Ran(code, out.decode(), err.decode())

    return call


def interruptible() -> None:
    """Let a new process hear Ctrl-C, also where the tests themselves run in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
