"""SGLang, by 0.5.23: sglang/srt/model_loader, sglang/srt/configs/load_config.py and sglang/srt/arg_groups."""

from loadbench.recipes import engine, fastsafetensors, runai
from loadbench.recipes.recipe import Recipe
from loadbench.recipes.setup import Setup
from loadbench.records import Value

VERSION = "0.5.23"
_PARSED = (
    f"Checked: SGLang {VERSION} takes these flags and makes its loader with them. A server was not started: it needs a "
    "GPU."
)
_Made = tuple[tuple[str, ...], tuple[str, ...]]


def recipe(setup: Setup) -> Recipe:
    """The command, or why there is none."""
    lines, notes = _MAKERS[setup.loader](setup)
    return Recipe("SGLang", "sh", lines, notes)


def _command(
    setup: Setup, load_format: str, extra: dict[str, Value], environment: dict[str, str] | None = None
) -> tuple[str, ...]:
    start = "python3 -m sglang.launch_server --model-path"
    return engine.command(setup, start, ["--load-format", load_format], extra, environment)


def _mmap(setup: Setup) -> _Made:
    lines = _command(setup, "safetensors", {"enable_multithread_load": False})
    return lines, (
        "SGLang by itself maps 8 files at a time in threads; this reads one after the other, as was measured.",
        _PARSED,
    )


def _pread(setup: Setup) -> _Made:  # noqa: ARG001
    return (), (
        "SGLang has no flag for the pread back end of safetensors. --weight-loader-disable-mmap also reads instead of "
        "mapping, but whole files at once: another thing than was measured.",
    )


def _fastsafetensors(setup: Setup) -> _Made:
    if not setup.on_gpu:
        return (), (
            "SGLang's fastsafetensors loader works on CUDA devices only, and this was measured on the CPU. Measure "
            "with --device cuda:0 before you use --load-format fastsafetensors.",
        )
    gds = setup.loader == "fastsafetensors-gds"
    direct = fastsafetensors.odirect(setup)
    environment = {"FASTSAFETENSORS_ODIRECT": direct} if direct else {}
    notes = [*engine.fixed(setup, "SGLang", "threads", "buffer", "copy_block")]
    if gds:
        notes.append("enable_gds is SGLang's default.")
    return _command(setup, "fastsafetensors", {"enable_gds": gds}, environment), (*notes, _PARSED)


def _runai(setup: Setup) -> _Made:
    extra = {name: setup.value(name) for name in ("concurrency", *setup.changed("memory_limit"))}
    settable = {setup.tunables[name].library_name for name in extra}
    environment = {name: text for name, text in runai.environment(setup).items() if name not in settable}
    notes = [runai.DEPTH_NOTE.replace("RUNAI_STREAMER_CONCURRENCY", "concurrency")]
    if environment:
        notes.append("What SGLang has no key for is set through the environment of the library.")
    notes.append("SGLang streams local files to host memory and copies them to the device from there.")
    return _command(setup, "runai_streamer", extra, environment), (*notes, _PARSED)


def _tensorizer(setup: Setup) -> _Made:  # noqa: ARG001
    return (), (f"SGLang {VERSION} has no tensorizer loader.",)


_MAKERS = {
    "safetensors-mmap": _mmap,
    "safetensors-pread": _pread,
    "fastsafetensors-nogds": _fastsafetensors,
    "fastsafetensors-gds": _fastsafetensors,
    "runai-streamer": _runai,
    "tensorizer": _tensorizer,
}
