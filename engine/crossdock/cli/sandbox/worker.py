"""Run an untrusted mapping and payload in a separate process with limits.

    finished = run_sandboxed(Job("kibo/order", "order.json"), payload)

The parent reads only the bytes of the payload, and sends them to the child through a pipe. The child
confines itself before it reads them, does what ``crossdock transform`` does, and writes its exit
code, its diagnostics as text and the result to another pipe. The parent reads at most the limit of output,
and rejects output that is incomplete. Of the parent's environment the child gets the locale only, so it has
no secrets.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import IO, TYPE_CHECKING, Any, Final

from crossdock.cli.sandbox.confinement import FORBIDDEN, ProcessLimits, confine, supported
from crossdock.core.diagnostics import Diagnostic, Place
from crossdock.core.errors import CrossdockError, LimitError, ProjectError
from crossdock.core.rendering import Format, render

if TYPE_CHECKING:
    from crossdock.core.json_types import JSON

_OUT_OF_MEMORY: Final = 98
_UNSUPPORTED: Final = 99
_DOCUMENTS: Final = ("json", "sarif")  # formats that are printed even when there are no diagnostics
_LIMIT_HELP: Final = "when you trust the mapping and the payload, run it without --untrusted"
_LOCALE: Final = ("LANG", "LC_ALL", "LC_CTYPE", "PYTHONUTF8")


@dataclass(frozen=True, slots=True)
class Job:
    """The arguments of ``crossdock transform``. ``name`` is the name of the payload in messages."""

    mapping: str
    name: str
    directory: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    validate: bool = True
    compact: bool = False
    form: Format = "text"
    color: bool = False


@dataclass(frozen=True, slots=True)
class JobResult:
    """The exit code of the child, its text for stderr, and the result; an empty string if there is none."""

    code: int
    diagnostics: str
    result: str


def run_sandboxed(job: Job, payload: bytes, limits: ProcessLimits | None = None) -> JobResult:
    """Convert the bytes of a payload in a confined process.

    Raises LimitError when the process was ended, ProjectError on a system without limits for processes.
    """
    return _finished({"job": asdict(job)}, job.name, payload, limits or ProcessLimits(), _LIMIT_HELP)


def run_command(arguments: Sequence[str], stdin: bytes, limits: ProcessLimits) -> JobResult:
    """Run a command of the command line in a confined process. Raises the same."""
    head: dict[str, object] = {"command": list(arguments)}
    return _finished(head, "the command", stdin, limits, None, module="crossdock.cli.confined")


def _finished(
    job: dict[str, object],
    name: str,
    payload: bytes,
    limits: ProcessLimits,
    help: str | None,
    module: str = "crossdock.cli.sandbox.worker",
) -> JobResult:
    if not supported():
        raise _unsupported("this system has no limits for a process")
    head = json.dumps({"limits": asdict(limits), **job})
    code, written, late = _run_child(module, head.encode() + b"\n" + payload, limits)
    if ended := _ended(code, late, len(written) > limits.output, limits):
        raise LimitError([Diagnostic(*ended, None, help, input=Place(name, ""))])
    if code == _UNSUPPORTED:
        raise _unsupported("the system refuses one of the limits")
    finished = _job_result(written) if code == 0 else None
    if finished is None:
        message = f"the sandboxed process ended with exit code {code} and without a result"
        raise LimitError([Diagnostic("run-died", message, input=Place(name, ""))])
    return finished


def _unsupported(reason: str) -> ProjectError:
    message = f"--untrusted cannot be used here: {reason}"
    help = "it needs Linux, or another system with Python's module `resource` and RLIMIT_AS"
    return ProjectError([Diagnostic("untrusted-unsupported", message, help=help)])


# --- the parent


def _run_child(module: str, given: bytes, limits: ProcessLimits) -> tuple[int, bytes, bool]:
    """Start the child, send it ``given``, and wait for its end.

    Returns the exit code, the output (at most a byte more than the limit), and whether it took too long.
    """
    late = threading.Event()
    # With -P and the parent's sys.path, the child imports the same modules, and none from this directory.
    command = [sys.executable, "-P", "-s", "-m", module]
    with subprocess.Popen(  # noqa: S603
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    ) as process:
        watch = threading.Timer(limits.wall, _end, (process, late))
        watch.daemon = True
        watch.start()
        try:
            written = _exchange(process, given, limits.output)
            code = process.wait()
        finally:
            watch.cancel()
            process.kill()
    return code, written, late.is_set()


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _LOCALE if name in os.environ}
    path = os.pathsep.join(os.path.abspath(place) for place in sys.path)  # noqa: PTH100 (as Python has it)
    # The child neither reads cached code nor writes any.
    return {**kept, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "CROSSDOCK_CACHE": "off"}


def _end(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    process.kill()


def _exchange(process: subprocess.Popen[bytes], given: bytes, most: int) -> bytes:
    """Send the input, and read the output.

    The child reads all of its input before it writes, so the two pipes cannot block each other.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(BrokenPipeError):  # the child has ended; its exit code gives the reason
        process.stdin.write(given)
        process.stdin.flush()
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    written = process.stdout.read(most + 1)
    if len(written) > most:
        process.kill()
    return written


def _ended(code: int, late: bool, too_much: bool, limits: ProcessLimits) -> tuple[str, str] | None:
    """The id and the message of the limit that ended the process; None when it ended by itself."""
    if late:
        return "time-limit", f"the run took longer than {limits.wall:g} s"
    if too_much:
        return "output-limit", f"the output is larger than {_size(limits.output)}"
    if code == _OUT_OF_MEMORY:
        return "memory-limit", f"the run needs more than {_size(limits.memory)} of memory"
    if code == -signal.SIGXCPU:
        return "processor-limit", f"the run took more than {limits.processor} s of processor time"
    if code == FORBIDDEN:
        return "forbidden-call", "the run was about to write a file, start a program or use the network"
    if code < 0:
        return "run-died", f"the run was ended by the signal {_signal_name(-code)}"
    return None


def _size(number: int) -> str:
    return f"{number // (1024 * 1024)} MiB" if number >= 1024 * 1024 else f"{number} bytes"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def _job_result(written: bytes) -> JobResult | None:
    """What a child has written; None when it is malformed."""
    try:
        match json.loads(written):
            case {"code": int(code), "diagnostics": str(diagnostics), "result": str(result)}:
                return JobResult(code, diagnostics, result)
    except (ValueError, RecursionError):
        pass
    return None


# --- the child


def main() -> None:
    """The child that runs a mapping."""
    child(lambda head, data: _run(Job(**head["job"]), data))


def child(run: Callable[[Any, bytes], JobResult]) -> None:
    """The child: confine the process, read the input, run what its head says, write its result."""
    source: IO[bytes] = sys.stdin.buffer
    head = json.loads(source.readline())
    try:
        confine(ProcessLimits(**head["limits"]))
    except (OSError, ValueError):
        os._exit(_UNSUPPORTED)
    try:
        written = json.dumps(asdict(run(head, source.read()))).encode()
    except MemoryError:
        os._exit(_OUT_OF_MEMORY)
    sys.stdout.buffer.write(written)
    sys.stdout.buffer.flush()


def _run(job: Job, data: bytes) -> JobResult:
    from crossdock.core import json_reader
    from crossdock.project.project import Project

    try:
        project = Project.open(job.directory)
        mapping = project.mapping(job.mapping)
        settings = project.settings(mapping.name, job.settings)
        payload: JSON = json_reader.decode(data, job.name)
        result = mapping.run(payload, settings=settings, name=job.name, validate=job.validate)
    except CrossdockError as error:
        return JobResult(error.exit_code, _rendered(error.diagnostics, job), "")
    text = json_reader.encode(result.value, compact=job.compact)
    return JobResult(0, _rendered(result.warnings, job), text)


def _rendered(diagnostics: tuple[Diagnostic, ...], job: Job) -> str:
    if not diagnostics and job.form not in _DOCUMENTS:
        return ""
    return render(diagnostics, job.form, color=job.color)


if __name__ == "__main__":
    main()
