"""`transform --untrusted`: the same words as without it, and an end at each limit."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from conftest import REPOSITORY, MakeProject, interruptible
from crossdock.cli.app import run
from crossdock.cli.sandbox import worker
from crossdock.cli.sandbox.confinement import FORBIDDEN, ProcessLimits, supported
from crossdock.cli.sandbox.worker import Job, JobResult, run_sandboxed
from crossdock.core.errors import LimitError

pytestmark = pytest.mark.skipif(not supported(), reason="the system knows no limits")

EXAMPLES = REPOSITORY / "examples"
ORDER = EXAMPLES / "kibo" / "order" / "full.json"
COMMAND = [sys.executable, "-m", "crossdock.cli"]
FILES = {
    "mappings/shop/channel.yaml": "settings: {colour: {describe: c, default: red, one_of: [red, blue]}}\n",
    "mappings/shop/order.yaml": "map: {ref: to_string(number), colour: settings().colour}\n",
    "mappings/shop/warns.yaml": "map: {a: a}\nchecks: [{check: a == root().b, message: the two differ}]\n",
    "mappings/shop/fails.yaml": "map: {a: abs(name)}\n",
    "mappings/shop/wrong.yaml": "map: {a: absolute(name)}\n",
    "mappings/shop/slow.yaml": "map:\n  a: length(lines[?length(root().lines[?sku == 'x']) > `0`])\n",
    "else/where.yaml": "map: {a: number}\n",
    "order.json": json.dumps({"number": 7, "name": "Tea", "a": 1, "b": 2}),
    "broken.json": '{"number": 7,}',
}


def said(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(arguments)
    return code, out.getvalue(), err.getvalue()


# --- the same as without it


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["shop/order", "order.json"], 0),
        (["shop/order", "order.json", "--compact", "--set", "colour=blue"], 0),
        (["shop/order", "order.json", "--set", "colour=pink"], 2),
        (["shop/order", "order.json", "--set", "colour"], 2),
        (["else/where.yaml", "order.json"], 0),
        (["./mappings/shop/order.yaml", "order.json"], 0),
        (["shop/warns", "order.json"], 0),
        (["shop/warns", "order.json", "--format", "json"], 0),
        (["shop/order", "order.json", "--format", "sarif"], 0),
        (["shop/wrong", "order.json"], 2),
        (["shop/none", "order.json"], 2),
        (["shop/order", "broken.json"], 3),
        (["shop/order", "broken.json", "--format=github"], 3),
        (["shop/order", "none.json"], 3),
        (["shop/fails", "order.json"], 4),
        (["shop/fails", "order.json", "--format", "short"], 4),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_it_says_the_same(
    project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int
) -> None:
    project(FILES)
    monkeypatch.chdir(tmp_path)

    plain = said("transform", *arguments)

    assert plain[0] == code
    assert said("transform", "--untrusted", *arguments) == plain


def test_it_says_the_same_of_our_own_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    for path in (ORDER, EXAMPLES / "fabric" / "order" / "full.json"):
        name = path.parent.relative_to(EXAMPLES).as_posix()
        assert said("transform", "--untrusted", name, str(path)) == said("transform", name, str(path))


def test_it_says_the_same_without_validation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(REPOSITORY)
    path = tmp_path / "list.json"
    path.write_text("[1]", encoding="utf-8")
    arguments = ["kibo/order", str(path), "--no-validate"]

    assert said("transform", "--untrusted", *arguments) == said("transform", *arguments)
    assert said("transform", "--untrusted", *arguments)[0] != 3


def test_colours_are_asked_for_by_the_parent(
    project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(FILES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert "\x1b[" in said("transform", "--untrusted", "shop/fails", "order.json")[2]


def test_the_project_is_the_one_that_is_named(project: MakeProject, tmp_path: Path) -> None:
    project(FILES)

    ran = said("-C", str(tmp_path), "transform", "--untrusted", "shop/order", str(tmp_path / "order.json"))

    assert ran == (0, '{\n  "ref": "7",\n  "colour": "red"\n}\n', "")


def test_a_result_goes_whole_into_a_file(
    project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(FILES)
    monkeypatch.chdir(tmp_path)

    assert said("transform", "--untrusted", "shop/order", "order.json", "-o", "out.json") == (0, "", "")
    assert json.loads((tmp_path / "out.json").read_text()) == {"ref": "7", "colour": "red"}


def test_a_payload_comes_through_a_pipe(project: MakeProject, tmp_path: Path) -> None:
    project(FILES)
    command = [*COMMAND, "transform", "--untrusted", "shop/order"]
    done = subprocess.run(command, cwd=tmp_path, input=b'{"number": 8}', capture_output=True, timeout=60)

    assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, {"ref": "8", "colour": "red"}, b"")


def test_lines_are_refused(project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(FILES)
    monkeypatch.chdir(tmp_path)

    code, out, err = said("transform", "--untrusted", "--lines", "shop/order", "order.json")

    assert (code, out) == (2, "")
    assert err.endswith("Error: --untrusted takes one payload: leave out --lines\n")


# --- an end at each limit


def text_of(error: pytest.ExceptionInfo[LimitError]) -> str:
    return str(error.value)


# Every line is compared with every line: this takes minutes, and hardly any memory.
SLOW = json.dumps({"lines": [{"sku": "x"}] * 20_000})
HELP = "  = help: when you trust the mapping and the payload, run it without --untrusted"


@pytest.mark.parametrize(
    ("limits", "mapping", "payload", "message"),
    [
        (
            ProcessLimits(memory=40 * 2**20),
            "shop/order",
            b'"' + b"x" * 20_000_000 + b'"',
            "error[memory-limit]: the run needs more than 40 MiB of memory",
        ),
        (
            ProcessLimits(processor=1),
            "shop/slow",
            SLOW.encode(),
            "error[processor-limit]: the run took more than 1 s of processor time",
        ),
        (
            ProcessLimits(wall=0.05),
            "shop/slow",
            SLOW.encode(),
            "error[time-limit]: the run took longer than 0.05 s",
        ),
        (
            ProcessLimits(output=10),
            "shop/order",
            b"{}",
            "error[output-limit]: the output is larger than 10 bytes",
        ),
    ],
    ids=["memory", "processor", "time", "output"],
)
def test_a_limit_ends_it(
    project: MakeProject, tmp_path: Path, limits: ProcessLimits, mapping: str, payload: bytes, message: str
) -> None:
    project(FILES)

    with pytest.raises(LimitError) as caught:
        run_sandboxed(Job(mapping, "it.json", str(tmp_path)), payload, limits)

    assert text_of(caught) == f"{message}\n  --> it.json\n{HELP}"


def test_the_exit_code_of_a_limit_is_6(
    project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project({**FILES, "slow.json": SLOW})
    monkeypatch.chdir(tmp_path)

    code, out, err = said("transform", "--untrusted", "--format", "short", "shop/slow", "slow.json")

    assert (code, out) == (6, "")
    assert err == "slow.json: error[processor-limit]: the run took more than 2 s of processor time\n"


def test_a_payload_that_comes_slowly_costs_the_run_no_time(project: MakeProject, tmp_path: Path) -> None:
    project(FILES)
    command = [*COMMAND, "transform", "--untrusted", "shop/order"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        time.sleep(1)
        assert children(process.pid) == []  # nothing runs, and no clock either, before the payload is there
        out, err = process.communicate(b'{"number": 9}', timeout=60)

    assert (process.returncode, json.loads(out)["ref"], err) == (0, "9", b"")


SILENT = "the sandboxed process ended with exit code {} and without a result"


def children(pid: int) -> list[int]:
    """The processes that a process has started and that still run."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    pairs = (map(int, line.split()) for line in listed.stdout.splitlines())
    return [child for child, parent in pairs if parent == pid]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("kill -SEGV $$", "the run was ended by the signal SIGSEGV"),
        ("cat > /dev/null; kill -KILL $$", "the run was ended by the signal SIGKILL"),
        ("cat > /dev/null; exit 1", SILENT.format(1)),
        ("cat > /dev/null; echo nonsense", SILENT.format(0)),
        ("cat > /dev/null; echo '{\"code\": 0}'", SILENT.format(0)),
        ("exit 0", SILENT.format(0)),
    ],
)
def test_a_process_that_dies_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))

    with pytest.raises(LimitError) as caught:
        run_sandboxed(Job("kibo/order", "it.json"), b"x" * 1_000_000)

    assert text_of(caught).splitlines()[0] == f"error[run-died]: {message}"


def test_an_end_by_the_hook_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\nexit {FORBIDDEN}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))

    with pytest.raises(LimitError) as caught:
        run_sandboxed(Job("kibo/order", "it.json"), b"{}")

    assert text_of(caught).splitlines()[0] == (
        "error[forbidden-call]: the run was about to write a file, start a program or use the network"
    )


def test_a_system_without_limits_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setitem(sys.modules, "resource", None)

    assert said("transform", "--untrusted", "kibo/order", str(ORDER)) == (
        2,
        "",
        "error[untrusted-unsupported]: --untrusted cannot be used here:"
        " this system has no limits for a process\n"
        "  = help: it needs Linux, or another system with Python's module `resource` and RLIMIT_AS\n",
    )


def test_ctrl_c_ends_both(project: MakeProject, tmp_path: Path) -> None:
    project({**FILES, "slow.json": SLOW})
    command = [*COMMAND, "transform", "--untrusted", "shop/slow", "slow.json"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=interruptible
    ) as process:
        started = wait_for_child(process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)

    assert (process.returncode, out, err.strip()) == (130, b"", b"interrupted")
    # A signal that comes while the child is being started leaves its end to the closed pipe.
    end = time.monotonic() + 5
    while Path(f"/proc/{started}").exists() and time.monotonic() < end:
        time.sleep(0.01)
    assert not Path(f"/proc/{started}").exists()


def test_the_child_ends_with_its_parent(project: MakeProject, tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux ends a child with its parent")
    project({**FILES, "slow.json": SLOW})
    command = [*COMMAND, "transform", "--untrusted", "shop/slow", "slow.json"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL) as process:
        started = wait_for_child(process)
        time.sleep(0.3)  # until it is confined
        process.kill()
    ended = time.monotonic() + 2
    gone = False
    while not gone and time.monotonic() < ended:
        time.sleep(0.02)
        status = Path(f"/proc/{started}/stat")
        gone = not status.exists() or status.read_text().split(")")[1].split()[0] == "Z"

    assert gone


def wait_for_child(process: subprocess.Popen[bytes]) -> int:
    while process.poll() is None:
        if found := children(process.pid):
            return found[0]
        time.sleep(0.01)
    raise AssertionError("it ended before it began")


# --- the walls


def confined(code: str, walls: str = "confine(ProcessLimits())") -> subprocess.CompletedProcess[str]:
    sandbox = "crossdock.cli.sandbox"
    imports = f"import os, sys\nfrom {sandbox} import confinement\nfrom {sandbox}.confinement import *"
    program = f"{imports}\n{walls}\n{code}\n"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.socket()",
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import socket; socket.getaddrinfo('localhost', 80)",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')",
        "import subprocess; subprocess.run(['true'])",
        "os.system('true')",
        "os.popen('true')",
        "os.execv('/bin/true', ['true'])",
        "os.fork()",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "os.spawnv(os.P_WAIT, '/bin/true', ['true'])",
        "os.kill(os.getppid(), 0)",
        "import ctypes; ctypes.CDLL(None)",
        "open('written.txt', 'w')",
        "open('written.txt', 'a')",
        "open(os.devnull, 'r+')",
        "os.open('written.txt', os.O_WRONLY | os.O_CREAT)",
        "os.remove('written.txt')",
        "os.rename('a', 'b')",
        "os.mkdir('made')",
        "os.symlink('a', 'b')",
        "os.truncate('a', 0)",
        "os.putenv('A', 'b')",
        "import shutil; shutil.rmtree('made')",
        "import tempfile; tempfile.mkstemp()",
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (60, 60))",
        "import sqlite3; sqlite3.connect(':memory:')",
        # what catches every exception catches no end of the process
        "try:\n    os.system('true')\nexcept BaseException:\n    pass",
    ],
)
def test_the_hook_ends_what_no_mapping_does(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert confined(code).returncode == FORBIDDEN
    assert list(tmp_path.iterdir()) == []


def test_reading_is_left() -> None:
    done = confined(f"print(len(open({str(ORDER)!r}).read()) > 0, len(os.listdir({str(EXAMPLES)!r})) > 0)")

    assert (done.returncode, done.stdout, done.stderr) == (0, "True True\n", "")


LIMITS = "confinement._set_limits(ProcessLimits({}))"


@pytest.mark.parametrize(
    ("walls", "code", "printed"),
    [
        (LIMITS.format("memory=2**27"), "try: 'a' * 2**28\nexcept MemoryError: print('no')", "no"),
        (
            LIMITS.format(""),
            "try: open('w.txt', 'wb', 0).write(b'x')\nexcept OSError as e: print(e.strerror)",
            "File too large",
        ),
        (
            LIMITS.format("files=8"),
            "try: kept = [open(os.devnull) for _ in range(20)]\nexcept OSError as e: print(e.strerror)",
            "Too many open files",
        ),
        (
            LIMITS.format(""),
            "import resource\nprint(resource.getrlimit(resource.RLIMIT_CORE))",
            "(0, 0)",
        ),
        (
            LIMITS.format("") + "\n" + LIMITS.format("memory=2**40"),
            "import resource\nprint(resource.getrlimit(resource.RLIMIT_AS)[1] == 512 * 2**20)",
            "True",
        ),
    ],
    ids=["memory", "file size", "open files", "core", "no way up"],
)
def test_the_kernel_holds_without_the_hook(
    walls: str, code: str, printed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    done = confined(code, walls)

    assert (done.stdout, done.stderr) == (printed + "\n", "")


def test_the_kernel_ends_what_computes_too_long() -> None:
    done = confined("while True: pass", LIMITS.format("processor=1"))

    assert done.returncode == -signal.SIGXCPU


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_the_network_is_left_where_the_kernel_permits_it(listening: int) -> None:
    """Without the hook: a server of this machine cannot be reached."""
    connect = (
        "import socket\n"
        f"try: print(socket.create_connection(('127.0.0.1', {listening}), 5) and 'reached')\n"
        "except OSError as e: print('not reached')"
    )
    outside, inside = confined(connect, ""), confined(connect, "confinement._leave_the_network()")
    probe = "import ctypes; print(ctypes.CDLL(None).unshare(0x10000000 | 0x40000000))"
    if sys.platform != "linux" or confined(probe, "").stdout != "0\n":
        pytest.skip("the kernel permits no namespaces here")

    assert (outside.stdout, inside.stdout) == ("reached\n", "not reached\n")


def test_the_child_has_no_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "s3cr3t")
    monkeypatch.setenv("LD_PRELOAD", "")

    assert set(worker._environment()) <= {
        *("LANG", "LC_ALL", "LC_CTYPE", "PYTHONUTF8", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"),
        "CROSSDOCK_CACHE",
    }


def test_what_comes_back_is_an_answer_or_nothing() -> None:
    assert worker._job_result(b'{"code": 0, "diagnostics": "", "result": "1"}') == JobResult(0, "", "1")
    for said in (
        b"",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b'{"code": "0", "diagnostics": "", "result": ""}',
    ):
        assert worker._job_result(said) is None


def test_the_modules_of_the_child_are_those_of_the_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", ["", "/somewhere"])

    assert worker._environment()["PYTHONPATH"] == os.pathsep.join([str(Path.cwd()), "/somewhere"])
