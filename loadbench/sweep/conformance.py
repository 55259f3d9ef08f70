"""The conformance kit: what a loader, built in or a stranger's, has to do right before its figures mean anything."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from loadbench import loaders
from loadbench.checkpoints.cache import cache_subdir
from loadbench.checkpoints.checkpoint import open_checkpoint
from loadbench.checkpoints.convert import converted
from loadbench.checkpoints.manifest import manifest_of, manifest_path
from loadbench.loaders.contract import Loader, Tunable
from loadbench.loaders.declaration import declaration_faults
from loadbench.records import Case, Contract, Record, Value
from loadbench.sweep.disturbance import TOLERABLE
from loadbench.sweep.judge import judge
from loadbench.sweep.processes import Context, process_context
from loadbench.sweep.samples import Sample, damaged_samples, good_samples
from loadbench.sweep.supervise import Job, run_trial

TIMEOUT_S = 30.0
IMPORTS_ALLOWED = 5
"""Modules that may be imported inside the clock. Libraries import a helper now and then; a hundred is a mistake."""


@dataclass(frozen=True)
class Check:
    """One requirement and whether the loader meets it."""

    name: str
    passed: bool
    detail: str = ""
    skipped: bool = False


def check_loader(name: str, device: str) -> Iterator[Check]:
    """Check a loader by name on real files in fresh processes; each result as soon as it is known."""
    kind = loaders.find(name)
    faults = declaration_faults(kind, device)
    yield Check("declares its facts and tunables", not faults, "; ".join(faults))
    if faults:
        return
    reason = loaders.unavailable(kind(), device)
    if reason:
        yield Check("loads", passed=False, detail=f"cannot run here: {reason}", skipped=True)
        return
    # In the cache and not in /tmp, which may be in memory, where nothing can be read directly.
    with (
        tempfile.TemporaryDirectory(prefix="samples-", dir=cache_subdir("conformance")) as directory,
        _own_cache(Path(directory) / "cache"),
    ):
        yield from _check_loads(name, kind, device, Path(directory))


@contextmanager
def _own_cache(directory: Path) -> Iterator[None]:
    """Manifests and conversions of the samples go with the samples."""
    before = os.environ.get("LOADBENCH_CACHE")
    os.environ["LOADBENCH_CACHE"] = str(directory)
    try:
        yield
    finally:
        if before is None:
            del os.environ["LOADBENCH_CACHE"]
        else:
            os.environ["LOADBENCH_CACHE"] = before


def _check_loads(name: str, kind: type[Loader], device: str, directory: Path) -> Iterator[Check]:
    context = process_context("fork")
    samples = good_samples(directory / "good")
    for sample in samples:
        record = _trial(_case(name, sample, device), sample, context, directory)
        yield Check(f"loads '{sample.name}' with the right bytes", record.status == "ok", record.reason)
        if record.timing:
            imported = record.timing.modules_imported
            detail = f"{imported} modules were imported inside the clock: import them in prepare()"
            few = imported <= IMPORTS_ALLOWED
            yield Check(f"imports nothing while loading '{sample.name}'", few, "" if few else detail)
    if not kind.ceiling:
        record = _trial(_case(name, samples[0], device, contract="stream"), samples[0], context, directory)
        yield Check("loads into parameters (contract stream)", record.status == "ok", record.reason)
    for tunable in loaders.tunables_of(kind).values():
        for value in _values_to_try(tunable):
            record = _trial(
                _case(name, samples[0], device, tunables={tunable.name: value}), samples[0], context, directory
            )
            yield Check(f"takes {tunable.name}={value}", record.status == "ok", record.reason)
    if "safetensors" in kind.formats and not kind.ceiling:
        for sample in damaged_samples(directory / "damaged"):
            yield _check_damaged(name, device, sample, samples[0], context, directory)


def _check_damaged(name: str, device: str, damaged: Sample, whole: Sample, context: Context, directory: Path) -> Check:
    """A damaged file must end in an exception: not in a crash, a hang, or wrong tensors."""
    case = _case(name, damaged, device)
    files = tuple(sorted(damaged.path.glob("*.safetensors")))
    job = Job(case, files, manifest_path(open_checkpoint(whole.path), "auto"), None, "fadvise", None, None)
    outcome = run_trial(job, context, directory / "damaged.log", TIMEOUT_S)
    clean = outcome.failed is not None and not outcome.failed.wrong_bytes
    detail = outcome.died or outcome.hung or ("it was loaded without an error" if outcome.finished else "")
    return Check(f"refuses '{damaged.name}' with an exception", clean, "" if clean else detail)


def _trial(case: Case, sample: Sample, context: Context, directory: Path) -> Record:
    checkpoint = open_checkpoint(sample.path)
    manifest_of(checkpoint)
    form = checkpoint if checkpoint.format in loaders.find(case.loader).formats else converted(checkpoint)
    job = Job(case, form.files, manifest_path(checkpoint, "auto"), None, "fadvise", None, None)
    outcome = run_trial(job, context, directory / "trial.log", TIMEOUT_S)
    return judge(
        case,
        outcome,
        round_number=1,
        attempt=1,
        started_at=datetime.now(UTC),
        session=0,
        isolation="fork",
        payload_bytes=checkpoint.payload_bytes,
        stored_bytes=None,
        tolerated=frozenset(TOLERABLE),  # nothing is timed here
    )


def _case(
    name: str, sample: Sample, device: str, *, contract: Contract = "owned", tunables: dict[str, Value] | None = None
) -> Case:
    """Warm, since the kit is about right and wrong and not about time."""
    return Case(
        loader=name, checkpoint=sample.name, device=device, cache="warm", contract=contract, tunables=tunables or {}
    )


def _values_to_try(tunable: Tunable) -> tuple[Value, ...]:
    """The default and something else that the tunable's declaration allows."""
    if tunable.choices:
        return tunable.choices
    if tunable.kind is bool:
        return (False, True)
    if tunable.kind is int and isinstance(tunable.default, int):
        return tuple(dict.fromkeys((tunable.default, max(tunable.minimum or 1, tunable.default // 2))))
    return (tunable.default,)
