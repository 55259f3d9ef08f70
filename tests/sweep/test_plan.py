import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbench import loaders
from loadbench.errors import UsageError
from loadbench.records import Case
from loadbench.sweep.options import SweepOptions, options_from_json, options_to_json, read_toml
from loadbench.sweep.plan import plan_cases, round_order
from loadbench.units import MIB

CUDA = Path("/dev/nvidia0").exists() or Path("/dev/kfd").exists()
PUBLISHED_AXES = {"threads": ("8", "16", "32"), "buffer": ("8M", "16M", "32M")}


def count(options: SweepOptions, loader: str) -> int:
    return sum(planned.case.loader == loader for planned in plan_cases(options, "gpt2"))


def test_an_axis_goes_to_the_loaders_that_have_it() -> None:
    """The published sweep: nine settings for fastsafetensors, one for a loader without tunables."""
    options = SweepOptions(axes=PUBLISHED_AXES, cache=("cold",))
    assert count(options, "fastsafetensors-nogds") == 9
    assert count(options, "safetensors-mmap") == 1
    assert count(options, "runai-streamer") == 1
    assert count(options, "tensorizer") == 3
    assert count(options, "raw-read") == 6, "three thread counts, direct and buffered"


def test_every_loader_is_planned_by_default_and_the_impossible_has_a_reason() -> None:
    planned = plan_cases(SweepOptions(), "gpt2")
    assert {p.case.loader for p in planned} >= set(loaders.BUILT_IN)
    assert all("cuda only" in p.skip for p in planned if p.case.loader == "fastsafetensors-gds")


def test_conditions_multiply_but_not_for_a_ceiling() -> None:
    options = SweepOptions(
        loader=("safetensors-mmap", "raw-read"),
        dtype=("auto", "F16"),
        contract=("owned", "stream"),
        cache=("cold", "warm"),
    )
    assert count(options, "safetensors-mmap") == 8
    assert count(options, "raw-read") == 4


def test_a_ceiling_does_not_stand_alone_for_a_device_that_is_not_there() -> None:
    assert all(planned.skip for planned in plan_cases(SweepOptions(device=("cuda:7",)), "gpt2")) or CUDA


def test_touched_is_for_mapping_loaders_only() -> None:
    options = SweepOptions(
        loader=("safetensors-mmap", "safetensors-pread"), contract=("touched",), dtype=("auto", "F16")
    )
    reasons = {(p.case.loader, p.case.dtype): p.skip for p in plan_cases(options, "gpt2")}
    assert reasons["safetensors-mmap", "auto"] == ""
    assert "converts nothing" in reasons["safetensors-mmap", "F16"]
    assert "for loaders that map files" in reasons["safetensors-pread", "auto"]


def test_set_wins_over_the_shared_axis_and_over_variants() -> None:
    options = SweepOptions(
        loader=("raw-read", "fastsafetensors-nogds"),
        axes={"threads": ("1", "2")},
        set={"raw-read.io": ("direct",), "raw-read.threads": ("4",), "fastsafetensors-nogds.buffer": ("1M",)},
        cache=("cold",),
    )
    settings = [(p.case.loader, p.case.tunables) for p in plan_cases(options, "gpt2")]
    assert settings == [
        ("raw-read", {"io": "direct", "threads": 4}),
        ("fastsafetensors-nogds", {"threads": 1, "buffer": MIB}),
        ("fastsafetensors-nogds", {"threads": 2, "buffer": MIB}),
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loader": ("safetensors-map",)}, "unknown loader 'safetensors-map'.*Did you mean 'safetensors-mmap'.*Known:"),
        ({"axes": {"thread": ("8",)}}, "unknown tunable 'thread' in the loaders.*Known: .*threads"),
        (
            {"loader": ("safetensors-mmap",), "axes": {"threads": ("8",)}},
            "--threads: no loader of this sweep \\(safetensors-mmap\\) has any tunable",
        ),
        (
            {"set": {"tensorizer.readers": ("8",)}},
            "unknown tunable 'readers' in --set tensorizer.readers.*Known: threads",
        ),
        ({"set": {"tensoriser.threads": ("8",)}}, "unknown loader 'tensoriser' in --set"),
        ({"set": {"threads": ("8",)}}, "write loader.tunable=values"),
    ],
)
def test_unknown_names_list_the_known_ones(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plan_cases(SweepOptions(**options), "gpt2")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dtype": ("F15",)}, "unknown dtype 'F15'"),
        ({"cache": ("hot",)}, "unknown cache state 'hot'.*Known: cold, warm"),
        ({"contract": ("mine",)}, "unknown contract"),
        ({"device": ("gpu",)}, "unknown device 'gpu'.*cuda:0"),
        ({"isolation": "thread"}, "unknown isolation"),
        ({"rounds": 0}, "at least one round"),
        ({"timeout": 0.0}, "longer than nothing"),
    ],
)
def test_bad_options(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        SweepOptions(**options)  # type: ignore[arg-type]


def test_names_are_different_for_different_cases_and_options_survive_json() -> None:
    options = SweepOptions(axes=PUBLISHED_AXES, dtype=("auto", "F16"), device=("cpu", "cuda"))
    names = [planned.case.name for planned in plan_cases(options, "gpt2")]
    assert len(set(names)) == len(names)
    assert "fastsafetensors-nogds/gpt2/device=cuda:0/cache=cold/contract=owned/dtype=F16/buffer=8M/threads=8" in names
    assert options_from_json(options_to_json(options)) == options


@given(st.integers(0, 2**31), st.integers(1, 50), st.integers(1, 30))
def test_a_round_is_a_permutation_of_all_cases(seed: int, round_number: int, count: int) -> None:
    cases = [Case(loader=f"l{index}", checkpoint="c", cache="cold") for index in range(count)]
    order = round_order(cases, seed, round_number)
    assert sorted(case.loader for case in order) == sorted(case.loader for case in cases)
    assert order == round_order(cases, seed, round_number)


def test_rounds_differ_and_no_case_is_always_first() -> None:
    cases = [Case(loader=f"l{index}", checkpoint="c", cache="cold") for index in range(6)]
    seed = random.Random(1).randrange(2**31)
    firsts = {round_order(cases, seed, number)[0].loader for number in range(1, 40)}
    assert len(firsts) == 6


def test_toml(tmp_path: Path) -> None:
    file = tmp_path / "sweep.toml"
    file.write_text(
        'checkpoint = "gpt2"\nloader = ["safetensors-mmap", "fastsafetensors-nogds"]\ncache = "cold,warm"\nrounds = 9\n'
        'timeout = "2m"\n[axes]\nthreads = [8, 16]\nbuffer = ["8M"]\n[set]\n"tensorizer.verify_hash" = [true, false]\n'
    )
    assert read_toml(file) == {
        "checkpoint": "gpt2",
        "loader": ("safetensors-mmap", "fastsafetensors-nogds"),
        "cache": ("cold", "warm"),
        "rounds": 9,
        "timeout": 120.0,
        "axes": {"threads": ("8", "16"), "buffer": ("8M",)},
        "set": {"tensorizer.verify_hash": ("true", "false")},
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rouns = 3", "unknown option 'rouns' in .*sweep.toml.*Did you mean 'rounds'"),
        ("rounds = 'three'", "rounds must be a whole number"),
        ("rounds =", "is not TOML"),
        ("axes = 3", "must be a table"),
    ],
)
def test_bad_toml(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "sweep.toml"
    file.write_text(text)
    with pytest.raises(UsageError, match=message):
        read_toml(file)


def test_missing_toml(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Cannot read .*nowhere\.toml: No such file"):
        read_toml(tmp_path / "nowhere.toml")
