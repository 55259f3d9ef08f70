"""What this machine can and cannot prove about files at a path, with the consequence and what to do about it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loadbench.machine.doctor_cache import AREA as PAGE_CACHE
from loadbench.machine.doctor_cache import cache_findings
from loadbench.machine.doctor_disturbances import AREA as DISTURBANCES
from loadbench.machine.doctor_disturbances import disturbance_findings, other_work
from loadbench.machine.doctor_finding import Finding, looked_at
from loadbench.machine.doctor_gds import gds, gds_finding
from loadbench.machine.doctor_gpu import AREA as GPU
from loadbench.machine.doctor_gpu import gpu_findings, gpus
from loadbench.machine.doctor_machine import PROCESSORS, machine_findings, turbo
from loadbench.machine.doctor_probe import Probe, drop_caches_problem, try_files
from loadbench.machine.doctor_s3 import AREA as S3
from loadbench.machine.doctor_s3 import s3, s3_findings
from loadbench.machine.doctor_storage import AREA as STORAGE
from loadbench.machine.doctor_storage import storage_findings
from loadbench.machine.doctor_verdict import Verdict, cold_verdict
from loadbench.machine.doctor_weights import NO_WEIGHTS, Weights, weights_at
from loadbench.machine.environment import load_facts, machine_facts
from loadbench.machine.environment_cpu import cpu_facts
from loadbench.machine.environment_memory import limit_facts, memory_facts
from loadbench.records import Value


@dataclass(frozen=True)
class Diagnosis:
    """All findings, by area, and what follows for a cold sweep."""

    path: Path
    findings: tuple[Finding, ...]
    verdict: Verdict


def examine(path: Path) -> Diagnosis:
    """Try things out, on a file of a few megabytes that is removed again, and read what the kernel tells.

    For a path that does not exist, its nearest parent that does stands in. Nothing is raised, whatever /proc lacks.
    """
    # First of all, or the trying out would be part of it.
    facts = _facts()
    place = _existing(path.absolute())
    probe, weights = _tried(place, is_there=place == path.absolute())
    findings = [
        *looked_at(PAGE_CACHE, lambda: cache_findings(probe, weights, drop_caches_problem())),
        *looked_at(STORAGE, lambda: storage_findings(probe, str(facts.get("machine.virtualisation")))),
        *looked_at(DISTURBANCES, lambda: disturbance_findings(other_work(), facts)),
        *looked_at(PROCESSORS, lambda: machine_findings(facts, turbo())),
        *looked_at(GPU, _gpu),
        *looked_at(S3, lambda: s3_findings(s3(os.environ))),
    ]
    return Diagnosis(path, tuple(findings), cold_verdict(path, probe, weights))


def _existing(path: Path) -> Path:
    return next(place for place in (path, *path.parents) if os.access(place, os.F_OK) or place == Path("/"))


def _tried(place: Path, *, is_there: bool) -> tuple[Probe | str, Weights]:
    """What the place allows, and the weights in it; the weights in a parent that stands in are not asked about."""
    try:
        weights = weights_at(place) if is_there else NO_WEIGHTS
        others: Sequence[Path] = (place, *weights.files) if place.is_file() else weights.files
        return try_files(place if place.is_dir() else place.parent, others), weights
    except Exception as error:  # as in `looked_at`
        return f"{place}: {error!r}", NO_WEIGHTS


def _gpu() -> list[Finding]:
    found = gpus()
    return [*gpu_findings(found), gds_finding(gds(), found.vendor)]


def _facts() -> dict[str, Value]:
    facts: dict[str, Value] = {}
    for read in (load_facts, machine_facts, cpu_facts, memory_facts, limit_facts):
        try:
            facts |= read()
        except Exception:  # a fact that cannot be read is absent, and that is a finding
            continue
    return facts
