"""Memory to read and copy into: in huge pages, and there before the clock."""

import errno
import mmap
from contextlib import suppress

ALIGNMENT = 4096
"""O_DIRECT wants offsets, lengths and addresses in whole logical blocks; no device today has larger ones."""

_MADV_POPULATE_WRITE = 23


def huge_buffer(size: int) -> mmap.mmap:
    """Private memory in huge pages where the kernel gives them, every page of it present and writable.

    A read past the page cache has to look up every page of its destination. In pages of 4 KiB that alone
    can cost half of the rate. Raises OSError where there is not so much memory.
    """
    # MAP_PRIVATE, or the kernel backs it by shmem, which never gets huge pages.
    buffer = mmap.mmap(-1, max(size, ALIGNMENT), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(OSError):  # a kernel built without transparent huge pages refuses
        buffer.madvise(mmap.MADV_HUGEPAGE)
    try:
        buffer.madvise(_MADV_POPULATE_WRITE)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        for offset in range(0, len(buffer), ALIGNMENT):  # before Linux 5.14
            buffer[offset] = 0
    return buffer
