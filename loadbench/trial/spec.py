"""What a trial's process is told, and what it answers. All of it is pickled between the two."""

from dataclasses import dataclass, field
from pathlib import Path

from loadbench.records import BytesProof, Case, Value


@dataclass(frozen=True)
class TrialSpec:
    """One trial: the case, its files, and where to find and put things."""

    case: Case
    files: tuple[Path, ...]
    manifest: Path
    """The manifest of what must arrive, made by an independent read."""
    log: Path
    """Everything that the process prints goes here."""
    memory_limit: int | None
    """Bytes that the process may allocate on top of what it starts with; None for no limit."""
    forked: bool
    """Whether the process is a fork of the zygote rather than a new interpreter."""
    spawned_ns: int
    """time.monotonic_ns() of the parent right before the process was asked for."""
    handicap: float = 0.0
    """Slow the load down by this share of its time (0.3 is 30 %): to see whether a gate finds it. Never in a sweep."""


@dataclass(frozen=True)
class Ready:
    """The worker stands at the barrier: everything before the clock is done."""

    gpu: str | None = None
    """UUID of the target GPU, as the driver writes it; None on the CPU, and where torch does not know it."""


@dataclass(frozen=True)
class Go:
    """The parent's word at the barrier: start the clock."""


@dataclass(frozen=True)
class Loaded:
    """The clock has stopped; the worker waits while the parent reads the cache state back."""


@dataclass(frozen=True)
class Verify:
    """The parent's word after that: hash what arrived."""


@dataclass(frozen=True)
class KernelCounts:
    """What the kernel counted inside the clock. Field by field as in `records.Counters`.

    Bytes are of the process and all that it started and that still lived; the rest is of the process alone.
    """

    user_ns: int
    system_ns: int
    minor_faults: int
    major_faults: int
    voluntary_switches: int
    involuntary_switches: int
    read_call_bytes: int | None
    storage_read_bytes: int | None
    children_cpu_ns: int = 0
    """CPU time of the processes that it started."""


@dataclass(frozen=True)
class MemoryCounts:
    """Resident memory around the clock, and the device's, in bytes."""

    rss_before: int
    rss_peak: int
    rss_anon: int
    rss_file: int
    device_peak: int | None
    device_released: int | None


@dataclass(frozen=True)
class Finished:
    """A load that came to its end. Whether it counts is decided by the parent."""

    events: dict[str, int]
    modules_imported: int
    delivered_bytes: int
    tensors: int
    counts: KernelCounts
    memory: MemoryCounts
    proof: BytesProof
    late_bytes: int
    """Bytes read between the clock's stop and the end of the hashing."""
    mapped: int
    """Tensors that are still a mapping of the checkpoint's files."""
    attested_settings: dict[str, Value] = field(default_factory=dict)
    attested_path: tuple[str, str] | None = None
    """Effective path and evidence, where the loader can prove it."""


@dataclass(frozen=True)
class Failed:
    """A load that raised."""

    reason: str
    wrong_bytes: bool = False
    """True if what arrived was wrong, rather than nothing arriving."""
