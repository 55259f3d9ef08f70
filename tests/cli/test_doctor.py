"""The doctor as a person, or a program, runs it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from loadbench.machine.residency import PAGE_CACHE_FILE_SYSTEMS
from loadbench.machine.storage import describe_storage
from tests.conftest import Loadbench

KEYS = {"area", "name", "state", "seen", "consequence", "advice"}


@pytest.fixture
def on_disk(tmp_path: Path) -> Path:
    if describe_storage(tmp_path).file_system not in PAGE_CACHE_FILE_SYSTEMS:
        pytest.skip("the temporary directories are not on a disk")
    return tmp_path


def test_a_disk_in_the_terminal(loadbench: Loadbench, on_disk: Path) -> None:
    ended = loadbench("doctor", on_disk, COLUMNS="80")
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    *lines, verdict = ended.stdout.splitlines()
    assert verdict.startswith(f"A cold sweep of files in {on_disk} can be proven: fadvise, read back by ")
    assert lines[0] == f"loadbench doctor {on_disk}"
    assert max(len(line) for line in lines[1:]) <= 80
    assert "\x1b" not in ended.stdout
    states = {line[:10].strip() for line in lines if line.startswith(" ") and line[1] != " "}
    assert states <= {"ok", "limited", "missing", "not here"}
    assert {"ok", "not here"} <= states, "the state is a word, not a colour alone"
    assert list(on_disk.iterdir()) == []


def test_colours_only_where_they_are_wanted(loadbench: Loadbench, on_disk: Path) -> None:
    green = "\x1b[32m"
    assert green in loadbench("doctor", on_disk, NO_COLOR="", FORCE_COLOR="1").stdout
    assert green not in loadbench("doctor", on_disk, NO_COLOR="1", FORCE_COLOR="1").stdout


def test_memory_is_said_to_be_hopeless_with_exit_code_3(loadbench: Loadbench) -> None:
    if describe_storage(Path("/dev/shm")).file_system != "tmpfs":
        pytest.skip("no /dev/shm")
    ended = loadbench("doctor", "/dev/shm")
    assert ended.returncode == 3
    assert ended.stdout.splitlines()[-1].startswith("A cold sweep of files in /dev/shm cannot be proven: tmpfs ")
    described = loadbench("doctor", "/dev/shm", "--format", "json")
    assert described.returncode == 3
    assert json.loads(described.stdout)["cold"] is False


def test_json_for_programs(loadbench: Loadbench, on_disk: Path) -> None:
    file = on_disk / "model.safetensors"
    file.write_bytes(os.urandom(100_000))
    ended = loadbench("doctor", file, "--format", "json", AWS_ACCESS_KEY_ID="opensesame", AWS_REGION="shangrila-1")
    assert ended.returncode == 0, ended.stderr
    described = json.loads(ended.stdout)
    assert described["path"] == str(file)
    assert described["cold"] is True
    assert described["verdict"].startswith(f"A cold sweep of files in {file} can be proven")
    assert all(set(finding) == KEYS for finding in described["findings"])
    by_name = {finding["name"]: finding for finding in described["findings"]}
    assert by_name["checkpoints"]["seen"].startswith("1 weight file, 100.0 kB")
    assert by_name["credentials"]["seen"] == "AWS_ACCESS_KEY_ID without AWS_SECRET_ACCESS_KEY"
    assert "safetensors-mmap (cpu)" in by_name["loaders"]["seen"]
    assert "opensesame" not in ended.stdout
    assert "shangrila" not in ended.stdout
    assert list(on_disk.iterdir()) == [file]


def test_without_a_path_it_is_the_cache_which_is_not_made(loadbench: Loadbench, on_disk: Path) -> None:
    cache = on_disk / "cache"
    ended = loadbench("doctor", LOADBENCH_CACHE=str(cache))
    assert ended.returncode == 0, ended.stderr
    assert f"files in {cache} can be proven" in ended.stdout
    assert not cache.exists()


def test_broken_plugins_and_missing_devices_are_named(loadbench: Loadbench, on_disk: Path) -> None:
    described = json.loads(loadbench("doctor", on_disk, "--format", "json").stdout)
    by_name = {finding["name"]: finding for finding in described["findings"]}
    assert "fake (cpu" in by_name["loaders"]["seen"]
    if not Path("/dev/nvidia0").exists():
        assert by_name["fastsafetensors-gds"]["state"] == "not here"


@pytest.mark.parametrize("kind", ["missing", "pipe"])
def test_a_place_that_is_none(loadbench: Loadbench, tmp_path: Path, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(tmp_path / "x")
    ended = loadbench("doctor", tmp_path / "x", timeout=30)
    assert ended.returncode == 2
    assert str(tmp_path / "x") in ended.stderr
    assert "Name " in ended.stderr
    assert "Traceback" not in ended.stderr


def test_no_home_directory(environment: dict[str, str]) -> None:
    if os.geteuid():
        pytest.skip("becoming a user who is in no list takes root")
    code = (
        "import os, pwd, sys; from loadbench.cli import run; import loadbench.checkpoints.cache;"
        "import loadbench.machine.doctor, loadbench.machine.doctor_loaders;"
        "os.setuid(54321); sys.exit(run(['doctor']))"
    )
    bare = {name: environment[name] for name in environment.keys() - {"LOADBENCH_CACHE", "XDG_CACHE_HOME", "HOME"}}
    ended = subprocess.run([sys.executable, "-c", code], env=bare, capture_output=True, text=True, check=False)
    assert ended.returncode == 2, ended.stderr
    assert "Name a PATH, or set LOADBENCH_CACHE" in ended.stderr


def test_neither_torch_nor_a_loader_library_is_imported(environment: dict[str, str], on_disk: Path) -> None:
    code = (
        "import sys; from loadbench.cli import run; run(['doctor', sys.argv[1]]);"
        "print(sorted({'torch', 'safetensors', 'fastsafetensors', 'runai_model_streamer', 'tensorizer', 'numpy'}"
        " & set(sys.modules)), file=sys.stderr)"
    )
    # Without the plug-in of the tests, which imports what it likes.
    ended = subprocess.run(
        [sys.executable, "-c", code, str(on_disk)],
        env={**environment, "PYTHONPATH": ""}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ended.stderr.strip() == "[]"


@pytest.mark.parametrize("hidden", ["/proc", "/sys", "/proc /sys", "/proc /sys /dev"])
def test_whatever_is_hidden_there_is_no_traceback(hidden: str, environment: dict[str, str], on_disk: Path) -> None:
    if os.geteuid() or not shutil.which("unshare"):
        pytest.skip("hiding /proc takes root and unshare")
    mounts = " && ".join(f"mount -t tmpfs none {place}" for place in hidden.split())
    program = f'{mounts} && exec "$0" -m loadbench doctor "$1" --format json'
    ended = subprocess.run(
        ["unshare", "-m", "sh", "-c", program, sys.executable, str(on_disk)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    described = json.loads(ended.stdout)
    assert ended.returncode == (0 if hidden == "/sys" else 3), ended.stderr
    assert described["cold"] is (hidden == "/sys")
    assert "Traceback" not in ended.stderr
    assert not [finding for finding in described["findings"] if "looking failed" in finding["seen"]]
