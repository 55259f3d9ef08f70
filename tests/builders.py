"""Runs and records made by hand, with figures that a test can recompute in the head."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from loadbench.records import (
    ByteCounts,
    BytesProof,
    CacheProof,
    Case,
    Ceiling,
    CeilingKind,
    CheckpointInfo,
    Counters,
    LoaderInfo,
    PathProof,
    Plan,
    Record,
    Residency,
    Run,
    Session,
    Status,
    Timing,
    TunableInfo,
    Value,
)
from loadbench.store import StoredRun

GPT2_BYTES = 548_090_880
MS = 1_000_000

THREADS = TunableInfo(name="threads", library_name="max_threads", default=16)
BUFFER = TunableInfo(name="buffer", library_name="bbuf_size_kb", default=16 * 2**20, unit="bytes")
CONCURRENCY = TunableInfo(name="concurrency", library_name="RUNAI_STREAMER_CONCURRENCY", default=16)


def case(loader: str = "fastsafetensors-nogds", **fields: Any) -> Case:
    """A cold case on gpt2; `tunables` and any other field by name."""
    return Case(**{"loader": loader, "checkpoint": "gpt2", "cache": "cold"} | fields)


def ok(
    of: Case,
    round: int,
    load_ms: float,
    *,
    state: str | None = None,
    path: tuple[str, str] = ("buffered", "buffered"),
    payload: int = GPT2_BYTES,
    delivered: int | None = None,
    settings: dict[str, Value] | None = None,
    attempt: int = 1,
) -> Record:
    """A trial that counts, in the cache state that its case asks for unless another is given."""
    load_ns = int(load_ms * MS)
    return Record(
        case=of,
        round=round,
        attempt=attempt,
        status="ok",
        started_at="2026-01-02T03:04:05Z",
        session=0,
        isolation="fork",
        timing=Timing(load_ns=load_ns, process_ns=load_ns + 200 * MS, events={"spawned": 0}, modules_imported=0),
        bytes=ByteCounts(
            payload_bytes=payload,
            delivered_bytes=delivered or payload,
            storage_read_bytes=payload if of.cache == "cold" else 0,
            device_read_bytes=None,
            tensors=160,
        ),
        cache=CacheProof(
            requested=of.cache,
            made_by="fadvise",
            before=residency(state or of.cache, payload),
            after=residency("cold" if path[1] == "direct" else "warm", payload),
        ),
        path=PathProof(requested=path[0], effective=path[1], evidence="counters"),
        proof=BytesProof(compared=160, algorithm="xxh3_128", wrong=0),
        counters=Counters(
            user_ns=MS,
            system_ns=MS,
            minor_faults=10,
            major_faults=0,
            voluntary_switches=5,
            involuntary_switches=0,
            read_call_bytes=payload,
            rss_before_bytes=300_000_000,
            rss_peak_bytes=900_000_000,
            rss_anon_bytes=850_000_000,
            rss_file_bytes=50_000_000,
            page_cache_growth_bytes=None,
        ),
        settings=settings or {},
    )


def residency(state: str, total: int) -> Residency:
    resident = {"cold": 0, "warm": total, "partial": total * 37 // 100}.get(state)
    return Residency.model_validate(
        {"state": state, "resident_bytes": resident, "total_bytes": total, "method": "cachestat"}
    )


def bad(of: Case, round: int, status: Status, reason: str, attempt: int = 1) -> Record:
    """A trial that does not count."""
    return Record(
        case=of,
        round=round,
        attempt=attempt,
        status=status,
        reason=reason,
        started_at="2026-01-02T03:04:05Z",
        session=0,
        isolation="fork",
    )


def series(of: Case, *load_ms: float, **fields: Any) -> list[Record]:
    """One trial that counts in each round."""
    return [ok(of, round, ms, **fields) for round, ms in enumerate(load_ms, 1)]


def loader_info(*tunables: TunableInfo, ceiling: bool = False, unavailable: str = "", **versions: str) -> LoaderInfo:
    return LoaderInfo(versions=versions, tunables=list(tunables), ceiling=ceiling, unavailable=unavailable)


LOADERS = {
    "fastsafetensors-nogds": loader_info(THREADS, BUFFER, fastsafetensors="0.5.0"),
    "fastsafetensors-gds": loader_info(THREADS, BUFFER, unavailable="no GPU", fastsafetensors="0.5.0"),
    "runai-streamer": loader_info(CONCURRENCY, runai="0.17.0"),
    "safetensors-mmap": loader_info(safetensors="0.8.0"),
    "raw-read": loader_info(THREADS, BUFFER, ceiling=True),
}
ENVIRONMENT: dict[str, Value] = {
    "host.name": "bench-1",
    "machine.id": "m1",
    "machine.boot_id": "b1",
    "machine.vendor": "Example",
    "cpu.model": "Example CPU 9000",
    "cpu.threads": 64,
    "cpu.allowed_threads": 2,
    "memory.total_bytes": 16 * 2**30,
    "os.name": "Linux 13",
    "os.kernel": "6.12.0",
    "gpu.0.name": "Example GPU",
    "gpu.driver": "nvidia 1.2.3",
    "storage.checkpoint.file_system": "ext4",
    "storage.checkpoint.mount_options": "rw,relatime",
    "storage.checkpoint.device": "nvme0n1",
    "storage.checkpoint.read_ahead_kb": 128,
    "storage.results.file_system": "ext4",
    "storage.results.mount_options": "rw,relatime",
    "storage.results.device": "nvme0n1",
    "storage.results.read_ahead_kb": 128,
    "storage.scratch.file_system": "tmpfs",
    "python.version": "3.11.7",
    "version.torch": "2.13.0",
    "git.commit": "0123456789abcdef",
    "git.dirty": True,
}


def run(cases: Iterable[Case], rounds: int = 6, **fields: Any) -> Run:
    """A run of one session on a machine that does not exist."""
    made: dict[str, Any] = {
        "loadbench_version": "0.1.0",
        "name": "example",
        "plan": Plan(cases=list(cases), rounds=rounds, seed=7, timeout_s=600),
        "sessions": [
            Session(
                started_at="2026-01-02T03:04:05Z",
                command=["loadbench", "sweep", "models/gpt2 copy", "--threads", "8,16"],
                environment=ENVIRONMENT,
            )
        ],
        "checkpoints": {
            "gpt2": CheckpointInfo(
                path="models/gpt2",
                files=1,
                file_bytes=548_105_171,
                payload_bytes=GPT2_BYTES,
                tensors=160,
                digest="xxh3_128:feed",
                source="shape gpt2, seed 0",
            )
        },
        "loaders": LOADERS,
    }
    return Run(**made | fields)


def ceiling(
    kind: CeilingKind, *samples_ms: float, size: int = GPT2_BYTES, device: str = "cpu", **settings: Value
) -> Ceiling:
    """A stage measured by itself, on gpt2's files."""
    samples_ns = [int(ms * MS) for ms in samples_ms]
    return Ceiling(kind=kind, checkpoint="gpt2", device=device, settings=settings, bytes=size, samples_ns=samples_ns)


def stored(of: Run, records: Iterable[Record], *warnings: str) -> StoredRun:
    return StoredRun(Path("results") / "example", of, tuple(records), warnings)


def example() -> StoredRun:
    """A run with everything in it: cold and warm, ties, a knee, ceilings, sentinels of which one drifts, a ladder whose
    budget was up after round 6, and each way not to count."""
    nogds = [case(tunables={"threads": n, "buffer": n * 2**20}) for n in (8, 16)]
    warm = case(cache="warm", tunables={"threads": 8, "buffer": 8 * 2**20})
    half = case(dtype="F16", tunables={"threads": 8, "buffer": 8 * 2**20})
    runai = [case("runai-streamer", tunables={"concurrency": n}) for n in (4, 8, 16)]
    mmap = case("safetensors-mmap")
    gds = case("fastsafetensors-gds", tunables={"threads": 8})
    raw = case("raw-read", tunables={"threads": 4, "buffer": 2**20, "direct": True})
    raw_warm = case("raw-read", cache="warm", tunables={"threads": 4, "buffer": 2**20, "direct": False})
    records = [
        *series(
            nogds[0], 243, 246, 244, 251, 242, 240, settings={"threads": 8, "block": 512 * 1024, "copier": "Nogds"}
        ),
        *series(
            nogds[1], 247, 250, 243, 252, 249, 241, settings={"threads": 16, "block": 256 * 1024, "copier": "Nogds"}
        ),
        *series(warm, 60.1, 60.2, 60.3, settings={"copier": "Nogds"}),
        *series(half, 332, delivered=GPT2_BYTES // 2, settings={"copier": "Nogds"}),
        *series(runai[0], 400, 410, 405, 404, 402, path=("auto", "direct")),
        bad(runai[0], 6, "disturbed", "cache: partial(3%) of the pages were resident, cold was asked for"),
        bad(runai[0], 6, "disturbed", "steal: the hypervisor gave 12% of the CPU time to others", attempt=2),
        ok(runai[0], 6, 401, attempt=3, path=("auto", "direct")),
        *series(runai[1], 370, 340, 380, 360, 520, 375, path=("auto", "direct")),
        *series(runai[2], 366, 364, 365, 368, 367, 369, path=("auto", "direct")),
        *series(mmap, 505, 500, 510, 490, path=("mmap", "mmap")),
        bad(mmap, 5, "timeout", "killed after 600 s"),
        bad(mmap, 6, "invalid", "wte.weight: wrong bytes"),
        bad(gds, 0, "skipped", "no GPU on this machine"),
        *series(raw, 200, 201, 202, 203, 204, 205, path=("direct", "direct")),
        *series(raw_warm, 54, 55, 56, 57, 58, 59),
    ]
    cases = [*nogds, warm, half, *runai, mmap, gds, raw, raw_warm]
    plan = Plan(
        cases=cases,
        rounds=9,
        ladder=[6, 9],
        precision={"cold": 0.05, "warm": 0.03},
        budget_s=1200,
        sentinels=[raw, raw_warm],
        seed=7,
        timeout_s=600,
    )
    ceilings = [
        ceiling("storage", 230, 231, 232, threads=1, block=4 * 2**20),
        ceiling("storage", 204, 206, 210, threads=4, block=4 * 2**20),
        ceiling("page cache", 58, 58.2, 59, threads=4, block=4 * 2**20),
        ceiling("memory", 4, 4.1, 4.4, size=2**25, threads=4),
    ]
    base = run(cases)
    sessions = [base.sessions[0].model_copy(update={"ended": "budget"})]
    return stored(run(cases, plan=plan, sessions=sessions, ceilings=ceilings), records)
