"""vLLM, by 0.32.0: vllm/model_executor/model_loader, vllm/config/load.py and vllm/engine/arg_utils.py."""

from loadbench.recipes import engine, fastsafetensors, runai
from loadbench.recipes.recipe import Recipe
from loadbench.recipes.setup import Setup
from loadbench.records import Value

VERSION = "0.32.0"
_LOADED = f"Checked: vLLM {VERSION} (build for CPUs) takes these flags and delivers the checkpoint's bytes with them."
_PARSED = f"Checked: vLLM {VERSION} takes these flags. Its load on a GPU was read in its source, not run."


def recipe(setup: Setup) -> Recipe:
    """The command, or why there is none."""
    lines, notes = _MAKERS[setup.loader](setup)
    return Recipe("vLLM", "sh", lines, notes)


_Made = tuple[tuple[str, ...], tuple[str, ...]]


def _command(
    setup: Setup, flags: list[str], extra: dict[str, Value] | None = None, environment: dict[str, str] | None = None
) -> tuple[str, ...]:
    return engine.command(setup, "vllm serve", flags, extra, environment)


def _mmap(setup: Setup) -> _Made:
    lines = _command(setup, ["--load-format", "safetensors", "--safetensors-load-strategy", "lazy"])
    notes = (
        "This is what vLLM does by itself, but for files on NFS or Lustre, which it reads into the page cache first.",
        _LOADED,
    )
    return lines, notes


def _pread(setup: Setup) -> _Made:  # noqa: ARG001
    return (), (
        "vLLM has no flag for the pread back end of safetensors. --safetensors-load-strategy eager also reads instead "
        "of mapping, but whole files at once: another thing than was measured.",
    )


def _fastsafetensors(setup: Setup) -> _Made:
    if not setup.on_gpu:
        return (), (
            "vLLM's fastsafetensors loader works on CUDA devices only, and this was measured on the CPU. Measure with "
            "--device cuda:0 before you use --load-format fastsafetensors.",
        )
    direct = fastsafetensors.odirect(setup)
    environment = {"FASTSAFETENSORS_ODIRECT": direct} if direct else {}
    other_path = (
        "without tensor parallelism vLLM tries GPUDirect Storage first, which this case did not use"
        if setup.loader == "fastsafetensors-nogds"
        else "with tensor parallelism vLLM switches GPUDirect Storage off"
    )
    notes = (
        *engine.fixed(setup, "vLLM", "threads", "buffer", "copy_block"),
        f"vLLM drives the library through ParallelLoader, which copies every tensor once more; {other_path}.",
        _PARSED,
    )
    return _command(setup, ["--load-format", "fastsafetensors"], environment=environment), notes


def _runai(setup: Setup) -> _Made:
    extra = {name: setup.value(name) for name in ("concurrency", *setup.changed("memory_limit"))}
    settable = {setup.tunables[name].library_name for name in extra}
    environment = {name: text for name, text in runai.environment(setup).items() if name not in settable}
    notes = [runai.DEPTH_NOTE.replace("RUNAI_STREAMER_CONCURRENCY", "concurrency")]
    if environment:
        notes.append("What vLLM has no key for is set through the environment of the library.")
    notes.append("vLLM streams to host memory and copies every tensor once more, then to the device.")
    lines = _command(setup, ["--load-format", "runai_streamer"], extra, environment)
    return lines, (*notes, _LOADED)


def _tensorizer(setup: Setup) -> _Made:
    needs = (
        "It needs the model serialised by vLLM itself (examples/features/tensorize_vllm_model.py) as model.tensors in "
        "the model's directory. What was measured is the checkpoint's tensors by their own names."
    )
    if not setup.on_gpu:
        return (), (
            f"vLLM {VERSION} for CPUs starts with a tensorizer model and dies at the first request. On a GPU it is "
            "--load-format tensorizer: measure with --device cuda:0 first.",
            needs,
        )
    extra: dict[str, Value] = {}
    if setup.value("threads") is not None:
        extra["num_readers"] = setup.value("threads")
    if setup.value("verify_hash"):
        extra["verify_hash"] = True
    notes = (needs, _PARSED) if extra else ("All of tensorizer's settings have their defaults.", needs, _PARSED)
    return _command(setup, ["--load-format", "tensorizer"], extra), notes


_MAKERS = {
    "safetensors-mmap": _mmap,
    "safetensors-pread": _pread,
    "fastsafetensors-nogds": _fastsafetensors,
    "fastsafetensors-gds": _fastsafetensors,
    "runai-streamer": _runai,
    "tensorizer": _tensorizer,
}
