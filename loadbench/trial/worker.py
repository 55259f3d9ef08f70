"""The trial's process, from its first line to its last. Runs in a fork of the zygote or a new interpreter."""

from __future__ import annotations

import contextlib
import gc
import math
import sys
import time
import traceback
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from loadbench.checkpoints.manifest import Manifest
from loadbench.loaders import find
from loadbench.loaders.contract import Loader
from loadbench.records import BytesProof
from loadbench.trial import counters, device, finish_line, verify
from loadbench.trial.dtypes import torch_dtype, torch_shape
from loadbench.trial.process import limit_memory, map_code, own_the_process, status_bytes
from loadbench.trial.spec import Failed, Finished, Go, Loaded, MemoryCounts, Ready, TrialSpec, Verify
from loadbench.trial.witness import TrialWitness
from loadbench.units import NS

if TYPE_CHECKING:
    import torch

_OUT_OF_MEMORY = (
    "can't allocate memory",
    "not enough memory",
    "bad_alloc",
    "out of memory",
    "cannot allocate memory",
    "gpu operation failed: 2",  # fastsafetensors 0.5.0: cudaErrorMemoryAllocation, said of host memory too
)


def main(spec: TrialSpec, channel: Connection) -> None:
    """Do one trial and answer over the channel. Whatever is raised becomes an answer, and a trace in the log."""
    own_the_process(spec.log)
    if spec.forked:
        map_code()
    try:
        channel.send(run(spec, channel))
    except finish_line.WrongTensorError as error:
        channel.send(Failed(str(error), wrong_bytes=True))
    except Exception as error:  # a loader may raise anything; fastsafetensors raises bare Exception
        traceback.print_exc()
        channel.send(Failed(one_line(error)))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        channel.close()


def run(spec: TrialSpec, channel: Connection) -> Finished:
    """The trial itself: prepare, wait for the word, load under the clock, prove."""
    import torch

    if spec.memory_limit is not None:
        limit_memory(spec.memory_limit)
    gc.freeze()  # torch's objects need not be looked at again by each collection
    case = spec.case
    witness = TrialWitness(spec.spawned_ns, spec.log)
    loader = find(case.loader)(**case.tunables)
    loader.prepare(spec.files, case.device)
    witness.happened("imported")
    target = device.open_device("cpu" if loader.ceiling else case.device)
    witness.happened("context_ready")
    manifest = Manifest.read(spec.manifest)
    parameters = _parameters(manifest, target) if case.contract == "stream" and not loader.ceiling else {}
    arrive = _finish_line(loader, spec, target, parameters)
    gc.collect()
    device_used = device.used_bytes(target)
    device.reset_peak(target)
    rss_before = counters.reset_peak_rss()

    channel.send(Ready(_gpu(target)))
    _expect(channel, Go)

    modules_before = len(sys.modules)
    before = counters.before_the_clock()
    witness.happened("load_called")
    started = counters.now_ns()
    held = finish_line.consume(loader.load(spec.files, case.device, witness), arrive, witness)
    device.synchronise(target)
    _slow_down(spec.handicap, counters.now_ns() - started, witness)
    witness.happened("synchronised")
    after = counters.after_the_clock()
    modules_imported = len(sys.modules) - modules_before
    rss_peak, rss_anon, rss_file = (status_bytes(field) for field in ("VmHWM", "RssAnon", "RssFile"))
    device_peak = device.peak_bytes(target, device_used)

    channel.send(Loaded())
    _expect(channel, Verify)

    mapped = verify.count_mapped(held, spec.files)
    proof = _proof(loader, held, manifest)
    late = counters.difference(after, counters.after_the_clock())
    tensors, delivered = len(held), sum(tensor.nbytes for tensor in held.values())
    held.clear()
    parameters.clear()
    gc.collect()
    if target.type == "cuda":
        torch.cuda.empty_cache()
    witness.happened("released")
    return Finished(
        events=witness.events,
        modules_imported=modules_imported,
        delivered_bytes=delivered,
        tensors=tensors,
        counts=counters.difference(before, after),
        memory=MemoryCounts(rss_before, rss_peak, rss_anon, rss_file, device_peak, device.released_bytes(target)),
        proof=proof,
        late_bytes=0 if case.contract == "touched" else max(late.read_call_bytes or 0, late.storage_read_bytes or 0),
        mapped=mapped,
        attested_settings=witness.settings,
        attested_path=witness.effective_path,
    )


def _slow_down(handicap: float, took_ns: int, witness: TrialWitness) -> None:
    """Sleep for a share of the time that the load took, and attest it: the record must not pass for a real one."""
    if handicap:
        witness.setting("handicap", handicap)
        time.sleep(handicap * took_ns / NS)


def one_line(error: BaseException) -> str:
    """An exception as one line: its type and the first line of its message."""
    message = str(error).strip()
    first = message.splitlines()[0] if message else ""
    if isinstance(error, MemoryError) or any(words in message.lower() for words in _OUT_OF_MEMORY):
        return f"needs more memory than there is ({type(error).__name__}: {first})"
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _finish_line(
    loader: Loader, spec: TrialSpec, target: torch.device, parameters: dict[str, torch.Tensor]
) -> finish_line.Arrive:
    if loader.ceiling:
        return finish_line.as_it_comes
    case = spec.case
    return finish_line.finish_line(case.contract, loader.memory(case.device), case.dtype, target, parameters)


def _parameters(manifest: Manifest, target: torch.device) -> dict[str, torch.Tensor]:
    """A parameter for every tensor, faulted in: an engine has allocated its model before it loads weights."""
    import torch

    parameters = {}
    for name, expected in manifest.tensors.items():
        dtype, shape = torch_dtype(expected.dtype), torch_shape(expected.dtype, tuple(expected.shape))
        # Filled as bytes: torch cannot fill its 4- and 8-bit floats, and zeros() would not touch the pages.
        raw = torch.empty(math.prod(shape) * dtype.itemsize, dtype=torch.uint8, device=target).fill_(0)
        parameters[name] = raw.view(dtype).reshape(shape)
    return parameters


def _gpu(target: torch.device) -> str | None:
    """The target's UUID as the driver writes it: the parent has no other way to tell which GPU `cuda:N` is."""
    import torch

    uuid = getattr(torch.cuda.get_device_properties(target), "uuid", None) if target.type == "cuda" else None
    return f"GPU-{uuid}" if uuid else None


def _proof(loader: Loader, held: dict[str, torch.Tensor], manifest: Manifest) -> BytesProof:
    return verify.compare_files(held, manifest) if loader.ceiling else verify.compare_tensors(held, manifest)


def _expect(channel: Connection, word: type[Go] | type[Verify]) -> None:
    """Wait at the barrier. A parent that has gone away ends the trial."""
    with contextlib.suppress(EOFError):
        if isinstance(channel.recv(), word):
            return
    raise SystemExit(1)
