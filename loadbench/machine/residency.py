"""How much of a set of files is in this machine's page cache, and whether that can be known at all.

Two system calls tell, and each lies in a case of its own. mincore(2) reports every page of a file as
resident to whoever neither owns it nor may write it. cachestat(2) (Linux 6.5) reports none on overlayfs,
whose pages belong to the file below; since Linux 6.14 it refuses where mincore lies.
Reading with RWF_NOWAIT is no third way: the probe itself fills the cache.
"""

import ctypes
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from loadbench.errors import CheckpointError
from loadbench.machine.kernel import text_of
from loadbench.machine.mounts import Mount, all_mounts, mount_of
from loadbench.records import Residency
from loadbench.units import GIB, MIB

WARM_PERCENT = 98
"""A complete buffered read leaves up to 1 % of a file out of the cache, so warm cannot mean every page."""

PAGE_CACHE_FILE_SYSTEMS = (
    *("bcachefs", "btrfs", "erofs", "exfat", "ext2", "ext3", "ext4", "f2fs"),
    *("iso9660", "jfs", "nilfs2", "ntfs3", "squashfs", "udf", "vfat", "xfs"),
)
"""File systems whose file data is cached in the page cache and nowhere else on this machine."""

NETWORK_FILE_SYSTEMS = ("nfs", "nfs4")
"""The same of a client. What the server has in memory is as little seen from here as what a hypervisor has."""

MEMORY_FILE_SYSTEMS = ("tmpfs", "ramfs")
"""The page cache is their storage: their files can be warm, and nothing makes them cold."""

_TOLD = {*PAGE_CACHE_FILE_SYSTEMS, *NETWORK_FILE_SYSTEMS, *MEMORY_FILE_SYSTEMS, "overlay"}

_NOT_TOLD = {
    "zfs": "caches in its own ARC, out of sight",
    **dict.fromkeys(("fuse", "fuseblk", "virtiofs", "9p"), "has a cache behind it, out of sight"),
    **dict.fromkeys(
        ("cifs", "smb3", "ceph", "lustre", "beegfs", "gpfs", "glusterfs", "afs"),
        "has caches on its servers, out of sight",
    ),
}
_CACHESTAT = 451  # The number is the same on every architecture but alpha.
_CAP_FOWNER = 3
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PROT_READ, _MAP_SHARED, _MAP_FAILED = 1, 1, ctypes.c_void_p(-1).value

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_int64]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]


@dataclass(frozen=True)
class _Answer:
    """What is known about one file."""

    size: int
    resident: int | None
    method: str


def residency(files: Sequence[Path]) -> Residency:
    """How much of the files is in the page cache right now. Reads no page; microseconds a file with cachestat.

    One file that cannot be told makes all of them `unknown`. Raises `CheckpointError` for a file that cannot be opened.
    """
    mounts = all_mounts()
    answers = [_answer(file, mounts) for file in files]
    total = sum(answer.size for answer in answers)
    methods = dict.fromkeys(answer.method for answer in answers)
    counts = [answer.resident for answer in answers if answer.resident is not None]
    if len(counts) < len(answers):
        reasons = dict.fromkeys(answer.method for answer in answers if answer.resident is None)
        return Residency(state="unknown", resident_bytes=None, total_bytes=total, method="; ".join(reasons))
    resident = sum(counts)
    state: Literal["cold", "warm", "partial"] = "partial"
    if resident == 0:
        state = "cold"
    elif resident * 100 >= total * WARM_PERCENT:
        state = "warm"
    return Residency(
        state=state, resident_bytes=resident, total_bytes=total, method=", ".join(methods) or "none: no files"
    )


def untold_reason(file_system: str) -> str | None:
    """Why residency cannot be told on a file system; None where it can, by one way or another."""
    if file_system in _TOLD:
        return None
    kind = file_system.partition(".")[0]  # fuse.sshfs and others
    return f"none: {file_system} {_NOT_TOLD.get(kind, 'is not known to cache in the page cache alone')}"


def _answer(file: Path, mounts: Sequence[Mount]) -> _Answer:
    try:
        size = file.stat().st_size
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise CheckpointError(f"cannot open {file}: {error.strerror}. Check that it exists and can be read.") from error
    try:
        mount = mount_of(file, mounts)
        file_system = mount.file_system if mount else "an unknown file system"
        reason = untold_reason(file_system)
        if reason:
            return _Answer(size, None, reason)
        return _counted(file, descriptor, size, overlay=file_system == "overlay")
    finally:
        os.close(descriptor)


def _counted(file: Path, descriptor: int, size: int, overlay: bool) -> _Answer:
    trusted = mincore_trusted(file)
    pages = None if overlay else cachestat_pages(descriptor)
    # A false "nothing resident" would be a false proof of cold, so mincore must not contradict it.
    if pages == 0 and trusted and _sampled_pages(descriptor, size):
        pages = None
    if pages is not None:
        return _Answer(size, min(size, pages * _PAGE), "cachestat")
    if not trusted:
        return _Answer(size, None, f"none: {file.name} belongs to another user, to whom alone the kernel tells")
    return _Answer(size, min(size, mincore_pages(descriptor, 0, size) * _PAGE), "mincore")


def cachestat_pages(descriptor: int) -> int | None:
    """Pages of an open file in the page cache; None where the kernel does not say."""
    whole_file = (ctypes.c_uint64 * 2)(0, 0)  # struct cachestat_range: offset, length (0: to the end)
    counts = (ctypes.c_uint64 * 5)()  # struct cachestat: cache, dirty, writeback, evicted, recently evicted
    if _libc.syscall(_CACHESTAT, descriptor, whole_file, counts, 0) != 0:
        return None
    return int(counts[0])


def mincore_trusted(file: Path) -> bool:
    """Whether mincore tells the truth: to the file's owner, to who may write it, and to root.

    The kernel's rule (can_do_mincore). Root counts only with CAP_FOWNER and outside a user namespace: inside
    one the file may belong to a user that the namespace does not have.
    """
    if file.stat().st_uid == os.geteuid() or os.access(file, os.W_OK, effective_ids=True):
        return True
    capabilities = next(
        (line.split()[1] for line in (text_of("/proc/self/status") or "").splitlines() if line.startswith("CapEff")),
        "0",
    )
    everybody = (text_of("/proc/self/uid_map") or "").split() == ["0", "0", "4294967295"]
    return everybody and bool(int(capabilities, 16) >> _CAP_FOWNER & 1)


def mincore_pages(descriptor: int, offset: int, length: int) -> int:
    """Pages of a range of an open file in the page cache, by mapping it (nothing is read). Offset: of a page."""
    pages = 0
    for start in range(offset, offset + length, GIB):
        window = min(GIB, offset + length - start)
        address = _libc.mmap(None, window, _PROT_READ, _MAP_SHARED, descriptor, start)
        if address == _MAP_FAILED:
            raise OSError(ctypes.get_errno(), f"mmap: {os.strerror(ctypes.get_errno())}")
        try:
            vector = ctypes.create_string_buffer(-(-window // _PAGE))
            if _libc.mincore(address, window, vector) != 0:
                raise OSError(ctypes.get_errno(), f"mincore: {os.strerror(ctypes.get_errno())}")
            pages += vector.raw.count(1)
        finally:
            _libc.munmap(address, window)
    return pages


def _sampled_pages(descriptor: int, size: int) -> int:
    """Resident pages by mincore in the first, middle and last MiB: enough to catch a cachestat that says none."""
    starts = {0, size // 2 // _PAGE * _PAGE, max(0, size - MIB) // _PAGE * _PAGE}
    return sum(mincore_pages(descriptor, start, min(MIB, size - start)) for start in starts if start < size)
