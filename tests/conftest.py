"""What the tests share: a small checkpoint, a cache of its own, the command line as a process."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from loadbench.sweep.samples import safetensors_bytes

PLUGIN = Path(__file__).parent / "plugin"
# The machine that runs the tests need not be quiet; and CI tries the same examples each time, so that it says whether
# the change is good, and not whether somebody was lucky.
settings.register_profile("loadbench", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("loadbench")
Loadbench = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test reads or writes the cache of the person who runs it."""
    directory = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOADBENCH_CACHE", str(directory))
        yield directory


@pytest.fixture(scope="session")
def environment(own_cache: Path) -> dict[str, str]:
    """The environment of a loadbench process that can see the plug-in with the fake loader.

    The machine that runs the tests need not be quiet, and may be busy with another test run: disturbances are stamped
    but not judged, and the lock is the tests' own.
    """
    own = {
        "PYTHONPATH": str(PLUGIN), "LOADBENCH_CACHE": str(own_cache), "NO_COLOR": "1", "COLUMNS": "120",
        "LOADBENCH_TOLERATE": "all", "LOADBENCH_LOCK": str(own_cache / "lock"),
    }  # fmt: skip
    return {**os.environ, **own}


@pytest.fixture(scope="session")
def loadbench(environment: dict[str, str], own_cache: Path) -> Loadbench:
    """Run the command line in a process of its own. A sweep measures no ceilings unless the test asks for them."""

    def run(*arguments: str | Path, timeout: float = 300, **more: str) -> subprocess.CompletedProcess[str]:
        quick = ["--no-ceilings"] if arguments[0] == "sweep" and "--ceilings" not in arguments else []
        return subprocess.run(
            [sys.executable, "-m", "loadbench", *map(str, arguments), *quick],
            capture_output=True,
            text=True,
            timeout=timeout,
            env=environment | more,
            cwd=own_cache,  # no results/ of an earlier run there
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of a few megabytes, on the disk of the test directory."""
    directory = tmp_path_factory.mktemp("checkpoint") / "small"
    directory.mkdir()
    tensors = {f"layers.{index}.weight": ("F32", [256, 512]) for index in range(8)} | {"norm.bias": ("BF16", [513])}
    (directory / "model.safetensors").write_bytes(safetensors_bytes(tensors, 7, pad=8))
    return directory
