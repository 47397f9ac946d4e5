"""The restrictions of a process that reads untrusted data: memory, time, files, no network.

The process calls ``confine`` for itself, once; it cannot be undone. There are three layers, each of which
works when the others do not:

    resource limits         memory, processor time, open files, no file written, no core dump
    a network namespace     without any interface; on Linux, if the kernel permits it
    an audit hook           ends the process before Python opens a socket, starts a program, writes a file
                            or calls a C library

The hook sees only what Python's own functions do; it does not stop machine code.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Final

from crossdock.core.limits import RUN_FILES, RUN_MEMORY, RUN_OUTPUT, RUN_PROCESSOR, RUN_SECONDS

FORBIDDEN: Final = 97  # the exit code of a process that the hook ended

# Constants of <linux/sched.h> and <linux/prctl.h>, which Python does not name.
_NEW_NETWORK, _NEW_USER = 0x4000_0000, 0x1000_0000
_NO_NEW_PRIVILEGES, _END_WITH_PARENT = 38, 1
_KILL: Final = 9
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_REFUSED: Final = (
    *("socket.", "subprocess.", "os.", "pty.", "ctypes.", "shutil.", "tempfile.", "fcntl.", "mmap."),
    *("signal.", "resource.", "syslog.", "sqlite3.", "urllib.", "http.", "ftplib.", "smtplib."),
)
_LISTINGS: Final = frozenset({"os.listdir", "os.scandir", "os.walk"})


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """The limits of a sandboxed process.

    ``memory`` and ``output`` are bytes, ``processor`` is seconds of processor time, ``wall`` is seconds since
    the start of the process, ``files`` is a number of open files.
    """

    memory: int = RUN_MEMORY
    processor: int = RUN_PROCESSOR
    wall: float = RUN_SECONDS
    output: int = RUN_OUTPUT
    files: int = RUN_FILES


def supported() -> bool:
    """Whether this system can limit the memory of a process."""
    try:
        import resource
    except ImportError:
        return False
    return hasattr(resource, "RLIMIT_AS")


def confine(limits: ProcessLimits) -> None:
    """Restrict this process for the rest of its life.

    Raises OSError or ValueError when the kernel refuses a limit.
    """
    sys.dont_write_bytecode = True
    _leave_the_network()
    _set_limits(limits)
    sys.addaudithook(_refuse)


def _leave_the_network() -> None:
    """On Linux: enter an empty network namespace, give up new privileges, and end with the parent.

    Some systems forbid the namespace to users. That is not an error: the audit hook refuses sockets too.
    """
    if sys.platform != "linux":
        return
    try:
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        # Without root, only a new user namespace may create a network namespace. Root does not enter one,
        # because it would lose its right to read the files of others.
        if libc.unshare(_NEW_NETWORK) != 0:
            libc.unshare(_NEW_USER | _NEW_NETWORK)
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        libc.prctl(_END_WITH_PARENT, _KILL, 0, 0, 0)
    except (ImportError, OSError, AttributeError):  # this C library lacks one of the calls
        return


def _set_limits(limits: ProcessLimits) -> None:
    import resource

    wanted = {
        resource.RLIMIT_AS: (limits.memory, limits.memory),
        # At the soft limit the kernel sends SIGXCPU, which tells the parent the reason; at the hard limit
        # it sends SIGKILL.
        resource.RLIMIT_CPU: (limits.processor, limits.processor + 1),
        resource.RLIMIT_NOFILE: (limits.files, limits.files),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_CORE: (0, 0),
    }
    if hasattr(resource, "RLIMIT_NPROC"):
        wanted[resource.RLIMIT_NPROC] = (0, 0)
    for limit, (soft, hard) in wanted.items():
        # A hard limit that is already lower, such as a container's, cannot be raised.
        _, most = resource.getrlimit(limit)
        if most != resource.RLIM_INFINITY:
            soft, hard = min(soft, most), min(hard, most)
        resource.setrlimit(limit, (soft, hard))


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    """End the process at an event that neither a mapping nor the engine needs.

    An exception would not do: the code that caused the event could catch it.
    """
    if event == "open":
        flags = arguments[2]
        refused = isinstance(flags, int) and bool(flags & _WRITING)
    else:
        refused = event.startswith(_REFUSED) and event not in _LISTINGS
    if refused:
        os._exit(FORBIDDEN)
