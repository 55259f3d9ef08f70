"""The doctor on real files, file systems, users and processes."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from loadbench.errors import Interrupted
from loadbench.machine import doctor_probe as probe_module
from loadbench.machine.doctor import Diagnosis, examine
from loadbench.machine.doctor_disturbances import other_work
from loadbench.machine.doctor_finding import Finding, looked_at
from loadbench.machine.doctor_probe import SIZE, Probe, drop_caches_problem, try_files
from loadbench.machine.lock import measuring
from loadbench.machine.residency import residency
from loadbench.machine.storage import describe_storage
from loadbench.units import MIB

AsOther = Callable[[Callable[[], Any]], Any]
NOBODY = 65534


@pytest.fixture(autouse=True)
def own_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a benchmark on this machine nor another test disturbs."""
    monkeypatch.setenv("LOADBENCH_LOCK", str(tmp_path / "lock"))


def written(path: Path, size: int = 2 * MIB) -> Path:
    path.write_bytes(os.urandom(size))
    return path


def found(diagnosis: Diagnosis, name: str) -> Finding:
    (finding,) = [finding for finding in diagnosis.findings if finding.name == name]
    return finding


def tried(directory: Path) -> Probe:
    probe = try_files(directory, ())
    assert isinstance(probe, Probe)
    return probe


def test_a_disk_can_be_proven_cold_and_nothing_is_left_on_it(disk: Path) -> None:
    diagnosis = examine(disk)
    method = found(diagnosis, "eviction").seen.split(": ")[1].split(" ")[0]
    assert method in ("cachestat", "mincore")
    assert diagnosis.verdict.cold
    assert diagnosis.verdict.text == (f"A cold sweep of files in {disk} can be proven: fadvise, read back by {method}.")
    assert list(disk.iterdir()) == []
    areas = list(dict.fromkeys(finding.area for finding in diagnosis.findings))
    expected = ["Page cache", "Storage", "Disturbances", "Limits", "Processors and memory", "GPU", "S3"]
    assert areas == expected


def test_the_file_on_a_disk_is_read_from_storage_as_both_counters_say(disk: Path) -> None:
    probe = tried(disk)
    assert probe.made
    assert (probe.cached.state, probe.evicted.state, probe.size) == ("warm", "cold", SIZE)
    assert probe.cachestat_bytes in (SIZE, None, 0)
    assert probe.mincore_bytes == SIZE
    assert probe.counted_bytes is not None
    assert SIZE <= probe.counted_bytes < 2 * SIZE
    if probe.device:
        assert probe.disk_bytes is not None
        assert probe.disk_bytes >= SIZE
    if probe.direct.problem == "":
        assert probe.direct.cached_bytes == 0


def test_files_beside_it_are_neither_read_nor_evicted(disk: Path) -> None:
    warm, cold = written(disk / "warm.safetensors"), written(disk / "cold.safetensors")
    with cold.open("rb") as stream:
        os.fsync(stream.fileno())
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    for path in (disk, warm):
        assert examine(path).verdict.cold
    assert (residency([warm]).state, residency([cold]).state) == ("warm", "cold")


def test_asking_whether_the_cache_can_be_dropped_drops_nothing(disk: Path, as_nobody: AsOther) -> None:
    file = written(disk / "a")
    with file.open("rb") as stream:
        os.fsync(stream.fileno())  # or it would stay for being dirty
    assert drop_caches_problem() in ("", "/proc/sys/vm/drop_caches: Read-only file system")
    assert residency([file]).state == "warm"
    assert as_nobody(drop_caches_problem).startswith("/proc/sys/vm/drop_caches: ")


def test_memory_is_never_cold() -> None:
    if describe_storage(Path("/dev/shm")).file_system != "tmpfs" or not os.access("/dev/shm", os.W_OK):
        pytest.skip("no /dev/shm")
    before = set(Path("/dev/shm").glob(f"{probe_module.PREFIX}*"))
    diagnosis = examine(Path("/dev/shm"))
    assert not diagnosis.verdict.cold
    assert diagnosis.verdict.text == (
        "A cold sweep of files in /dev/shm cannot be proven: tmpfs keeps its files in memory, where they are always"
        " warm."
    )
    assert found(diagnosis, "file system").state == "missing"
    assert found(diagnosis, "O_DIRECT").state == "not here"
    assert set(Path("/dev/shm").glob(f"{probe_module.PREFIX}*")) <= before


def test_overlay_is_told_by_mincore_alone(overlay: Path) -> None:
    diagnosis = examine(overlay)
    assert diagnosis.verdict.text.endswith("can be proven: fadvise, read back by mincore.")
    assert found(diagnosis, "cachestat").state in ("limited", "missing")
    assert found(diagnosis, "disk counter").state == "missing"
    assert found(diagnosis, "process counter").state == "ok"


@pytest.fixture
def journalled(disk: Path) -> Iterator[Path]:
    """A file system that takes O_DIRECT and reads through the page cache all the same."""
    image, place = disk / "image", disk / "mounted"
    image.touch()
    os.truncate(image, 32 * MIB)
    place.mkdir()
    if os.geteuid() or not shutil.which("mkfs.ext4", path="/sbin:/usr/sbin"):
        pytest.skip("mounting takes root, and making a file system its tool")
    make = shutil.which("mkfs.ext4", path="/sbin:/usr/sbin") or ""
    subprocess.run([make, "-q", image], check=True)
    if subprocess.run(["mount", "-o", "loop,data=journal", image, place], capture_output=True).returncode:
        pytest.skip("no loop devices here")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_direct_read_that_is_none_is_found_out(journalled: Path) -> None:
    finding = found(examine(journalled), "O_DIRECT")
    assert finding.state == "limited"
    assert "MB in the page cache" in finding.seen


def test_where_direct_reads_are_refused_there_is_no_ceiling() -> None:
    assert probe_module._direct(Path("/proc/version")).problem == "Invalid argument"


def test_a_checkpoint_that_somebody_maps_is_named_and_copied(disk: Path, mapper: Callable[[Path], int]) -> None:
    file = written(disk / "model.safetensors")
    pid = mapper(file)
    diagnosis = examine(disk)
    finding = found(diagnosis, "checkpoints")
    assert finding.state == "limited"
    assert f"{file} by python" in finding.seen
    assert f"(pid {pid})" in finding.seen
    assert "on private copies where they are needed" in diagnosis.verdict.text
    assert diagnosis.verdict.cold


def test_an_unwritable_directory_is_tried_on_its_checkpoint(disk: Path, as_nobody: AsOther) -> None:
    models = disk / "models"
    models.mkdir()
    file = written(models / "model.safetensors", 9 * MIB)
    os.chown(file, NOBODY, NOBODY)  # the kernel tells the owner
    diagnosis = as_nobody(lambda: examine(models))
    assert diagnosis.verdict.cold, diagnosis.verdict.text
    assert found(diagnosis, "eviction").seen.startswith(f"4.2 MB read of {file}, which was then evicted: ")
    assert residency([file]).state != "warm"
    assert found(as_nobody(lambda: examine(file)), "eviction").state == "ok"


def test_a_mapped_checkpoint_that_cannot_be_copied_cannot_be_proven(
    disk: Path, as_nobody: AsOther, mapper: Callable[[Path], int]
) -> None:
    file = written(disk / "model.safetensors")
    os.chown(file, NOBODY, NOBODY)
    mapper(file)
    diagnosis = as_nobody(lambda: examine(disk))  # who may not look into root's processes
    assert not diagnosis.verdict.cold
    assert "2.1 MB of 2.1 MB stay after fadvise" in diagnosis.verdict.text
    assert "drop_caches may help; it was not tried" in found(diagnosis, "eviction").advice


def test_another_user_s_checkpoint_is_not_told_where_no_copy_can_be_made(
    disk: Path, as_nobody: AsOther, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loadbench.machine.residency.cachestat_pages", lambda _: None)  # before 6.14 it tells
    monkeypatch.setattr(probe_module, "cachestat_pages", lambda _: None)
    file = written(disk / "model.safetensors")
    file.chmod(0o444)
    diagnosis = as_nobody(lambda: examine(disk))
    assert not diagnosis.verdict.cold
    assert "belongs to another user" in diagnosis.verdict.text
    assert found(diagnosis, "mincore").state == "limited"
    assert found(diagnosis, "cachestat").state == "missing"
    assert found(diagnosis, "checkpoints").state == "missing"
    assert "not writable" in found(diagnosis, "checkpoints").consequence
    os.chown(disk, NOBODY, NOBODY)
    diagnosis = as_nobody(lambda: examine(disk))
    assert diagnosis.verdict.cold, "his own copy of the file is told"
    assert found(diagnosis, "mincore").state == "ok"
    assert found(diagnosis, "checkpoints").state == "limited"


def test_where_nothing_can_be_tried_that_is_said(disk: Path, as_nobody: AsOther) -> None:
    diagnosis = as_nobody(lambda: examine(disk))
    assert diagnosis.verdict.text == (
        f"A cold sweep of files in {disk} cannot be proven: nothing could be tried ({disk}: Permission denied)."
    )
    secret = written(disk / "secret.safetensors")
    secret.chmod(0o600)
    diagnosis = as_nobody(lambda: examine(disk))
    assert not diagnosis.verdict.cold
    assert found(diagnosis, "checkpoints").seen == f"{secret} cannot be opened"


@pytest.mark.parametrize("place", ["/proc", "/sys/kernel"])
def test_file_systems_of_the_kernel_itself(place: str) -> None:
    diagnosis = examine(Path(place))
    assert not diagnosis.verdict.cold
    assert "nothing could be tried" in diagnosis.verdict.text


def test_a_place_that_is_not_there_yet_is_judged_by_its_parent(disk: Path) -> None:
    diagnosis = examine(disk / "cache" / "loadbench")
    assert diagnosis.verdict.cold
    assert str(disk / "cache" / "loadbench") in diagnosis.verdict.text
    assert list(disk.iterdir()) == []


def test_what_lies_in_the_parent_does_not_matter_to_a_place_that_is_not_there_yet(
    disk: Path, mapper: Callable[[Path], int]
) -> None:
    mapper(written(disk / "model.safetensors"))
    huge = disk / "huge.safetensors"
    huge.touch()
    os.truncate(huge, shutil.disk_usage(disk).free + 2**30)  # too large for a private copy
    assert not examine(disk).verdict.cold
    diagnosis = examine(disk / "cache")
    assert diagnosis.verdict.cold, diagnosis.verdict.text
    assert "copies" not in diagnosis.verdict.text
    assert found(diagnosis, "checkpoints").seen == "no weight files"


def test_an_interruption_leaves_no_file(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(file: Path, *, made: bool) -> Probe:
        assert made
        assert file.stat().st_size == SIZE
        raise Interrupted

    monkeypatch.setattr(probe_module, "_tried", interrupted)
    with pytest.raises(Interrupted):
        examine(disk)
    assert list(disk.iterdir()) == []


def test_what_is_not_readable_is_not_seen(as_nobody: AsOther) -> None:
    restricted = Path("/proc/sys/kernel/dmesg_restrict").read_text().strip()
    mode = Path("/dev/kmsg").stat().st_mode & 0o004
    seen = other_work()
    assert seen.kernel_log_problem == ""
    assert seen.stolen is not None
    assert 0 <= seen.stolen <= 1
    assert bool(seen.pressure_problem) != Path("/proc/pressure/io").exists()
    if restricted == "1" or not mode:
        assert as_nobody(other_work).kernel_log_problem.startswith("/dev/kmsg: ")


def test_another_benchmark_is_seen_and_who_it_is(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(examine(disk), "other benchmark").state == "ok"
    with measuring("loadbench sweep gpt2", lambda text: pytest.fail(text)):
        finding = found(examine(disk), "other benchmark")
    assert finding.state == "limited"
    assert finding.seen.endswith(": loadbench sweep gpt2")
    monkeypatch.setenv("LOADBENCH_LOCK", "/proc/version/x")
    assert found(examine(disk), "other benchmark").state == "missing"


def test_a_look_that_fails_is_a_finding_and_not_the_end() -> None:
    def fails() -> list[Finding]:
        raise ValueError("the kernel says what nobody expected")

    (finding,) = looked_at("Storage", fails)
    assert (finding.area, finding.name, finding.state) == ("Storage", "storage", "missing")
    assert "the kernel says what nobody expected" in finding.seen


def test_facts_that_cannot_be_read_do_not_end_it(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> dict[str, Any]:
        raise OSError("gone")

    for name in ("load_facts", "machine_facts", "cpu_facts", "memory_facts", "limit_facts", "gpus", "weights_at"):
        monkeypatch.setattr(f"loadbench.machine.doctor.{name}", fails)
    diagnosis = examine(disk)
    assert not diagnosis.verdict.cold
    assert found(diagnosis, "memory").state == "missing"
    assert found(diagnosis, "gpu").state == "missing"
