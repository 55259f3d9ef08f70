#!/usr/bin/env python3
"""What loadbench itself costs and whether it changes what it measures, as ratios inside one run.

    .venv/bin/python scripts/benchmark.py [minimal|isolation|overhead|start]... [--pairs N] [--checkpoint gpt2]

minimal    `load` in loadbench against a script of a few lines that does the same load, in pairs
isolation  `load` in a fork of the zygote against `load` in a new interpreter, in pairs
overhead   wall time of a warm sweep over the sum of its timed loads, both isolations
start      `loadbench --help` and what it imports

A pair is two trials back to back, a coin says which goes first. The figure is the median of the pairs'
ratios with its order-statistic 95 % interval: 1.00 inside it means no difference that this run can see.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from loadbench.analysis.statistics import interval
from loadbench.checkpoints.checkpoint import Checkpoint
from loadbench.checkpoints.convert import converted
from loadbench.checkpoints.manifest import manifest_of, manifest_path
from loadbench.checkpoints.synthetic import ensure_spec
from loadbench.loaders import find
from loadbench.machine import pagecache
from loadbench.machine.storage import describe_storage
from loadbench.records import CacheWish, Case
from loadbench.store import read_run
from loadbench.sweep.processes import Context, process_context
from loadbench.sweep.supervise import Job, run_trial

LOADERS = ("safetensors-mmap", "safetensors-pread", "fastsafetensors-nogds", "runai-streamer", "tensorizer")

# Each is what a person would write who wants the same tensors, owned, on the CPU: a function that returns them.
# Everything before t0 is before loadbench's clock as well: imports.
MINIMAL = {
    "safetensors-mmap": """
from safetensors.torch import load_file
def load(files):
    tensors = {}
    for file in files:
        for name, tensor in load_file(file, backend="mmap").items():
            tensors[name] = tensor.clone()
    return tensors
""",
    "safetensors-pread": """
from safetensors.torch import load_file
def load(files):
    tensors = {}
    for file in files:
        tensors.update(load_file(file, backend="pread"))
    return tensors
""",
    "fastsafetensors-nogds": """
from fastsafetensors import SafeTensorsFileLoader
def load(files):
    loader = SafeTensorsFileLoader(None, "cpu", bbuf_size_kb=16384, max_threads=16, nogds=True)
    loader.add_filenames({0: files})
    buffer = loader.copy_files_to_device()
    tensors = {name: buffer.get_tensor(name) for name in buffer.key_to_rank_lidx}
    buffer.close()
    loader.close()
    return tensors
""",
    "runai-streamer": """
from runai_model_streamer import SafetensorsStreamer
def load(files):
    with SafetensorsStreamer() as streamer:
        streamer.stream_files(files, device="cpu", owned=True)
        return dict(streamer.get_tensors())
""",
    "tensorizer": """
from tensorizer import TensorDeserializer
def load(files):
    tensors = {}
    for file in files:
        opened = TensorDeserializer(file, device="cpu")
        tensors.update((name, opened[name]) for name in opened)
        opened.close()
    return tensors
""",
}
TIMED = """
import sys, time, torch
{load}
t0 = time.perf_counter()
tensors = load(sys.argv[1:])
print(time.perf_counter() - t0)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--checkpoint", default="gpt2")
    parser.add_argument("--loader", default=",".join(LOADERS), help="for minimal and isolation")
    arguments = parser.parse_args()
    unknown = set(arguments.what) - set(PARTS)
    if unknown:
        parser.error(f"unknown part {', '.join(unknown)}; known: {', '.join(PARTS)}")
    # Both sides without numpy's huge pages: where the kernel has to make them first, Run:ai's time is anything
    # from a quarter of a second to two, and pairs say nothing.
    os.environ["NUMPY_MADVISE_HUGEPAGE"] = "0"
    checkpoint = ensure_spec(arguments.checkpoint)
    manifest_of(checkpoint)
    for part in arguments.what or PARTS:
        print(f"\n{part}", flush=True)
        PARTS[part](checkpoint, arguments.pairs, arguments.loader.split(","))


def minimal(checkpoint: Checkpoint, pairs: int, loaders: list[str]) -> None:
    """loadbench's `load` over the minimal script's."""
    context = process_context("fork")
    for cache in ("warm", "cold"):
        for loader in loaders:
            job = job_of(checkpoint, loader, cache)
            ratios = paired(partial(load_seconds, job, context), partial(minimal_seconds, job), pairs)
            print(f"  {loader:22} {cache}  loadbench ÷ minimal script = {in_words(ratios)}", flush=True)


def isolation(checkpoint: Checkpoint, pairs: int, loaders: list[str]) -> None:
    """`load` under fork over `load` under spawn."""
    fork, spawn = process_context("fork"), process_context("spawn")
    for loader in loaders:
        job = job_of(checkpoint, loader, "warm")
        ratios = paired(partial(load_seconds, job, fork), partial(load_seconds, job, spawn), pairs)
        print(f"  {loader:22} warm  fork ÷ spawn = {in_words(ratios)}", flush=True)


def overhead(checkpoint: Checkpoint, _pairs: int, _loaders: list[str]) -> None:
    """Wall time of whole sweeps over the time inside their clocks; zygote, hashing and report included."""
    for kind in ("fork", "spawn"):
        with tempfile.TemporaryDirectory() as directory:
            out = Path(directory) / "run"
            command = [
                sys.executable, "-m", "loadbench", "sweep", str(checkpoint.path), "--cache", "warm",
                "--loader", ",".join(LOADERS), "--rounds", "6", "--isolation", kind, "--out", str(out),
            ]  # fmt: skip
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            wall = time.perf_counter() - started
            records = read_run(out).records
            loads = [record.timing.load_ns / 1e9 for record in records if record.timing]
            each = (wall - sum(loads)) / len(loads)
            print(
                f"  {kind:5}  {wall:.1f} s for {len(loads)} trials with {sum(loads):.1f} s inside the clocks: "
                f"{wall / sum(loads):.2f} times, {each * 1000:.0f} ms a trial on top",
                flush=True,
            )


def start(_checkpoint: Checkpoint, pairs: int, _loaders: list[str]) -> None:
    """Time to the help text, and what is imported on the way."""
    times = []
    for _ in range(max(pairs, 5)):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "loadbench", "--help"], check=True, capture_output=True)
        times.append(time.perf_counter() - started)
    print(f"  loadbench --help: median {statistics.median(times):.3f} s, best {min(times):.3f} s of {len(times)}")


def job_of(checkpoint: Checkpoint, loader: str, cache: CacheWish) -> Job:
    form = checkpoint if checkpoint.format in find(loader).formats else converted(checkpoint)
    case = Case(loader=loader, checkpoint=checkpoint.name, cache=cache)
    device = describe_storage(form.files[0]).device
    return Job(case, form.files, manifest_path(checkpoint, "auto"), device, "fadvise", None, None)


def load_seconds(job: Job, context: Context) -> float:
    with tempfile.TemporaryDirectory() as directory:
        outcome = run_trial(job, context, Path(directory) / "log", 120)
    if outcome.finished is None:
        raise SystemExit(f"a trial did not succeed: {outcome}")
    events = outcome.finished.events
    return (events["synchronised"] - events["load_called"]) / 1e9


def minimal_seconds(job: Job) -> float:
    if job.case.cache == "warm":
        pagecache.make_warm(job.files)
    else:
        pagecache.evict(job.files, "fadvise")
    script = TIMED.replace("{load}", MINIMAL[job.case.loader])
    command = [sys.executable, "-c", script, *map(str, job.files)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def paired(one: Callable[[], float], other: Callable[[], float], pairs: int) -> list[float]:
    """Ratios one ÷ other of trials made back to back, a coin deciding which goes first; the first pair is warm-up."""
    coin = random.Random(1)
    ratios = []
    for _ in range(pairs + 1):
        if coin.random() < 0.5:
            a = one()
            b = other()
        else:
            b = other()
            a = one()
        ratios.append(a / b)
    return ratios[1:]


def in_words(ratios: list[float]) -> str:
    scaled = [round(ratio * 1_000_000) for ratio in ratios]
    found = interval(scaled)
    return (
        f"{statistics.median(ratios):.3f} [{found.low / 1e6:.3f}, {found.high / 1e6:.3f}] "
        f"{found.kind}, {len(ratios)} pairs"
    )


PARTS = {"minimal": minimal, "isolation": isolation, "overhead": overhead, "start": start}

if __name__ == "__main__":
    main()
