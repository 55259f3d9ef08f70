"""fio itself: how it is called so that it is as fast as it can be here, and what it answers."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loadbench.machine.kernel import fields_of
from loadbench.probe.sample import Span, is_cut, shorten, whole
from loadbench.probe.stage import MissingError
from loadbench.units import MIB, NS, short_size

ENGINES = ("libaio", "io_uring")
BLOCKS = (MIB, 4 * MIB)
DEPTHS = (4, 16)
HUGE_PAGES = "glibc.malloc.hugetlb=1"
"""For GLIBC_TUNABLES: malloc asks for transparent huge pages. Without them behind its buffers fio can read a fast
device at half of its rate, and its own ways to get them want pages that somebody has reserved."""

_TIMEOUT_S = 120


@dataclass(frozen=True)
class FioSetting:
    """How fio reads."""

    engine: str
    block: int
    depth: int
    memory: str

    @property
    def text(self) -> str:
        """`libaio bs=1M iodepth=4 mem=malloc`."""
        return f"{self.engine} bs={short_size(self.block)} iodepth={self.depth} mem={self.memory}"

    def command(self, spans: Sequence[Span], size: int) -> list[str]:
        """The command line that reads `size` bytes of the spans, over and over if they are fewer."""
        names = ":".join(str(span.file).replace(":", "\\:") for span in spans)
        cut = [f"--filesize={spans[0].length}"] if any(map(is_cut, spans)) else []
        return [
            *("fio", "--name=loadbench", "--readonly", "--rw=read", "--direct=1", "--numjobs=1", "--invalidate=0"),
            *(f"--ioengine={self.engine}", f"--bs={self.block}", f"--iodepth={self.depth}", f"--mem={self.memory}"),
            *("--iomem_align=2m", f"--filename={names}", "--file_service_type=sequential", *cut, f"--io_size={size}"),
            "--output-format=json",
        ]


def settings() -> list[FioSetting]:
    """What fio is tried with."""
    return [
        FioSetting(engine, block, depth, _memory(block * depth))
        for block in BLOCKS
        for depth in DEPTHS
        for engine in ENGINES
    ]


def readable(files: Sequence[Path], size: int) -> tuple[Span, ...]:
    """About `size` bytes of the files as fio can read them: whole files, or prefixes that are all of one length.

    It makes a file longer that is shorter than it was told, so those are left out, and those without a whole block.
    """
    spans = shorten(whole(files), size)
    level = max((span.length for span in spans if is_cut(span)), default=max(BLOCKS))
    return tuple(span for span in spans if span.length >= level)


def run(setting: FioSetting, spans: Sequence[Span], size: int) -> tuple[int, int]:
    """Run fio once: bytes and ns. Raises `MissingError` with what it said where it failed."""
    command = setting.command(spans, size)
    environment = {**os.environ, "GLIBC_TUNABLES": _with_huge_pages(os.environ.get("GLIBC_TUNABLES", ""))}
    try:
        ended = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TIMEOUT_S
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise MissingError(f"fio could not be run: {error}") from error
    if ended.returncode:
        said = (ended.stderr.strip() or ended.stdout.strip()).partition("\n")[0]
        raise MissingError(f"fio failed with {setting.engine}: {said or f'exit code {ended.returncode}'}")
    return parse(ended.stdout)


def version() -> str:
    """`fio-3.33`; empty where it does not say."""
    try:
        return subprocess.run(["fio", "--version"], capture_output=True, text=True, timeout=_TIMEOUT_S).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def parse(text: str) -> tuple[int, int]:
    """Bytes read and ns taken, out of fio's JSON. Raises `MissingError` where it reports an error or says neither."""
    try:
        job = json.loads(text[text.index("{") :])["jobs"][0]  # warnings come before the JSON
        size, milliseconds, error = int(job["read"]["io_bytes"]), int(job["read"]["runtime"]), int(job["error"])
    except (ValueError, LookupError, TypeError) as problem:
        raise MissingError(f"fio's output cannot be read ({type(problem).__name__}: {problem})") from problem
    if error:
        raise MissingError(f"fio failed: {os.strerror(error)}")
    if size <= 0 or milliseconds <= 0:
        raise MissingError("fio read nothing that its clock could measure")
    return size, milliseconds * NS // 1000


def _memory(size: int) -> str:
    """Reserved huge pages where enough of them are free, else malloc, which is told to ask for transparent ones."""
    facts = fields_of("/proc/meminfo")
    page = facts.get("Hugepagesize", 0)
    pages = -(-size // page) + 1 if page else 0
    return "mmaphuge" if 0 < pages <= facts.get("HugePages_Free", 0) else "malloc"


def _with_huge_pages(tunables: str) -> str:
    return ":".join(part for part in (tunables, HUGE_PAGES) if part)
