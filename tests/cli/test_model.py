import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from loadbench.cli.model import app
from loadbench.errors import CheckpointError, LoadbenchError, UsageError
from tests.checkpoints.raw import write_floats


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(result.exception, LoadbenchError):
        raise result.exception
    return result


def test_make_prints_the_place_and_talks_on_stderr(tmp_path: Path) -> None:
    out = tmp_path / "m"
    made = run("make", "gpt2", "--scale", "0.001", "--out", out)
    assert made.exit_code == 0
    assert made.stdout == f"{out}\n"
    assert "making gpt2-scale0.001 (35.9 MB)\n" in made.stderr
    assert "Wrote gpt2-scale0.001: 35,852,745 bytes in 1 file" in made.stderr
    assert "GB/s" in made.stderr
    again = run("make", "gpt2", "--scale", "0.001", "--out", out)
    assert again.exit_code == 0
    assert again.stdout == f"{out}\n"
    assert "is this checkpoint already (synthetic gpt2, scaled by 0.001, seed 0)" in again.stderr


def test_make_like(tmp_path: Path) -> None:
    original = write_floats(tmp_path / "x.safetensors", ["a", "b"])
    assert run("make", "--like", original, "--seed", "3", "--out", tmp_path / "copy").exit_code == 0
    copy = (tmp_path / "copy" / "x.safetensors").read_bytes()
    assert len(copy) == original.stat().st_size
    assert copy[:-64] == original.read_bytes()[:-64]
    assert copy[-64:] != original.read_bytes()[-64:]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["make", "gpt3", "--out", "x"], "unknown model 'gpt3'.*Known: deepseek-r1, gpt2, gpt2-medium"),
        (["make", "--out", "x"], "No model is named"),
        (["make", "gpt2", "--layers", "99", "--out", "x"], "1 to 12 layers"),
        (["make", "gpt2", "--layers", "1", "--scale", "1", "--out", "x"], "exclude each other"),
        (["make", "llama-3-8b", "--variant", "sharded", "--out", "x"], "Known: single, single_no_lm_head"),
    ],
)
def test_wrong_wishes(arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=words):
        run(*arguments)
    assert not list(tmp_path.iterdir())


def test_make_without_a_place() -> None:
    result = run("make", "gpt2")
    assert result.exit_code == 2
    assert "--out" in result.stderr


def test_info_on_a_directory(tmp_path: Path) -> None:
    write_floats(tmp_path / "model-1.safetensors", ["a", "b"])
    write_floats(tmp_path / "model-2.safetensors", ["c"])
    text = run("info", tmp_path).stdout
    assert f"{tmp_path.name}: 3 tensors, 96 bytes (96 B); 2 files" in text
    assert "source    not made by loadbench" in text
    lines = [line.split() for line in text.splitlines()]
    assert ["F32", "3", "96"] in lines
    assert ["up", "to", "4K", "3", "96"] in lines
    size = (tmp_path / "model-2.safetensors").stat().st_size
    assert ["model-2.safetensors", str(size), "1", str(size - 32), str((size - 32) & -(size - 32))] in lines


def test_info_as_json(tmp_path: Path) -> None:
    write_floats(tmp_path / "x.safetensors", ["a", "b"])
    content = json.loads(run("info", tmp_path, "--json").stdout)
    assert content["name"] == tmp_path.name
    assert content["path"] == str(tmp_path)
    assert content["tensors"] == 2
    assert content["dtypes"] == {"F32": {"tensors": 2, "bytes": 64}}
    assert content["sizes"] == [{"up_to_bytes": 4096, "tensors": 2, "bytes": 64}]
    assert content["files"][0]["bytes"] == content["file_bytes"] == (tmp_path / "x.safetensors").stat().st_size
    offset = content["files"][0]["data_offset"]
    assert content["misaligned_tensors"] == (2 if offset % 4 else 0)


def test_info_on_a_model_that_is_not_made() -> None:
    content = json.loads(run("info", "gpt2", "--json").stdout)
    assert (content["file_bytes"], content["tensors"], content["path"]) == (548_105_171, 160, "")
    assert content["files"][0]["data_offset"] == 14_291
    assert content["files"][0]["alignment"] == 1
    assert content["misaligned_tensors"] == 160
    assert sum(entry["tensors"] for entry in content["sizes"]) == 160
    assert sum(entry["bytes"] for entry in content["sizes"]) == content["payload_bytes"] == 548_090_880


def test_info_cuts_a_long_list_of_files() -> None:
    text = run("info", "deepseek-r1").stdout
    assert "163 files, 688,586,728,569 bytes" in text
    assert "... and 143 more; --json lists all" in text


def test_info_on_nothing() -> None:
    with pytest.raises(CheckpointError, match=r"nope does not exist, and no model has this name.*gpt2, gpt2-medium"):
        run("info", "nope")


def test_info_on_a_damaged_file(tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(b"12345")
    with pytest.raises(CheckpointError, match="only 5 bytes"):
        run("info", tmp_path)


def test_progress_bar_on_a_terminal(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "loadbench",
        "model",
        "make",
        "gpt2",
        "--layers",
        "2",
        "--out",
        str(tmp_path / "m"),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=theirs, env={**os.environ, "TERM": "xterm"}
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                shown += os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
        os.close(ours)
    assert process.returncode == 0
    assert b"GB/s" in shown
    assert b"\x1b[" in shown
    assert b"gpt2-layers2" in shown
