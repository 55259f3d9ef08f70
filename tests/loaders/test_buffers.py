"""Buffers on this kernel, and on one that knows no huge pages or cannot populate in one call."""

import ctypes
import errno
import mmap
import os
from pathlib import Path
from typing import cast

import pytest

from loadbench.loaders.buffers import huge_buffer
from loadbench.loaders.contract import Witness
from loadbench.loaders.raw_read import RawRead
from loadbench.units import MIB

POPULATE_WRITE = 23


def test_buffers_are_there_before_they_are_used_in_huge_pages_where_possible() -> None:
    facts = mapping(huge_buffer(8 * MIB))
    assert int(facts["Rss"].split()[0]) >= 8 * 1024, "first touch costs more than the read"
    assert "sh" not in facts["VmFlags"].split(), "shared memory never gets huge pages"
    if Path("/sys/kernel/mm/transparent_hugepage/enabled").exists():
        assert "hg" in facts["VmFlags"].split()


@pytest.mark.parametrize("advice", [mmap.MADV_HUGEPAGE, POPULATE_WRITE])
def test_advice_that_the_kernel_does_not_know_is_not_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, advice: int
) -> None:
    class Refusing(mmap.mmap):
        """As on a kernel without transparent huge pages, or before Linux 5.14."""

        def madvise(self, option: int, *place: int) -> None:
            if option == advice:
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
            super().madvise(option, *place)

    monkeypatch.setattr(mmap, "mmap", Refusing)
    facts = mapping(huge_buffer(8 * MIB))
    assert int(facts["Rss"].split()[0]) >= 8 * 1024
    assert ("hg" in facts["VmFlags"].split()) <= (advice != mmap.MADV_HUGEPAGE)
    file = tmp_path / "a"
    file.write_bytes(os.urandom(5 * MIB + 777))
    loader = RawRead(io="buffered")
    loader.prepare([file], "cpu")
    ((name, tensor),) = loader.load([file], "cpu", cast("Witness", Silent()))
    assert (name, bytes(tensor.numpy())) == ("a", file.read_bytes())


class Silent:
    """A witness that takes nothing down."""

    def mark(self, event: str) -> None:
        return None


def mapping(buffer: mmap.mmap) -> dict[str, str]:
    """The entry of /proc/self/smaps that a buffer lies in."""
    address = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
    facts: dict[str, str] = {}
    inside = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        head, _, rest = line.partition(" ")
        if "-" in head and ":" not in head:
            start, end = (int(part, 16) for part in head.split("-"))
            inside = start <= address < end
        elif inside:
            facts[head.rstrip(":")] = rest.strip()
    return facts
