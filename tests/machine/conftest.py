import ctypes
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from loadbench.machine.residency import PAGE_CACHE_FILE_SYSTEMS
from loadbench.machine.storage import describe_storage

NOBODY = 65534
PR_SET_DUMPABLE = 4
CAPABILITY_VERSION_3 = 0x20080522


@pytest.fixture
def disk() -> Iterator[Path]:
    """An empty directory on a file system whose page cache can be told, open to every user."""
    for base in (Path(tempfile.gettempdir()), Path("/var/tmp"), Path.cwd()):
        if describe_storage(base).file_system in (*PAGE_CACHE_FILE_SYSTEMS, "overlay"):
            directory = Path(tempfile.mkdtemp(dir=base, prefix="loadbench-test-"))
            directory.chmod(0o755)
            yield directory
            shutil.rmtree(directory)
            return
    pytest.skip("no directory on a disk file system here")


@pytest.fixture
def overlay(disk: Path) -> Iterator[Path]:
    """An overlay file system over the disk."""
    layers = {name: disk / name for name in ("lower", "upper", "work", "merged")}
    for layer in layers.values():
        layer.mkdir()
    options = ",".join(f"{name}dir={layers[name]}" for name in ("lower", "upper", "work"))
    command = ["mount", "-t", "overlay", "overlay", "-o", options, str(layers["merged"])]
    if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting an overlay takes root and a kernel that has it")
    yield layers["merged"]
    subprocess.run(["umount", str(layers["merged"])], check=True)


@pytest.fixture
def as_nobody() -> Callable[[Callable[[], Any]], Any]:
    """Calls a function in a forked child that has become an unprivileged user, and returns what it returned."""
    if os.geteuid():
        pytest.skip("becoming another user takes root")
    return lambda function: _call_in_child(_become_nobody, function)


@pytest.fixture
def as_bare_root() -> Callable[[Callable[[], Any]], Any]:
    """The same in a child that is still root but has hardly a capability, as in a container that dropped them."""
    if os.geteuid():
        pytest.skip("being root takes root")
    return lambda function: _call_in_child(_drop_capabilities, function)


def _become_nobody() -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    # Changing the user hides /proc/self from the process, which an exec would undo.
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)


def _drop_capabilities() -> None:
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    keep_chown_only = (ctypes.c_uint32 * 6)(1, 1, 0, 0, 0, 0)  # effective, permitted, inheritable, twice
    if ctypes.CDLL(None).capset(header, keep_chown_only):
        raise OSError("capset failed")


def _call_in_child(prepare: Callable[[], None], function: Callable[[], Any]) -> Any:
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of fork beside threads; the child only reads files
        child = os.fork()
    if child == 0:
        try:
            try:
                prepare()
                answer = function()
            except Exception as error:
                answer = error
            with os.fdopen(writer, "wb") as pipe:
                pickle.dump(answer, pipe)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pickle.load(pipe)
    os.waitpid(child, 0)
    if isinstance(answer, Exception):
        raise answer
    return answer


@pytest.fixture
def mapper() -> Iterator[Callable[[Path], int]]:
    """Starts a process that maps a file and has touched every page of it. Returns its pid."""
    program = (
        "import mmap, sys, time\n"
        "with open(sys.argv[1], 'rb') as f: m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)\n"
        "sum(m[::4096]); print('mapped', flush=True); time.sleep(120)\n"
    )
    started = []

    def start(file: Path) -> int:
        process = subprocess.Popen([sys.executable, "-c", program, str(file)], stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"mapped\n"
        return process.pid

    yield start
    for process in started:
        process.kill()
        process.communicate()
