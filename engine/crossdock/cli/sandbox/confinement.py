"""What a process gives up before it reads what nobody vouches for: memory, time, files, the network.

``confine`` is called once, by the process that it concerns, and cannot be taken back. Three walls, each
of which holds when the one before it does not:

    the kernel's limits     memory, processor time, open files, no file written, no core dump
    a network of its own    on Linux, where the kernel permits it: a namespace without any interface
    an audit hook           ends the process when Python is about to open a socket, start a program,
                            write a file or call into a library of C

The hook sees what Python's own functions do, and is no wall against machine code.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Final

FORBIDDEN: Final = 97  # the exit code of a process that the hook ended

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
class Limits:
    """How much a run apart may take: bytes, seconds, files. ``wall`` counts from the start of the process."""

    memory: int = 512 * 1024 * 1024
    processor: int = 2
    wall: float = 30.0
    output: int = 64 * 1024 * 1024
    files: int = 16


def supported() -> bool:
    """Whether this system has limits for a process."""
    try:
        import resource
    except ImportError:
        return False
    return hasattr(resource, "RLIMIT_AS")


def confine(limits: Limits) -> None:
    """Put this process behind the walls. ``OSError`` or ``ValueError`` when the kernel refuses a limit."""
    sys.dont_write_bytecode = True
    _leave_the_network()
    _set_limits(limits)
    sys.addaudithook(_refuse)


def _leave_the_network() -> None:
    """Linux: a network namespace with nothing in it, no new privileges, and no life without the parent.

    Whether the kernel permits the namespace is its administrator's choice; the audit hook stands anyway.
    """
    if sys.platform != "linux":
        return
    try:
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        # With root's rights the user stays as it is, and so do its rights to read files.
        if libc.unshare(_NEW_NETWORK) != 0:
            libc.unshare(_NEW_USER | _NEW_NETWORK)
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        libc.prctl(_END_WITH_PARENT, _KILL, 0, 0, 0)
    except (ImportError, OSError, AttributeError):  # a C library without these calls
        return


def _set_limits(limits: Limits) -> None:
    import resource

    wanted = {
        resource.RLIMIT_AS: (limits.memory, limits.memory),
        # At the first the kernel sends SIGXCPU, which says why; at the second there is no way out.
        resource.RLIMIT_CPU: (limits.processor, limits.processor + 1),
        resource.RLIMIT_NOFILE: (limits.files, limits.files),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_CORE: (0, 0),
    }
    if hasattr(resource, "RLIMIT_NPROC"):
        wanted[resource.RLIMIT_NPROC] = (0, 0)
    for limit, (soft, hard) in wanted.items():
        _, most = resource.getrlimit(limit)
        if most != resource.RLIM_INFINITY:
            soft, hard = min(soft, most), min(hard, most)
        resource.setrlimit(limit, (soft, hard))


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    """End the process at what neither a mapping nor the engine has any need of."""
    if event == "open":
        flags = arguments[2]
        refused = isinstance(flags, int) and bool(flags & _WRITING)
    else:
        refused = event.startswith(_REFUSED) and event not in _LISTINGS
    if refused:
        os._exit(FORBIDDEN)
