import os
from pathlib import Path

import pytest

from loadbench.errors import UsageError
from loadbench.machine.mounts import all_mounts, mount_of, parse_mountinfo
from loadbench.machine.pagecache import evict
from loadbench.machine.storage import describe_storage, device_read_bytes, device_written_bytes
from loadbench.units import MIB

MOUNTINFO = r"""22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:1 / / rw,relatime shared:1 master:2 - ext4 /dev/vda1 rw,discard
90 27 0:50 /volumes/a /mnt/my\040disk ro,relatime shared:4 - nfs4 server:/export\011x ro,vers=4.2,hard
broken line
"""


def test_mountinfo_is_parsed_with_optional_fields_and_escapes() -> None:
    proc, root, nfs = parse_mountinfo(MOUNTINFO)
    assert (proc.mount_id, proc.file_system) == (22, "proc")
    assert (root.device_number, root.source, root.options) == ("254:1", "/dev/vda1", "rw,relatime,discard")
    assert (nfs.mount_point, nfs.root, nfs.source) == ("/mnt/my disk", "/volumes/a", "server:/export\tx")
    assert nfs.options == "ro,relatime,vers=4.2,hard"


def test_a_path_is_found_on_its_mount(tmp_path: Path) -> None:
    mount = mount_of(Path("/proc/self/stat"), all_mounts())
    assert mount is not None
    assert mount.file_system == "proc"
    (tmp_path / "link").symlink_to("/proc/stat")
    assert mount_of(tmp_path / "link", all_mounts()) == mount_of(Path("/proc"), all_mounts())


def test_without_mount_numbers_the_longest_mount_point_above_the_path_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loadbench.machine.mounts.text_of", lambda _: None)
    lines = [f"1 0 8:1 / {place} rw - ext{index} /dev/x rw" for index, place in enumerate(["/", tmp_path, tmp_path])]
    lines.append(f"1 0 8:1 / {tmp_path}-other rw - xfs /dev/x rw")
    mount = mount_of(tmp_path, parse_mountinfo("\n".join(lines)))
    assert mount is not None
    assert mount.file_system == "ext2", "of two mounts at one place the later one is seen"


def test_the_device_of_a_disk_directory_counts_what_is_read_from_it(disk: Path) -> None:
    device = describe_storage(disk).device
    if device is None:
        pytest.skip("no block device behind the temporary directories")
    file = disk / "a"
    file.write_bytes(os.urandom(8 * MIB))
    evict([file], "fadvise")
    before = device_read_bytes(device)
    file.read_bytes()
    # Other processes read too, but nobody reads gigabytes meanwhile: the unit is right.
    assert 8 * MIB <= device_read_bytes(device) - before < 2048 * MIB


def test_the_device_of_a_disk_directory_counts_what_is_written_to_it(disk: Path) -> None:
    device = describe_storage(disk).device
    if device is None:
        pytest.skip("no block device behind the temporary directories")
    before = device_written_bytes(device)
    with (disk / "a").open("wb") as file:
        file.write(os.urandom(8 * MIB))
        os.fsync(file.fileno())
    assert 8 * MIB <= device_written_bytes(device) - before < 2048 * MIB


def test_the_queue_of_a_disk_is_described(disk: Path) -> None:
    info = describe_storage(disk / "not" / "there" / "yet")
    if info.device is None:
        pytest.skip("no block device behind the temporary directories")
    assert not (Path("/sys/block") / info.device / "partition").exists()
    queue = Path("/sys/block") / info.device / "queue"
    assert info.read_ahead_kb == int((queue / "read_ahead_kb").read_text())
    assert info.logical_block_bytes == int((queue / "logical_block_size").read_text())
    assert info.scheduler is not None
    assert "[" not in info.scheduler
    assert info.rotational in (True, False)
    assert info.mount_options.startswith(("rw", "ro"))


def test_a_file_system_without_device_has_none() -> None:
    info = describe_storage(Path("/proc"))
    assert (info.file_system, info.device, info.read_ahead_kb, info.model) == ("proc", None, None, None)


def test_overlay_has_no_device(overlay: Path) -> None:
    info = describe_storage(overlay)
    assert (info.file_system, info.device) == ("overlay", None)


@pytest.mark.parametrize("device", ["sdnone", "", "../../etc"])
def test_an_unknown_device_is_an_error(device: str) -> None:
    with pytest.raises(UsageError, match="unknown block device"):
        device_read_bytes(device)
    with pytest.raises(UsageError, match="unknown block device"):
        device_written_bytes(device)
