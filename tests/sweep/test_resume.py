"""Kill the sweep at any instant: --resume finishes it, and no record is lost or doubled."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

from loadbench.store import read_run
from tests.conftest import Loadbench

ROUNDS, VALUES = 8, "1..10"


def command(checkpoint: Path, out: Path) -> list[str]:
    return [
        sys.executable, "-m", "loadbench", "sweep", str(checkpoint), "--loader", "fake",
        "--set", f"fake.threads={VALUES}",
        "--set", "fake.sleep_ms=60", "--cache", "warm", "--rounds", str(ROUNDS), "--out", str(out), "--resume",
        "--no-ceilings",
    ]  # fmt: skip


@pytest.mark.slow
def test_kill_at_ten_random_moments(
    checkpoint: Path, tmp_path: Path, environment: dict[str, str], loadbench: Loadbench
) -> None:
    out = tmp_path / "run"
    moments = random.Random(os.urandom(4))
    seen: list[str] = []
    kills = 0
    for _ in range(10):
        sweep = subprocess.Popen(
            command(checkpoint, out), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        children = psutil.Process(sweep.pid)
        time.sleep(moments.uniform(0.1, 4.5))
        family = children.children(recursive=True) if sweep.poll() is None else []
        kills += sweep.poll() is None
        sweep.send_signal(signal.SIGKILL)
        sweep.wait()
        assert not psutil.wait_procs(family, timeout=10)[1], "a process outlived its sweep"
        if (out / "trials.jsonl").exists() and (out / "run.json").exists():
            lines = (out / "trials.jsonl").read_text().splitlines()
            assert lines[: len(seen)] == seen, "a record was lost or changed"
            seen = lines if (out / "trials.jsonl").read_bytes().endswith(b"\n") or not lines else lines[:-1]
    assert kills >= 5, "the sweep was over before it could be killed: make it longer"
    ended = subprocess.run(command(checkpoint, out), env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    records = read_run(out).records
    counts = Counter((record.case.name, record.round) for record in records if record.status == "ok")
    assert len(counts) == 10 * ROUNDS
    assert set(counts.values()) == {1}
    assert {record.status for record in records} <= {"ok", "disturbed"}
    assert loadbench("report", out, "--format", "markdown").returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_says_how_to_go_on_and_leaves_nothing(
    checkpoint: Path, tmp_path: Path, environment: dict[str, str], number: signal.Signals
) -> None:
    out = tmp_path / "run"
    sweep = subprocess.Popen(
        command(checkpoint, out), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert sweep.stderr
    for line in sweep.stderr:
        if line.startswith("[3/"):
            break
    family = psutil.Process(sweep.pid).children(recursive=True)
    sweep.send_signal(number)
    _, talk = sweep.communicate(timeout=30)
    assert sweep.returncode == 130
    assert f"loadbench sweep --resume --out {out}" in talk
    assert "Traceback" not in talk
    assert not psutil.wait_procs(family, timeout=10)[1]
    assert sorted(path.name for path in out.iterdir()) == ["logs", "run.json", "trials.jsonl"]
    assert not list((out / "logs").iterdir())
    assert len(read_run(out).records) >= 3


def test_a_resumed_run_keeps_its_plan(loadbench: Loadbench, checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    first = ("sweep", checkpoint, "--loader", "fake", "--cache", "warm", "--rounds", "1", "--out", out)
    assert loadbench(*first).returncode == 0
    refused = loadbench(*first)
    assert refused.returncode == 2
    assert "already holds a run. Continue it with --resume" in refused.stderr
    other = loadbench(
        "sweep", checkpoint, "--loader", "fake", "--cache", "cold", "--rounds", "1", "--out", out, "--resume"
    )
    assert other.returncode == 2
    assert "was started with cache = ('warm',), not ('cold',)" in other.stderr
    again = loadbench("sweep", "--out", out, "--resume")
    assert again.returncode == 0
    assert "0 trials" in again.stderr
    assert len(read_run(out).records) == 1


def test_a_changed_checkpoint_is_not_resumed(loadbench: Loadbench, checkpoint: Path, tmp_path: Path) -> None:
    out, copy = tmp_path / "run", tmp_path / "copy.safetensors"
    content = bytearray((checkpoint / "model.safetensors").read_bytes())
    copy.write_bytes(content)
    assert (
        loadbench("sweep", copy, "--loader", "fake", "--cache", "warm", "--rounds", "1", "--out", out).returncode == 0
    )
    content[-1] ^= 1
    copy.write_bytes(content)
    refused = loadbench("sweep", "--out", out, "--resume")
    assert refused.returncode == 2
    assert "has other contents" in refused.stderr
