"""One trial from the outside: start its process, make the cache state at the barrier, stop what hangs."""

import signal
import time
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TypeVar

import psutil

from loadbench.errors import CacheControlError, CheckpointError
from loadbench.machine import pagecache
from loadbench.machine.gpu_state import GpuState, gpu_state
from loadbench.machine.interruptions import uninterrupted
from loadbench.machine.kernel_log import KernelLog, warnings_in
from loadbench.machine.memory import oom_kills
from loadbench.machine.processes import kill_tree
from loadbench.machine.residency import residency
from loadbench.machine.surroundings import Window, stamp
from loadbench.records import Case, Residency
from loadbench.sweep.processes import Context
from loadbench.trial import worker
from loadbench.trial.spec import Failed, Finished, Go, Loaded, Ready, TrialSpec, Verify

EVICTIONS = 3
"""How often a cold state is tried for before a trial is called disturbed: another process may be reading the files."""

GOODBYE_S = 5.0
"""How long a process that has answered may take to end by itself before it is killed."""

_Message = TypeVar("_Message")


@dataclass(frozen=True)
class Job:
    """A case with all that a trial of it needs."""

    case: Case
    files: tuple[Path, ...]
    manifest: Path
    block_device: str | None
    """The disk under the files, for diskstats; None where there is none."""
    cold_method: str
    """How the files are made cold: fadvise, drop_caches or copy."""
    memory_limit: int | None
    stored_bytes: int | None
    """What the files take up on their block device; None where there is none."""
    handicap: float = 0.0
    """As in `TrialSpec`."""


@dataclass(frozen=True)
class Outcome:
    """What was seen of one trial. Exactly one of `finished`, `failed`, `died`, `hung`, `disturbed` is set."""

    finished: Finished | None = None
    failed: Failed | None = None
    died: str = ""
    hung: str = ""
    disturbed: str = ""
    made_by: str = ""
    before: Residency | None = None
    after: Residency | None = None
    window: Window | None = None
    """The machine around the clock."""

    @property
    def device_read_bytes(self) -> int | None:
        """Bytes that anybody read from the block device around the clock."""
        return self.window.device_read_bytes if self.window else None


class _StoppedError(Exception):
    """The worker gave no answer."""

    def __init__(self, *, died: str = "", hung: str = ""):
        super().__init__(died or hung)
        self.died = died
        self.hung = hung


def run_trial(job: Job, context: Context, log: Path, timeout_s: float) -> Outcome:
    """Run one trial in a fresh process. Whatever happens, no process of it is left."""
    here, there = context.Pipe()
    kills_before = oom_kills()
    forked = context.get_start_method() == "forkserver"
    now = time.monotonic_ns()
    spec = TrialSpec(job.case, job.files, job.manifest, log, job.memory_limit, forked, now, job.handicap)
    process = context.Process(target=worker.main, args=(spec, there), daemon=True)
    try:
        with uninterrupted():
            process.start()
        there.close()
        return _converse(job, process, here, timeout_s)
    except _StoppedError as stopped:
        process.join(timeout=5)
        died = _why_died(process.exitcode, oom_kills() > kills_before) if stopped.died else ""
        return Outcome(died=died and f"{died} {stopped.died}", hung=stopped.hung)
    finally:
        with uninterrupted():
            _end(process)
            here.close()


def _converse(job: Job, process: BaseProcess, channel: Connection, timeout_s: float) -> Outcome:
    """The protocol: Ready, the cache state, Go, Loaded, the state read back, Verify, the answer."""
    answer = _answer(process, channel, timeout_s, "in prepare()")
    if isinstance(answer, Failed):
        return Outcome(failed=answer)
    ready = _expected(answer, Ready)
    gpu = _gpu_state(ready, process)
    try:
        made_by, before = _make_state(job)
    except CacheControlError as error:
        return Outcome(disturbed=str(error))
    except (CheckpointError, OSError) as error:  # a file is gone, or cannot be read any more
        return Outcome(failed=Failed(str(error)))
    if before.state != job.case.cache:
        return Outcome(
            disturbed=f"{job.case.cache} was asked for, but the page cache was {before.text} before the clock "
            f"({before.method})",
            made_by=made_by,
            before=before,
        )
    loaded, window = _watched_load(job, process, channel, timeout_s)
    seen = Outcome(made_by=made_by, before=before, window=window)
    try:
        seen = replace(seen, after=residency(job.files))
    except CheckpointError as error:
        loaded = loaded if isinstance(loaded, Failed) else Failed(str(error))
    if isinstance(loaded, Failed):
        return replace(seen, failed=loaded)
    seen = replace(seen, window=replace(window, gpu=gpu | _gpu_state(ready, process)))
    _say(channel, Verify(), "after load()")
    answer = _answer(process, channel, timeout_s, "while its tensors were hashed")
    if isinstance(answer, Failed):
        return replace(seen, failed=answer)
    finished = _expected(answer, Finished)
    process.join(timeout=GOODBYE_S)
    return replace(seen, finished=finished)


def _watched_load(
    job: Job, process: BaseProcess, channel: Connection, timeout_s: float
) -> tuple[Loaded | Failed, Window]:
    """Give the word, wait for the answer, and stamp the machine on both sides of it."""
    with KernelLog() as log:
        before = stamp(job.block_device)
        _say(channel, Go(), "at the barrier")
        answer = _answer(process, channel, timeout_s, "in load()")
        after = stamp(job.block_device)
        window = Window(before, after, tuple(warnings_in(log.new_records())))
    return answer if isinstance(answer, Failed) else _expected(answer, Loaded), window


def _gpu_state(ready: Ready, process: BaseProcess) -> GpuState:
    """The state of the trial's GPU; empty, and without a question asked, for a trial that has none."""
    if ready.gpu is None or process.pid is None:
        return GpuState()
    try:
        children = psutil.Process(process.pid).children(recursive=True)
    except psutil.Error:
        children = []
    return gpu_state(ready.gpu, {process.pid, *(child.pid for child in children)})


def _make_state(job: Job) -> tuple[str, Residency]:
    """Bring the files into the state asked for and read it back. The worker stands at the barrier meanwhile."""
    if job.case.cache == "warm":
        state = residency(job.files)
        if state.state == "warm":
            return "already", state
        pagecache.make_warm(job.files)
        return "read", residency(job.files)
    for _ in range(EVICTIONS):
        # A private copy was written past the page cache; evicting it again only removes what read ahead left.
        pagecache.evict(job.files, "fadvise" if job.cold_method == "copy" else job.cold_method)
        state = residency(job.files)
        if state.state == "cold":
            break
    return job.cold_method, state


def _answer(process: BaseProcess, channel: Connection, timeout_s: float, phase: str) -> object:
    """The worker's next message, or how it stopped answering."""
    ready = wait([channel, process.sentinel], timeout_s)
    if not ready:
        raise _StoppedError(hung=f"no answer for {timeout_s:g} s {phase}; killed")
    if channel in ready:
        try:
            message: object = channel.recv()
        except (EOFError, OSError):
            raise _StoppedError(died=phase) from None
        return message
    raise _StoppedError(died=phase)


def _say(channel: Connection, word: Go | Verify, phase: str) -> None:
    try:
        channel.send(word)
    except OSError:
        raise _StoppedError(died=phase) from None


def _expected(answer: object, kind: type[_Message]) -> _Message:
    if not isinstance(answer, kind):
        raise TypeError(f"the worker answered {answer!r} where {kind.__name__} was expected")
    return answer


def _why_died(exit_code: int | None, oom: bool) -> str:
    if oom and exit_code == -signal.SIGKILL:
        return "needs more memory than there is: killed by the kernel's out-of-memory killer"
    if exit_code is not None and exit_code < 0:
        try:
            name = signal.Signals(-exit_code).name
        except ValueError:
            name = "unknown"
        return f"the process was ended by signal {-exit_code} ({name})"
    return f"the process ended by itself with exit code {exit_code}"


def _end(process: BaseProcess) -> None:
    """Kill the trial's process and everything it started, and wait until they are gone."""
    if process.pid is None:
        return  # Ctrl-C came before it was started
    kill_tree(process.pid)
    process.join(timeout=10)
