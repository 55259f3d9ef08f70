"""The plan of a sweep as text, for `--dry-run`. Makes nothing and reads headers at the most."""

from pathlib import Path

from loadbench.cli.checkpoints import is_model_name
from loadbench.loaders import find
from loadbench.records import Case, name_value
from loadbench.sweep.options import SweepOptions
from loadbench.sweep.plan import plan_cases
from loadbench.units import human_duration, human_size

ROUGH_BYTES_PER_SECOND = 1_000_000_000
ROUGH_SECONDS_PER_TRIAL = 0.7
"""Guesses for the ETA before anything was measured: a rate that most storage passes, and fork, priming and hashing."""


def plan_text(options: SweepOptions) -> str:
    """Cases, trials, what they need, a rough time, and what will be skipped."""
    name, size, tensors, made = _checkpoint(options.checkpoint)
    planned = plan_cases(options, name)
    cases = [p.case for p in planned if not p.skip]
    trials = len(cases) * options.rounds
    rough = trials * (size / ROUGH_BYTES_PER_SECOND + ROUGH_SECONDS_PER_TRIAL)
    converted = any("tensors" in find(case.loader).formats for case in cases)
    lines = [
        f"{name}: {human_size(size)}, {tensors} tensors" + ("" if made else "; it will be made"),
        f"{len(cases)} cases × {options.rounds} rounds = {trials} trials, very roughly {human_duration(rough)}",
        f"memory: {human_size(size)} for the tensors of a trial, up to twice that while some loaders work",
        f"disk: {human_size((0 if made else size) + (size if converted else 0))} in the cache directory at the most",
        "",
        *(f"  {_case_text(case)}" for case in cases),
    ]
    skips = [p for p in planned if p.skip]
    if skips:
        lines += ["", "skipped:", *(f"  {_case_text(p.case)}: {p.skip}" for p in skips)]
    return "\n".join(lines)


def _checkpoint(text: str) -> tuple[str, int, int, bool]:
    """Name, bytes and tensors of the checkpoint, and whether it is there already."""
    from loadbench.checkpoints.cache import cache_subdir
    from loadbench.checkpoints.checkpoint import open_checkpoint
    from loadbench.checkpoints.plan import ModelRequest, plan_model

    if not is_model_name(text):
        checkpoint = open_checkpoint(Path(text).expanduser())
        return checkpoint.name, checkpoint.file_bytes, len(checkpoint.tensors), True
    plan = plan_model(ModelRequest.parse(text))
    tensors = sum(len(file.tensors) for file in plan.files)
    return plan.name, plan.bytes, tensors, (cache_subdir("checkpoints") / plan.name).exists()


def _case_text(case: Case) -> str:
    conditions = [case.cache, case.device, case.contract, case.dtype]
    return " ".join([case.loader, *conditions, *(f"{key}={name_value(v)}" for key, v in case.tunables.items())])
