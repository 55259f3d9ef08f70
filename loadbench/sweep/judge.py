"""From what was seen of a trial to its record: pure, and blind to the time it took."""

from datetime import datetime

from loadbench import loaders
from loadbench.machine.surroundings import surroundings
from loadbench.records import (
    ByteCounts,
    CacheProof,
    Case,
    Counters,
    Isolation,
    PathProof,
    Record,
    Residency,
    Status,
    Surroundings,
    Timing,
    Value,
)
from loadbench.sweep.disturbance import CACHE, disturbance
from loadbench.sweep.supervise import Outcome
from loadbench.trial.spec import Finished

NEARLY_ALL = 0.98
"""Share of the payload that has to be seen. Short of 1, since a tail of a file may share a page or a block."""
NEARLY_NONE = 0.02
STRANGE_BYTES = 8 << 20
"""Reads inside the clock that need not be the checkpoint's: code that a library loads when it is first used."""
LATE_BYTES = 1 << 20
"""Reads after the clock that mean nothing: /proc, the log, a library's closing words."""


def judge(
    case: Case,
    outcome: Outcome,
    *,
    round_number: int,
    attempt: int,
    started_at: datetime,
    session: int,
    isolation: Isolation,
    payload_bytes: int,
    stored_bytes: int | None,
    tolerated: frozenset[str] = frozenset(),
) -> Record:
    """The record of a trial.

    `stored_bytes` is what the files take up on their block device, less than their size where the file system
    compresses; None where no block device is behind them and its counters say nothing. Causes of disturbance that are
    `tolerated` are stamped and nothing else; the cache state is never tolerated.
    """
    finished = outcome.finished
    path = _path(case, outcome, payload_bytes) if finished else None
    around = surroundings_of(outcome, path)
    status, reason = _status(case, outcome, path, payload_bytes, stored_bytes)
    if status == "ok" and finished and around and outcome.window:
        found = disturbance(
            around,
            case,
            payload_bytes,
            cpus=outcome.window.cpus,
            storage_read_bytes=finished.counts.storage_read_bytes,
            tolerated=tolerated,
        )
        status, reason = ("disturbed", found[1]) if found else ("ok", "")
    return Record(
        case=case,
        round=round_number,
        attempt=attempt,
        status=status,
        reason=reason,
        started_at=started_at.isoformat(timespec="milliseconds"),
        session=session,
        isolation=isolation,
        timing=_timing(finished) if finished else None,
        bytes=_bytes(finished, payload_bytes, outcome.device_read_bytes) if finished else None,
        cache=_cache(case, outcome),
        path=path,
        proof=finished.proof if finished else None,
        counters=_counters(finished, outcome) if finished else None,
        surroundings=around,
        settings=finished.attested_settings if finished else {},
    )


def _status(
    case: Case, outcome: Outcome, path: PathProof | None, payload_bytes: int, stored_bytes: int | None
) -> tuple[Status, str]:
    """The status and its reason. Wrong bytes weigh most, then ignored settings, then the cache state."""
    if outcome.disturbed:
        return "disturbed", f"{CACHE}: {outcome.disturbed}"
    if outcome.hung:
        return "timeout", outcome.hung
    if outcome.died:
        return "failed", outcome.died
    if outcome.failed:
        return ("invalid" if outcome.failed.wrong_bytes else "failed"), outcome.failed.reason
    finished = outcome.finished
    assert finished is not None
    assert path is not None
    if finished.proof.wrong:
        return "invalid", f"{finished.proof.first_wrong} ({finished.proof.wrong} wrong of {finished.proof.compared})"
    if finished.late_bytes > max(LATE_BYTES, NEARLY_NONE * payload_bytes):
        return "invalid", f"{finished.late_bytes} bytes were read after the clock had stopped: it was not loaded yet"
    if finished.mapped and case.contract != "touched":
        return "invalid", (
            f"{finished.mapped} of {finished.tensors} tensors are still a mapping of the file: "
            "the loader says that they are owned, but they were not loaded"
        )
    ignored = ignored_setting(case.tunables, finished.attested_settings)
    if ignored:
        return "failed", ignored
    if path.requested == "gds" and path.effective != "gds":
        return "failed", f"gds was asked for, but the path was {path.effective}: {path.evidence}"
    if {path.requested, path.effective} == {"direct", "buffered"}:
        return "failed", f"{path.requested} reads were asked for, but they were {path.effective}: {path.evidence}"
    contradiction = cache_contradiction(case, outcome, path, payload_bytes, stored_bytes)
    return ("disturbed", f"{CACHE}: {contradiction}") if contradiction else ("ok", "")


def ignored_setting(asked: dict[str, Value], attested: dict[str, Value]) -> str:
    """The first tunable for which the library says that it used something else than the sweep asked for."""
    for name, value in asked.items():
        if value is not None and name in attested and attested[name] != value and value != "auto":
            return f"setting ignored: {name}={value} was asked for, the library used {attested[name]}"
    return ""


def cache_contradiction(
    case: Case, outcome: Outcome, path: PathProof, payload_bytes: int, stored_bytes: int | None
) -> str:
    """Why the cache state around the clock cannot be believed, or nothing.

    A cold load must have made storage deliver its bytes, as the counter of its process tree tells. The disk's counter
    is believed only for GPU direct reads, which no process is charged with: anybody's reads are in it, also those of a
    stranger who has brought the file into the page cache. A warm load must not have, unless it read past the cache.
    """
    finished, after = outcome.finished, outcome.after
    assert finished is not None
    own, disk = finished.counts.storage_read_bytes, outcome.device_read_bytes
    if case.cache == "cold" and stored_bytes is not None and own is not None:
        expected = min(payload_bytes, stored_bytes)
        seen = max(own, disk or 0) if path.effective == "gds" else own
        if seen < NEARLY_ALL * expected:
            share = seen / max(1, expected)
            return f"cold was asked for, but only {share:.0%} of the bytes came from storage inside the clock"
    if case.cache == "warm" and after is not None and after.state not in ("warm", "unknown"):
        return f"warm was asked for, but the page cache was {after.text} after the clock"
    tolerated = max(STRANGE_BYTES, NEARLY_NONE * payload_bytes)
    if case.cache == "warm" and path.effective != "direct" and own is not None and own > tolerated:
        share = own / max(1, payload_bytes)
        return f"warm was asked for, but {share:.0%} of the bytes came from storage inside the clock"
    return ""


def surroundings_of(outcome: Outcome, path: PathProof | None) -> Surroundings | None:
    """What went on around the trial; what others did is null where the trial's own share of it is not known."""
    if outcome.window is None:
        return None
    counts = outcome.finished.counts if outcome.finished else None
    charged = counts.storage_read_bytes if counts and path and path.effective != "gds" else None
    cpu = counts.user_ns + counts.system_ns + counts.children_cpu_ns if counts else None
    return surroundings(outcome.window, trial_cpu_ns=cpu, trial_read_bytes=charged)


def _path(case: Case, outcome: Outcome, payload_bytes: int) -> PathProof:
    finished = outcome.finished
    assert finished is not None
    requested = loaders.find(case.loader)(**case.tunables).path(case.device)
    if finished.attested_path:
        effective, evidence = finished.attested_path
    else:
        effective, evidence = path_seen(finished, outcome, payload_bytes, requested)
    return PathProof(requested=requested, effective=effective, evidence=evidence)


def path_seen(finished: Finished, outcome: Outcome, payload_bytes: int, requested: str) -> tuple[str, str]:
    """The I/O path that the kernel's counters show, and which of them show it.

    direct: storage delivered the bytes, and the page cache neither could have served them nor grew by them.
    buffered: read calls asked for the bytes. mmap: it was asked for and no read call was made, so page faults
    brought them; io_uring and libaio make no read call that is counted, so nothing else can be concluded from none.
    """
    counts = finished.counts
    read, asked = counts.storage_read_bytes, counts.read_call_bytes
    if payload_bytes == 0 or read is None or asked is None:
        return "unknown", "/proc/self/io cannot be read" if payload_bytes else "there are no bytes to see"
    if read >= NEARLY_ALL * payload_bytes and (evidence := _past_the_cache(read, outcome, payload_bytes, requested)):
        return "direct", f"storage delivered {read} bytes {evidence}"
    if asked >= NEARLY_ALL * payload_bytes:
        return "buffered", f"read calls asked for {asked} bytes"
    if requested == "mmap" and asked <= NEARLY_NONE * payload_bytes:
        return "mmap", f"{counts.major_faults} major and {counts.minor_faults} minor faults, no read calls"
    return "unknown", f"storage delivered {read} bytes, read calls asked for {asked}"


def _past_the_cache(read: int, outcome: Outcome, payload_bytes: int, requested: str) -> str:
    """Why the bytes that storage delivered were not read through the page cache; nothing if they may have been."""
    if outcome.before is not None and outcome.before.state == "warm":
        # What maps the file or reads it through the cache by its own word, can only have found it evicted.
        return "" if requested in ("mmap", "buffered") else "although the page cache held them"
    growth = cache_growth(outcome.before, outcome.after)
    if growth is None:
        return ""
    if growth <= NEARLY_NONE * payload_bytes:
        return "and the page cache did not grow"
    others = max(0, (outcome.device_read_bytes or 0) - read)
    if requested == "direct" and others >= NEARLY_ALL * growth:
        return f"and the page cache grew by {growth}, but the disk delivered {others} more"
    return ""


def cache_growth(before: Residency | None, after: Residency | None) -> int | None:
    """Bytes by which the checkpoint's part of the page cache grew; None if either side is unknown."""
    if before is None or after is None or before.resident_bytes is None or after.resident_bytes is None:
        return None
    return after.resident_bytes - before.resident_bytes


def _timing(finished: Finished) -> Timing:
    events = finished.events
    load_ns = events["synchronised"] - events["load_called"]
    return Timing(
        load_ns=load_ns,
        process_ns=events["context_ready"] + load_ns,
        events=events,
        modules_imported=finished.modules_imported,
    )


def _bytes(finished: Finished, payload_bytes: int, device_read_bytes: int | None) -> ByteCounts:
    return ByteCounts(
        payload_bytes=payload_bytes,
        delivered_bytes=finished.delivered_bytes,
        storage_read_bytes=finished.counts.storage_read_bytes,
        device_read_bytes=device_read_bytes,
        tensors=finished.tensors,
    )


def _cache(case: Case, outcome: Outcome) -> CacheProof | None:
    if outcome.before is None:
        return None
    return CacheProof(
        requested=case.cache, made_by=outcome.made_by, before=outcome.before, after=outcome.after or outcome.before
    )


def _counters(finished: Finished, outcome: Outcome) -> Counters:
    counts, memory = finished.counts, finished.memory
    return Counters(
        user_ns=counts.user_ns,
        system_ns=counts.system_ns,
        minor_faults=counts.minor_faults,
        major_faults=counts.major_faults,
        voluntary_switches=counts.voluntary_switches,
        involuntary_switches=counts.involuntary_switches,
        read_call_bytes=counts.read_call_bytes,
        rss_before_bytes=memory.rss_before,
        rss_peak_bytes=memory.rss_peak,
        rss_anon_bytes=memory.rss_anon,
        rss_file_bytes=memory.rss_file,
        page_cache_growth_bytes=cache_growth(outcome.before, outcome.after),
        device_peak_bytes=memory.device_peak,
        device_released_bytes=memory.device_released,
    )
