"""The gate as a person or CI runs it: real arms in processes of their own, each verdict with its exit code."""

import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from loadbench.gate.result import GateResult
from loadbench.store import read_run
from tests.conftest import Loadbench

FAKE = ("--loader", "fake", "--cache", "warm", "--rounds", "5", "--confirm", "5", "--no-ceilings")
FINDS = ("--detect", "900%")
"""What a gate finds however busy the machine is."""


def result_of(out: Path) -> GateResult:
    return GateResult.model_validate_json((out / "gate.json").read_bytes())


def sleeping(base_ms: int, head_ms: int) -> tuple[str, ...]:
    return ("--base-set", f"fake.sleep_ms={base_ms}", "--head-set", f"fake.sleep_ms={head_ms}")


def after_three_trials(
    number: signal.Signals, arguments: list[str], environment: dict[str, str], cwd: Path
) -> tuple[int, str]:
    """Send a gate a signal once three of its trials are on disk; its exit code, and what it said afterwards."""
    command = [sys.executable, "-m", "loadbench", "gate", *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, cwd=cwd) as process:
        assert process.stderr
        for line in process.stderr:
            if line.startswith("[3/"):
                process.send_signal(number)
                break
        rest = process.stderr.read()  # until both arms, which share it, are gone
        return process.wait(timeout=120), rest


@pytest.mark.parametrize(
    ("arguments", "verdict", "code"),
    [
        ((*sleeping(50, 50), *FINDS), "PASS", 0),
        (sleeping(200, 800), "REGRESSION", 1),
        ((*sleeping(50, 50), "--detect", "5.001%"), "INCONCLUSIVE", 3),
        (("--base-set", "fake.behaviour=right", "--head-set", "fake.behaviour=wrong-bytes"), "INVALID", 4),
    ],
)
def test_each_verdict_has_its_exit_code_and_its_result(
    loadbench: Loadbench, checkpoint: Path, tmp_path: Path, arguments: tuple[str, ...], verdict: str, code: int
) -> None:
    out = tmp_path / "gate"
    ended = loadbench("gate", checkpoint, *FAKE, *arguments, "--out", out)
    assert ended.returncode == code, ended.stderr
    result = result_of(out)
    assert result.verdict == verdict, result
    assert ended.stdout.startswith(f"loadbench gate: {verdict}\n")
    assert read_run(out / "head").records, "the trials are there, whatever the verdict"


def test_two_environments_are_compared_case_by_case(loadbench: Loadbench, checkpoint: Path, tmp_path: Path) -> None:
    """The same interpreter twice: an A/A of two real arms, each with its own zygote."""
    out = tmp_path / "gate"
    ended = loadbench("gate", checkpoint, *FAKE, *FINDS, "--base-python", sys.executable, "--out", out)
    assert ended.returncode == 0, ended.stderr
    result = result_of(out)
    (case,) = result.cases
    assert (case.verdict, case.stage, len(case.base_ns), len(case.head_ns)) == ("PASS", "screen", 5, 5)
    assert result.base_versions == result.head_versions
    rounds = [record.round for side in ("base", "head") for record in read_run(out / side).records]
    assert sorted(rounds) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_what_was_flagged_is_measured_again_and_the_case_tells_how_to_repeat_it(
    loadbench: Loadbench, checkpoint: Path, tmp_path: Path
) -> None:
    out = tmp_path / "gate"
    ended = loadbench("gate", checkpoint, *FAKE, *sleeping(200, 800), "--explain", "--out", out)
    (case,) = result_of(out).cases
    records = read_run(out / "head").records
    assert case.stage == "confirm"
    assert case.head_ns == [record.timing.load_ns for record in records if record.timing and record.round > 5]
    assert case.ratio is not None
    assert 2 < case.ratio < 5
    assert "Candidate, every trial (s)" in ended.stdout

    words = shlex.split(case.command)
    planned = loadbench(*words[1:], "--dry-run")
    assert planned.returncode == 0, planned.stderr
    assert "1 cases × 6 pairs = 12 trials" in planned.stdout


def test_an_environment_without_loadbench_is_told_what_to_install(
    loadbench: Loadbench, checkpoint: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    out = tmp_path / "gate"
    ended = loadbench("gate", checkpoint, *FAKE, "--base-python", bare / "bin" / "python", "--out", out)
    assert ended.returncode == 4
    assert "-m pip install loadbench==" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_environment_that_prints_when_python_starts_does_not_disturb_the_gate(
    loadbench: Loadbench, checkpoint: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    """As some .pth files do. What they print goes to stderr, and the answers of the arm are still understood."""
    noisy = tmp_path / "noisy"
    noisy.mkdir()
    (noisy / "sitecustomize.py").write_text('print("{\\"error\\": 1}")\nprint("hello", end="")\n')
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{noisy}:$PYTHONPATH" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    ended = loadbench("gate", checkpoint, *FAKE, *FINDS, "--base-python", python, "--out", tmp_path / "gate")
    assert ended.returncode == 0, ended.stderr
    assert "hello" in ended.stderr
    again = loadbench("gate", checkpoint, *FAKE, "--base-python", python, "--out", tmp_path / "gate")
    assert again.returncode == 2
    assert "which cannot be continued" in again.stderr
    (note,) = result_of(tmp_path / "gate").notes
    assert "was the change installed?" in note


def test_another_loadbench_is_told_before_its_answer_is_read(
    loadbench: Loadbench, checkpoint: Path, tmp_path: Path
) -> None:
    """Whatever its format is."""
    other = tmp_path / "other" / "loadbench"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("")
    (other / "__main__.py").write_text(
        "import os, sys\nsys.stdin.readline()\n"
        """os.write(int(sys.argv[-1]), b'{"run": {"loadbench_version": "9.9", "shape": "new"}}\\n')\n"""
    )
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{other.parent}" exec "{sys.executable}" -S "$@"\n')
    python.chmod(0o755)
    ended = loadbench("gate", checkpoint, *FAKE, "--base-python", python, "--out", tmp_path / "gate")
    assert ended.returncode == 2, ended.stderr
    assert "the baseline has loadbench 9.9" in ended.stderr


def test_a_gate_that_is_killed_leaves_no_run_that_calls_itself_complete(
    checkpoint: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    out = tmp_path / "gate"
    after_three_trials(
        signal.SIGKILL, [str(checkpoint), *FAKE, *sleeping(100, 100), "--out", str(out)], environment, tmp_path
    )
    for side in ("base", "head"):
        assert read_run(out / side).run.sessions[-1].ended != "complete"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "a gate compares two sides"),
        (("--base-python", "/no/such/python"), "is no program"),
        (("--base-set", "fake.sleep_ms=1", "--rounds", "4"), "write 5 to 1000 pairs"),
        (("--base-set", "fake.sleep_ms=1", "--detect", "5%"), "must be more than --margin"),
        (("--base-set", "fake.sleep_ms=1", "--margin", "x"), "is not a share"),
        (("--base-set", "fake.nothing=1"), "unknown tunable 'nothing'"),
        (("--base-set", "fake.sleep_ms=1,2"), "cannot be paired"),
        (("--self-test", "--dry-run"), "--dry-run does not go with --self-test"),
        (("--self-test", "--max", "load<1s"), "--max does not go with --self-test"),
        (("--run", "x", "--max", "load<1s"), "does not go with --run"),
    ],
)
def test_bad_input_is_told_with_what_to_do(
    loadbench: Loadbench, checkpoint: Path, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    ended = loadbench("gate", checkpoint, "--loader", "fake", "--no-ceilings", *arguments, "--out", tmp_path / "gate")
    assert ended.returncode == 2, ended.stderr
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "gate" / "gate.json").exists()


def test_an_interrupted_gate_leaves_its_trials_and_no_process(
    checkpoint: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    out = tmp_path / "gate"
    arguments = [str(checkpoint), *FAKE, *sleeping(200, 200), "--out", str(out)]
    code, rest = after_three_trials(signal.SIGINT, arguments, environment, tmp_path)
    assert code == 130, rest
    tried = sum(len(read_run(out / side).records) for side in ("base", "head"))
    assert tried >= 3
    assert not (out / "gate.json").exists()
    assert "Traceback" not in rest


def test_the_self_test_finds_what_it_hides(loadbench: Loadbench, checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "gate"
    ended = loadbench(
        "gate", checkpoint, *FAKE, "--set", "fake.sleep_ms=100", "--detect", "200%", "--self-test", "--out", out
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert [line.split()[0] for line in ended.stdout.splitlines()] == ["ok"] * 3
    assert [result_of(out / name).verdict for name in ("a-a", "slowed", "gone")] == ["PASS", "REGRESSION", "INVALID"]
    slowed = read_run(out / "slowed" / "head").records
    assert all(record.settings["handicap"] for record in slowed), "nobody may take these for real trials"
    assert not any("handicap" in record.settings for record in read_run(out / "slowed" / "base").records)
