"""The engines' own parsers and loaders take what is to be pasted, where an interpreter with the engine is named."""

import json
import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from loadbench.recipes import recipes
from loadbench.records import Case, Value
from tests.builders import case
from tests.recipes.checkpoints import HOSTILE, contents, one_file

CHECKS = Path(__file__).parent / "engine_checks"
PYTHON = {"vLLM": "LOADBENCH_TEST_VLLM_PYTHON", "SGLang": "LOADBENCH_TEST_SGLANG_PYTHON"}
STARTS = {"vLLM": ["vllm", "serve"], "SGLang": ["python3", "-m", "sglang.launch_server"]}
RUNAI: dict[str, Value] = {"concurrency": 4, "memory_limit": -1, "strategy": "sync_buffered", "ring_buffers": 3}


def command(engine: str, of: Case, path: Path) -> tuple[dict[str, str], list[str]]:
    """The line to paste, as a shell splits it: variables, and the engine's arguments."""
    (recipe,) = [recipe for recipe in recipes(of, str(path)) if recipe.target == engine]
    (line,) = recipe.lines
    words = shlex.split(line)
    first = words.index(STARTS[engine][0])
    assert words[first : first + len(STARTS[engine])] == STARTS[engine]
    return dict(word.split("=", 1) for word in words[:first]), words[first + len(STARTS[engine]) :]


def check(engine: str, environment: Mapping[str, str], arguments: list[str], cwd: Path) -> dict[str, Any]:
    """What the engine itself makes of it."""
    python = os.environ.get(PYTHON[engine])
    if not python:
        pytest.skip(f"{PYTHON[engine]} names no interpreter that has {engine}")
    script = CHECKS / f"{engine.lower()}_check.py"
    quiet = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "PYTHONPATH": ""}
    ended = subprocess.run(
        [python, str(script), *arguments],
        cwd=cwd, env={**os.environ, **quiet, **environment}, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-3000:]
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("engine", PYTHON)
def test_runai(engine: str, tmp_path: Path) -> None:
    path = one_file(tmp_path / HOSTILE)
    environment, arguments = command(engine, case("runai-streamer", tunables=RUNAI, dtype="BF16"), path)
    assert environment == {"RUNAI_STREAMER_FS_STRATEGY": "sync_buffered", "RUNAI_STREAMER_RING_BUFFERS": "3"}
    taken = check(engine, environment, arguments, tmp_path)
    assert taken["model"] == str(path)
    assert taken["load_format"] == "runai_streamer"
    assert taken["loader"] == "RunaiModelStreamerLoader"
    assert taken["extra"] == {"concurrency": 4, "memory_limit": -1}
    assert taken["dtype"] == "bfloat16"
    assert taken["environment"] == environment | {
        "RUNAI_STREAMER_CONCURRENCY": "4",
        "RUNAI_STREAMER_MEMORY_LIMIT": "-1",
    } | {name: text for name, text in taken["environment"].items() if "PROCESS_GROUP" in name}
    assert taken["weights"] == contents(path)


@pytest.mark.parametrize("engine", PYTHON)
def test_safetensors(engine: str, tmp_path: Path) -> None:
    path = one_file(tmp_path / HOSTILE)
    taken = check(engine, *command(engine, case("safetensors-mmap"), path), tmp_path)
    assert taken["load_format"] == "safetensors"
    assert taken["loader"] == "DefaultModelLoader"
    assert taken["weights"] == contents(path)
    if engine == "vLLM":
        assert taken["strategy"] == "lazy"
    else:
        assert taken["extra"] == {"enable_multithread_load": False}


@pytest.mark.parametrize("engine", PYTHON)
@pytest.mark.parametrize("loader", ["fastsafetensors-nogds", "fastsafetensors-gds"])
def test_fastsafetensors(engine: str, loader: str, tmp_path: Path) -> None:
    """Its load needs a GPU: here the parser and the loader's constructor take the flags."""
    settings: dict[str, Value] = {"direct": "off"} if loader == "fastsafetensors-nogds" else {}
    environment, arguments = command(engine, case(loader, device="cuda:0", tunables=settings), tmp_path)
    assert environment == ({"FASTSAFETENSORS_ODIRECT": "0"} if settings else {})
    taken = check(engine, environment, arguments, tmp_path)
    assert (taken["load_format"], taken["loader"]) == ("fastsafetensors", "DefaultModelLoader")
    assert taken["extra"] == ({} if engine == "vLLM" else {"enable_gds": loader.endswith("-gds")})


def test_tensorizer(tmp_path: Path) -> None:
    """Its load needs a GPU and a model that vLLM has serialised: here the parser and the constructor take the flags."""
    of = case("tensorizer", device="cuda:0", tunables={"threads": 4, "verify_hash": True})
    taken = check("vLLM", *command("vLLM", of, tmp_path), tmp_path)
    assert (taken["load_format"], taken["loader"]) == ("tensorizer", "TensorizerLoader")
    config = taken["extra"]["tensorizer_config"]
    assert (config["num_readers"], config["verify_hash"], config["tensorizer_dir"]) == (4, True, str(tmp_path))


@pytest.mark.parametrize(
    ("engine", "loader", "device"),
    [
        ("vLLM", "safetensors-pread", "cpu"),
        ("SGLang", "safetensors-pread", "cuda:0"),
        ("vLLM", "fastsafetensors-nogds", "cpu"),
        ("SGLang", "fastsafetensors-nogds", "cpu"),
        ("vLLM", "tensorizer", "cpu"),
        ("SGLang", "tensorizer", "cuda:0"),
    ],
)
def test_no_flag_is_made_up_where_the_engine_has_none(engine: str, loader: str, device: str) -> None:
    (recipe,) = [recipe for recipe in recipes(case(loader, device=device), "/models/x") if recipe.target == engine]
    assert recipe.lines == ()
    assert recipe.notes


@pytest.mark.parametrize("engine", PYTHON)
def test_what_the_engine_fixes_is_said(engine: str) -> None:
    def notes(**tunables: Value) -> str:
        made = recipes(case(device="cuda:0", tunables=tunables), "/models/x")
        return " ".join(note for recipe in made if recipe.target == engine for note in recipe.notes)

    assert "threads=8, buffer=8M cannot be had there" in notes(threads=8, buffer=2**23)
    assert "threads=16, buffer=16M, copy_block=16G, as measured, is the library's default" in notes(threads=16)
