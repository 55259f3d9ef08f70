"""Other processes: end a trial's whole process tree, and find out who maps a file."""

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loadbench.errors import InternalError
from loadbench.machine.kernel import text_of

_GONE_WITHIN_S = 5.0
_STOPPED_WITHIN_S = 5.0
_DEAD = "ZX"
_STOPPED = "Tt"


@dataclass(frozen=True)
class Process:
    """A line of /proc/PID/stat."""

    pid: int
    name: str
    state: str
    parent: int
    group: int
    session: int
    start_ticks: int
    """Start, in clock ticks since boot: with the pid, it names a process once and for all."""


def parse_stat(text: str) -> Process:
    """A process from its stat file. The name may hold spaces and parentheses."""
    head, _, tail = text.rpartition(")")
    pid, _, name = head.partition(" (")
    words = tail.split()
    return Process(
        pid=int(pid),
        name=name,
        state=words[0],
        parent=int(words[1]),
        group=int(words[2]),
        session=int(words[3]),
        start_ticks=int(words[19]),
    )


def start_ticks(pid: int) -> int | None:
    """When a living process started; None where there is no such process."""
    process = _process(pid)
    return process.start_ticks if process else None


def kill_tree(pid: int) -> tuple[int, ...]:
    """SIGKILL a process and all that came from it, and wait until they are gone. Returns the pids that are not.

    What came from it: its descendants, and every member of the session and the process group that it leads,
    even when the process itself is dead. Two kinds get away: a descendant that left the session *and* lost its
    parents earlier, and one that keeps forking faster than /proc can be read. Zombies count as gone; reaping
    them is their parent's business. The caller must know that the pid still means the process it started.
    """
    if pid <= 1 or pid in (os.getsid(0), os.getpgrp(), *_ancestry(os.getpid())):
        raise InternalError(f"refusing to kill process {pid}: this process belongs to it")
    # Stop them all before any is killed: a process that runs can fork away from under the list, and one whose
    # parent has died is not found any more. A signal is not yet a stop: a fork under way is still finished.
    members: set[int] = set()
    deadline = time.monotonic() + _STOPPED_WITHIN_S
    while time.monotonic() < deadline:
        settled = all(map(_is_stopped, members))  # before the search: what they forked until then is found by it
        new = _tree(pid) - members
        if settled and not new:
            break
        _signal(new, signal.SIGSTOP)
        members |= new
    _signal(members, signal.SIGKILL)
    deadline = time.monotonic() + _GONE_WITHIN_S
    while (left := sorted(member for member in members if _process(member))) and time.monotonic() < deadline:
        time.sleep(0.002)
    return tuple(left)


def mapped_by(file: Path) -> list[str]:
    """`name (pid N)` of the processes that map the file, as far as we may look into them."""
    wanted = str(file.stat().st_ino)
    found = []
    for pid in _pids():
        for line in (text_of(f"/proc/{pid}/maps") or "").splitlines():
            # Address, rights, offset, device, inode, path. btrfs shows another device than stat(2), and another
            # mount namespace another path, so it is the inode and the file's own name that are compared.
            words = line.split(maxsplit=5)
            if len(words) == 6 and words[4] == wanted and Path(words[5]).name == file.resolve().name:
                process = _process(pid)
                found.append(f"{process.name if process else '?'} (pid {pid})")
                break
    return found


def _tree(pid: int) -> set[int]:
    processes = [process for process in map(_process, _pids()) if process]
    tree = {p.pid for p in processes if pid in (p.pid, p.session, p.group)}
    size = -1
    while size != len(tree):
        size = len(tree)
        tree |= {p.pid for p in processes if p.parent in tree or p.parent == pid}
    return tree - {os.getpid()}


def _is_stopped(pid: int) -> bool:
    """Whether every thread of a process is stopped or dead."""
    stats = [text_of(task / "stat") for task in Path(f"/proc/{pid}/task").glob("*")]
    return all(parse_stat(text).state in _STOPPED + _DEAD for text in stats if text)


def _ancestry(pid: int) -> list[int]:
    ancestry = [pid]
    while (process := _process(ancestry[-1])) and process.parent > 0:
        ancestry.append(process.parent)
    return ancestry


def _pids() -> Sequence[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _process(pid: int) -> Process | None:
    """A living process; None for one that is gone or a zombie."""
    text = text_of(f"/proc/{pid}/stat")
    process = parse_stat(text) if text else None
    return process if process and process.state not in _DEAD else None


def _signal(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            continue
