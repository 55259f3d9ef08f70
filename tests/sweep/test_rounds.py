"""How often a case is tried: ladder, budget, sentinels, several checkpoints; real trials of a fake loader."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from loadbench.records import Record
from loadbench.store import StoredRun, read_run
from tests.conftest import Loadbench


def swept(loadbench: Loadbench, out: Path, *arguments: str | Path, code: int = 0) -> StoredRun:
    ended = loadbench("sweep", *arguments, "--out", out)
    assert ended.returncode == code, ended.stderr
    return read_run(out)


def rounds_of(records: tuple[Record, ...]) -> Counter[str]:
    return Counter(record.case.name for record in records if record.status == "ok")


def test_a_case_stops_at_the_first_step_where_it_is_precise(
    loadbench: Loadbench, checkpoint: Path, tmp_path: Path
) -> None:
    """One behaviour sleeps as long each time, the other a second longer every other time."""
    stored = swept(
        loadbench, tmp_path / "run", checkpoint, "--loader", "fake", "--cache", "warm", "--precision", "60%",
        "--rounds", "9", "--set", "fake.sleep_ms=200", "--set", "fake.behaviour=right,uneven",
    )  # fmt: skip
    done = {record.case.tunables["behaviour"]: 0 for record in stored.records}
    for record in stored.records:
        done[record.case.tunables["behaviour"]] += record.status == "ok"
    assert done == {"right": 6, "uneven": 9}
    assert stored.run.sessions[-1].ended == "complete"


def test_the_budget_ends_the_run_after_a_whole_round_and_a_resume_goes_on(
    loadbench: Loadbench, checkpoint: Path, tmp_path: Path
) -> None:
    arguments = (
        "--loader",
        "fake",
        "--set",
        "fake.threads=1,2,3",
        "--cache",
        "warm",
        "--rounds",
        "2",
        "--budget",
        "1s",
    )
    stored = swept(loadbench, tmp_path / "run", checkpoint, *arguments)
    assert Counter(record.round for record in stored.records) == {1: 3}
    assert stored.run.sessions[-1].ended == "budget"
    ended = loadbench("report", tmp_path / "run", "--format", "markdown")
    assert "budget" in ended.stdout
    ended = loadbench("sweep", "--resume", "--out", tmp_path / "run")
    assert ended.returncode == 0, ended.stderr
    stored = read_run(tmp_path / "run")
    assert Counter(record.round for record in stored.records) == {1: 3, 2: 3}
    assert [session.ended for session in stored.run.sessions] == ["budget", "complete"]


def test_a_sentinel_is_in_every_round_and_ceilings_are_in_the_run(
    loadbench: Loadbench, checkpoint: Path, tmp_path: Path
) -> None:
    stored = swept(
        loadbench, tmp_path / "run", checkpoint, "--loader", "fake", "--cache", "warm", "--rounds", "2", "--ceilings"
    )
    (sentinel,) = stored.run.plan.sentinels
    assert (sentinel.loader, sentinel.cache, sentinel.tunables["io"]) == ("raw-read", "warm", "buffered")
    assert set(rounds_of(stored.records).values()) == {2}
    assert sentinel.name in rounds_of(stored.records)
    assert {"page cache", "memory"} <= {ceiling.kind for ceiling in stored.run.ceilings}
    assert all(ceiling.checkpoint == "small" for ceiling in stored.run.ceilings)
    report = loadbench("report", tmp_path / "run", "--format", "markdown").stdout
    assert "raw-read (ceiling)" in report


def test_sentinels_alone_make_no_round(loadbench: Loadbench, checkpoint: Path, tmp_path: Path) -> None:
    """When every case is precise the run is over, whatever number of rounds the sentinel could have had."""
    stored = swept(
        loadbench, tmp_path / "run", checkpoint, "--loader", "fake", "--cache", "warm", "--precision", "99%",
        "--rounds", "9", "--ceilings", "--set", "fake.sleep_ms=50",
    )  # fmt: skip
    assert set(rounds_of(stored.records).values()) == {6}


def test_several_checkpoints_in_one_sweep(loadbench: Loadbench, checkpoint: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(checkpoint, other)
    stored = swept(
        loadbench, tmp_path / "run", checkpoint, other, "--loader", "fake", "--cache", "warm", "--rounds", "2"
    )
    assert list(stored.run.checkpoints) == ["small", "other"]
    assert Counter(record.case.checkpoint for record in stored.records) == {"small": 2, "other": 2}
    ended = loadbench("sweep", checkpoint, checkpoint, "--loader", "fake", "--out", tmp_path / "twice")
    assert ended.returncode == 2
    assert "same name" in ended.stderr


@pytest.mark.parametrize("rounds", ["1", "2"])
def test_a_resumed_run_needs_nothing_more(loadbench: Loadbench, checkpoint: Path, tmp_path: Path, rounds: str) -> None:
    arguments = ("--loader", "fake", "--cache", "warm", "--rounds", rounds)
    before = swept(loadbench, tmp_path / "run", checkpoint, *arguments).records
    assert loadbench("sweep", "--resume", "--out", tmp_path / "run").returncode == 0
    assert read_run(tmp_path / "run").records == before
