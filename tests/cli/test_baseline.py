"""`loadbench baseline` and the gate of stored runs, on real directories."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from loadbench.cli.baseline import app
from loadbench.cli.gate_stored import gate_stored_command
from loadbench.errors import ResultsError, StoreError, UsageError
from loadbench.gate.result import Rules
from loadbench.store import StoredRun
from tests.gate.stored_runs import MMAP, NOGDS, measured, write


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def stored(day: int, mmap: float = 500, nogds: float = 300) -> StoredRun:
    return measured(day, (MMAP, mmap), (NOGDS, nogds)).stored


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A folder of baselines with one in it."""
    write(tmp_path / "results" / "one", stored(1))
    done = invoke("save", "main", tmp_path / "results" / "one", "--baselines", tmp_path / "kept")
    assert done.exit_code == 0, done.output
    return tmp_path / "kept"


def test_list_and_show(kept: Path) -> None:
    found = invoke("list", "--baselines", kept).stdout
    for word in ("main", "m1 (bench-1)", "2026-01-01", "safetensors 0.8.0"):
        assert word in found
    shown = invoke("show", "main", "--baselines", kept)
    assert shown.stdout.startswith("loadbench: run-01")
    assert "safetensors-mmap" in shown.stdout
    assert str(kept / "m1" / "main") in shown.stderr


def test_an_empty_list_says_how_to_fill_it(tmp_path: Path) -> None:
    assert "loadbench baseline save" in invoke("list", "--baselines", tmp_path / "none").stdout


def test_a_damaged_baseline_is_listed_as_one(kept: Path) -> None:
    (kept / "m1" / "main" / "run.json").write_text("{}")
    found = invoke("list", "--baselines", kept).stdout
    assert "cannot be read" in found
    assert "Warning" in found
    assert isinstance(invoke("show", "main", "--baselines", kept).exception, StoreError)


def test_errors_are_not_tracebacks(kept: Path, tmp_path: Path) -> None:
    assert isinstance(invoke("show", "other", "--baselines", kept).exception, UsageError)
    assert isinstance(invoke("save", "x", tmp_path / "nothing", "--baselines", kept).exception, StoreError)
    broken = write(tmp_path / "results" / "two", measured(2, (MMAP, 500), ended="interrupted").stored)
    assert isinstance(invoke("save", "x", broken, "--baselines", kept).exception, ResultsError)


# The gate of a stored run


def test_a_baseline_by_name_by_path_and_through_a_reference(kept: Path, tmp_path: Path) -> None:
    head = write(tmp_path / "results" / "two", stored(2, nogds=400))
    by_name = gate_stored_command(head, baseline="main", baselines=kept)
    by_path = gate_stored_command(head, baseline=str(tmp_path / "results" / "one"))
    assert by_name.verdict == by_path.verdict == "INCONCLUSIVE"
    found = gate_stored_command(head, baseline="main", reference="safetensors-mmap", baselines=kept)
    assert (found.verdict, found.exit_code) == ("REGRESSION", 1)


def test_history_and_limits_of_a_folder(tmp_path: Path) -> None:
    results = tmp_path / "results"
    for day in range(1, 11):
        write(results / f"run-{day}", stored(day, 500 + day % 3))
    head = write(results / "head", stored(20))
    found = gate_stored_command(head, history=results, maximum=["load<4s"], minimum=["gb/s>0.1"])
    assert (found.verdict, len(found.cases)) == ("PASS", 6)
    (results / "run-3" / "trials.jsonl").write_text("nonsense\n")
    found = gate_stored_command(head, history=results, rules=Rules(), command=["loadbench", "gate"])
    assert any("run-3" in note and "not valid" in note for note in found.notes)
    assert found.base.startswith("9 earlier runs")
    assert found.command == ["loadbench", "gate"]


def test_a_damaged_run_is_an_error(tmp_path: Path) -> None:
    head = write(tmp_path / "head", stored(20))
    text = (head / "trials.jsonl").read_text()
    (head / "trials.jsonl").write_text(text.replace('"load_ns":', '"load_ns":NaN,"was":', 1))
    with pytest.raises(StoreError, match="not valid"):
        gate_stored_command(head, maximum=["load<4s"])
    with pytest.raises(StoreError, match="Cannot read"):
        gate_stored_command(tmp_path / "nothing", maximum=["load<4s"])


def test_an_unknown_baseline_lists_the_known_ones(kept: Path, tmp_path: Path) -> None:
    head = write(tmp_path / "head", stored(20))
    with pytest.raises(UsageError, match="Known: main"):
        gate_stored_command(head, baseline="mian", baselines=kept)
    with pytest.raises(StoreError, match="results/nowhere"):
        gate_stored_command(head, baseline="results/nowhere", baselines=kept)
