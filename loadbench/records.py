"""The data: what a case, a trial's record and a run are. Frozen, validated, versioned.

Sizes are bytes, times are nanoseconds, both integers; rates are never stored. Every field carries
its description and unit into the JSON Schema that ships with the package (`loadbench/schema/`).
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from loadbench.units import short_size

SCHEMA_VERSION = 2
# Format history of run.json and trials.jsonl. A reader accepts its own version and all older ones;
# every old format has a results directory in tests/results.
# 1 - (loadbench 0.1.0) the first.
# 2 - (loadbench 0.2.0) surroundings of a trial; sentinels, ladder, precision and budget in the plan; ceilings of the
#     run; how a session ended; the storage of each checkpoint. All of them may be missing, so a run of format 1 reads
#     as one of format 2.

Value = bool | int | float | str | None
"""A tunable's or an environment fact's value."""

CacheWish = Literal["cold", "warm"]
Contract = Literal["owned", "stream", "touched"]
Status = Literal["ok", "failed", "timeout", "skipped", "disturbed", "invalid"]
Isolation = Literal["fork", "spawn"]

EVENTS = (
    "spawned",
    "imported",
    "context_ready",
    "load_called",
    "opened",
    "first_tensor",
    "last_tensor",
    "synchronised",
    "released",
)
"""The events of a trial, in the order in which they happen. An adapter may leave out `opened`."""


class Data(BaseModel):
    """Base of all stored data: immutable, and a misspelt field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Case(Data):
    """One point of a sweep. Two records are comparable when their cases are equal."""

    loader: str = Field(description="Name of the loader, as `loadbench loaders` lists it.")
    checkpoint: str = Field(description="Name of the checkpoint; `checkpoints` in run.json describes it.")
    device: str = Field(default="cpu", description="Target device: cpu, cuda:0, ...")
    cache: CacheWish = Field(description="State of the page cache asked for before the clock starts.")
    contract: Contract = Field(default="owned", description="What counts as loaded.")
    dtype: str = Field(default="auto", description="Type that floating tensors arrive in; auto keeps the file's.")
    tunables: dict[str, Value] = Field(
        default_factory=dict,
        description="Tunables that the sweep set; all others have the library's default. Sizes in bytes.",
    )

    @property
    def name(self) -> str:
        """`loader/checkpoint/key=value/...`: readable, and different for different cases."""
        conditions = {"device": self.device, "cache": self.cache, "contract": self.contract, "dtype": self.dtype}
        pairs = [f"{key}={value}" for key, value in conditions.items()]
        pairs += [f"{key}={name_value(value)}" for key, value in sorted(self.tunables.items())]
        return "/".join([self.loader, self.checkpoint, *pairs])

    @property
    def key(self) -> Hashable:
        """Equal for equal cases. `name` would do but for names with a slash in them."""
        tunables = tuple(sorted(self.tunables.items()))
        return self.loader, self.checkpoint, self.device, self.cache, self.contract, self.dtype, tunables


def name_value(value: Value) -> str:
    """A tunable's value inside a case name: sizes short and exact, as one types them."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1024:
        return short_size(value)
    return "default" if value is None else str(value)


class Residency(Data):
    """How much of a checkpoint's files is in this machine's page cache."""

    state: Literal["cold", "warm", "partial", "unknown"] = Field(
        description="cold: no page resident. warm: at least 98 % resident. unknown: it cannot be told."
    )
    resident_bytes: int | None = Field(description="Bytes of the files in the page cache; null if unknown.")
    total_bytes: int = Field(description="Bytes of the files.")
    method: str = Field(description="How it was read: cachestat, mincore, or none with the reason.")

    @property
    def text(self) -> str:
        """`cold`, `warm`, `partial(37%)` or `unknown`."""
        if self.state != "partial" or self.resident_bytes is None:
            return self.state
        share = 100 * self.resident_bytes / max(1, self.total_bytes)
        return f"partial({share:.2g}%)" if share < 1 else f"partial({min(share, 99):.0f}%)"


class CacheProof(Data):
    """The page cache's state around the clock, as made and as read back."""

    requested: CacheWish = Field(description="The state that the case asks for.")
    made_by: str = Field(description="How it was made: fadvise, drop_caches, copy, read, or already.")
    before: Residency = Field(description="Right before the clock started.")
    after: Residency = Field(description="Right after the clock stopped: the page cache that the load leaves behind.")


class Timing(Data):
    """A trial's clock."""

    load_ns: int = Field(description="The headline: from the call of load() to the device synchronised. ns.")
    process_ns: int = Field(
        description="From the process being spawned to the device synchronised, less the wait at the barrier. ns."
    )
    events: dict[str, int] = Field(description="Event name to ns since the process was spawned.")
    modules_imported: int = Field(description="Python modules imported inside the clock; more than a few is a bug.")


class ByteCounts(Data):
    """Which bytes the trial was about, counted at four places."""

    payload_bytes: int = Field(description="Bytes of the requested tensors in the file: what bandwidth is made of.")
    delivered_bytes: int = Field(description="Bytes of the tensors as they arrived, after any dtype conversion.")
    storage_read_bytes: int | None = Field(
        description="Bytes that the trial's process tree made the storage deliver inside the clock (/proc/self/io)."
    )
    device_read_bytes: int | None = Field(
        description="Bytes read from the block device by anybody inside the clock (/proc/diskstats)."
    )
    tensors: int = Field(description="Number of tensors that arrived.")


class PathProof(Data):
    """The I/O path asked for and the one taken."""

    requested: str = Field(
        description="The path that the loader's settings stand for: direct, buffered, mmap, gds, auto."
    )
    effective: str = Field(description="The path that the evidence shows; unknown where nothing proves one.")
    evidence: str = Field(description="What proves it.")


class BytesProof(Data):
    """The comparison of what arrived with the manifest, made after the clock."""

    compared: int = Field(description="Number of tensors (files, for a ceiling) whose digest was compared.")
    algorithm: str = Field(description="Digest used.")
    wrong: int = Field(description="Number of tensors that were missing, unexpected, doubled or different.")
    first_wrong: str = Field(default="", description="The first of them and what is wrong with it.")


class Counters(Data):
    """What the kernel counted for the trial's process inside the clock, and its memory."""

    user_ns: int = Field(description="CPU time in user mode, ns.")
    system_ns: int = Field(description="CPU time in the kernel, ns.")
    minor_faults: int = Field(description="Page faults served without I/O.")
    major_faults: int = Field(description="Page faults that waited for I/O.")
    voluntary_switches: int = Field(description="Context switches while waiting.")
    involuntary_switches: int = Field(description="Context switches forced by the scheduler.")
    read_call_bytes: int | None = Field(description="Bytes asked for through read calls (rchar), cached or not.")
    rss_before_bytes: int = Field(description="Resident memory right before the clock.")
    rss_peak_bytes: int = Field(description="Highest resident memory inside the clock, the state before included.")
    rss_anon_bytes: int = Field(description="Anonymous part of the resident memory with every tensor held.")
    rss_file_bytes: int = Field(description="File-backed part of the resident memory with every tensor held.")
    page_cache_growth_bytes: int | None = Field(
        description="Checkpoint bytes in the page cache after the load, less those before; null if unknown."
    )
    device_peak_bytes: int | None = Field(default=None, description="Peak device memory of the allocator; null on cpu.")
    device_released_bytes: int | None = Field(
        default=None, description="Device memory still allocated after the tensors were released; null on cpu."
    )


class Surroundings(Data):
    """What else went on in the machine while the clock ran. A null is something that cannot be told here."""

    window_ns: int = Field(description="Time between the two readings; the clock lies inside it. ns.")
    io_stall_ns: int | None = Field(
        default=None, description="Time in which some task waited for I/O (PSI io some), this trial's own included. ns."
    )
    cpu_stall_ns: int | None = Field(
        default=None, description="Time in which some task waited for a CPU (PSI cpu some), this trial's included. ns."
    )
    memory_stall_ns: int | None = Field(
        default=None, description="Time in which some task waited for memory (PSI memory some). ns."
    )
    steal_ns: int | None = Field(default=None, description="CPU time that the hypervisor gave to others. ns.")
    foreign_cpu_ns: int | None = Field(
        default=None, description="CPU time of all other processes and of the kernel's own threads. ns."
    )
    foreign_read_bytes: int | None = Field(
        default=None, description="Bytes that others read from the checkpoint's block device."
    )
    written_bytes: int | None = Field(
        default=None, description="Bytes that anybody wrote to the checkpoint's block device."
    )
    gpu_processes: list[str] = Field(default_factory=list, description="Other processes that used the target GPU.")
    gpu_throttling: list[str] = Field(default_factory=list, description="Why the target GPU's clock was held down.")
    kernel_log: list[str] = Field(
        default_factory=list, description="Warnings and errors that the kernel logged, in order."
    )


class Record(Data):
    """What is stored about one trial. Failed and skipped trials are recorded too, never dropped."""

    case: Case
    round: int = Field(description="Round of the sweep, from 1. 0 for a case that could not be tried at all.")
    attempt: int = Field(default=1, description="1, or more when a disturbed trial was queued again.")
    status: Status = Field(description="Outcome.")
    reason: str = Field(default="", description="Why the status is not ok, in one line.")
    started_at: str = Field(description="Wall-clock time, ISO 8601, UTC.")
    session: int = Field(description="Index into `sessions` of run.json: the environment of this trial.")
    isolation: Isolation = Field(description="fork: from the warm zygote. spawn: a new interpreter.")
    timing: Timing | None = None
    bytes: ByteCounts | None = None
    cache: CacheProof | None = None
    path: PathProof | None = None
    proof: BytesProof | None = None
    counters: Counters | None = None
    surroundings: Surroundings | None = None
    settings: dict[str, Value] = Field(default_factory=dict, description="Settings in effect, as the loader attests.")
    log: str = Field(default="", description="Log file of the trial, relative to the run's directory; empty if none.")


class CheckpointInfo(Data):
    """A checkpoint of a run."""

    path: str = Field(description="Directory or file.")
    files: int = Field(description="Number of weight files.")
    file_bytes: int = Field(description="Bytes of the weight files.")
    payload_bytes: int = Field(description="Bytes of all tensors.")
    tensors: int = Field(description="Number of tensors.")
    digest: str = Field(description="Digest over names, dtypes, shapes and contents of all tensors.")
    source: str = Field(default="", description="How it was made, for a synthetic checkpoint.")
    storage: str = Field(
        default="", description="What its files lie on: block device and file system. Empty if that was not recorded."
    )


class TunableInfo(Data):
    """A tunable of a loader."""

    name: str = Field(description="loadbench's name.")
    library_name: str = Field(description="The library's own name.")
    default: Value = Field(description="The library's default.")
    unit: Literal["", "bytes"] = Field(default="", description="bytes for a size.")
    help: str = Field(default="", description="What it does.")


class LoaderInfo(Data):
    """A loader of a run, as installed."""

    versions: dict[str, str] = Field(description="Installed distributions and their versions.")
    unavailable: str = Field(default="", description="Why it cannot run here; empty when it can.")
    tunables: list[TunableInfo] = Field(default_factory=list)
    ceiling: bool = Field(default=False, description="Whether it is a ceiling rather than a contestant.")


_FIXED = ("machine.id", "machine.boot_id", "os.kernel")


class Session(Data):
    """One invocation of the sweep. A resumed run has several."""

    started_at: str = Field(description="ISO 8601, UTC.")
    command: list[str] = Field(description="Command line, secrets removed.")
    environment: dict[str, Value] = Field(description="Facts about the machine; units are in the keys.")
    ended: Literal["", "complete", "budget", "interrupted"] = Field(
        default="",
        description="complete: every case has its rounds. budget: the time was up. Empty during it, or after a crash.",
    )

    def differences(self, other: Session) -> list[str]:
        """The facts that must not change inside one run and did: machine, boot, kernel, versions."""
        keys = [key for key in {**self.environment, **other.environment} if key in _FIXED or key.startswith("version.")]
        return [key for key in keys if self.environment.get(key) != other.environment.get(key)]


class Plan(Data):
    """What the sweep sets out to do."""

    cases: list[Case]
    rounds: int = Field(description="How often every case is tried; the most, where there is a ladder.")
    ladder: list[int] = Field(
        default_factory=list,
        description="Rounds after which a case stops that is precise enough. Empty: every case has all rounds.",
    )
    precision: dict[CacheWish, float] = Field(
        default_factory=dict,
        description="Half-width of the 95 % interval of the median, over the median, at which a case stops.",
    )
    budget_s: float | None = Field(default=None, description="Time for the whole sweep; null for no limit. s.")
    sentinels: list[Case] = Field(
        default_factory=list,
        description="Cases that are tried in every round, whatever the ladder says, to see the machine drift.",
    )
    seed: int = Field(description="Seed of the order inside each round.")
    isolation: Isolation = Field(default="fork", description="Where the trials' processes come from.")
    timeout_s: float = Field(description="A trial that takes longer to prepare, to load or to be hashed is killed. s.")
    options: dict[str, Any] = Field(default_factory=dict, description="The sweep's options, as given.")


CeilingKind = Literal["storage", "page cache", "memory", "link, pinned", "link, pageable"]


class Ceiling(Data):
    """How fast one stage of a load can be here: one way to move a checkpoint's bytes, measured by itself."""

    kind: CeilingKind = Field(
        description="storage: O_DIRECT reads. page cache: reads of cached files. memory: a copy from memory to memory. "
        "link: a copy from host to device, from pinned or pageable memory."
    )
    checkpoint: str = Field(
        description="Name of the checkpoint whose files were read; of the run's first for the rest."
    )
    device: str = Field(default="cpu", description="Target device; cpu for what does not leave the host.")
    settings: dict[str, Value] = Field(default_factory=dict, description="threads, and block in bytes.")
    bytes: int = Field(description="Bytes moved in one repetition.")
    samples_ns: list[int] = Field(min_length=1, description="Time of each repetition. ns.")
    session: int = Field(default=0, description="Index into `sessions`.")


class Run(Data):
    """run.json: everything about a run but its records."""

    schema_version: int = Field(default=SCHEMA_VERSION, description="Version of this format.")
    loadbench_version: str = Field(description="Version of loadbench that made the run.")
    name: str = Field(description="Name of the run: its directory's.")
    plan: Plan
    sessions: list[Session] = Field(min_length=1)
    checkpoints: dict[str, CheckpointInfo]
    loaders: dict[str, LoaderInfo]
    ceilings: list[Ceiling] = Field(default_factory=list, description="What bounds every load, before the first round.")
