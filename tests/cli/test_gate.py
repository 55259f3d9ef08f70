"""`loadbench gate` beyond the measuring: stored runs, limits, what CI reads, options that exclude each other."""

import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from loadbench.analysis.timings import Timed
from loadbench.cli import app, gate_run
from loadbench.cli.history import History
from loadbench.cli.plan_text import sizes_of
from loadbench.errors import LoadbenchError, UsageError
from tests.builders import case, run, series
from tests.cli.test_report import write
from tests.conftest import Loadbench


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["gate", *map(str, arguments)])


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    return write(tmp_path / "run", run([case()]), series(case(), 200, 202, 204, 201, 203, 205))


@pytest.mark.parametrize(("limit", "code"), [("load<4s", 0), ("load<0.1s", 1), ("load<203ms", 3)])
def test_a_stored_run_is_held_against_a_limit(stored: Path, limit: str, code: int) -> None:
    result = invoke("--run", stored, "--max", limit)
    assert result.exit_code == code, result.output
    assert result.stdout.startswith(f"loadbench gate: {['PASS', 'REGRESSION', '', 'INCONCLUSIVE'][code]}\n")


def test_what_ci_reads_is_written_before_the_exit(
    stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary, outputs = tmp_path / "summary.md", tmp_path / "outputs"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    files = {name: tmp_path / name for name in ("junit", "metrics", "json")}
    flags = [text for name, path in files.items() for text in (f"--{name}", str(path))]
    result = invoke("--run", stored, "--max", "load<0.1s", "--github", *flags)
    assert result.exit_code == 1
    assert "::error " in result.stdout
    assert "verdict" in outputs.read_text()
    assert "REGRESSION" in summary.read_text()
    assert ElementTree.parse(files["junit"]).getroot().get("failures") == "1"
    assert files["metrics"].read_text().endswith("# EOF\n")
    assert '"verdict": "REGRESSION"' in files["json"].read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--history", "x"), "--history is about a stored run: name it with --run"),
        (("--baseline", "x"), "--baseline is about a stored run"),
        (("--run", "RUN", "--base-set", "a.b=1"), "--base-set does not go with --run"),
        (("--run", "RUN"), "Say what the run is held against"),
        (("--run", "RUN", "--max", "speed<1"), "speed"),
        (("--base-set", "safetensors-mmap.x=1", "--max", "nobody: load<1s"), "unknown tunable"),
        (("--base-python", "/bin/true", "--loader", "safetensors-mmap", "--max", "nobody: load<1s"), "is for no case"),
    ],
)
def test_options_that_mean_nothing_are_told(stored: Path, arguments: tuple[str, ...], words: str) -> None:
    error = invoke(*[str(stored) if text == "RUN" else text for text in arguments]).exception
    assert isinstance(error, UsageError)
    assert words in str(error)


def test_a_run_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert isinstance(invoke("--run", tmp_path / "nothing", "--max", "load<1s").exception, LoadbenchError)


def test_limits_and_a_comparison_are_both_required(loadbench: Loadbench, checkpoint: Path, tmp_path: Path) -> None:
    """The candidate is as fast as the baseline, and too slow all the same."""
    out = tmp_path / "gate"
    settings = ("--base-set", "fake.sleep_ms=50", "--head-set", "fake.sleep_ms=50", "--detect", "900%")
    how = ("--loader", "fake", "--cache", "warm", "--no-ceilings", "--max", "load<1ms")
    ended = loadbench("gate", checkpoint, *how, *settings, "--out", out)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "load<1ms" in ended.stdout


def test_the_plan_s_time_is_that_of_trials_as_large(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two seconds a trial on this checkpoint: 6 pairs of one case are 24 s, and 8 more 32 s."""
    its = sizes_of(str(checkpoint))
    earlier = Timed(case("safetensors-mmap", checkpoint=its.name, cache="warm"), its.bytes, 1.5, 2.0, "run")
    monkeypatch.setattr(gate_run, "read_history", lambda _: History([earlier] * 20, None))
    how = ("--loader", "safetensors-mmap", "--cache", "warm", "--base-python", sys.executable, "--dry-run")
    planned = invoke(checkpoint, *how)
    assert planned.exit_code == 0, planned.output
    assert "ETA 24 s, and about 32 s for each case that looks slower" in planned.stdout
