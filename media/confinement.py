"""What a child process does to itself before it works: die with its parent, give way, be bounded.

The server must survive everything that happens in here: an endless loop in a driver, a
picture that unpacks to gigabytes, a decoder taken over by a crafted file. The kernel's own
limits hold where Python's good intentions do not.

Source: prctl(2) PR_SET_PDEATHSIG, setrlimit(2), proc(5) oom_score_adj.
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Final

__all__ = ["ADDRESS_SPACE_BYTES", "allow_cpu", "bound_decoder", "give_way", "leave_with_parent"]

# niceness added: the server's loop and the database come first on a small machine
NICENESS = 10
# 0 to 1000 added to the kernel's out-of-memory score: the child goes before the server
OOM_SCORE_ADJUSTMENT = 500
# bytes of address space for a decoder; the worst 40 MP picture that we found needs 905 MB of it
ADDRESS_SPACE_BYTES = 1280 * 1024 * 1024
# files that a decoder may have open: its pipes and a few of the interpreter's
OPEN_FILES_MAX = 32

_PR_SET_PDEATHSIG: Final = 1


def leave_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, where there is such a call.

    Args:
        parent: process id of the server. Were it gone already, the signal would never come.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def give_way() -> None:
    """Lower this process's claim on processor and memory below the server's."""
    os.nice(NICENESS)
    # a container may forbid the write, and other systems have no such file: then the kernel decides
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE_ADJUSTMENT), encoding="ascii")


def bound_decoder() -> None:
    """Forbid this process large memory, files and core dumps. Call after the last import."""
    for kind, bound in (
        (resource.RLIMIT_AS, ADDRESS_SPACE_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES_MAX),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        lowest = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        # macOS refuses some of these; the time limits of the host still hold there
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (lowest, lowest))


def allow_cpu(seconds: int) -> None:
    """Let this process use `seconds` more of processor time, after which the kernel kills it."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    # whole seconds only, so one more for the fraction already used
    soft = int(usage.ru_utime + usage.ru_stime) + seconds + 1
    resource.setrlimit(
        resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard)
    )
