"""Facts about the software: Python, installed distributions, environment variables, the git checkout."""

import os
import platform
import re
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import loadbench
from loadbench.records import Value

DISTRIBUTIONS = (
    "torch",
    "numpy",
    "safetensors",
    "fastsafetensors",
    "runai-model-streamer",
    "runai-model-streamer-s3",
    "tensorizer",
    "instanttensor",
    "kvikio",
    "xxhash",
)
"""Read through their metadata: importing them would take seconds, and the parent must not import torch."""

_LOADING_VARIABLE = re.compile(
    r"(RUNAI_STREAMER|FASTSAFETENSORS|TENSORIZER|CUFILE|PYTORCH|MALLOC)_\w+|SAFETENSORS_\w+|(CUDA|HIP|ROCR)_VISIBLE_DEVICES"
    r"|CUDA_MODULE_LOADING|OMP_NUM_THREADS|MKL_NUM_THREADS|NUMPY_MADVISE_HUGEPAGE|GLIBC_TUNABLES|LD_PRELOAD"
)
"""The only environment variables that are recorded: those that change how weights are loaded."""

_TIMEOUT_S = 2.0


def software_facts() -> dict[str, Value]:
    """Versions of Python, the C library and the distributions that are installed."""
    facts: dict[str, Value] = {
        "version.loadbench": loadbench.__version__,
        "python.version": platform.python_version(),
        "python.implementation": platform.python_implementation(),
        "python.libc": " ".join(platform.libc_ver()).strip() or None,
    }
    for name in DISTRIBUTIONS:
        try:
            facts[f"version.{name}"] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return facts


def variable_facts(environment: Mapping[str, str]) -> dict[str, Value]:
    """The environment variables that change loading, as `env.NAME`."""
    return {f"env.{name}": environment[name] for name in sorted(environment) if _LOADING_VARIABLE.fullmatch(name)}


def git_facts(directory: Path) -> dict[str, Value]:
    """Commit of the checkout that the directory is in, and whether tracked files differ from it."""
    command = ["git", "-C", str(directory), "status", "--porcelain=v2", "--branch", "--untracked-files=no"]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}  # Reading the state must not write the index.
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_S, check=True, env=environment
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    lines = done.stdout.splitlines()
    commit = next((line.split()[-1] for line in lines if line.startswith("# branch.oid ")), None)
    return {"git.commit": commit, "git.dirty": any(not line.startswith("#") for line in lines)}
