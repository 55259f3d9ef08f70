import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadbench.errors import CacheControlError, CheckpointError, UsageError
from loadbench.machine import residency as residency_module
from loadbench.machine.memory import available_bytes
from loadbench.machine.pagecache import choose_cold_method, evict, make_warm, warm
from loadbench.machine.residency import residency
from loadbench.units import GIB, MIB

may_drop_caches = pytest.mark.skipif(
    not os.access("/proc/sys/vm/drop_caches", os.W_OK), reason="writing drop_caches takes root"
)


def written(path: Path, size: int = 2 * MIB) -> Path:
    path.write_bytes(os.urandom(size))
    return path


@pytest.mark.parametrize("by", ["fadvise", pytest.param("drop_caches", marks=may_drop_caches)])
def test_eviction_makes_files_cold_even_right_after_writing(disk: Path, by: str) -> None:
    files = [written(disk / "a"), written(disk / "b", MIB + 7)]
    (disk / "empty").touch()
    evict([*files, disk / "empty"], by)
    assert residency(files).state == "cold"


def test_a_stranger_can_evict_a_read_only_file(disk: Path, as_nobody: Callable[[Callable[[], Any]], Any]) -> None:
    file = written(disk / "a")
    file.chmod(0o444)
    os.sync()
    as_nobody(lambda: evict([file], "fadvise"))
    assert residency([file]).state == "cold"


def test_drop_caches_without_the_right_says_what_it_takes(
    disk: Path, as_nobody: Callable[[Callable[[], Any]], Any]
) -> None:
    file = written(disk / "a")
    with pytest.raises(CacheControlError, match=r"drop_caches: Permission denied.*root"):
        as_nobody(lambda: evict([file], "drop_caches"))


def test_evicting_a_missing_file_names_it(disk: Path) -> None:
    with pytest.raises(CheckpointError, match="gone: No such file"):
        evict([disk / "gone"], "fadvise")


def test_unknown_ways_list_the_known_ones(disk: Path) -> None:
    with pytest.raises(UsageError, match="Known: drop_caches, fadvise"):
        evict([], "fadvice")
    with pytest.raises(UsageError, match="Known: auto, copy, drop_caches, fadvise"):
        choose_cold_method([disk], wish="drop")


def test_fadvise_is_the_first_choice(disk: Path) -> None:
    assert choose_cold_method([written(disk / "a")]) == "fadvise"


@may_drop_caches
def test_a_wish_is_followed(disk: Path) -> None:
    file = written(disk / "a")
    assert choose_cold_method([file], wish="drop_caches") == "drop_caches"
    assert choose_cold_method([file], wish="copy") == "copy"
    assert residency([file]).state == "cold"


def test_a_file_that_somebody_maps_stays_and_is_copied(disk: Path, mapper: Callable[[Path], int]) -> None:
    file = written(disk / "a")
    pid = mapper(file)
    evict([file], "fadvise")
    assert residency([file]).state == "warm"
    assert choose_cold_method([file, written(disk / "b")]) == "copy"
    with pytest.raises(CacheControlError) as caught:
        choose_cold_method([file, disk / "b"], wish="fadvise")
    message = str(caught.value)
    assert f"2.1 MB of {file} stay in the page cache (mapped by python" in message
    assert f"(pid {pid})" in message
    assert "Stop the processes that map it" in message
    assert "--cache warm" in message
    assert str(disk / "b") not in message


def test_a_dirty_file_on_memory_cannot_be_made_cold_and_says_so() -> None:
    file = Path("/dev/shm") / f"loadbench-test-{os.getpid()}"
    if not os.access(file.parent, os.W_OK):
        pytest.skip("no /dev/shm")
    written(file)
    try:
        with pytest.raises(CacheControlError) as caught:
            choose_cold_method([file])
        make_warm([file])
    finally:
        file.unlink()
    message = str(caught.value)
    assert "/dev/shm is on tmpfs, which keeps its files in memory, from where they cannot be evicted" in message
    assert "Put the checkpoint on a disk" in message


def test_no_rung_left_names_every_rung(disk: Path, mapper: Callable[[Path], int]) -> None:
    file = written(disk / "a")
    mapper(file)
    with pytest.raises(CacheControlError) as caught:
        choose_cold_method([file], copy_directory=Path("/proc"))
    for part in ("after fadvise", "drop_caches", "a copy in /proc", "mapped by"):
        assert part in str(caught.value)


def test_a_stranger_s_file_is_copied(
    disk: Path, as_nobody: Callable[[Callable[[], Any]], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(residency_module, "cachestat_pages", lambda _: None)  # before 6.14 it tells
    file = written(disk / "a")
    own = disk / "own"
    own.mkdir()
    os.chown(own, 65534, 65534)
    assert as_nobody(lambda: choose_cold_method([file], copy_directory=own)) == "copy"
    with pytest.raises(CacheControlError, match=r"is not writable\. Run as root or as the files' owner"):
        as_nobody(lambda: choose_cold_method([file]))


def test_warm_reads_every_byte_of_every_file(disk: Path) -> None:
    files = [written(disk / "a", 70 * MIB + 3), written(disk / "b", 1)]
    evict(files, "fadvise")
    warm(files)
    state = residency(files)
    assert state.state == "warm"
    assert (state.resident_bytes or 0) >= 0.98 * 70 * MIB


def test_make_warm_ends_warm(disk: Path) -> None:
    empty, sparse = disk / "empty", disk / "sparse"
    empty.touch()
    sparse.touch()
    os.truncate(sparse, 8 * MIB)
    files = [written(disk / "a"), empty, sparse]
    evict(files, "fadvise")
    make_warm(files)
    assert residency(files).state == "warm"
    make_warm([empty])


def test_what_does_not_fit_into_memory_is_refused_before_it_is_read(disk: Path) -> None:
    file = disk / "huge"
    file.touch()
    os.truncate(file, available_bytes() + GIB)
    with pytest.raises(CacheControlError, match=r"does not fit into the page cache: .* GB of it .* are available"):
        make_warm([file])
    assert residency([file]).state == "cold"
