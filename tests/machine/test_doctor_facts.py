"""From facts of the machine, its GPUs, S3 and the loaders to findings."""

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbench.machine.doctor_disturbances import OtherWork, disturbance_findings
from loadbench.machine.doctor_finding import State
from loadbench.machine.doctor_gds import CompatibilityMode, Gds, cufile_compatibility, gds_finding
from loadbench.machine.doctor_gpu import Gpus, count_slices, gpu_findings
from loadbench.machine.doctor_loaders import loader_findings
from loadbench.machine.doctor_machine import machine_findings
from loadbench.machine.doctor_s3 import S3, s3, s3_findings
from loadbench.records import Value
from loadbench.units import GIB
from tests.machine.test_doctor_findings import check, states

QUIET = OtherWork("", "", 0.0, None, "")
BARE: dict[str, Value] = {
    "memory.available_bytes": GIB, "memory.total_bytes": 2 * GIB, "memory.swap_bytes": 0, "memory.swap_free_bytes": 0,
    "memory.transparent_huge_pages": "madvise", "cpu.threads": 8, "cpu.allowed_threads": 8, "numa.nodes": 1,
    "cpu.governor": "performance", "load.average_1min": 0.1,
}  # fmt: skip
H100 = Gpus({"gpu.driver": "nvidia 570.1", "gpu.0.name": "NVIDIA H100", "gpu.nvidia_fs": True}, "", "2.9.0+cu128", 0)
NO_GPU = Gpus({}, "this machine has no GPU", "2.9.0+cpu", 0)
TRUE_GDS = Gds(True, True, True, "forbidden", "/etc/cufile.json")

words = st.sampled_from(["", "something"])
numbers = st.none() | st.integers(0, 2**40) | st.floats(0, 1e12)
facts = st.dictionaries(
    st.sampled_from([*BARE, "limit.group_memory_bytes", "cpu.group_quota_threads", "numa.balancing",
                     "load.cpu_pressure_10s_percent", "machine.virtualisation"]),
    numbers | st.sampled_from(["madvise", "never", "performance", "powersave", "none", "kvm", True]),
)  # fmt: skip
others = st.builds(OtherWork, words, words, st.none() | st.floats(0, 1), st.none() | st.just("pid 1"), words)
gpu_facts = st.sampled_from(
    [{}, dict(H100.facts), {"gpu.driver": "amdgpu 6", "gpu.0.name": "MI300X"}, {"gpu.nvidia_fs": False}]
)
builds = st.sampled_from([None, "2.9.0", "2.9.0+cpu", "2.9.0+cu128", "2.9.0+rocm6.4"])
modes: Any = st.sampled_from(get_args(CompatibilityMode))


@given(others, facts, st.none() | st.booleans())
def test_every_finding_of_the_machine_has_them_too(seen: OtherWork, known: dict[str, Any], boost: bool | None) -> None:
    check([*disturbance_findings(seen, known), *machine_findings(known, boost)])


@given(
    st.builds(Gpus, gpu_facts, words, builds, st.integers(0, 7)),
    st.builds(Gds, st.booleans(), st.booleans(), st.booleans(), modes, st.just("/etc/cufile.json")),
)
def test_and_every_finding_of_gpus(found: Gpus, gds: Gds) -> None:
    check([*gpu_findings(found), gds_finding(gds, found.vendor)])


@pytest.mark.parametrize(
    ("change", "name", "state"),
    [
        ({}, "memory", "ok"),
        ({"limit.group_memory_bytes": GIB}, "memory", "limited"),
        ({"memory.available_bytes": None}, "memory", "missing"),
        ({}, "CPU quota", "ok"),
        ({"cpu.group_quota_threads": 2.5}, "CPU quota", "limited"),
        ({"cpu.group_quota_threads": 8.0}, "CPU quota", "ok"),
        ({}, "CPU affinity", "ok"),
        ({"cpu.allowed_threads": 4}, "CPU affinity", "limited"),
        ({"cpu.threads": None}, "CPU affinity", "missing"),
        ({}, "swap", "ok"),
        ({"memory.swap_bytes": GIB, "memory.swap_free_bytes": GIB}, "swap", "ok"),
        ({"memory.swap_bytes": GIB, "memory.swap_free_bytes": GIB - 1}, "swap", "limited"),
        ({"memory.swap_bytes": None}, "swap", "missing"),
        ({}, "NUMA", "not here"),
        ({"numa.nodes": 2, "numa.balancing": 0}, "NUMA", "limited"),
        ({"numa.nodes": None}, "NUMA", "missing"),
        ({}, "huge pages", "ok"),
        ({"memory.transparent_huge_pages": "never"}, "huge pages", "limited"),
        ({"memory.transparent_huge_pages": None}, "huge pages", "limited"),
        ({}, "CPU clock", "ok"),
        ({"cpu.governor": "powersave"}, "CPU clock", "limited"),
        ({"cpu.governor": None}, "CPU clock", "not here"),
        ({}, "load now", "ok"),
        ({"load.average_1min": 0.9}, "load now", "limited"),
        ({"load.average_1min": 0.9, "cpu.allowed_threads": 64}, "load now", "ok"),
        ({"load.io_pressure_10s_percent": 7.5}, "load now", "limited"),
        ({"load.average_1min": None}, "load now", "missing"),
    ],
)
def test_states_of_the_machine(change: dict[str, Any], name: str, state: State) -> None:
    known = BARE | change
    assert states([*machine_findings(known, None), *disturbance_findings(QUIET, known)])[name] == state


def test_turbo_moves_the_clock() -> None:
    assert states(machine_findings(BARE, True))["CPU clock"] == "limited"
    assert states(machine_findings(BARE, False))["CPU clock"] == "ok"


def test_balancing_is_switched_off_where_it_is_on() -> None:
    advice = [f.advice for on in (0, 1) for f in machine_findings(BARE | {"numa.nodes": 2, "numa.balancing": on}, None)
              if f.name == "NUMA"]  # fmt: skip
    assert ["kernel.numa_balancing=0" in text for text in advice] == [False, True]


@pytest.mark.parametrize(
    ("seen", "name", "state"),
    [
        (QUIET, "pressure", "ok"),
        (replace(QUIET, pressure_problem="x"), "pressure", "missing"),
        (QUIET, "steal", "ok"),
        (replace(QUIET, stolen=0.02), "steal", "limited"),
        (replace(QUIET, stolen=None), "steal", "missing"),
        (QUIET, "kernel log", "ok"),
        (replace(QUIET, kernel_log_problem="x"), "kernel log", "limited"),
        (QUIET, "other benchmark", "ok"),
        (replace(QUIET, holder="pid 1"), "other benchmark", "limited"),
        (replace(QUIET, lock_problem="x"), "other benchmark", "missing"),
    ],
)
def test_states_of_disturbances(seen: OtherWork, name: str, state: State) -> None:
    assert states(disturbance_findings(seen, BARE))[name] == state


@pytest.mark.parametrize(
    ("found", "gpu", "torch"),
    [
        (H100, "ok", "ok"),
        (replace(H100, missing="a build without GPU support", torch="2.9.0+cpu"), "missing", "missing"),
        (replace(H100, torch="2.9.0+rocm6.4"), "ok", "missing"),
        (replace(H100, torch="2.9.0"), "ok", "ok"),
        (replace(H100, torch=None), "ok", "missing"),
        (NO_GPU, "not here", "ok"),
        (replace(NO_GPU, facts={"gpu.driver": "amdgpu 6"}, missing="", torch="2.9.0+rocm6.4"), "ok", "ok"),
        (replace(NO_GPU, facts={"gpu.driver": "amdgpu 6"}, missing="", torch="2.9.0"), "ok", "limited"),
        (replace(NO_GPU, facts={"gpu.driver": "amdgpu 6"}, missing="", torch="2.9.0+cu128"), "ok", "missing"),
    ],
)  # fmt: skip
def test_states_of_gpus(found: Gpus, gpu: State, torch: State) -> None:
    assert states(gpu_findings(found)) == {"GPU": gpu, "torch": torch}


def test_slices_are_counted_below_their_gpus() -> None:
    listing = (
        "GPU 0: NVIDIA A100 MIG edition (UUID: GPU-1)\n  MIG 1g.5gb     Device  0: (UUID: MIG-2)\n"
        "  MIG 1g.5gb     Device  1: (UUID: MIG-3)\nGPU 1: NVIDIA A100 (UUID: GPU-4)\n"
    )
    assert count_slices(listing) == 2
    assert states(gpu_findings(replace(H100, slices=2)))["MIG"] == "limited"
    assert "MIG" not in states(gpu_findings(H100))


@pytest.mark.parametrize(
    ("seen", "vendor", "state", "part"),
    [
        (TRUE_GDS, "nvidia", "ok", "forbidden"),
        (replace(TRUE_GDS, compatibility="allowed"), "nvidia", "limited", "allowed (/etc/cufile.json)"),
        (replace(TRUE_GDS, compatibility="not said"), "nvidia", "limited", "not said"),
        (replace(TRUE_GDS, compatibility="forced"), "nvidia", "limited", "forced"),
        (replace(TRUE_GDS, counts=False), "nvidia", "limited", "tells no reads"),
        (replace(TRUE_GDS, cufile=False), "nvidia", "missing", "libcufile"),
        (replace(TRUE_GDS, node=False), "nvidia", "missing", "/dev/nvidia-fs0"),
        (TRUE_GDS, "amd", "not here", "no NVIDIA GPU"),
        (TRUE_GDS, "", "not here", "no NVIDIA GPU"),
    ],
)
def test_states_of_gds(seen: Gds, vendor: str, state: State, part: str) -> None:
    finding = gds_finding(seen, vendor)
    assert finding.state == state
    assert part in finding.seen


@pytest.mark.parametrize(
    ("text", "more", "expected"),
    [
        ('{"properties": {"allow_compat_mode": true}}', {}, "allowed"),
        ('{\n// "allow_compat_mode" : true,\n "allow_compat_mode" :false}', {}, "forbidden"),
        ('{"allow_compat_mode": false, // "allow_compat_mode": true\n}', {}, "forbidden"),
        ('{"dir": "http://x", "allow_compat_mode": false}', {}, "forbidden"),
        ('{"allow_compat_mode": false}', {"CUFILE_ALLOW_COMPAT_MODE": "TRUE"}, "allowed"),
        ('{"allow_compat_mode": true}', {"CUFILE_ALLOW_COMPAT_MODE": "0"}, "forbidden"),
        ('{"allow_compat_mode": false, "force_compat_mode": true}', {}, "forced"),
        ('{"force_compat_mode": true}', {"CUFILE_FORCE_COMPAT_MODE": "false"}, "not said"),
        ("{}", {}, "not said"),
        ("broken", {"CUFILE_ALLOW_COMPAT_MODE": "perhaps"}, "not said"),
        (None, {}, "not said"),
    ],
)
def test_cufile_s_settings(tmp_path: Path, text: str | None, more: dict[str, str], expected: str) -> None:
    path = tmp_path / "cufile.json"
    if text is not None:
        path.write_text(text)
    mode, source = cufile_compatibility({"CUFILE_ENV_PATH_JSON": str(path), **more})
    assert mode == expected
    assert source == (f"no {path}" if text is None else source)
    assert ("CUFILE_" in source) == (bool(more) and expected in ("allowed", "forbidden"))


def test_s3_shows_names_and_no_values(tmp_path: Path) -> None:
    secret = "opensesame"
    environment = {
        "HOME": str(tmp_path), "AWS_ACCESS_KEY_ID": secret, "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_ENDPOINT_URL": f"http://{secret}", "AWS_REGION": secret, "AWS_DEFAULT_REGION": "",
    }  # fmt: skip
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/credentials").write_text(secret)
    seen = s3(environment)
    assert seen == S3(
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), (), (f"{tmp_path}/.aws/credentials",), ("AWS_ENDPOINT_URL",),
        ("AWS_REGION",),
    )  # fmt: skip
    findings = s3_findings(seen)
    check(findings)
    assert states(findings) == {"credentials": "ok", "endpoint": "ok"}
    assert secret not in str(findings)


def test_s3_without_anything_and_with_half_a_pair() -> None:
    findings = s3_findings(s3({}))
    check(findings)
    assert states(findings) == {"credentials": "not here", "endpoint": "not here"}
    findings = s3_findings(s3({"AWS_SECRET_ACCESS_KEY": "x", "AWS_WEB_IDENTITY_TOKEN_FILE": "x"}))
    check(findings)
    assert findings[0].state == "limited"
    assert findings[0].seen == "AWS_SECRET_ACCESS_KEY without AWS_ACCESS_KEY_ID"
    assert states(s3_findings(s3({"AWS_WEB_IDENTITY_TOKEN_FILE": "x"})))["credentials"] == "ok"


def test_loaders() -> None:
    reasons = {
        "both": {"cpu": "", "cuda": "no GPU"}, "gpu": {"cuda": "no GPU"}, "absent": {"cpu": "x not installed: pip"},
    }  # fmt: skip
    findings = loader_findings(reasons, ["the plug-in 'p' cannot be imported"])
    check([replace(finding, seen=finding.seen.rstrip(".")) for finding in findings])
    assert states(findings) == {"loaders": "ok", "gpu": "not here", "absent": "missing", "plug-in": "missing"}
    assert findings[0].seen == "1 of 3 can run: both (cpu)"
    assert states(loader_findings({}, []))["loaders"] == "missing"
