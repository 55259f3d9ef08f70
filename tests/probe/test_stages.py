import os
from pathlib import Path

import pytest

from loadbench.analysis.ceilings import best_ceiling, thorough
from loadbench.loaders.devices import device_missing
from loadbench.machine.pagecache import evict, warm
from loadbench.machine.residency import residency
from loadbench.probe import memory, page_cache, storage
from loadbench.probe.link import KINDS, LinkKind, measure_link
from loadbench.probe.memory import array, copied_bytes, copy, measure_memory
from loadbench.probe.page_cache import measure_page_cache
from loadbench.probe.sample import Span
from loadbench.probe.search import FINALISTS, REPETITIONS
from loadbench.probe.settings import thread_counts
from loadbench.probe.stage import MissingError, Tally
from loadbench.probe.storage import measure_storage
from loadbench.units import MIB
from tests.probe.conftest import task, written

SIZE = 2 * MIB + 777


def test_storage_is_measured_with_every_setting(disk: Path, tally: Tally) -> None:
    files = [written(disk / "a", MIB), written(disk / "b", MIB + 777)]
    found = measure_storage(task(*files), tally).ceilings
    settings = [(one.settings["threads"], one.settings["block"]) for one in found]
    assert sorted(settings) == [(t, b) for t in thread_counts(storage.THREADS) for b in storage.BLOCKS]
    assert {(one.kind, one.checkpoint, one.device, one.bytes) for one in found} == {("storage", "some", "cpu", SIZE)}
    assert [len(one.samples_ns) for one in found[:FINALISTS]] == [REPETITIONS] * FINALISTS
    assert len(thorough(found)) == FINALISTS
    assert best_ceiling(found, "storage", "some") in found[:FINALISTS]


def test_the_bytes_counted_are_those_that_storage_delivered(disk: Path, tally: Tally) -> None:
    """The first pass too: it is not measured, but it is read."""
    file = written(disk / "a", 4 * MIB)
    before = int(storage._bytes_from_storage() or 0)
    found = measure_storage(task(file), tally).ceilings
    read = int(storage._bytes_from_storage() or 0) - before
    assert tally.done["storage"] == tally.planned["storage"]
    assert read == tally.done["storage"]
    assert read == 4 * MIB + sum(one.bytes * len(one.samples_ns) for one in found) + (
        4 * MIB * 2 * FINALISTS  # the finalists' screening
    )


def test_a_limit_shortens_every_file(disk: Path, tally: Tally) -> None:
    files = [written(disk / "a", 3 * MIB), written(disk / "b", 5 * MIB), written(disk / "c", 100)]
    found = measure_storage(task(*files, limit=2 * MIB), tally).ceilings
    assert {one.bytes for one in found} == {2 * MIB + 100}
    found = measure_page_cache(task(*files, limit=2 * MIB), tally).ceilings
    assert {one.bytes for one in found} == {2 * MIB + 100}


def test_slow_storage_makes_a_small_sample(disk: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "FIRST_TOUCH", MIB)
    monkeypatch.setattr(storage, "FIRST_TOUCH_S", -1.0)
    found = measure_storage(task(written(disk / "a", 8 * MIB)), tally).ceilings
    assert {one.bytes for one in found} == {MIB}
    assert tally.done == tally.planned
    monkeypatch.setattr(storage, "FIRST_TOUCH_S", 60.0)
    found = measure_storage(task(disk / "a"), tally).ceilings
    assert {one.bytes for one in found} == {8 * MIB}


def test_files_in_memory_have_no_storage(memory_file: Path, tally: Tally) -> None:
    with pytest.raises(MissingError, match="the files are on tmpfs, which keeps them in memory"):
        measure_storage(task(memory_file), tally)
    assert measure_page_cache(task(memory_file), tally).ceilings


def test_a_file_system_without_direct_reads_says_so(tally: Tally) -> None:
    file = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    if not file.exists():
        pytest.skip("no such file in this kernel")
    with pytest.raises(MissingError, match=f"sysfs refuses O_DIRECT for {file}"):
        measure_storage(task(file), tally)
    with pytest.raises(MissingError, match="cannot tell whether .* is warm: sysfs"):
        measure_page_cache(task(file), tally)


def test_holes_are_not_storage(disk: Path, tally: Tally) -> None:
    file = disk / "sparse"
    file.touch()
    os.truncate(file, 8 * MIB)
    with pytest.raises(MissingError, match=r"counted 0 B of .* as read from storage: the files have holes"):
        measure_storage(task(file), tally)


@pytest.mark.parametrize("stage", [measure_storage, measure_page_cache, measure_memory])
def test_a_file_that_is_gone_is_a_reason(disk: Path, tally: Tally, stage: object) -> None:
    assert callable(stage)
    with pytest.raises(MissingError, match=r"gone cannot be read: No such file"):
        stage(task(disk / "gone"), tally)


@pytest.mark.parametrize("limit", [SIZE, MIB], ids=["whole", "prefix"])
def test_the_page_cache_is_made_warm_and_measured(disk: Path, tally: Tally, limit: int) -> None:
    file = written(disk / "a", SIZE)
    evict([file], "fadvise")
    found = measure_page_cache(task(file, limit=limit), tally).ceilings
    assert {(one.kind, one.bytes) for one in found} == {("page cache", limit)}
    assert {one.settings["block"] for one in found} == set(page_cache.BLOCKS)
    assert tally.done["page cache"] == page_cache.planned_bytes(task(file, limit=limit))
    if limit == SIZE:
        assert residency([file]).state == "warm"


@pytest.mark.parametrize("limit", [SIZE, MIB], ids=["whole", "prefix"])
def test_a_page_cache_that_lost_the_files_is_no_ceiling(disk: Path, limit: int) -> None:
    file = written(disk / "a", SIZE)

    def evict_at_last(done: int, total: int) -> None:
        if done == total:
            evict([file], "fadvise")

    with pytest.raises(MissingError, match=r"0 B of .* were in the page cache after the reads"):
        measure_page_cache(task(file, limit=limit), Tally(evict_at_last))


def test_files_that_were_not_warm_are_not_read_for_a_figure(
    disk: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(disk / "a", SIZE)
    evict([file], "fadvise")
    monkeypatch.setattr(page_cache, "make_warm", lambda _: None)
    with pytest.raises(MissingError, match=r"0 B of .* were in the page cache before the reads"):
        measure_page_cache(task(file), tally)


def test_pages_behind_a_prefix_are_no_proof_of_it(disk: Path) -> None:
    file = written(disk / "a", 4 * MIB)
    warm([file])
    page_cache._check([Span(file, MIB)], "before")
    evict([file], "fadvise")
    with file.open("rb", buffering=0) as stream:
        stream.seek(2 * MIB)
        stream.read()
    assert residency([file]).resident_bytes == 2 * MIB
    with pytest.raises(MissingError, match=r"0 B of 1.0 MB were in the page cache before"):
        page_cache._check([Span(file, MIB)], "before")


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_a_copy_copies_everything(threads: int) -> None:
    source, destination = array(SIZE), array(SIZE)
    source[:] = list(os.urandom(SIZE))
    assert copy(source, destination, threads) > 0
    assert (source == destination).all()


def test_memory_is_measured_up_to_the_number_of_cpus(disk: Path, tally: Tally) -> None:
    found = measure_memory(task(written(disk / "a", SIZE)), tally).ceilings
    assert sorted(int(one.settings["threads"] or 0) for one in found) == thread_counts(1)
    assert {(one.kind, one.bytes) for one in found} == {("memory", SIZE)}


def test_no_more_is_copied_than_fits(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(disk / "a", SIZE)
    assert copied_bytes(task(file)) == SIZE
    assert copied_bytes(task(file, limit=100)) == 100
    monkeypatch.setattr(memory, "available_bytes", lambda: 4 * MIB)
    assert copied_bytes(task(file)) == MIB


def test_threads_are_powers_of_two_up_to_the_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    for cpus, least, most in ((2, 1, 2), (2, 16, 16), (6, 1, 4), (32, 16, 32), (192, 16, 64)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cpus=cpus: set(range(cpus)))
        counts = thread_counts(least)
        assert counts == [2**power for power in range(len(counts))]
        assert counts[-1] == most


def test_a_link_without_its_device_is_a_reason(disk: Path, tally: Tally) -> None:
    if device_missing("cuda:0") is None:
        pytest.skip("this machine has a GPU")
    with pytest.raises(MissingError, match="torch|GPU"):
        measure_link(task(written(disk / "a", SIZE)), tally, "link, pinned", "cuda:0")


@pytest.mark.gpu
@pytest.mark.parametrize("kind", KINDS)
def test_a_link_is_measured(disk: Path, tally: Tally, kind: LinkKind) -> None:
    if reason := device_missing("cuda:0"):
        pytest.skip(reason)
    file = written(disk / "a", 40 * MIB)
    found = measure_link(task(file), tally, kind, "cuda:0").ceilings
    assert [one.settings["block"] for one in found] == [16 * MIB, 40 * MIB]
    assert {(one.kind, one.device, one.bytes) for one in found} == {(kind, "cuda:0", 40 * MIB)}
