"""The results directory: nothing lost, nothing half-written believed, one writer."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadbench.errors import StoreError
from loadbench.records import SCHEMA_VERSION, Case, Plan, Record, Run, Session
from loadbench.store import TRIALS_FILE, RunWriter, find_runs, read_run, replace_file, reserve
from tests.machine.conftest import as_nobody as as_nobody

CASE = Case(loader="raw-read", checkpoint="gpt2", cache="cold")


def some_run(name: str = "run") -> Run:
    session = Session(
        started_at="2026-01-01T00:00:00+00:00", command=["loadbench"], environment={"machine.boot_id": "a"}
    )
    plan = Plan(cases=[CASE], rounds=3, seed=1, timeout_s=60)
    return Run(loadbench_version="0", name=name, plan=plan, sessions=[session], checkpoints={}, loaders={})


def some_record(round_number: int, reason: str = "") -> Record:
    return Record(
        case=CASE,
        round=round_number,
        status="failed",
        reason=reason,
        started_at="2026-01-01T00:00:00+00:00",
        session=0,
        isolation="fork",
    )


def written(path: Path, rounds: int) -> RunWriter:
    writer = RunWriter.create(path, some_run())
    for number in range(1, rounds + 1):
        writer.append(some_record(number))
    return writer


def test_a_record_is_on_disk_when_append_returns(tmp_path: Path) -> None:
    writer = RunWriter.create(tmp_path / "run", some_run())
    writer.append(some_record(1))
    assert read_run(tmp_path / "run").records == (some_record(1),)
    writer.close()


def test_a_cut_last_line_is_a_warning_and_is_removed_on_resume(tmp_path: Path) -> None:
    written(tmp_path / "run", 2).close()
    with (tmp_path / "run" / TRIALS_FILE).open("ab") as file:
        file.write(b'{"case": {"loader": "raw-re')
    stored = read_run(tmp_path / "run")
    assert [record.round for record in stored.records] == [1, 2]
    assert "the last line is cut" in stored.warnings[0]
    writer = RunWriter.resume(stored, stored.run)
    writer.append(some_record(3))
    writer.close()
    again = read_run(tmp_path / "run")
    assert ([record.round for record in again.records], again.warnings) == ([1, 2, 3], ())


def test_a_run_without_its_records_says_that_they_are_missing(tmp_path: Path) -> None:
    written(tmp_path / "run", 0).close()
    assert read_run(tmp_path / "run").warnings == ()
    (tmp_path / "run" / TRIALS_FILE).unlink()
    assert "trials.jsonl is missing" in read_run(tmp_path / "run").warnings[0]


def test_a_bad_line_in_the_middle_is_named(tmp_path: Path) -> None:
    written(tmp_path / "run", 2).close()
    file = tmp_path / "run" / TRIALS_FILE
    first, second = file.read_bytes().splitlines()
    file.write_bytes(first.replace(b'"round":1', b'"round":"one"') + b"\n" + second + b"\n")
    with pytest.raises(StoreError, match=r"trials\.jsonl:1 is not valid: round: .*integer"):
        read_run(tmp_path / "run")


def test_a_future_format_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "run", 1).close()
    file = tmp_path / "run" / "run.json"
    file.write_text(file.read_text().replace(f'"schema_version": {SCHEMA_VERSION}', '"schema_version": 99'))
    with pytest.raises(StoreError, match=f"has format 99; this loadbench reads up to {SCHEMA_VERSION}. Upgrade"):
        read_run(tmp_path / "run")


def test_a_run_is_never_overwritten(tmp_path: Path) -> None:
    written(tmp_path / "run", 1).close()
    with pytest.raises(StoreError, match="already holds a run.*--resume"):
        reserve(tmp_path / "run")


@pytest.mark.parametrize("make", ["file", "stranger"])
def test_a_place_that_cannot_be_a_run(tmp_path: Path, make: str) -> None:
    place = tmp_path / "place"
    if make == "file":
        place.write_text("")
    else:
        place.mkdir()
        (place / "thesis.tex").write_text("")
    with pytest.raises(StoreError, match="is a file|is not empty"):
        reserve(place)


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    writer = written(tmp_path / "run", 1)
    stored = read_run(tmp_path / "run")
    with pytest.raises(StoreError, match="Another loadbench is writing"):
        RunWriter.resume(stored, stored.run)
    writer.close()
    RunWriter.resume(stored, stored.run).close()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system takes root")
def test_a_full_disk_loses_no_record_and_can_be_resumed(tmp_path: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48k", "tmpfs", place], check=True)
    try:
        writer = RunWriter.create(place / "run", some_run())
        appended = 0
        with pytest.raises(StoreError, match="No space left on device.*records before it are safe.*--resume"):  # noqa: PT012
            while True:
                writer.append(some_record(appended + 1, "x" * 500))
                appended += 1
        writer.close()
        stored = read_run(place / "run")
        assert [record.round for record in stored.records] == list(range(1, appended + 1))
        subprocess.run(["mount", "-o", "remount,size=1m", place], check=True)
        writer = RunWriter.resume(stored, stored.run)
        writer.append(some_record(appended + 1))
        writer.close()
        assert len(read_run(place / "run").records) == appended + 1
    finally:
        subprocess.run(["umount", place], check=True)


def test_logs_that_no_record_names_are_removed(tmp_path: Path) -> None:
    writer = written(tmp_path / "run", 0)
    for name in ("failed.log", "cut-short.log"):
        writer.log_path(name).write_text("words")
    writer.append(some_record(1).model_copy(update={"log": "logs/failed.log"}))
    writer.close()
    stored = read_run(tmp_path / "run")
    RunWriter.resume(stored, stored.run).close()
    assert [path.name for path in (tmp_path / "run" / "logs").iterdir()] == ["failed.log"]


def test_runs_are_found_below_a_folder(tmp_path: Path) -> None:
    written(tmp_path / "results" / "b", 1).close()
    written(tmp_path / "results" / "deep" / "a", 1).close()
    assert find_runs(tmp_path / "results") == [tmp_path / "results" / "b", tmp_path / "results" / "deep" / "a"]
    assert find_runs(tmp_path / "results" / "b" / "run.json") == [tmp_path / "results" / "b"]


def test_no_runs(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        find_runs(tmp_path / "nothing")
    with pytest.raises(StoreError, match="No run in"):
        find_runs(tmp_path)


def test_a_folder_that_may_not_be_searched(tmp_path: Path, as_nobody: Callable[[Callable[[], Any]], Any]) -> None:
    place = tmp_path / "results"
    written(place, 1).close()
    tmp_path.chmod(0o700)
    with pytest.raises(StoreError, match=f"Cannot read {place}: Permission denied"):
        as_nobody(lambda: find_runs(place))
    with pytest.raises(StoreError, match=f"Cannot write in {place}: Permission denied"):
        as_nobody(lambda: reserve(place))
    with pytest.raises(StoreError, match=f"Cannot write {place / 'report'}: Permission denied"):
        as_nobody(lambda: replace_file(place / "report", ""))


def test_another_boot_in_one_run_is_a_warning(tmp_path: Path) -> None:
    first = some_run()
    other = first.sessions[0].model_copy(update={"environment": {"machine.boot_id": "b"}})
    writer = RunWriter.create(tmp_path / "run", first.model_copy(update={"sessions": [first.sessions[0], other]}))
    writer.close()
    assert "machine.boot_id changed" in read_run(tmp_path / "run").warnings[0]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "file"
    replace_file(file, "old")
    with pytest.raises(UnicodeEncodeError):
        replace_file(file, "new \ud800")
    assert file.read_text() == "old"
    replace_file(file, "new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_is_no_file_is_written_to_and_a_link_stays_one(tmp_path: Path) -> None:
    """`--output /dev/stdout` as root must not turn the device into a file."""
    target, link, pipe = tmp_path / "target", tmp_path / "link", tmp_path / "pipe"
    target.write_text("old")
    link.symlink_to(target)
    replace_file(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, text=True)
    replace_file(pipe, "through")
    assert reader.communicate(timeout=10)[0] == "through"
    assert pipe.is_fifo()
