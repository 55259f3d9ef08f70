"""A checkpoint on tmpfs is warm and can be nothing else."""

import os
import shutil
from pathlib import Path

import pytest

from loadbench.store import read_run
from tests.conftest import Loadbench


def test_on_tmpfs_warm_is_measured_and_cold_is_skipped(loadbench: Loadbench, checkpoint: Path, tmp_path: Path) -> None:
    shm = Path("/dev/shm")
    if not os.access(shm, os.W_OK):
        pytest.skip("no /dev/shm")
    place = shm / f"loadbench-test-{os.getpid()}"
    shutil.copytree(checkpoint, place)
    try:
        loadbench("sweep", place, "--loader", "safetensors-pread", "--rounds", "1", "--out", tmp_path / "run")
    finally:
        shutil.rmtree(place)
    records = {record.case.cache: record for record in read_run(tmp_path / "run").records}
    assert records["warm"].status == "ok", records["warm"].reason
    assert records["cold"].status == "skipped"
    assert "keeps its files in memory" in records["cold"].reason
