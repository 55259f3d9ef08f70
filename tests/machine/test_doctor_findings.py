"""From facts to findings: what holds for all of them, and what each fact leads to."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbench.machine.doctor_cache import cache_findings
from loadbench.machine.doctor_finding import Finding, State
from loadbench.machine.doctor_probe import SIZE, DirectRead, Probe
from loadbench.machine.doctor_storage import storage_findings
from loadbench.machine.doctor_verdict import cold_verdict
from loadbench.machine.doctor_weights import Weights
from loadbench.records import Residency
from loadbench.units import GIB

WARM = Residency(state="warm", resident_bytes=SIZE, total_bytes=SIZE, method="cachestat")
COLD = WARM.model_copy(update={"state": "cold", "resident_bytes": 0})
HALF = WARM.model_copy(update={"state": "partial", "resident_bytes": SIZE // 2})
UNKNOWN = Residency(
    state="unknown", resident_bytes=None, total_bytes=SIZE, method="none: zfs caches in its own ARC, out of sight"
)
GOOD = Probe(
    file=Path("/models/x"), made=True, file_system="ext4", device="vda", size=SIZE, cached=WARM, evicted=COLD,
    cachestat_bytes=SIZE, mincore_bytes=SIZE, counted_bytes=SIZE, disk_bytes=SIZE, direct=DirectRead("", 0),
)  # fmt: skip
FILES = Weights((Path("/models/a.safetensors"),), True, GIB, "", "cachestat", "", "", "")
NONE = replace(FILES, files=(), size=0, method="")
maybe_size = st.sampled_from([None, 0, SIZE // 2, SIZE, 2 * SIZE])
residencies = st.sampled_from([WARM, COLD, HALF, UNKNOWN])
probes = st.just("no room") | st.builds(
    Probe,
    file=st.just(Path("/models/x")), made=st.booleans(), size=st.just(SIZE), cached=residencies, evicted=residencies,
    file_system=st.sampled_from(["ext4", "xfs", "overlay", "tmpfs", "nfs4", "fuse.sshfs", "virtiofs", "zfs", "new"]),
    device=st.sampled_from([None, "vda"]), cachestat_bytes=maybe_size, mincore_bytes=maybe_size,
    counted_bytes=maybe_size, disk_bytes=maybe_size,
    direct=st.builds(DirectRead, st.sampled_from(["", "Invalid argument"]), maybe_size),
)  # fmt: skip
words = st.sampled_from(["", "something"])
weights_seen = st.builds(
    Weights, st.sampled_from([(), FILES.files]), st.booleans(), st.integers(0, GIB), words, words, words, words, words
)


def check(findings: Sequence[Finding]) -> None:
    for finding in findings:
        assert finding.state in get_args(State)
        assert finding.seen, finding
        assert not finding.seen.endswith("."), finding
        assert finding.consequence.endswith("."), finding
        if finding.state == "ok":
            assert finding.advice == "", finding
        if finding.state in ("limited", "missing"):
            assert finding.advice, finding


def states(findings: Sequence[Finding]) -> dict[str, State]:
    return {finding.name: finding.state for finding in findings}


@given(probes, weights_seen, words, st.sampled_from(["none", "kvm"]))
def test_every_finding_of_storage_has_a_consequence_and_advice_where_it_is_needed(
    probe: Probe | str, weights: Weights, drop_caches: str, hypervisor: str
) -> None:
    check([*cache_findings(probe, weights, drop_caches), *storage_findings(probe, hypervisor)])


@given(probes, weights_seen)
def test_cold_is_proven_only_by_a_state_that_was_read_back(probe: Probe | str, weights: Weights) -> None:
    verdict = cold_verdict(Path("/models"), probe, weights)
    assert verdict.text.startswith("A cold sweep of files in /models can")
    assert verdict.cold == (" can be proven: " in verdict.text)
    if verdict.cold:
        assert not isinstance(probe, str)
        assert probe.cached.resident_bytes
        assert probe.evicted.state == "cold"
        assert probe.file_system != "tmpfs"
        assert probe.counted_bytes is None or probe.device is None or probe.counted_bytes >= SIZE
        assert not (weights.kept and weights.copy_problem)
        assert states(cache_findings(probe, weights, ""))["eviction"] == "ok"


@pytest.mark.parametrize(
    ("probe", "weights", "reason"),
    [
        ("no room", FILES, "nothing could be tried (no room)"),
        (replace(GOOD, file_system="tmpfs"), NONE, "tmpfs keeps its files in memory, where they are always warm"),
        (replace(GOOD, evicted=UNKNOWN), NONE, "zfs caches in its own ARC, out of sight"),
        (replace(GOOD, evicted=HALF), NONE, "2.1 MB of 4.2 MB stay after fadvise"),
        (replace(GOOD, cached=COLD), NONE, "4.2 MB were read, but cachestat counts nothing in the page cache"),
        (replace(GOOD, counted_bytes=0), NONE, "storage delivered 0 B of 4.2 MB that were said to be evicted"),
        (GOOD, replace(FILES, method="", unreadable="/x cannot be opened"), "/x cannot be opened"),
        (GOOD, replace(FILES, untold="a belongs to another user", copy_problem="no room"),
         "a belongs to another user; no room"),
        (GOOD, replace(FILES, mapped="a by b (pid 1)", copy_problem="no room"), "a by b (pid 1) is mapped; no room"),
    ],
)  # fmt: skip
def test_what_stands_in_the_way_is_said(probe: Probe | str, weights: Weights, reason: str) -> None:
    verdict = cold_verdict(Path("/m"), probe, weights)
    assert verdict.text == f"A cold sweep of files in /m cannot be proven: {reason}."
    assert not verdict.cold


@pytest.mark.parametrize(
    ("probe", "weights", "method"),
    [
        (GOOD, NONE, "fadvise"),
        (GOOD, replace(FILES, unreadable="one cannot be opened"), "fadvise"),
        (replace(GOOD, counted_bytes=None), FILES, "fadvise"),
        (replace(GOOD, counted_bytes=0, device=None), FILES, "fadvise"),
        (GOOD, replace(FILES, untold="x"), "fadvise, on private copies where they are needed"),
    ],
)
def test_what_proves_it_is_said(probe: Probe, weights: Weights, method: str) -> None:
    verdict = cold_verdict(Path("/m"), probe, weights)
    assert verdict.text == f"A cold sweep of files in /m can be proven: {method}, read back by cachestat."


@pytest.mark.parametrize(
    ("change", "name", "state"),
    [
        ({}, "file system", "ok"),
        ({"file_system": "nfs4"}, "file system", "limited"),
        ({"file_system": "overlay"}, "file system", "limited"),
        ({"file_system": "fuse.sshfs"}, "file system", "missing"),
        ({"file_system": "tmpfs"}, "file system", "missing"),
        ({"cachestat_bytes": None}, "cachestat", "missing"),
        ({"cachestat_bytes": 0}, "cachestat", "limited"),
        ({"cachestat_bytes": 0, "mincore_bytes": None}, "cachestat", "limited"),
        ({}, "cachestat", "ok"),
        ({"mincore_bytes": None}, "mincore", "limited"),
        ({}, "process counter", "ok"),
        ({"counted_bytes": None}, "process counter", "missing"),
        ({"counted_bytes": 0}, "process counter", "limited"),
        ({"file_system": "tmpfs", "counted_bytes": 0}, "process counter", "not here"),
        ({}, "disk counter", "ok"),
        ({"device": None, "disk_bytes": None}, "disk counter", "missing"),
        ({"disk_bytes": None}, "disk counter", "missing"),
        ({"disk_bytes": SIZE // 2}, "disk counter", "limited"),
        ({}, "O_DIRECT", "ok"),
        ({"direct": DirectRead("Invalid argument", None)}, "O_DIRECT", "missing"),
        ({"direct": DirectRead("", 4096)}, "O_DIRECT", "limited"),
        ({"file_system": "tmpfs"}, "O_DIRECT", "not here"),
        ({}, "caches below", "ok"),
        ({"file_system": "nfs"}, "caches below", "limited"),
    ],
)
def test_states_of_storage(change: dict[str, Any], name: str, state: State) -> None:
    probe = replace(GOOD, **change)
    assert states([*cache_findings(probe, FILES, ""), *storage_findings(probe, "none")])[name] == state


def test_a_hypervisor_has_a_cache_of_its_own() -> None:
    assert states(storage_findings(GOOD, "kvm"))["caches below"] == "limited"


@pytest.mark.parametrize(
    ("weights", "state", "part"),
    [
        (NONE, "not here", "no weight files"),
        (FILES, "ok", "1 weight file, 1.1 GB; counted by cachestat"),
        (replace(FILES, complete=False), "ok", "not all were looked at"),
        (replace(FILES, unreadable="/x cannot be opened"), "missing", "/x cannot be opened"),
        (replace(FILES, mapped="/x by vllm (pid 7)"), "limited", "/x by vllm (pid 7) is mapped"),
        (replace(FILES, mapped="/x by vllm (pid 7)", copy_problem="no room"), "missing", "is mapped"),
    ],
)
def test_states_of_the_checkpoints(weights: Weights, state: State, part: str) -> None:
    (finding,) = [finding for finding in cache_findings(GOOD, weights, "") if finding.name == "checkpoints"]
    assert finding.state == state
    assert part in finding.seen
