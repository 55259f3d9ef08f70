"""Whatever measures waits for its turn on this machine, and says for whom."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loadbench.machine.lock import measuring

COMMANDS = {
    "probe": ("probe", "CHECKPOINT", "--no-fio"),
    "trial": ("trial", "fake", "CHECKPOINT", "--cache", "warm"),
    "sweep": ("sweep", "CHECKPOINT", "--loader", "fake", "--cache", "warm", "--rounds", "1", "--no-ceilings"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_it_waits_while_another_measures_and_holds_the_lock_itself(
    checkpoint: Path, tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    lock = tmp_path / "lock"
    monkeypatch.setenv("LOADBENCH_LOCK", str(lock))
    arguments = [str(checkpoint) if word == "CHECKPOINT" else word for word in COMMANDS[command]]
    with measuring("another benchmark", lambda text: pytest.fail(text)):
        process = subprocess.Popen(
            [sys.executable, "-m", "loadbench", *arguments],
            env=environment | {"LOADBENCH_LOCK": str(lock)},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr
        told = process.stderr.readline()
        assert f"waiting for another benchmark on this machine to end: pid {os.getpid()}, " in told
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=1)
    waited: list[str] = []
    while command not in lock.read_text() and process.poll() is None:
        time.sleep(0.01)
    with measuring("the next one", waited.append):
        assert process.wait(timeout=60) == 0
    assert f"pid {process.pid}, " in waited[0]
    process.communicate()


@pytest.mark.parametrize("arguments", [("probe", "gone"), ("trial", "nothing"), ("trial", "fake", "gone")])
def test_a_mistake_is_told_without_waiting(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("LOADBENCH_LOCK", str(tmp_path / "lock"))
    with measuring("another benchmark", lambda text: pytest.fail(text)):
        ended = subprocess.run(
            [sys.executable, "-m", "loadbench", *arguments],
            env=environment | {"LOADBENCH_LOCK": str(tmp_path / "lock")},
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    assert ended.returncode == 2
    assert "unknown" in ended.stderr
    assert "waiting" not in ended.stderr
