"""The questions to the driver, answered from recorded texts by a tool of the same name: no GPU is needed."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbench.machine.gpu_state import (
    GpuProcess,
    GpuState,
    gpu_state,
    others_of,
    parse_apps,
    parse_reasons,
    throttling_of,
)

UUID = "GPU-1e2f7a30-95c4-4e3d-8d25-6ab0f6c9d2b1"
OTHER = "GPU-00000000-95c4-4e3d-8d25-6ab0f6c9d2b1"
APPS = f"""{UUID}, 4321, /usr/bin/python3.11
{UUID}, 77, train, final.bin
{OTHER}, 99, python3
{UUID}, 78, [Not Found]
No running processes found
"""
NVIDIA_SMI = """#!/bin/sh
case "$*" in
  *"-i {uuid} --query-compute-apps=gpu_uuid,pid,process_name --format=csv,noheader,nounits") cat {directory}/apps ;;
  *"-i {uuid} --query-gpu={field} --format=csv,noheader,nounits") echo {reasons} ;;
  *) echo "Field is not a valid field to query."; exit 2 ;;
esac
"""


def test_processes_are_those_of_the_gpu() -> None:
    assert [process.text for process in parse_apps(APPS, UUID)] == [
        "python3.11 (pid 4321)", "train, final.bin (pid 77)", "pid 78",
    ]  # fmt: skip
    assert parse_apps("", UUID) == []


@pytest.mark.parametrize(
    ("answer", "reasons"),
    [("0x0000000000000001\n", ()), ("0x0000000000000004", ()), ("0x0000000000000102", ()),
     ("0x0000000000000048", ("hardware slowdown", "hardware thermal slowdown")),
     ("0x00000000000000A1", ("software thermal slowdown", "power brake"))],
)  # fmt: skip
def test_reasons_are_those_that_an_undisturbed_gpu_does_not_have(answer: str, reasons: tuple[str, ...]) -> None:
    bits = parse_reasons(answer)
    assert bits is not None
    assert throttling_of(bits) == reasons


@pytest.mark.parametrize("answer", ["", "[N/A]", "Field is not a valid field to query."])
def test_an_answer_without_bits_is_none(answer: str) -> None:
    assert parse_reasons(answer) is None


@given(listed=st.lists(st.integers(2, 20), unique=True), own=st.frozensets(st.integers(2, 20)))
def test_others_are_what_is_listed_less_the_trial(listed: list[int], own: frozenset[int]) -> None:
    others = others_of([GpuProcess(pid, "") for pid in listed], own)
    foreign = [pid for pid in listed if pid not in own]
    if len(foreign) < len(listed):
        assert others == tuple(f"pid {pid}" for pid in foreign)
    else:  # the trial has a context, so it is one of those that are listed under numbers of another namespace
        assert len(others) == (1 if len(listed) > 1 else 0)


def test_states_are_added_up_without_saying_anything_twice() -> None:
    before, after = GpuState(("a",), ("power brake",)), GpuState(("a", "b"), ())
    assert before | after == GpuState(("a", "b"), ("power brake",))


@pytest.mark.parametrize("field", ["clocks_event_reasons.active", "clocks_throttle_reasons.active"])
def test_nvidia_smi_is_asked_for_that_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    script = NVIDIA_SMI.format(uuid=UUID, directory=tmp_path, field=field, reasons="0x0000000000000080")
    _install(tmp_path, monkeypatch, script)
    (tmp_path / "apps").write_text(APPS)
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert gpu_state(UUID, {4321, 78}) == GpuState(("train, final.bin (pid 77)",), ("power brake",))


def test_a_tool_that_fails_tells_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(tmp_path, monkeypatch, "#!/bin/sh\necho NVIDIA-SMI has failed; exit 9\n")
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert gpu_state(UUID, {1}) == GpuState()
    monkeypatch.setenv("PATH", "")
    assert gpu_state(UUID, {1}) == GpuState()


def test_nvml_is_asked_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    nvml = SimpleNamespace(
        nvmlInit=lambda: calls.append("init"),
        nvmlShutdown=lambda: calls.append("shutdown"),
        nvmlDeviceGetHandleByUUID=lambda uuid: {UUID: "handle"}[uuid],
        nvmlDeviceGetComputeRunningProcesses=lambda _: [SimpleNamespace(pid=pid) for pid in (1, 4321)],
        nvmlDeviceGetCurrentClocksThrottleReasons=lambda _: 0x41,
    )
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    init = Path("/proc/1/comm").read_text().strip()
    assert gpu_state(UUID, {4321}) == GpuState((f"{init} (pid 1)",), ("hardware thermal slowdown",))
    assert calls == ["init", "shutdown"]


def test_a_driver_that_nvml_does_not_find_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing() -> Any:
        raise RuntimeError("Driver/library version mismatch")

    monkeypatch.setitem(sys.modules, "pynvml", SimpleNamespace(nvmlInit=failing))
    monkeypatch.setenv("PATH", "")
    assert gpu_state(UUID, {1}) == GpuState()


def _install(directory: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    tool = directory / "nvidia-smi"
    tool.write_text(script)
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(directory), prepend=":")
