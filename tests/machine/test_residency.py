import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadbench.errors import CheckpointError
from loadbench.machine import residency as module
from loadbench.machine.pagecache import evict
from loadbench.machine.residency import cachestat_pages, mincore_pages, mincore_trusted, residency
from loadbench.units import MIB

PAGE = os.sysconf("SC_PAGE_SIZE")


def written(path: Path, size: int) -> Path:
    path.write_bytes(os.urandom(size))
    return path


def read_without_readahead(path: Path, size: int) -> None:
    with path.open("rb", buffering=0) as stream:
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
        stream.read(size)


def test_a_file_just_written_is_warm_and_an_evicted_one_cold(disk: Path) -> None:
    file = written(disk / "a", 3 * MIB + 1)
    state = residency([file])
    assert (state.state, state.resident_bytes, state.total_bytes) == ("warm", 3 * MIB + 1, 3 * MIB + 1)
    evict([file], "fadvise")
    state = residency([file])
    assert (state.state, state.resident_bytes) == ("cold", 0)


def test_partial_counts_the_bytes_over_all_files(disk: Path) -> None:
    files = [written(disk / "a", 8 * MIB), written(disk / "b", 2 * MIB)]
    evict(files, "fadvise")
    read_without_readahead(files[0], 4 * MIB)
    state = residency(files)
    assert (state.state, state.resident_bytes, state.total_bytes) == ("partial", 4 * MIB, 10 * MIB)
    assert state.text == "partial(40%)"


def test_one_resident_page_is_not_cold(disk: Path) -> None:
    file = written(disk / "a", 4 * MIB)
    evict([file], "fadvise")
    read_without_readahead(file, 1)
    state = residency([file])
    assert (state.state, state.resident_bytes) == ("partial", PAGE)


def test_warm_begins_at_98_percent(disk: Path) -> None:
    file = written(disk / "a", 100 * PAGE)
    for pages, expected in ((97, "partial"), (98, "warm")):
        evict([file], "fadvise")
        read_without_readahead(file, pages * PAGE)
        assert residency([file]).state == expected


def test_cachestat_and_mincore_agree(disk: Path) -> None:
    file = written(disk / "a", 64 * PAGE + 5)
    evict([file], "fadvise")
    read_without_readahead(file, 20 * PAGE)
    with file.open("rb") as stream:
        assert mincore_pages(stream.fileno(), 0, file.stat().st_size) == 20
        if (pages := cachestat_pages(stream.fileno())) is not None:
            assert pages == 20


def test_reading_the_state_reads_no_page(disk: Path) -> None:
    file = written(disk / "a", 4 * MIB)
    evict([file], "fadvise")
    for _ in range(3):
        assert residency([file]).state == "cold"


def test_empty_and_sparse_files(disk: Path) -> None:
    empty, sparse = disk / "empty", disk / "sparse"
    empty.touch()
    sparse.touch()
    os.truncate(sparse, 2 * MIB)
    assert residency([empty]).state == "cold"
    assert residency([empty]).total_bytes == 0
    assert residency([empty, sparse]).state == "cold"
    sparse.read_bytes()
    assert residency([empty, sparse]).state == "warm"
    assert residency([]).total_bytes == 0


def test_links_are_followed(disk: Path) -> None:
    file = written(disk / "a", MIB)
    (disk / "link").symlink_to(file)
    assert residency([disk / "link"]).resident_bytes == MIB


def test_a_missing_file_is_an_error_that_names_it(disk: Path) -> None:
    with pytest.raises(CheckpointError, match=r"gone\.safetensors: No such file"):
        residency([disk / "gone.safetensors"])


def test_overlay_is_told_by_mincore_where_cachestat_says_nothing_is_resident(overlay: Path) -> None:
    file = written(overlay / "a", 2 * MIB)
    with file.open("rb") as stream:
        assert cachestat_pages(stream.fileno()) in (0, None), "cachestat learned overlayfs: the rule can go"
    state = residency([file])
    assert (state.state, state.method) == ("warm", "mincore")
    evict([file], "fadvise")
    assert residency([file]).state == "cold"


def test_a_cachestat_that_wrongly_says_cold_is_contradicted(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(disk / "a", 4 * MIB)
    evict([file], "fadvise")
    with file.open("rb", buffering=0) as stream:
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
        os.pread(stream.fileno(), 1, 4 * MIB - 1)
    monkeypatch.setattr(module, "cachestat_pages", lambda _: 0)
    state = residency([file])
    assert (state.state, state.resident_bytes, state.method) == ("partial", PAGE, "mincore")


def test_a_file_in_memory_is_warm() -> None:
    shm = Path("/dev/shm")
    if not os.access(shm, os.W_OK):
        pytest.skip("no /dev/shm")
    file = shm / f"loadbench-test-{os.getpid()}"
    try:
        state = residency([written(file, MIB)])
    finally:
        file.unlink()
    assert (state.state, state.resident_bytes, state.total_bytes) == ("warm", MIB, MIB)


def test_file_systems_that_cache_elsewhere_are_unknown() -> None:
    for file_system in ("zfs", "virtiofs", "fuse.sshfs", "lustre", "something-new"):
        assert module.untold_reason(file_system)
    for file_system in ("ext4", "xfs", "btrfs", "overlay", "nfs4", "tmpfs"):
        assert module.untold_reason(file_system) is None


def test_the_lie_to_a_stranger_is_not_believed(disk: Path, as_nobody: Callable[[Callable[[], Any]], Any]) -> None:
    file = written(disk / "a", MIB)
    file.chmod(0o644)
    evict([file], "fadvise")

    def mincore_says() -> int:
        with file.open("rb") as stream:
            return mincore_pages(stream.fileno(), 0, MIB)

    assert as_nobody(mincore_says) == MIB // PAGE, "mincore stopped lying: the rule can go"
    assert not as_nobody(lambda: mincore_trusted(file))
    # Kernels before 6.14 let cachestat tell the truth to anybody; none may say warm.
    assert as_nobody(lambda: residency([file])).state in ("unknown", "cold")
    file.read_bytes()
    assert as_nobody(lambda: residency([file])).state in ("unknown", "warm")


def test_without_cachestat_a_stranger_is_told_unknown_and_the_owner_the_truth(
    disk: Path, as_nobody: Callable[[Callable[[], Any]], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "cachestat_pages", lambda _: None)  # an old kernel, or a seccomp filter
    file = written(disk / "weights", MIB)
    file.chmod(0o444)
    evict([file], "fadvise")
    state = as_nobody(lambda: residency([file]))
    assert (state.state, state.resident_bytes) == ("unknown", None)
    assert "weights belongs to another user" in state.method
    assert residency([file]).state == "cold"
    assert residency([file]).method == "mincore"
    os.chown(file, 65534, 65534)
    assert as_nobody(lambda: residency([file])).state == "cold"


def test_one_untold_file_makes_all_unknown(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [written(disk / "told", MIB), written(disk / "untold", MIB)]
    monkeypatch.setattr(module, "cachestat_pages", lambda _: None)
    monkeypatch.setattr(module, "mincore_trusted", lambda file: file.name == "told")
    state = residency(files)
    assert (state.state, state.total_bytes) == ("unknown", 2 * MIB)
    assert "untold" in state.method


def test_overlay_is_unknown_to_a_stranger_whom_an_older_kernel_s_cachestat_answers(
    overlay: Path, as_nobody: Callable[[Callable[[], Any]], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "cachestat_pages", lambda _: 0)
    file = written(overlay / "a", MIB)
    file.chmod(0o444)
    assert as_nobody(lambda: residency([file])).state == "unknown"


def test_root_without_its_capabilities_is_a_stranger(
    disk: Path, as_bare_root: Callable[[Callable[[], Any]], Any]
) -> None:
    file = written(disk / "a", MIB)
    file.chmod(0o444)
    os.chown(file, 65534, 65534)
    assert mincore_trusted(file)
    assert not as_bare_root(lambda: mincore_trusted(file))
