"""From what was seen of a trial to its record: pure, and blind to the time it took."""

from datetime import datetime

from loadbench import loaders
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
    Timing,
    Value,
)
from loadbench.sweep.supervise import Outcome
from loadbench.trial.spec import Finished

NEARLY_ALL = 0.98
"""Share of the payload that has to be seen. Short of 1, since a tail of a file may share a page or a block."""
NEARLY_NONE = 0.02


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
    on_block_device: bool,
) -> Record:
    """The record of a trial."""
    finished = outcome.finished
    path = _path(case, outcome, payload_bytes) if finished else None
    status, reason = _status(case, outcome, path, payload_bytes, on_block_device)
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
        settings=finished.attested_settings if finished else {},
    )


def _status(
    case: Case, outcome: Outcome, path: PathProof | None, payload_bytes: int, on_block_device: bool
) -> tuple[Status, str]:
    """The status and its reason. Wrong bytes weigh most, then ignored settings, then the cache state."""
    if outcome.disturbed:
        return "disturbed", outcome.disturbed
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
    disturbed = cache_contradiction(case, outcome, payload_bytes, on_block_device)
    return ("disturbed", disturbed) if disturbed else ("ok", "")


def ignored_setting(asked: dict[str, Value], attested: dict[str, Value]) -> str:
    """The first tunable for which the library says that it used something else than the sweep asked for."""
    for name, value in asked.items():
        if value is not None and name in attested and attested[name] != value and value != "auto":
            return f"setting ignored: {name}={value} was asked for, the library used {attested[name]}"
    return ""


def cache_contradiction(case: Case, outcome: Outcome, payload_bytes: int, on_block_device: bool) -> str:
    """Why the cache state around the clock cannot be believed, or nothing."""
    finished, after = outcome.finished, outcome.after
    assert finished is not None
    read = finished.counts.storage_read_bytes
    if case.cache == "cold" and on_block_device and read is not None and read < NEARLY_ALL * payload_bytes:
        share = read / max(1, payload_bytes)
        return f"cold was asked for, but only {share:.0%} of the bytes came from storage inside the clock"
    if case.cache == "warm" and after is not None and after.state not in ("warm", "unknown"):
        return f"warm was asked for, but the page cache was {after.text} after the clock"
    return ""


def _path(case: Case, outcome: Outcome, payload_bytes: int) -> PathProof:
    finished = outcome.finished
    assert finished is not None
    requested = loaders.find(case.loader)(**case.tunables).path(case.device)
    if finished.attested_path:
        effective, evidence = finished.attested_path
    else:
        effective, evidence = path_seen(finished, outcome.before, outcome.after, payload_bytes)
    return PathProof(requested=requested, effective=effective, evidence=evidence)


def path_seen(
    finished: Finished, before: Residency | None, after: Residency | None, payload_bytes: int
) -> tuple[str, str]:
    """The I/O path that the kernel's counters show, and which of them show it.

    direct: storage delivered the bytes, and the page cache neither grew nor could have served them.
    buffered: read calls asked for the bytes. mmap: neither, so page faults brought them.
    """
    counts = finished.counts
    read, asked = counts.storage_read_bytes, counts.read_call_bytes
    if payload_bytes == 0 or read is None or asked is None:
        return "unknown", "/proc/self/io cannot be read" if payload_bytes else "there are no bytes to see"
    growth = cache_growth(before, after)
    warm = before is not None and before.state == "warm"
    if read >= NEARLY_ALL * payload_bytes and (warm or (growth is not None and growth <= NEARLY_NONE * payload_bytes)):
        place = "although the page cache held them" if warm else "and the page cache did not grow"
        return "direct", f"storage delivered {read} bytes {place}"
    if asked >= NEARLY_ALL * payload_bytes:
        return "buffered", f"read calls asked for {asked} bytes"
    if asked <= NEARLY_NONE * payload_bytes:
        return "mmap", f"{counts.major_faults} major and {counts.minor_faults} minor faults, no read calls"
    return "unknown", f"storage delivered {read} bytes, read calls asked for {asked}"


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
