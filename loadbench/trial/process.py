"""What a trial's process does to itself first, so that it can be killed whole and harms nobody else."""

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_MADV_POPULATE_READ = 22
"""Since Linux 5.14; refused before, which only leaves the faults where they were."""
_OOM_SCORE_MAX = "1000"


def own_the_process(log: Path) -> None:
    """Become killable as a group, die with the parent, send all output to the log, be first to go if memory ends."""
    os.setsid()
    signal.pthread_sigmask(signal.SIG_SETMASK, set())  # the parent holds signals back while it starts us
    _die_with_parent()
    _redirect_output(log)
    # If memory runs out nevertheless, the kernel takes this process and not its neighbours.
    Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE_MAX)


def map_code() -> None:
    """Map all code of the libraries now, as far as it is in memory.

    A fork does not inherit page tables of shared file mappings. Without this a forked trial faults in torch's
    code page by page inside the clock, some milliseconds that a new interpreter has spent while importing it.
    """
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = [ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int]
    for line in Path("/proc/self/maps").read_text().splitlines():
        addresses, permissions, _, _, _, *path = line.split(maxsplit=5)
        if permissions.startswith("r-x") and path and path[0].startswith("/"):
            start, end = (int(part, 16) for part in addresses.split("-"))
            madvise(start, end - start, _MADV_POPULATE_READ)


def _die_with_parent() -> None:
    # The parent here is the zygote or the sweep itself; the zygote ends when the sweep does.
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _redirect_output(log: Path) -> None:
    """Descriptors 1 and 2, not sys.stdout: native libraries print past Python."""
    sys.stdout.flush()
    sys.stderr.flush()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def limit_memory(extra: int) -> None:
    """Allow `extra` bytes of private writable memory on top of what is mapped now.

    RLIMIT_DATA, not RLIMIT_AS: file mappings that are only read and address space that is only
    reserved do not count.
    """
    limit = data_bytes() + extra
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def data_bytes() -> int:
    """Private writable memory mapped by this process (VmData)."""
    return status_bytes("VmData")


def status_bytes(field: str) -> int:
    """A size out of /proc/self/status, in bytes. The kernel prints it in KiB, as `kB`."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return 0
