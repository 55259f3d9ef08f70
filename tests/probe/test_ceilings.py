"""The probe from the outside: a process of its own that always ends."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from loadbench.errors import Interrupted
from loadbench.loaders.devices import device_missing
from loadbench.machine.processes import start_ticks
from loadbench.probe.ceilings import probe
from loadbench.probe.child import messages_of, own_the_process
from loadbench.sweep.processes import process_context
from loadbench.units import MIB
from tests.probe.conftest import written

CONTEXT = process_context("spawn")


def test_what_there_is_is_measured_and_told_on_the_way(disk: Path) -> None:
    file = written(disk / "a", 2 * MIB + 7)
    shown: list[tuple[int, int]] = []
    found = probe([file], "some", ("cpu",), CONTEXT, lambda done, total: shown.append((done, total)))
    assert found.missing == ()
    assert {(one.kind, one.checkpoint, one.device) for one in found.ceilings} == {
        ("storage", "some", "cpu"),
        ("page cache", "some", "cpu"),
        ("memory", "some", "cpu"),
    }
    assert [done for done, _ in shown] == sorted(done for done, _ in shown)
    assert all(done <= total for done, total in shown)
    assert shown[-1][0] == shown[-1][1] > 2 * MIB
    assert shown[0][1] >= shown[-1][1], "all of it is planned before any of it is done"
    assert multiprocessing.active_children() == []


def test_what_is_missing_has_its_reason_and_the_rest_is_measured(memory_file: Path) -> None:
    shown: list[tuple[int, int]] = []
    found = probe([memory_file], "some", ("cuda:0",), CONTEXT, lambda done, total: shown.append((done, total)))
    assert shown[-1][0] == shown[-1][1], "what was planned for a missing stage is not waited for"
    kinds = [reason.split(":")[0] for reason in found.missing]
    assert kinds[0] == "storage"
    assert "tmpfs" in found.missing[0]
    assert {one.kind for one in found.ceilings} >= {"page cache", "memory"}
    if device_missing("cuda:0"):
        assert kinds == ["storage", "link, pinned to cuda", "link, pageable to cuda"]


def test_the_link_of_every_device_is_measured_and_the_host_once(disk: Path) -> None:
    devices = ("cpu", "cuda:0", "cuda:1")
    shown: list[tuple[int, int]] = []
    found = probe([written(disk / "a", MIB)], "some", devices, CONTEXT, lambda done, total: shown.append((done, total)))
    links = {f"{one.kind} to {one.device}" for one in found.ceilings if one.device != "cpu"}
    links |= {reason.partition(": ")[0] for reason in found.missing}
    assert links == {f"link, {memory} to {device}" for memory in ("pinned", "pageable") for device in devices[1:]}
    host = [(one.kind, tuple(one.settings.items())) for one in found.ceilings if one.device == "cpu"]
    assert {kind for kind, _ in host} == {"storage", "page cache", "memory"}
    assert len(set(host)) == len(host)
    assert shown[-1][0] == shown[-1][1]


@pytest.mark.parametrize("error", [KeyboardInterrupt, Interrupted, ValueError])
def test_whatever_interrupts_no_process_is_left(disk: Path, error: type[BaseException]) -> None:
    measuring: list[int] = []

    def interrupt(_done: int, _total: int) -> None:
        measuring.extend(child.pid or 0 for child in multiprocessing.active_children())
        assert [os.getsid(pid) for pid in measuring] == measuring, "each can be killed as a group"
        raise error

    with pytest.raises(error):
        probe([written(disk / "a", 2 * MIB)], "some", ("cpu",), CONTEXT, interrupt)
    assert len(measuring) == 1
    assert start_ticks(measuring[0]) is None
    assert multiprocessing.active_children() == []


def _stubborn(channel: Connection) -> None:
    """Says which processes it is, and what signals it holds back, and would then never end."""
    own_the_process()
    sleeper = subprocess.Popen(["sleep", "60"])
    channel.send(([os.getpid(), sleeper.pid], signal.pthread_sigmask(signal.SIG_BLOCK, [])))
    time.sleep(60)


def test_what_the_process_has_started_is_ended_with_it() -> None:
    """fio, for one; and a process in the middle of a long read does not notice that nobody listens."""
    with closing(messages_of(CONTEXT, _stubborn)) as messages:
        message = next(messages)
        assert isinstance(message, tuple)
        pids, held_back = message
        assert [pid for pid in pids if start_ticks(pid) is None] == []
        assert held_back == set()
    assert [pid for pid in pids if start_ticks(pid) is not None] == []


def test_a_process_that_is_killed_leaves_what_it_had_found(disk: Path) -> None:
    """It dies while it reads from the page cache: by then the storage's ceiling has been told."""
    planned: list[int] = []

    def kill_in_the_middle(_done: int, total: int) -> None:
        planned.append(total)
        if len(planned) > 60:
            for child in multiprocessing.active_children():
                os.kill(child.pid or 0, signal.SIGKILL)

    found = probe([written(disk / "a", 16 * MIB)], "some", ("cpu",), CONTEXT, kill_in_the_middle)
    assert "storage" in {one.kind for one in found.ceilings}
    assert "memory" not in {one.kind for one in found.ceilings}
    assert found.missing == ("what was left to measure: the process that measures was ended by signal 9 (SIGKILL)",)


def test_a_process_that_fails_is_told_by_its_exit_code(disk: Path, capfd: pytest.CaptureFixture[str]) -> None:
    no_name: Any = 7
    found = probe([written(disk / "a", 10)], no_name, ("cpu",), CONTEXT)
    assert found.missing == ("what was left to measure: the process that measures ended by itself with exit code 1",)
    assert "Traceback" in capfd.readouterr().err, "it is a bug, and this is what to report"


def test_the_process_dies_with_its_parent() -> None:
    program = (
        "import os, sys, time\n"
        "from loadbench.probe.child import own_the_process\n"
        "if os.fork() == 0:\n"
        "    own_the_process()\n"
        "    print(os.getpid(), os.getsid(0), flush=True)\n"
        "    time.sleep(60)\n"
        "    os._exit(0)\n"
        "sys.stdin.read(1)\n"
        "os._exit(0)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child, session = map(int, parent.stdout.readline().split())
    assert child == session, "it can be killed as a group"
    parent.communicate("x", timeout=20)  # the pipe ends only when the child is gone too
    deadline = time.monotonic() + 10
    while start_ticks(child) is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert start_ticks(child) is None


def test_the_caller_imports_nothing_heavy(disk: Path, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from loadbench.probe.ceilings import probe\n"
        "from loadbench.sweep.processes import process_context\n"
        "if __name__ == '__main__':\n"
        "    found = probe([Path(sys.argv[1])], 'some', ('cpu',), process_context('spawn'))\n"
        "    print(len(found.ceilings) > 3, sorted({'torch', 'numpy', 'scipy'} & set(sys.modules)))\n"
    )
    command = [sys.executable, str(tmp_path / "main.py"), str(written(disk / "a", MIB))]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "True []"
