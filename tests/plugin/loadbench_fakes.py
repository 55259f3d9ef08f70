"""A plug-in loader that misbehaves on demand, found through a real entry point when this folder is on PYTHONPATH."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from loadbench.loaders.contract import Memory, Witness, tunable
from loadbench.records import Value

if TYPE_CHECKING:
    import torch

BEHAVIOURS = (
    "right", "wrong-bytes", "missing", "extra", "twice", "wrong-dtype", "wrong-shape", "lazy", "reuse", "ignore",
    "raise", "raise-midway", "crash", "exit", "hang", "hang-in-prepare", "raise-in-prepare", "killed", "print",
    "hungry", "import", "child", "secret", "claim-direct", "claim-gds", "look", "lenient",
    "stop-clock", "late", "odd-setting", "die-at-any-time", "uneven", "stranger",
    "child-reads", "child-reads-and-stays", "remove",
)  # fmt: skip

_READ = """
import sys
for name in sys.argv[1:]:
    with open(name, "rb", buffering=0) as file:
        while file.read(1 << 20):
            pass
"""


@dataclass(frozen=True)
class Fake:
    """Reads the file with plain reads, and then does what `behaviour` says."""

    distributions: ClassVar[tuple[str, ...]] = ("loadbench-fakes",)
    formats: ClassVar[tuple[str, ...]] = ("safetensors",)
    devices: ClassVar[tuple[str, ...]] = ("cpu",)
    ceiling: ClassVar[bool] = False
    variants: ClassVar[dict[str, tuple[Value, ...]]] = {}

    behaviour: str = tunable("right", "behaviour", "what to do wrong", choices=BEHAVIOURS)
    threads: int = tunable(1, "threads", "does nothing", minimum=1)
    sleep_ms: int = tunable(0, "sleep_ms", "sleep inside load()", minimum=0)

    def unavailable(self, device: str) -> str | None:
        return None

    def memory(self, device: str) -> Memory:
        return "owned"

    def path(self, device: str) -> str:
        return {"claim-direct": "direct", "claim-gds": "gds"}.get(self.behaviour, "buffered")

    def prepare(self, files: Sequence[Path], device: str) -> None:
        if self.behaviour == "hang-in-prepare":
            time.sleep(3600)
        if self.behaviour == "raise-in-prepare":
            raise RuntimeError("no such library here")
        if self.behaviour == "die-at-any-time":
            threading.Timer(0.2, os.kill, (os.getpid(), 9)).start()
        import torch  # noqa: F401

    def load(self, files: Sequence[Path], device: str, witness: Witness) -> Iterator[tuple[str, torch.Tensor]]:
        import torch

        time.sleep(self.sleep_ms / 1000)
        self._before(witness)
        self._read_by_another(files)
        if self.behaviour == "look":
            _look_around(witness)
        witness.setting("threads", 1 if self.behaviour == "ignore" else self.threads)
        if self.behaviour == "lazy":
            from safetensors import safe_open

            with safe_open(files[0], framework="pt") as opened:
                yield from opened.get_tensors().items()
            return
        if self.behaviour == "late":
            yield from _filled_later(files)
            return
        reused = torch.empty(0, dtype=torch.uint8)
        for number, (name, raw, dtype, shape) in enumerate(_tensors(files, lenient=self.behaviour == "lenient")):
            if self.behaviour == "reuse":
                reused.resize_(len(raw)).copy_(torch.frombuffer(raw, dtype=torch.uint8))
                yield name, reused[: len(raw)].view(dtype).reshape(shape)
                continue
            tensor = torch.frombuffer(raw, dtype=torch.uint8).view(dtype).reshape(shape)
            yield from self._spoiled(number, name, tensor)
        if self.behaviour == "remove":
            for file in files:
                file.unlink()

    def _before(self, witness: Witness) -> None:
        match self.behaviour:
            case "raise":
                raise ValueError("the fake was told to raise\nand its message has two lines")
            case "crash":
                ctypes.string_at(0)
            case "exit":
                sys.exit(7)
            case "hang":
                time.sleep(3600)
            case "killed":
                os.kill(os.getpid(), 9)
            case "print":
                print("noise on stdout")  # noqa: T201
                os.write(1, b"native noise\n")
            case "hungry":
                import torch

                torch.zeros(1 << 44, dtype=torch.uint8)
            case "import":
                import asyncio  # noqa: F401
                import unittest.mock  # noqa: F401
                import xml.dom.minidom  # noqa: F401
            case "die-at-any-time":
                time.sleep(5)
            case "uneven":
                time.sleep(_turn() % 2)
            case "stop-clock":
                witness.mark("synchronised")
            case "odd-setting":
                witness.setting("threads", [1])  # type: ignore[arg-type]
            case "child":
                subprocess.Popen(["sleep", "3600"])
                time.sleep(3600)
            case "secret":
                raise RuntimeError(f"denied for key {os.environ['AWS_SECRET_ACCESS_KEY']}")

    def _read_by_another(self, files: Sequence[Path]) -> None:
        """Let another process bring the files into the page cache, and wait until it has."""
        match self.behaviour:
            case "stranger":
                meeting = Path(os.environ["LOADBENCH_STRANGER"])
                (meeting / "ask").write_text("\n".join(map(str, files)))
                (meeting / "done").read_text()
            case "child-reads":
                subprocess.run([sys.executable, "-c", _READ, *map(str, files)], check=True)
            case "child-reads-and-stays":
                command = [sys.executable, "-c", f"{_READ}\nprint(flush=True)\nsys.stdin.read()", *map(str, files)]
                child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                assert child.stdout
                child.stdout.readline()

    def _spoiled(self, number: int, name: str, tensor: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
        import torch

        first = number == 0
        match self.behaviour:
            case "wrong-bytes" if first:
                tensor.reshape(-1).view(torch.uint8)[-1] ^= 1
            case "missing" if first:
                return
            case "twice" if first:
                yield name, tensor
            case "extra" if first:
                yield "not.in.the.file", tensor.clone()
            case "wrong-dtype" if first:
                tensor = tensor.to(torch.float64)
            case "wrong-shape" if first:
                tensor = tensor.reshape(-1)
            case "raise-midway" if number == 1:
                raise OSError(5, "Input/output error")
        yield name, tensor


def _filled_later(files: Sequence[Path]) -> Iterator[tuple[str, torch.Tensor]]:
    """Hand out empty tensors at once and read into them from a thread of its own."""
    import torch

    tensors = list(_tensors(files, lenient=False))
    empty = {name: torch.zeros(len(raw), dtype=torch.uint8) for name, raw, _, _ in tensors}

    def fill() -> None:
        time.sleep(0.05)
        for name, raw, _, _ in _tensors(files, lenient=False):
            empty[name].copy_(torch.frombuffer(raw, dtype=torch.uint8))

    threading.Thread(target=fill).start()
    for name, _, dtype, shape in tensors:
        yield name, empty[name].view(dtype).reshape(shape)
    # The harness would have to wait for the thread; it cannot know of it.


def _look_around(witness: Witness) -> None:
    """Attest what the process was born with."""
    import torch

    libraries = ("safetensors", "fastsafetensors", "runai_model_streamer", "tensorizer")
    witness.setting("libraries", ",".join(name for name in libraries if name in sys.modules))
    witness.setting("cuda_initialized", torch.cuda.is_initialized())  # type: ignore[no-untyped-call]
    witness.setting("pid", os.getpid())
    witness.setting("session_leader", os.getsid(0) == os.getpid())
    witness.setting("threads_alive", len(list(Path("/proc/self/task").iterdir())))


def _tensors(files: Sequence[Path], *, lenient: bool) -> Iterator[tuple[str, bytearray, torch.dtype, list[int]]]:
    import torch

    dtypes = {
        "F32": torch.float32,
        "F16": torch.float16,
        "BF16": torch.bfloat16,
        "I64": torch.int64,
        "U8": torch.uint8,
        "BOOL": torch.bool,
    }
    for file in files:
        with file.open("rb") as opened:
            header = json.loads(opened.read(int.from_bytes(opened.read(8), "little")))
            start = opened.tell()
            for name, info in header.items():
                if name != "__metadata__":
                    begin, end = info["data_offsets"]
                    opened.seek(start + begin)
                    raw = bytearray(opened.read(end - begin))
                    if lenient:
                        raw = raw.ljust(end - begin, b"\0")
                    yield name, raw, dtypes[info["dtype"]], info["shape"]


@dataclass(frozen=True)
class FakeLazy(Fake):
    """Says that its tensors are owned and hands out mappings."""

    behaviour: str = tunable("lazy", "behaviour", "what to do wrong")


@dataclass(frozen=True)
class FakeReusing(Fake):
    """Says that its tensors are owned and overwrites them."""

    behaviour: str = tunable("reuse", "behaviour", "what to do wrong")


@dataclass(frozen=True)
class FakeImporting(Fake):
    """Imports what it needs while the clock runs."""

    behaviour: str = tunable("import", "behaviour", "what to do wrong")


@dataclass(frozen=True)
class FakeLenient(Fake):
    """Loads a truncated file without a word, filling up with zeros."""

    behaviour: str = tunable("lenient", "behaviour", "what to do wrong")


def _turn() -> int:
    """How often this was called before, by any trial of the test session."""
    counter = Path(os.environ["LOADBENCH_CACHE"], "turns")
    with counter.open("ab") as file:
        file.write(b".")
    return counter.stat().st_size
