"""The flags that sweep and gate share: which cases to try, and how."""

from pathlib import Path
from typing import Annotated

import typer

AXES = "Axes"
HOW = "How it is measured"

Checkpoints = Annotated[
    list[str] | None,
    typer.Argument(help="Directories or .safetensors files, or names of models to make: gpt2 (default), ..."),
]
Loaders = Annotated[
    str | None, typer.Option("--loader", help="Loaders, such as safetensors-mmap,runai-streamer. Default: all.")
]
Threads = Annotated[
    str | None,
    typer.Option("--threads", help="For loaders that have threads: 8,16,32 or 1..64*2.", rich_help_panel=AXES),
]
Buffer = Annotated[
    str | None, typer.Option("--buffer", help="For loaders that have a buffer: 8M,16M,32M.", rich_help_panel=AXES)
]
Concurrency = Annotated[
    str | None, typer.Option("--concurrency", help="For loaders that have it: 1,4,8,16.", rich_help_panel=AXES)
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="LOADER.TUNABLE=VALUES", help="Any single tunable; may be given again.", rich_help_panel=AXES
    ),
]
Dtypes = Annotated[
    str | None,
    typer.Option("--dtype", help="auto keeps the file's; F16, BF16, F32 convert.", rich_help_panel=AXES),
]
Caches = Annotated[
    str | None, typer.Option("--cache", help="cold, warm or both. Default: cold,warm.", rich_help_panel=AXES)
]
Devices = Annotated[str | None, typer.Option("--device", help="cpu, cuda:0, ... Default: cpu.", rich_help_panel=AXES)]
Contracts = Annotated[
    str | None,
    typer.Option("--contract", help="What counts as loaded: owned (default), stream, touched.", rich_help_panel=AXES),
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", help="Seed of the order of trials. Default: a new one.", rich_help_panel=HOW),
]
Timeout = Annotated[
    str | None,
    typer.Option("--timeout", help="A trial that hangs so long is killed. Default: 10m.", rich_help_panel=HOW),
]
Isolated = Annotated[
    str | None,
    typer.Option(
        "--isolation", help="fork from a warm process (default), or spawn a new interpreter.", rich_help_panel=HOW
    ),
]
ColdBy = Annotated[
    str | None, typer.Option("--cold-by", help="auto (default), fadvise, drop_caches, copy.", rich_help_panel=HOW)
]
MemoryLimit = Annotated[
    str | None,
    typer.Option(
        "--memory-limit", help="What a trial may allocate, such as 16G. Default: what is free.", rich_help_panel=HOW
    ),
]
Tolerate = Annotated[
    str | None,
    typer.Option(
        "--tolerate",
        envvar="LOADBENCH_TOLERATE",
        help="Disturbances to stamp but not to judge: cpu, steal, disk, io, memory, gpu, kernel or all.",
        rich_help_panel=HOW,
    ),
]
Ceilings = Annotated[
    bool | None,
    typer.Option(
        "--ceilings/--no-ceilings",
        help="Measure what the hardware allows; a sweep does so in every round too. Default: yes.",
        rich_help_panel=HOW,
    ),
]
Config = Annotated[Path | None, typer.Option("--config", help="TOML file with a sweep's options; flags win over it.")]
