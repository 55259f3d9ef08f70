import os
import subprocess
import sys
from pathlib import Path

import pytest

from loadbench.machine.control_groups import ControlGroups, control_groups, locate
from loadbench.machine.environment_cpu import group_quota_threads
from loadbench.machine.memory import available_bytes, group_limit_bytes, group_room_bytes, oom_kills, total_bytes
from loadbench.machine.mounts import parse_mountinfo
from loadbench.units import GIB, MIB


def group(directory: Path, **files: object) -> Path:
    directory.mkdir(exist_ok=True)
    for name, content in files.items():
        (directory / name.replace("__", ".")).write_text(f"{content}\n")
    return directory


def test_available_is_part_of_the_total() -> None:
    assert 0 < available_bytes() <= total_bytes()
    meminfo = Path("/proc/meminfo").read_text()
    assert total_bytes() == int(meminfo.split()[1]) * 1024
    assert oom_kills() >= 0


def test_version_2_walks_up_to_the_top() -> None:
    mounts = parse_mountinfo("30 1 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate")
    assert locate("memory", "0::/user.slice/app.scope\n", mounts) == ControlGroups(
        2, tuple(map(Path, ("/sys/fs/cgroup/user.slice/app.scope", "/sys/fs/cgroup/user.slice", "/sys/fs/cgroup")))
    )


def test_version_1_in_a_container_that_sees_its_own_group_as_the_top() -> None:
    mounts = parse_mountinfo(
        "31 1 0:28 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n"
        "32 1 0:29 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
    )
    memberships = "5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc/inner\n0::/\n"
    assert locate("memory", memberships, mounts) == ControlGroups(1, (Path("/sys/fs/cgroup/memory"),))
    cpu = Path("/sys/fs/cgroup/cpu,cpuacct")
    assert locate("cpu", memberships, mounts) == ControlGroups(1, (cpu / "inner", cpu))


def test_a_group_outside_the_mount_is_taken_as_the_mount_itself() -> None:
    mounts = parse_mountinfo("32 1 0:29 /kubepods/x /cg rw - cgroup2 none rw")
    assert locate("memory", "0::/elsewhere\n", mounts) == ControlGroups(2, (Path("/cg"),))


def test_no_control_groups() -> None:
    assert locate("memory", "", []) is None
    assert locate("memory", "5:memory:/a\n", parse_mountinfo("1 0 0:2 / /cg rw - cgroup2 none rw")) is None
    assert group_limit_bytes(None) is None
    assert group_room_bytes(None) is None
    assert group_quota_threads(None) is None


def test_the_tightest_group_decides_and_its_file_pages_are_room(tmp_path: Path) -> None:
    statistics = f"anon {MIB}\ninactive_file {3 * MIB}\nactive_file {MIB}\nshmem {MIB}"
    parent = group(tmp_path / "a", memory__max=10 * MIB, memory__current=9 * MIB, memory__stat=statistics)
    leaf = group(tmp_path / "b", memory__max="max", memory__high=GIB, memory__current=5 * MIB, memory__stat=statistics)
    groups = ControlGroups(2, (leaf, parent))
    assert group_limit_bytes(groups) == 10 * MIB
    assert group_room_bytes(groups) == (10 - 9 + 4) * MIB
    assert group_room_bytes(ControlGroups(2, (leaf,))) == GIB - MIB


def test_version_1_has_other_names_and_a_number_for_no_limit(tmp_path: Path) -> None:
    free = group(tmp_path / "a", memory__limit_in_bytes=9223372036854771712, memory__usage_in_bytes=MIB)
    assert group_limit_bytes(ControlGroups(1, (free,))) is None
    assert group_room_bytes(ControlGroups(1, (free,))) is None
    statistics = f"inactive_file 1\ntotal_inactive_file {MIB}\ntotal_active_file 0"
    tight = group(
        tmp_path / "b", memory__limit_in_bytes=8 * MIB, memory__usage_in_bytes=3 * MIB, memory__stat=statistics
    )
    assert group_room_bytes(ControlGroups(1, (free, tight))) == 6 * MIB


def test_cpu_quota_of_both_versions(tmp_path: Path) -> None:
    two = group(tmp_path / "a", cpu__max="150000 100000")
    free = group(tmp_path / "b", cpu__max="max 100000")
    assert group_quota_threads(ControlGroups(2, (free, two))) == 1.5
    assert group_quota_threads(ControlGroups(2, (free,))) is None
    one = group(tmp_path / "c", cpu__cfs_quota_us=50000, cpu__cfs_period_us=100000)
    unlimited = group(tmp_path / "d", cpu__cfs_quota_us=-1, cpu__cfs_period_us=100000)
    assert group_quota_threads(ControlGroups(1, (unlimited, one))) == 0.5


def test_a_real_limit_is_what_is_available(tmp_path: Path) -> None:
    groups = control_groups("memory")
    if groups is None or not os.access(groups.directories[-1], os.W_OK):
        pytest.skip("making a memory control group takes root and a writable hierarchy")
    directory = groups.directories[-1] / f"loadbench-test-{os.getpid()}"
    directory.mkdir()
    try:
        limit = directory / ("memory.max" if groups.version == 2 else "memory.limit_in_bytes")
        if not limit.exists():
            pytest.skip("the memory controller is not passed on here")
        limit.write_text(str(512 * MIB))
        program = "from loadbench.machine.memory import available_bytes; print(available_bytes())"
        command = ["sh", "-c", f'echo $$ > {directory}/cgroup.procs; exec "$@"', "sh", sys.executable, "-c", program]
        done = subprocess.run(command, capture_output=True, check=True)
    finally:
        directory.rmdir()
    assert 128 * MIB < int(done.stdout) <= 512 * MIB
