import os
from pathlib import Path

import pytest

from loadbench.machine.doctor_weights import weights_at
from loadbench.units import MIB


def written(path: Path, size: int) -> Path:
    path.write_bytes(os.urandom(size))
    return path


def test_weights_are_found_below_a_directory_and_counted(disk: Path) -> None:
    (disk / "a" / "b").mkdir(parents=True)
    files = [written(disk / "a" / "b" / "x.safetensors", MIB), written(disk / "y.tensors", MIB)]
    written(disk / "readme.txt", MIB)
    (disk / "a" / "link.safetensors").symlink_to(files[0])
    os.mkfifo(disk / "pipe.safetensors")
    weights = weights_at(disk)
    assert weights.files == tuple(sorted([disk / "a" / "link.safetensors", *files]))
    assert (weights.size, weights.complete, weights.kept, weights.lost) == (3 * MIB, True, "", "")
    assert weights_at(disk / "readme.txt").files == (disk / "readme.txt",)
    assert weights_at(disk / "nothing").files == ()


def test_a_search_that_would_take_too_long_ends_and_says_so(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(4):
        (disk / f"{index}.safetensors").touch()
    monkeypatch.setattr("loadbench.machine.doctor_weights._MOST_ENTRIES", 4)
    assert weights_at(disk).complete
    monkeypatch.setattr("loadbench.machine.doctor_weights._MOST_ENTRIES", 3)
    weights = weights_at(disk)
    assert (len(weights.files), weights.complete) == (3, False)
