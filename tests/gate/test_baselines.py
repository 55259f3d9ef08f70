"""Runs kept by name: what is refused, what is never half-written, and names that lead nowhere else."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbench.errors import LoadbenchError, ResultsError, StoreError, UsageError
from loadbench.gate import baselines
from loadbench.gate.baselines import check_name, find, machine_name, save, saved
from loadbench.gate.limits import parse_limit
from loadbench.gate.result import Rules
from loadbench.gate.stored_gate import Asked, gate_stored
from loadbench.store import StoredRun, find_runs, read_run
from tests.builders import bad, series
from tests.gate.stored_runs import MMAP, NOGDS, measured, stored_run, times, write


def good(day: int = 1, level: float = 500, machine: str = "m1") -> StoredRun:
    return stored_run(day, series(MMAP, *times(level, day)), environment={"machine.id": machine})


def test_what_is_kept_is_the_run_and_nothing_else(tmp_path: Path) -> None:
    run = write(tmp_path / "run", good())
    (run / "logs" / "a.log").write_text("long")
    place = save(run, "main", tmp_path / "baselines")
    assert place == tmp_path / "baselines" / "m1" / "main"
    assert sorted(path.name for path in place.iterdir()) == ["run.json", "trials.jsonl"]
    for file in ("run.json", "trials.jsonl"):
        assert (place / file).read_bytes() == (run / file).read_bytes()
    shutil.rmtree(run)
    assert read_run(find("main", "m1", tmp_path / "baselines").path).records == good().records


def test_a_name_is_taken_until_it_is_forced(tmp_path: Path) -> None:
    directory = tmp_path / "baselines"
    save(write(tmp_path / "one", good(1)), "main", directory)
    two = write(tmp_path / "two", good(2, 600))
    with pytest.raises(UsageError, match="--force"):
        save(two, "main", directory)
    assert read_run(directory / "m1" / "main").run.name == "run-01"
    place = save(two, "main", directory, force=True)
    assert read_run(place).run.name == "run-02"
    assert [path.name for path in place.parent.iterdir()] == ["main"], "nothing is left over"


def test_a_failing_replacement_leaves_the_old_baseline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / "baselines"
    place = save(write(tmp_path / "one", good(1)), "main", directory)
    two = write(tmp_path / "two", good(2))
    rename = Path.rename

    def fail(self: Path, target: Path) -> Path:
        if self.name.startswith(".unfinished-"):
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(StoreError, match="No space left"):
        save(two, "main", directory, force=True)
    assert read_run(place).run.name == "run-01"
    assert [path.name for path in place.parent.iterdir()] == ["main"]


def test_a_copy_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(baselines, "_copy", fail)
    with pytest.raises(StoreError, match="--baselines"):
        save(write(tmp_path / "run", good()), "main", tmp_path / "baselines")
    assert list((tmp_path / "baselines" / "m1").iterdir()) == []


def test_a_run_that_changes_while_it_is_copied_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = write(tmp_path / "run", good())
    copy = baselines._copy

    def cut(source: Path, target: Path) -> None:
        copy(source, target)
        if target.name == "trials.jsonl":
            lines = target.read_bytes().splitlines(keepends=True)
            target.write_bytes(b"".join(lines[:-1]))

    monkeypatch.setattr(baselines, "_copy", cut)
    with pytest.raises(StoreError, match="changed while it was copied"):
        save(run, "main", tmp_path / "baselines")
    assert saved(tmp_path / "baselines") == []


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        (stored_run(1, [*series(MMAP, *times(500, 1)), bad(MMAP, 11, "failed", "killed")]), "failed: killed"),
        (stored_run(1, [*series(MMAP, *times(500, 1)), bad(MMAP, 11, "invalid", "bytes")]), "wrong bytes: bytes"),
        (stored_run(1, series(MMAP, *times(500, 1)), ended="interrupted"), "interrupted"),
        (stored_run(1, series(MMAP, *times(500, 1)), cases=[MMAP, NOGDS]), "no trial that counts"),
        (stored_run(1, [], cases=[]), "no case"),
        (
            stored_run(
                1,
                [
                    *series(MMAP, *times(500, 1)),
                    *(bad(MMAP, round, "disturbed", "cpu: others", attempt=2) for round in range(1, 8)),
                ],
            ),
            "7 of 17 trials were disturbed",
        ),
    ],
)
def test_a_failing_run_never_becomes_a_baseline(stored: StoredRun, words: str, tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=words):
        save(write(tmp_path / "run", stored), "main", tmp_path / "baselines")
    assert not (tmp_path / "baselines").exists()


def test_what_the_machine_cannot_try_is_no_failure(tmp_path: Path) -> None:
    stored = stored_run(1, [*series(MMAP, *times(500, 1)), bad(NOGDS, 0, "skipped", "no GPU")])
    assert save(write(tmp_path / "run", stored), "main", tmp_path / "baselines").exists()


@pytest.mark.parametrize("inside", [True, False], ids=["in it", "beside it"])
def test_a_run_whose_gate_did_not_pass_never_becomes_a_baseline(inside: bool, tmp_path: Path) -> None:
    run = write(tmp_path / "gate" / "head", good())
    place = (run if inside else run.parent) / "gate.json"
    for limit in ("load<100ms", "load<4s"):
        limits = [parse_limit(limit, "--max")]
        place.write_text(gate_stored(measured(1, (MMAP, 500)), Asked(limits=limits), Rules()).model_dump_json())
        if limit == "load<100ms":
            with pytest.raises(ResultsError, match="REGRESSION"):
                save(run, "main", tmp_path / "baselines")
            assert not (tmp_path / "baselines").exists()
    assert save(run, "main", tmp_path / "baselines").exists()
    place.write_text('{"verdict": "PASS"}')
    with pytest.raises(StoreError, match="not what a gate wrote"):
        save(run, "other", tmp_path / "baselines")


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    run = write(tmp_path / "run", good())
    with (run / "trials.jsonl").open("ab") as file:
        file.write(b'{"case"')
    with pytest.raises(ResultsError, match="cut"):
        save(run, "main", tmp_path / "baselines")
    with (run / "trials.jsonl").open("ab") as file:
        file.write(b": NaN}\n")
    with pytest.raises(StoreError, match=r"trials.jsonl:11 is not valid"):
        save(run, "main", tmp_path / "baselines")


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/etc", ".hidden", "-x", "a\nb", "ä", "x" * 65, "a b"])
def test_names_that_lead_elsewhere_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no name for a baseline"):
        save(tmp_path, name, tmp_path / "baselines")
    with pytest.raises(UsageError, match="no name for a baseline"):
        find(name, "m1", tmp_path)


@given(st.text())
def test_a_name_stays_in_its_directory(name: str) -> None:
    try:
        check_name(name)
    except UsageError:
        return
    assert (Path("/a/b") / name).resolve().parent == Path("/a/b")


@pytest.mark.parametrize("machine", [None, "", "../../x", "a/b", 7.5])
def test_a_machine_that_leads_elsewhere_is_unknown(machine: object) -> None:
    assert "/" not in machine_name(machine)
    assert machine_name(machine) in ("unknown-machine", "7.5")


def test_all_are_listed_and_an_unreadable_one_says_why(tmp_path: Path) -> None:
    directory = tmp_path / "baselines"
    assert saved(directory) == []
    save(write(tmp_path / "one", good(1)), "main", directory)
    save(write(tmp_path / "two", good(2, machine="m2")), "main", directory)
    save(write(tmp_path / "three", good(3)), "release-1.0", directory)
    (directory / "m1" / "main" / "trials.jsonl").write_text("nonsense\n")
    found = saved(directory)
    assert [(one.name, one.machine, bool(one.problem)) for one in found] == [
        ("main", "m1", True),
        ("main", "m2", False),
        ("release-1.0", "m1", False),
    ]


def test_a_baseline_is_found_by_name_for_its_machine(tmp_path: Path) -> None:
    directory = tmp_path / "baselines"
    with pytest.raises(LoadbenchError, match="Known: none"):
        find("main", "m1", directory)
    save(write(tmp_path / "one", good(1)), "main", directory)
    assert find("main", "m2", directory).machine == "m1"
    save(write(tmp_path / "two", good(2, machine="m2")), "main", directory)
    assert find("main", "m2", directory).machine == "m2"
    with pytest.raises(UsageError, match="m1, m2"):
        find("main", "m3", directory)
    with pytest.raises(UsageError, match="Did you mean 'main'"):
        find("mian", "m1", directory)


def test_baselines_are_no_runs_of_the_folder_above(tmp_path: Path) -> None:
    run = write(tmp_path / "run", good())
    save(run, "main", tmp_path / "baselines")
    assert find_runs(tmp_path) == [run]
    assert len(find_runs(tmp_path / "baselines")) == 1


def test_a_run_of_too_few_trials_to_be_compared_is_no_baseline(tmp_path: Path) -> None:
    few = write(tmp_path / "run", measured(1, (MMAP, 500), trials=5).stored)
    with pytest.raises(ResultsError, match="5 trials that count: fewer than 6"):
        save(few, "main", tmp_path / "baselines")
