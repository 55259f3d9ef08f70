"""The Python that is to be pasted is run as it stands, on real checkpoints, with the real libraries."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadbench.loaders.fastsafetensors_nogds import read_block
from loadbench.loaders.runai_streamer import settings_in_log
from loadbench.recipes import recipes
from loadbench.records import Case, Value
from loadbench.units import KIB, MIB
from tests.builders import case
from tests.recipes.checkpoints import HOSTILE, REPORT, contents, indexed, one_file

SETTINGS: dict[str, dict[str, Value]] = {
    "safetensors-mmap": {},
    "safetensors-pread": {},
    "fastsafetensors-nogds": {"threads": 3, "buffer": 2 * MIB, "copy_block": 100_000, "direct": "off"},
    "runai-streamer": {
        "concurrency": 4,
        "memory_limit": 300_000_000,
        "strategy": "io_uring_buffered",
        "block": MIB,
        "chunk": 4 * MIB,
        "ring_buffers": 2,
    },
    "tensorizer": {"threads": 2, "verify_hash": True},
}


def snippet(of: Case, path: Path) -> str:
    (python,) = [recipe for recipe in recipes(of, str(path)) if recipe.target == "Python"]
    return "\n".join(python.lines) + "\n"


def run(source: str, directory: Path, attest: str = "None", before: str = "") -> tuple[dict[str, Any], str]:
    """Run the snippet as a script; what it loaded, and its stderr. `attest` is evaluated before the line `before`."""
    if before:
        assert before in source
        source = source.replace(before, f"attested = {attest}\n{before}")
    else:
        source = f"{source}\nattested = {attest}\n"
    script = directory / "snippet.py"
    script.write_text(source + REPORT)
    log = {"RUNAI_STREAMER_LOG_LEVEL": "INFO", "RUNAI_STREAMER_LOG_TO_STDERR": "1"}
    ended = subprocess.run(
        [sys.executable, script.name],
        cwd=directory, env=os.environ | log, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    printed, report = ended.stdout.splitlines()
    loaded: dict[str, Any] = json.loads(report)
    assert printed == f"{len(loaded['weights'])} tensors"
    return loaded, ended.stderr


def bounce_buffer(threads: int, buffer: int) -> int:
    """Bytes in fastsafetensors 0.5.0: two blocks for each thread, aligned for O_DIRECT, with a page on either side."""
    aligned = -(-read_block(buffer, threads) // (4 * KIB)) * 4 * KIB
    return 2 * threads * (aligned + 8 * KIB)


@pytest.mark.parametrize("loader", SETTINGS)
@pytest.mark.parametrize("make", [one_file, indexed], ids=["hostile directory", "index"])
def test_the_right_bytes_arrive(loader: str, make: Callable[[Path], Path], tmp_path: Path) -> None:
    path = make(tmp_path / (HOSTILE if make is one_file else "sharded"))
    loaded, _ = run(snippet(case(loader, tunables=SETTINGS[loader]), path), tmp_path)
    assert loaded["weights"] == contents(path)
    assert sorted(file.name for file in tmp_path.iterdir() if file != path) == sorted(
        ["snippet.py", *(["model.tensors"] if loader == "tensorizer" else [])]
    )


@pytest.mark.parametrize("loader", SETTINGS)
def test_so_they_do_from_one_file_with_the_library_as_it_comes(loader: str, tmp_path: Path) -> None:
    file = one_file(tmp_path / "dir") / "model.safetensors"
    loaded, _ = run(snippet(case(loader), file), tmp_path)
    assert loaded["weights"] == contents(file)


def test_a_mapped_file_stays_mapped_only_where_that_was_measured(tmp_path: Path) -> None:
    path = one_file(tmp_path / "dir")
    mapped = "any('model.safetensors' in line for line in open('/proc/self/maps'))"
    for contract, stays in (("owned", False), ("touched", True)):
        loaded, _ = run(snippet(case("safetensors-mmap", contract=contract), path), tmp_path, mapped)
        assert loaded["attested"] is stays
        assert loaded["weights"] == contents(path)


def test_a_dtype_is_converted_to(tmp_path: Path) -> None:
    path = one_file(tmp_path / "dir")
    dtypes = "sorted({str(tensor.dtype) for tensor in weights.values()})"
    loaded, _ = run(snippet(case("safetensors-pread", dtype="BF16"), path), tmp_path, dtypes)
    assert loaded["attested"] == ["torch.bfloat16"]


def test_fastsafetensors_uses_the_buffer_the_threads_and_the_path(tmp_path: Path) -> None:
    path = one_file(tmp_path / "dir")
    attest = "(__import__('fastsafetensors').cpp.get_cpp_metrics().bounce_buffer_bytes, loader.copier_class.__name__)"
    for threads, buffer in ((3, 2 * MIB), (8, 8 * MIB)):
        of = case(tunables={"threads": threads, "buffer": buffer})
        loaded, _ = run(snippet(of, path), tmp_path, attest, "copied.close()")
        assert loaded["attested"] == [bounce_buffer(threads, buffer), "NoGdsFileCopier"]


def test_runai_uses_what_its_environment_says(tmp_path: Path) -> None:
    path = one_file(tmp_path / "dir")
    _, log = run(snippet(case("runai-streamer", tunables=SETTINGS["runai-streamer"]), path), tmp_path)
    used = settings_in_log(log)
    assert used["concurrency"] == 4
    assert used["strategy"] == "io_uring_buffered"


def test_runai_as_measured_is_not_runai_with_nothing_set(tmp_path: Path) -> None:
    """Why the concurrency stands in every recipe: by itself the library has another depth than its default says."""
    path = one_file(tmp_path / "dir")
    source = snippet(case("runai-streamer"), path)
    assert settings_in_log(run(source, tmp_path)[1])["concurrency"] == 16
    unset = source.replace('os.environ["RUNAI_STREAMER_CONCURRENCY"] = "16"', "")
    assert settings_in_log(run(unset, tmp_path)[1])["concurrency"] == 64


def test_tensorizer_uses_the_readers(tmp_path: Path) -> None:
    path = one_file(tmp_path / "dir")
    of = case("tensorizer", tunables={"threads": 2})
    loaded, _ = run(snippet(of, path), tmp_path, "opened._num_readers", "opened.close()")
    assert loaded["attested"] == 2


@pytest.mark.parametrize("direct", ["auto", "on", "off"])
def test_fastsafetensors_configuration_file(tmp_path: Path, direct: str) -> None:
    path = one_file(tmp_path / "dir")
    of = case(tunables={"threads": 3, "buffer": 2 * MIB, "direct": direct})
    (config,) = [recipe for recipe in recipes(of, str(path)) if recipe.language == "json"]
    (tmp_path / "fst.json").write_text("\n".join(config.lines))
    source = f"""\
import contextlib, os
os.environ["FASTSAFETENSORS_CONFIG"] = "fst.json"
from fastsafetensors.auto_loader import AutoLoader
from fastsafetensors import cpp
loader = AutoLoader(None, [{str(path / "model.safetensors")!r}], device="cpu")
with contextlib.closing(loader.iterate_weights()) as opened:
    weights = dict(opened)
used = [loader._loader.copier_class.__name__, cpp.get_cpp_metrics().bounce_buffer_bytes]
loader.close()
print(len(weights), "tensors")
"""
    loaded, _ = run(source, tmp_path, "used")
    assert loaded["weights"] == contents(path)
    assert loaded["attested"] == ["NoGdsFileCopier", bounce_buffer(3, 2 * MIB)]
    assert any("FASTSAFETENSORS_ODIRECT" in note for note in config.notes) is (direct != "auto")


@pytest.mark.parametrize("loader", [*SETTINGS, "fastsafetensors-gds"])
def test_snippets_for_a_gpu_are_python_and_name_the_device(loader: str) -> None:
    source = snippet(case(loader, device="cuda:1"), Path("/models/x"))
    literals = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    assert "cuda:1" in literals
    assert "clone" not in source
