"""`loadbench probe` as a person runs it."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loadbench.cli.probe import _files, _print_json, probe
from loadbench.errors import LoadbenchError
from loadbench.machine.processes import parse_stat
from loadbench.probe.fio import FioComparison
from loadbench.probe.fio_run import FioSetting
from loadbench.probe.stage import Probed
from loadbench.records import Ceiling
from tests.conftest import Loadbench

RECORDED = Path(__file__).parents[1] / "probe" / "fio-3.33.json"


def test_the_table_names_the_best_and_what_bounds_a_load(loadbench: Loadbench, checkpoint: Path) -> None:
    ended = loadbench("probe", checkpoint, "--no-fio")
    assert ended.returncode == 0, ended.stderr
    blocks = ended.stdout.split("\n\n")
    for kind, block in zip(("storage", "page cache", "memory"), blocks, strict=False):
        first, heading, *rows = block.strip().splitlines()
        assert (first, heading.split()[:4]) == (kind, ["settings", "GB/s", "GiB/s", "median"])
        assert [row.split()[0] for row in rows].count("best") == 1
        assert rows[0].startswith("best")
        assert "4.2 MB" in rows[0]
    for cache, kind in (("cold", "storage"), ("warm", "page cache")):
        line = rf"^{cache}: nothing faster than [0-9.]+ m?s is possible for these 4\.2 MB: {kind}$"
        assert re.search(line, ended.stdout, re.M)
    assert "no comparison with fio: it was not asked for" in ended.stdout
    assert "measuring the ceilings" in ended.stderr
    assert "GB/s" not in ended.stderr
    assert "\x1b" not in ended.stdout + ended.stderr


def test_a_terminal_without_unicode_gets_the_figures_all_the_same(loadbench: Loadbench, checkpoint: Path) -> None:
    ended = loadbench("probe", checkpoint, "--no-fio", PYTHONIOENCODING="ascii")
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"^best .*\d\.\d+-\d\.\d+ ", ended.stdout, re.M), ended.stdout


def test_json_is_the_ceilings_as_they_are_stored(loadbench: Loadbench, checkpoint: Path) -> None:
    ended = loadbench("probe", checkpoint, "--no-fio", "--format", "json")
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    ceilings = [Ceiling.model_validate(one) for one in found["ceilings"]]
    assert {one.checkpoint for one in ceilings} == {"small"}
    assert {one.bytes for one in ceilings} == {(checkpoint / "model.safetensors").stat().st_size}
    assert found["missing"] == []
    assert found["fio"] == {"missing": "it was not asked for"}


def test_fio_s_best_stands_beside_ours(loadbench: Loadbench, tmp_path: Path, environment: dict[str, str]) -> None:
    """A program that answers as fio does: 2 GB in 356 ms, whatever it is asked."""
    program, file = tmp_path / "fio", tmp_path / "weights.gguf"
    program.write_text(f"#!/bin/sh\ncat {shlex.quote(str(RECORDED))}\n")
    program.chmod(0o755)
    file.write_bytes(os.urandom(9000000))
    ended = loadbench("probe", file, PATH=f"{tmp_path}:{environment['PATH']}")
    assert ended.returncode == 0, ended.stderr
    line = r"^fio's best: 5\.89 GB/s \((libaio|io_uring) .*median of 9\); ours, in turn with it: .* GB/s, \d+ % of it$"
    assert re.search(line, ended.stdout, re.M), ended.stdout
    assert f"--filename={file}" in ended.stdout


def test_the_comparison_is_in_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    compared = FioComparison(
        version="fio-3.33",
        setting=FioSetting("libaio", 2**20, 4, "malloc"),
        environment={"A": "b"},
        command=("fio", "--direct=1"),
        bytes=100,
        samples_ns=(10, 20, 30),
        own_settings={"threads": 1},
        own_bytes=100,
        own_samples_ns=(40,),
    )
    _print_json(Probed(), compared)
    found = json.loads(capsys.readouterr().out)["fio"]
    assert (found["ratio"], found["setting"]["engine"], found["samples_ns"]) == (0.5, "libaio", [10, 20, 30])


def test_what_cannot_be_measured_has_its_reason(loadbench: Loadbench) -> None:
    file = Path("/dev/shm") / f"loadbench-test-{os.getpid()}"
    if not os.access(file.parent, os.W_OK):
        pytest.skip("no /dev/shm")
    file.write_bytes(os.urandom(100000))
    try:
        ended = loadbench("probe", file)
    finally:
        file.unlink()
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert "not measured: storage: the files are on tmpfs, which keeps them in memory" in lines
    assert "no comparison with fio: there is no storage ceiling to compare" in lines
    assert not any(line.startswith("cold: ") for line in lines)
    assert any(line.startswith("warm: ") for line in lines)


def test_nothing_that_could_be_measured_is_not_decided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.bin").write_bytes(b"x")
    monkeypatch.setenv("LOADBENCH_LOCK", str(tmp_path / "lock"))
    monkeypatch.setattr("loadbench.probe.ceilings.probe", lambda *_: Probed(missing=("storage: why",)))
    with pytest.raises(LoadbenchError, match="no ceiling could be measured for .*a.bin: storage: why") as raised:
        probe(str(tmp_path / "a.bin"))
    assert raised.value.exit_code == 3


def test_any_files_and_a_single_one(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"x" * 5000)
    (tmp_path / "b.bin").write_bytes(b"x" * 3000)
    (tmp_path / "inner").mkdir()
    assert _files(str(tmp_path)) == (tmp_path.name, (tmp_path / "a.bin", tmp_path / "b.bin"))
    assert _files(str(tmp_path / "a.bin")) == ("a.bin", (tmp_path / "a.bin",))


def test_a_checkpoint_s_weight_files_and_no_others(checkpoint: Path, tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    shutil.copy(checkpoint / file.name, file)
    (tmp_path / "config.json").write_text("{}")
    assert _files(str(tmp_path)) == _files(str(file)) == (tmp_path.name, (file,))


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "bad.safetensors").write_bytes(b"x" * 100)
    (tmp_path / "empty").mkdir()
    for path, message in (
        (tmp_path / "gone", "gone cannot be read: No such file or directory. Name a file"),
        (tmp_path / "empty", "empty has nothing to read"),
        (tmp_path / "bad.safetensors", "bad.safetensors"),
        (tmp_path, "bad.safetensors"),
        (Path("gpt3"), "unknown model 'gpt3'"),
    ):
        with pytest.raises(LoadbenchError, match=re.escape(message)):
            _files(str(path))


@pytest.mark.parametrize("options", [["--device", "gpu0"], ["--format", "yaml"]])
def test_bad_options(loadbench: Loadbench, tmp_path: Path, options: list[str]) -> None:
    ended = loadbench("probe", tmp_path, *options)
    assert ended.returncode == 2
    assert f"'{options[1]}'" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_no_process(tmp_path: Path, environment: dict[str, str], number: signal.Signals) -> None:
    file = tmp_path / "a.bin"
    with file.open("wb") as stream:
        for _ in range(64):
            stream.write(os.urandom(1000000))
    mark = f"LOADBENCH_TEST_MARK={os.getpid()}-{number}"
    process = subprocess.Popen(
        [sys.executable, "-m", "loadbench", "probe", str(file)],
        env=environment | dict([mark.split("=")]),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert "measuring the ceilings" in process.stderr.readline()
    assert len(_marked(mark)) >= 2, "the command and the process that measures"
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (130, "")
    assert "interrupted" in errors
    deadline = time.monotonic() + 10
    while _marked(mark) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert _marked(mark) == []


def _marked(mark: str) -> list[int]:
    """Living processes with this in their environment, which every process that they start inherits."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            marked = entry.name.isdigit() and mark.encode() in (entry / "environ").read_bytes().split(b"\0")
            if marked and parse_stat((entry / "stat").read_text()).state not in "ZX":
                found.append(int(entry.name))
        except OSError:
            continue
    return found
