"""What must be there before the first trial: the checkpoint in every form, its manifests, a way to make it cold."""

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from loadbench import loaders
from loadbench.checkpoints.checkpoint import Checkpoint
from loadbench.checkpoints.convert import converted
from loadbench.checkpoints.manifest import manifest_of, manifest_path
from loadbench.errors import CacheControlError, CheckpointError
from loadbench.machine.copies import private_copy, remove_stale_copies
from loadbench.machine.memory import available_bytes
from loadbench.machine.pagecache import choose_cold_method
from loadbench.machine.residency import residency
from loadbench.machine.storage import describe_storage
from loadbench.records import Case, CheckpointInfo
from loadbench.sweep.options import SweepOptions
from loadbench.sweep.plan import Planned
from loadbench.sweep.supervise import Job
from loadbench.units import human_size

Show = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]
"""Makes a display for something slow, by what it is called: a function that takes bytes done and bytes in total."""


@dataclass(frozen=True)
class Inputs:
    """The jobs of a sweep by case name, and the cases that cannot be tried, with the reason."""

    jobs: Mapping[str, Job]
    skipped: Mapping[str, str]
    infos: Mapping[str, CheckpointInfo]
    """By name of the checkpoint."""


@dataclass
class _Forms:
    """The files of each checkpoint format and how they are made cold; a format that cannot be had has a reason."""

    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)
    files: dict[str, tuple[Path, ...]] = field(default_factory=dict)
    cold_methods: dict[str, str] = field(default_factory=dict)
    unavailable: dict[str, str] = field(default_factory=dict)
    no_cold: dict[str, str] = field(default_factory=dict)


def prepare_inputs(
    checkpoints: Sequence[Checkpoint],
    planned: Sequence[Planned],
    options: SweepOptions,
    cleanup: ExitStack,
    show: Show,
) -> Inputs:
    """Convert, hash and find out about the page cache, for the cases that can run.

    `show` makes a display for what is slow; what has to be removed after the sweep goes on `cleanup`.
    """
    jobs: dict[str, Job] = {}
    skipped: dict[str, str] = {}
    infos: dict[str, CheckpointInfo] = {}
    for checkpoint in checkpoints:
        of_it = [p for p in planned if p.case.checkpoint == checkpoint.name]
        found = _prepare_one(checkpoint, of_it, options, cleanup, show)
        jobs |= found.jobs
        skipped |= found.skipped
        infos |= found.infos
    return Inputs(jobs, skipped, infos)


def _prepare_one(
    checkpoint: Checkpoint, planned: Sequence[Planned], options: SweepOptions, cleanup: ExitStack, show: Show
) -> Inputs:
    runnable = [p.case for p in planned if not p.skip]
    skipped = {p.case.name: p.skip for p in planned if p.skip}
    forms = _make_forms(checkpoint, runnable, options, cleanup, show)
    for dtype in dict.fromkeys(["auto", *(case.dtype for case in runnable)]):
        with show(f"hashing {checkpoint.name}, once" + ("" if dtype == "auto" else f" for {dtype}")) as progress:
            manifest_of(checkpoint, dtype, progress)
    digest = manifest_of(checkpoint).digest
    memory = min(available_bytes(), options.memory_limit or sys.maxsize)
    jobs = {}
    for case in runnable:
        format = _format_of(case)
        reason = forms.unavailable.get(format) or _memory_reason(case, checkpoint, memory)
        if not reason and case.cache == "cold":
            reason = forms.no_cold.get(format, "")
        if reason:
            skipped[case.name] = reason
        else:
            jobs[case.name] = _job(case, checkpoint, forms, options, memory)
    return Inputs(jobs, skipped, {checkpoint.name: checkpoint_info(checkpoint, digest)})


def checkpoint_info(checkpoint: Checkpoint, digest: str) -> CheckpointInfo:
    """A checkpoint as run.json describes it."""
    return CheckpointInfo(
        path=str(checkpoint.path.absolute()),
        files=len(checkpoint.files),
        file_bytes=checkpoint.file_bytes,
        payload_bytes=checkpoint.payload_bytes,
        tensors=len(checkpoint.tensors),
        digest=digest,
        source=checkpoint.source,
    )


def _make_forms(
    checkpoint: Checkpoint, cases: Sequence[Case], options: SweepOptions, cleanup: ExitStack, show: Show
) -> _Forms:
    forms = _Forms({checkpoint.format: checkpoint})
    wanted = {_format_of(case) for case in cases}
    if "tensors" in wanted and checkpoint.format != "tensors":
        try:
            with show(f"converting {checkpoint.name} to tensorizer's format, once") as progress:
                forms.checkpoints["tensors"] = converted(checkpoint, progress)
        except CheckpointError as error:
            forms.unavailable["tensors"] = str(error)
    for format in wanted & set(forms.checkpoints):
        forms.files[format] = forms.checkpoints[format].files
        if "cold" in options.cache:
            try:
                _find_cold_method(format, forms, options.cold_by, cleanup, show)
            except CacheControlError as error:
                forms.no_cold[format] = str(error)
        state = residency(forms.files[format])
        if state.state == "unknown":
            forms.unavailable[format] = f"whether the page cache is cold or warm cannot be told here ({state.method})"
    return forms


def _find_cold_method(format: str, forms: _Forms, wish: str, cleanup: ExitStack, show: Show) -> None:
    """Find the way to make a form cold. A private copy, where it is the only way, serves the whole sweep, warm too."""
    files = forms.files[format]
    remove_stale_copies(files[0].parent)
    method = choose_cold_method(files, wish)
    if method == "copy":
        size = sum(file.stat().st_size for file in files)
        with show("copying the files, which cannot be evicted") as progress:
            progress(0, size)
            forms.files[format] = private_copy(files, files[0].parent)
            progress(size, size)
        cleanup.callback(shutil.rmtree, forms.files[format][0].parent, ignore_errors=True)
    forms.cold_methods[format] = method


def _job(case: Case, checkpoint: Checkpoint, forms: _Forms, options: SweepOptions, memory: int) -> Job:
    format = _format_of(case)
    files = forms.files[format]
    device = describe_storage(files[0]).device
    return Job(
        case=case,
        files=files,
        manifest=manifest_path(checkpoint, case.dtype),
        block_device=device,
        cold_method=forms.cold_methods.get(format, "fadvise"),
        memory_limit=_memory_limit(case, checkpoint, options, memory),
        stored_bytes=sum(file.stat().st_blocks * 512 for file in files) if device else None,
    )


def _format_of(case: Case) -> str:
    return loaders.find(case.loader).formats[0]


def _memory_reason(case: Case, checkpoint: Checkpoint, available: int) -> str:
    """Why the case cannot fit, as far as that can be known before trying: every tensor is held in host memory."""
    host = case.device == "cpu" or loaders.find(case.loader).ceiling
    as_stored = case.contract != "touched" and case.dtype == "auto"
    if host and as_stored and checkpoint.payload_bytes > available:
        return f"needs at least {human_size(checkpoint.payload_bytes)} of memory, {human_size(available)} may be used"
    return ""


def _memory_limit(case: Case, checkpoint: Checkpoint, options: SweepOptions, available: int) -> int | None:
    """What the trial may allocate. A private mapping of the file counts as allocated, though it uses no memory."""
    if options.memory_limit is None and case.device != "cpu":
        return None  # CUDA maps address space that no limit of ours could tell from memory
    mapped = loaders.find(case.loader)(**case.tunables).memory(case.device) == "mapped"
    return available + (checkpoint.file_bytes if mapped else 0)
