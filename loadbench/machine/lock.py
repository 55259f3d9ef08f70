"""One benchmark at a time on this machine: two at once measure each other.

The lock is flock(2) on a file whose place is the same for every user. The kernel drops it when its holder dies,
however that happens, so a file that is left behind means nothing. What stands in it is only for people: who holds
the lock. It is shown only while the lock is held, and only if that very process still lives.

It cannot see other containers, unless they share the file, nor services with a temporary directory of their own, nor
other hosts that use the same storage.

Trials do not get the descriptor: the zygote and spawned interpreters are executed anew, which closes it, and what the
zygote forks has what the zygote has. A plain fork of this process would have a copy; the lock is given back
explicitly at the end, so such a child keeps it only if this process is killed.
"""

import errno
import fcntl
import json
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from loadbench.errors import InternalError, UsageError
from loadbench.machine.processes import start_ticks
from loadbench.machine.secrets import redact

VARIABLE = "LOADBENCH_LOCK"
"""The environment variable that puts the lock's file elsewhere."""

_NAME = "loadbench.lock"
_SHARED_PLACES = (Path("/run/lock"), Path("/tmp"))
_LONGEST = 200
_READ_ONLY_FOR_US = (errno.EACCES, errno.EPERM, errno.EROFS)
_SAFELY = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""In a directory that anybody may write a link could lead elsewhere, and a pipe would block."""


@dataclass(frozen=True)
class _Holder:
    """What the holder writes into the file. The pid means something in its own namespace only."""

    pid: int
    start_ticks: int | None
    namespace: str
    since: str
    what: str


@contextmanager
def measuring(what: str, waiting: Callable[[str], None]) -> Iterator[None]:
    """Hold the machine's lock; `what` says to others what is done, such as the command line.

    While another process holds it, `waiting` is called once with a text on who that is, then this waits without
    end; a signal handler that raises ends the wait. Raises `UsageError` where the file cannot be locked.
    """
    path = lock_path()
    told = False
    while True:
        descriptor = _opened(path)
        try:
            told = _take(path, descriptor, waiting, told)
            if not _still_there(path, descriptor):
                continue  # removed while we waited: whoever comes next locks another file
            _write(descriptor, what)
            try:
                yield
            finally:
                _write(descriptor, "")
                fcntl.flock(descriptor, fcntl.LOCK_UN)
            return
        finally:
            os.close(descriptor)


def holder() -> str | None:
    """Who is measuring on this machine now, in words; None where nobody is, as far as can be seen from here.

    Raises `UsageError` where the file is there but cannot be asked.
    """
    path = lock_path()
    try:
        descriptor = os.open(path, os.O_RDONLY | _SAFELY)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, error.strerror) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _text(_read(descriptor))
    except OSError as error:
        raise _unusable(path, error.strerror) from error
    finally:
        os.close(descriptor)
    return None


def lock_path() -> Path:
    """$LOADBENCH_LOCK, else a file in the first directory that every user may write.

    One that this user alone may write would be another one than other users take.
    """
    own = os.environ.get(VARIABLE)
    if own:
        return Path(own)
    for place in _SHARED_PLACES:
        with suppress(OSError):
            if place.stat().st_mode & stat.S_IWOTH and os.access(place, os.W_OK | os.X_OK):
                return place / _NAME
    return Path(tempfile.gettempdir()) / _NAME


def _opened(path: Path) -> int:
    """The file, made if absent; read-only where it is another user's, which is enough for flock."""
    try:
        descriptor = _open_or_make(path)
    except OSError as error:
        raise _unusable(path, error.strerror) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _unusable(path, "it is not a regular file")
    return descriptor


def _open_or_make(path: Path) -> int:
    while True:
        try:
            return os.open(path, os.O_RDWR | _SAFELY)
        except FileNotFoundError:
            pass
        except OSError as error:
            if error.errno in _READ_ONLY_FOR_US:
                return os.open(path, os.O_RDONLY | _SAFELY)
            raise
        with suppress(FileExistsError):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _SAFELY, 0o644)
            os.fchmod(descriptor, 0o644)  # whatever the umask: other users must be able to open it
            return descriptor


def _take(path: Path, descriptor: int, waiting: Callable[[str], None], told: bool) -> bool:
    """Lock the file, however long it takes. Whether `waiting` has been called by now."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return told
    except BlockingIOError:
        pass
    except OSError as error:
        raise _unusable(path, error.strerror) from error
    found = _read(descriptor)
    if found and found.pid == os.getpid():
        raise InternalError("this process is measuring already; waiting for itself would never end")
    if not told:
        waiting(f"waiting for another benchmark on this machine to end: {_text(found)}")
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return True


def _still_there(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _write(descriptor: int, what: str) -> None:
    """Write who we are; nothing for an empty `what`. A file that is not ours to write stays as it is."""
    me = _Holder(
        pid=os.getpid(),
        start_ticks=start_ticks(os.getpid()),
        namespace=_namespace(),
        since=f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
        what=redact(what)[:_LONGEST],
    )
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        if what:
            os.pwrite(descriptor, json.dumps(asdict(me)).encode(), 0)


def _read(descriptor: int) -> _Holder | None:
    """Who stands in the file, if that process lives and can be seen from here: a dead one's name may be left over."""
    try:
        found = _Holder(**json.loads(os.pread(descriptor, 4096, 0)))
        lives = start_ticks(int(found.pid)) == found.start_ticks is not None
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return found if lives and found.namespace == _namespace() else None


def _text(found: _Holder | None) -> str:
    if found is None:
        return "a process that left no name, or none that can be checked from here"
    text = f"pid {found.pid}, since {found.since}: {found.what}"
    return "".join(char if char.isprintable() else "?" for char in text)


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _unusable(path: Path, why: str | None) -> UsageError:
    return UsageError(
        f"cannot lock {path}: {why}. Repair or remove it, or set {VARIABLE} to a file that every user of this machine"
        " can open."
    )
