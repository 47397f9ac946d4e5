"""A mapping and a payload that nobody vouches for, run in a process of its own behind limits.

    answer = transform_apart(Request("kibo/order", "order.json"), payload)

The parent has read the payload and nothing else. The child gets it through a pipe, is confined before it
reads a byte of it, does what ``crossdock transform`` does, and writes its answer into another pipe: the
exit code, the diagnostics as text and the result. The parent reads no more of that than the limit, and
takes it only whole. The child has no environment, so no secret either.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import IO, TYPE_CHECKING, Final

from crossdock.cli.sandbox.confinement import FORBIDDEN, Limits, confine, supported
from crossdock.core.diagnostics import Diagnostic, Place
from crossdock.core.errors import CrossdockError, LimitError, ProjectError, exit_code
from crossdock.core.rendering import Format, render

if TYPE_CHECKING:
    from crossdock.core.json_types import JSON

_OUT_OF_MEMORY: Final = 98
_UNSUPPORTED: Final = 99
_DOCUMENTS: Final = ("json", "sarif")  # the forms that are written also when nothing was found
_LIMIT_HELP: Final = "when you trust the mapping and the payload, run it without --untrusted"
_LOCALE: Final = ("LANG", "LC_ALL", "LC_CTYPE", "PYTHONUTF8")


@dataclass(frozen=True, slots=True)
class Request:
    """What ``crossdock transform`` was asked for. ``name`` is what messages call the payload."""

    mapping: str
    name: str
    directory: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    validate: bool = True
    compact: bool = False
    form: Format = "text"
    color: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What the child says: its exit code, what belongs on stderr, and the result or an empty text."""

    code: int
    diagnostics: str
    result: str


def transform_apart(request: Request, payload: bytes, limits: Limits | None = None) -> Answer:
    """Run a mapping on a payload's bytes in a confined process.

    Raises LimitError when it was ended, ProjectError where the system knows no limits.
    """
    limits = limits or Limits()
    if not supported():
        raise _unsupported("this system has no limits for a process")
    head = json.dumps({"limits": asdict(limits), "request": asdict(request)})
    code, said, late = _hold(head.encode() + b"\n" + payload, limits)
    if ended := _ended(code, late, len(said) > limits.output, limits):
        raise LimitError([Diagnostic(*ended, None, _LIMIT_HELP, input=Place(request.name, ""))])
    if code == _UNSUPPORTED:
        raise _unsupported("the system refuses one of the limits")
    answer = _answer(said) if code == 0 else None
    if answer is None:
        message = f"the process of its own ended with {code} and without an answer"
        raise LimitError([Diagnostic("run-died", message, input=Place(request.name, ""))])
    return answer


def _unsupported(reason: str) -> ProjectError:
    message = f"--untrusted cannot be used here: {reason}"
    help = "it needs Linux, or another system with Python's module `resource` and RLIMIT_AS"
    return ProjectError([Diagnostic("untrusted-unsupported", message, help=help)])


# --- the parent


def _hold(given: bytes, limits: Limits) -> tuple[int, bytes, bool]:
    """Start the child, give it all it needs, and see it to its end.

    The exit code, what it said (at most a byte more than the limit), and whether its time was over.
    """
    late = threading.Event()
    # -P and the path of this process: the child has the modules that the parent has, and no others.
    command = [sys.executable, "-P", "-s", "-m", "crossdock.cli.sandbox.worker"]
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
            said = _exchange(process, given, limits.output)
            code = process.wait()
        finally:
            watch.cancel()
            process.kill()
    return code, said, late.is_set()


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _LOCALE if name in os.environ}
    path = os.pathsep.join(os.path.abspath(place) for place in sys.path)  # noqa: PTH100 (as Python has it)
    # No generated code of an earlier run is taken, and none is kept.
    return {**kept, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "CROSSDOCK_CACHE": "off"}


def _end(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    process.kill()


def _exchange(process: subprocess.Popen[bytes], given: bytes, most: int) -> bytes:
    """The child reads to the end before it writes, so neither waits for the other."""
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(BrokenPipeError):  # it has ended; its exit code says why
        process.stdin.write(given)
        process.stdin.flush()
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    said = process.stdout.read(most + 1)
    if len(said) > most:
        process.kill()
    return said


def _ended(code: int, late: bool, too_much: bool, limits: Limits) -> tuple[str, str] | None:
    """Which limit ended a process, as an id and a sentence; None when it ended by itself."""
    if late:
        return "time-limit", f"the run took longer than {limits.wall:g} s"
    if too_much:
        return "output-limit", f"the run answers with more than {_size(limits.output)}"
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


def _answer(said: bytes) -> Answer | None:
    """What a child said, when it is an answer."""
    try:
        match json.loads(said):
            case {"code": int(code), "diagnostics": str(diagnostics), "result": str(result)}:
                return Answer(code, diagnostics, result)
    except (ValueError, RecursionError):
        pass
    return None


# --- the child


def main() -> None:
    """The child's whole life: be confined, read, run, answer."""
    source: IO[bytes] = sys.stdin.buffer
    head = json.loads(source.readline())
    try:
        confine(Limits(**head["limits"]))
    except (OSError, ValueError):
        os._exit(_UNSUPPORTED)
    try:
        answer = _answered(Request(**head["request"]), source.read())
        said = json.dumps(asdict(answer)).encode()
    except MemoryError:
        os._exit(_OUT_OF_MEMORY)
    sys.stdout.buffer.write(said)
    sys.stdout.buffer.flush()


def _answered(request: Request, data: bytes) -> Answer:
    from crossdock.core import json_reader
    from crossdock.project.project import Project

    try:
        project = Project.open(request.directory)
        mapping = project.mapping(request.mapping)
        settings = project.settings(mapping.name, request.settings)
        payload: JSON = json_reader.decode(data, request.name)
        result = mapping.run(payload, settings=settings, name=request.name, validate=request.validate)
    except CrossdockError as error:
        return Answer(exit_code(error), _shown(error.diagnostics, request), "")
    return Answer(
        0, _shown(result.warnings, request), json_reader.encode(result.value, compact=request.compact)
    )


def _shown(diagnostics: tuple[Diagnostic, ...], request: Request) -> str:
    if not diagnostics and request.form not in _DOCUMENTS:
        return ""
    return render(diagnostics, request.form, color=request.color)


if __name__ == "__main__":
    main()
