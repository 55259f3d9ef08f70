"""Memory to read and copy into: in huge pages, and there before the clock."""

import errno
import mmap

from loadbench.loaders.raw_read import ALIGNMENT

_MADV_POPULATE_WRITE = 23


def huge_buffer(size: int) -> mmap.mmap:
    """Private memory in huge pages where the kernel gives them, every page of it present and writable.

    A read past the page cache has to look up every page of its destination. In pages of 4 KiB that alone
    can cost half of the rate. Raises OSError where there is not so much memory.
    """
    # MAP_PRIVATE, or the kernel backs it by shmem, which never gets huge pages.
    buffer = mmap.mmap(-1, max(size, ALIGNMENT), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    buffer.madvise(mmap.MADV_HUGEPAGE)
    try:
        buffer.madvise(_MADV_POPULATE_WRITE)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        for offset in range(0, len(buffer), ALIGNMENT):  # before Linux 5.14
            buffer[offset] = 0
    return buffer
