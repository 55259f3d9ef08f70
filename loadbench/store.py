"""The results directory: the only reader and writer of it.

<run>/run.json       the plan, the machine, the checkpoints, the loaders; replaced as a whole
<run>/trials.jsonl   one record a line, appended, flushed and synced before the next trial
<run>/logs/          what a trial printed, kept where it did not succeed
"""

import fcntl
import gc
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from loadbench.errors import StoreError
from loadbench.records import SCHEMA_VERSION, Record, Run

RUN_FILE = "run.json"
TRIALS_FILE = "trials.jsonl"
LOGS = "logs"
BASELINES = "baselines"
"""A folder of copies of runs, which are no runs of their own: they are found where it is named itself."""
_OWN_FILES = {TRIALS_FILE, LOGS, f".{RUN_FILE}.part"}


@dataclass(frozen=True)
class StoredRun:
    """A run as read back: its records in the order they were written, and what was odd about the files."""

    path: Path
    run: Run
    records: tuple[Record, ...]
    warnings: tuple[str, ...] = ()
    trials_bytes: int = 0
    """Size of the records' file when it was read."""


class RunWriter:
    """Writes one run. Holds a lock on the directory, so that two sweeps cannot mix their records."""

    def __init__(self, path: Path, run: Run, trials: FileIO, lock: int):
        self.path = path
        self.run = run
        self._trials = trials
        self._lock = lock
        self._kept_logs: set[str] = set()

    @classmethod
    def create(cls, path: Path, run: Run) -> "RunWriter":
        """Start a new run in a reserved directory."""
        reserve(path)
        writer = cls._open(path, run)
        writer._replace_run_file()
        return writer

    @classmethod
    def resume(cls, stored: StoredRun, run: Run) -> "RunWriter":
        """Continue a run. A last line that was cut by a crash is removed; that trial is tried again."""
        writer = cls._open(stored.path, run)
        writer._kept_logs = {record.log for record in stored.records if record.log}
        if (stored.path / TRIALS_FILE).stat().st_size != stored.trials_bytes:
            writer.close()
            raise StoreError(f"{stored.path} has grown while this was being prepared. Run the same command again.")
        _cut_partial_line(stored.path / TRIALS_FILE)
        writer._replace_run_file()
        return writer

    @classmethod
    def _open(cls, path: Path, run: Run) -> "RunWriter":
        with ExitStack() as on_failure:
            try:
                # The directory itself is what is locked, so that no lock file is left or lost.
                lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
                on_failure.callback(os.close, lock)
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Unbuffered: what could not be written must not be written later, when the file is closed.
                trials = on_failure.enter_context((path / TRIALS_FILE).open("ab", buffering=0))
            except BlockingIOError as error:
                raise StoreError(
                    f"Another loadbench is writing to {path}. Wait for it, or name another --out."
                ) from error
            except OSError as error:
                raise _cannot("write in", path, error) from error
            on_failure.pop_all()
        return cls(path, run, trials, lock)

    def append(self, record: Record) -> None:
        """Put a record on disk before returning. A record that does not fit is taken back whole."""
        line = record.model_dump_json(exclude_defaults=True).encode() + b"\n"
        start = self._trials.seek(0, os.SEEK_END)
        try:
            written = 0
            while written < len(line):
                written += self._trials.write(line[written:])
            os.fsync(self._trials.fileno())
            self._kept_logs.add(record.log)
        except OSError as error:
            self._trials.truncate(start)
            raise StoreError(
                f"Cannot write a record to {self.path / TRIALS_FILE}: {error.strerror}. The records before it are "
                "safe. Make room and continue with --resume."
            ) from error

    def end(self, how: Literal["complete", "budget", "interrupted"]) -> None:
        """Note how the last session ended."""
        *before, last = self.run.sessions
        sessions = [*before, last.model_copy(update={"ended": how})]
        self.run = self.run.model_copy(update={"sessions": sessions})
        self._replace_run_file()

    def log_path(self, name: str) -> Path:
        """Where a trial's output goes."""
        return self.path / LOGS / name

    def close(self) -> None:
        """Release the directory. Logs that no record names, of trials that were cut short, go."""
        for log in (self.path / LOGS).glob("*.log"):
            if f"{LOGS}/{log.name}" not in self._kept_logs:
                log.unlink()
        self._trials.close()
        os.close(self._lock)

    def _replace_run_file(self) -> None:
        replace_file(self.path / RUN_FILE, self.run.model_dump_json(indent=1) + "\n")


def reserve(path: Path) -> None:
    """Make the directory of a new run, or say why it cannot be one. Done early, before anything slow.

    What a sweep that was killed before its first record leaves behind does not count as a run.
    """
    try:
        if (path / RUN_FILE).exists():
            raise StoreError(
                f"{path} already holds a run. Continue it with --resume, or name another directory with --out."
            )
        if (path / TRIALS_FILE).exists() and (path / TRIALS_FILE).stat().st_size:
            raise StoreError(
                f"{path} holds the records of a run whose {RUN_FILE} is missing. Put that file back, or name another "
                "--out."
            )
        if path.exists() and not path.is_dir():
            raise StoreError(f"{path} is a file. Name a directory with --out.")
        strangers = [p.name for p in path.iterdir() if p.name not in _OWN_FILES] if path.exists() else []
        if strangers:
            raise StoreError(f"{path} is not empty ({strangers[0]} is in it). Name another directory with --out.")
        (path / LOGS).mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK):
            raise StoreError(f"{path} is not writable. Name another directory with --out.")
    except OSError as error:
        raise _cannot("write in", path, error) from error


def release(path: Path) -> None:
    """Take a reservation back that did not become a run. A run, or anything else in the directory, stays."""
    if not has_run(path):
        for place in (path / LOGS, path):
            with suppress(OSError):
                place.rmdir()


def make_directory(path: Path) -> None:
    """Make a directory and those above it, where they are not there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot("make", path, error) from error


def replace_file(path: Path, content: str | bytes) -> None:
    """Write a file so that a reader, or a crash at any instant, sees the old or the new one, never a part.

    A link stays one, and what is no regular file, such as /dev/stdout or a pipe, is written to and not replaced.
    """
    data = content.encode() if isinstance(content, str) else content
    part = path.with_name(f".{path.name}.part")
    try:
        path = path.resolve()
        part = path.with_name(f".{path.name}.part")
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise _cannot("write", path, error) from error


def has_run(path: Path) -> bool:
    """Whether a directory holds a run."""
    try:
        return (path / RUN_FILE).is_file()
    except OSError as error:
        raise _cannot("read", path, error) from error


def find_runs(path: Path) -> list[Path]:
    """The runs at or below a directory, sorted by path."""
    try:
        if not path.exists():
            raise StoreError(f"{path} does not exist. Run `loadbench sweep` first, or name the folder it wrote to.")
        if path.name == RUN_FILE:
            path = path.parent
        if not path.is_dir():
            raise StoreError(f"{path} is not a run: a run is a directory with {RUN_FILE} and {TRIALS_FILE} in it.")
        below = (found.parent for found in path.rglob(RUN_FILE))
        runs = [path] if has_run(path) else sorted(run for run in below if not _kept(run.relative_to(path)))
    except OSError as error:
        raise _cannot("read", path, error) from error
    if not runs:
        raise StoreError(f"No run in {path}: no {RUN_FILE} at or below it. `loadbench sweep` makes one.")
    return runs


def _kept(run: Path) -> bool:
    """Whether a run is a copy below a folder of baselines, or one that is just being made."""
    return BASELINES in run.parts[:-1] or any(part.startswith((".unfinished-", ".replaced-")) for part in run.parts)


def read_run(path: Path) -> StoredRun:
    """Read a run with all records that are whole. A cut last line is a warning; any other bad line is an error."""
    return _read(path, Record.model_validate_json)


def read_for_analysis(path: Path) -> StoredRun:
    """`read_run` in less time and memory. The records have the fields of a `Record`, and no methods."""
    from loadbench.quick_records import QuickReader

    return _read(path, QuickReader().read)


def _read(path: Path, read_record: Callable[[bytes], Record]) -> StoredRun:
    run = _read_run_file(path / RUN_FILE)
    warnings: list[str] = []
    trials = path / TRIALS_FILE
    records: list[Record] = []
    size = 0
    try:
        with ExitStack() as opened:
            opened.enter_context(_no_garbage_collection())
            for line in opened.enter_context(trials.open("rb")) if trials.exists() else ():
                size += len(line)
                if line.endswith(b"\n"):
                    records.append(read_record(line[:-1]))
                else:
                    cut = "the last line is cut (a crash while it was written); that trial is not counted"
                    warnings.append(f"{trials}: {cut}")
            if not trials.exists():
                warnings.append(f"{trials} is missing: put it back, or there is nothing to report")
    except ValidationError as error:
        raise _not_valid(f"{trials}:{len(records) + 1}", error) from error
    except OSError as error:
        raise _cannot("read", trials, error) from error
    first = run.sessions[0]
    for session in run.sessions[1:]:
        changed = first.differences(session)
        if changed:
            warnings.append(f"{path}: the run was resumed after {' and '.join(changed)} changed; its records are mixed")
    return StoredRun(path, run, tuple(records), tuple(warnings), size)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Records form no cycles; looking for some while a hundred thousand are made takes longer than making them."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _read_run_file(path: Path) -> Run:
    try:
        run = Run.model_validate_json(path.read_bytes())
    except OSError as error:
        raise _cannot("read", path, error) from error
    except ValidationError as error:
        raise _not_valid(str(path), error) from error
    if run.schema_version > SCHEMA_VERSION:
        raise StoreError(
            f"{path} has format {run.schema_version}; this loadbench reads up to {SCHEMA_VERSION}. Upgrade loadbench."
        )
    return run


def _not_valid(place: str, error: ValidationError) -> StoreError:
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"]) or "the whole"
    return StoreError(f"{place} is not valid: {field}: {first['msg']}. Put back the file as it was written.")


def _cut_partial_line(path: Path) -> None:
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole != len(data):
        os.truncate(path, whole)


def _cannot(verb: str, path: Path, error: OSError) -> StoreError:
    free = ""
    if error.errno == 28:
        free = f" ({shutil.disk_usage(path if path.exists() else path.parent).free} bytes free)"
    return StoreError(f"Cannot {verb} {path}: {error.strerror}{free}. Choose another place.")
