import os
import subprocess
import sys
from pathlib import Path

import pytest

from loadbench.errors import CacheControlError
from loadbench.machine.copies import copy_problem, private_copy, remove_stale_copies
from loadbench.machine.pagecache import evict, warm
from loadbench.machine.residency import residency
from loadbench.units import MIB, TIB


def written(path: Path, size: int = 9 * MIB + 5) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(os.urandom(size))
    return path


def test_a_copy_is_equal_and_has_no_page_in_the_cache(disk: Path) -> None:
    files = [written(disk / "a.safetensors"), written(disk / "b.safetensors", 1), written(disk / "c", 0)]
    copies = private_copy(files, disk)
    assert residency(copies).state == "cold"
    assert [copy.name for copy in copies] == ["a.safetensors", "b.safetensors", "c"]
    assert [copy.read_bytes() for copy in copies] == [file.read_bytes() for file in files]
    assert copies[0].parent.parent == disk
    assert copies[0].parent.name.startswith(f".loadbench-copy-{os.getpid()}-")


def test_a_copy_can_be_evicted_again(disk: Path) -> None:
    copies = private_copy([written(disk / "a")], disk)
    warm(copies)
    assert residency(copies).state == "warm"
    evict(copies, "fadvise")
    assert residency(copies).state == "cold"


def test_a_copy_shares_no_block_with_its_source(disk: Path) -> None:
    sparse = disk / "sparse"
    sparse.touch()
    os.truncate(sparse, 4 * MIB)
    (copy,) = private_copy([sparse], disk)
    assert sparse.stat().st_blocks == 0
    assert copy.stat().st_blocks * 512 >= 4 * MIB


def test_files_of_one_name_do_not_overwrite_each_other(disk: Path) -> None:
    files = [written(disk / "x" / "a", 10), written(disk / "y" / "a", 20)]
    copies = private_copy(files, disk)
    assert [copy.read_bytes() for copy in copies] == [file.read_bytes() for file in files]


def test_no_room_is_said_with_both_sizes_before_anything_is_written(disk: Path) -> None:
    file = disk / "huge"
    file.touch()
    os.truncate(file, 8 * TIB)
    with pytest.raises(CacheControlError, match=r"needs 8\.8 TB, .* are free"):
        private_copy([file], disk)
    assert [path.name for path in disk.iterdir()] == ["huge"]


def test_a_copy_that_fails_leaves_nothing_behind(disk: Path) -> None:
    (disk / "directory").mkdir()
    with pytest.raises(CacheControlError, match="Is a directory"):
        private_copy([written(disk / "a"), disk / "directory"], disk)
    assert not list(disk.glob(".loadbench-copy-*"))


def test_places_that_cannot_hold_a_useful_copy(disk: Path) -> None:
    file = written(disk / "a", 1)
    assert "No such file" in (copy_problem([file], disk / "gone") or "")
    assert "could not be told" in (copy_problem([file], Path("/proc")) or "")
    assert copy_problem([file], disk) is None


def test_copies_of_dead_processes_are_removed_and_all_others_kept(disk: Path) -> None:
    file = written(disk / "a", MIB)
    (mine,) = private_copy([file], disk)
    program = (
        "import sys; from pathlib import Path; from loadbench.machine.copies import private_copy;"
        "print(private_copy([Path(sys.argv[1])], Path(sys.argv[2]))[0].parent)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(file), str(disk)], capture_output=True, check=True)
    dead = Path(done.stdout.decode().strip())
    assert dead.is_dir()
    # A process of another machine that shares the directory, and one whose number was given away again.
    pid, machine, start, _ = dead.name.removeprefix(".loadbench-copy-").split("-")
    foreign = disk / f".loadbench-copy-{pid}-0123456789-{start}-abcdefgh"
    reused = disk / f".loadbench-copy-{os.getpid()}-{machine}-1-abcdefgh"
    unrelated = disk / ".loadbench-copy-of-something"
    for directory in (foreign, reused, unrelated):
        directory.mkdir()
    assert set(remove_stale_copies(disk)) == {dead, reused}
    assert not dead.exists()
    assert not reused.exists()
    assert mine.exists()
    assert foreign.exists()
    assert unrelated.exists()
    assert remove_stale_copies(disk / "gone") == ()
