import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbench import loaders
from loadbench.errors import UsageError
from loadbench.records import Case, Ceiling
from loadbench.sweep.options import SweepOptions, options_from_json, options_to_json, read_toml
from loadbench.sweep.plan import make_plan, plan_cases, round_order, with_sentinels
from loadbench.units import MIB

CUDA = Path("/dev/nvidia0").exists() or Path("/dev/kfd").exists()
PUBLISHED_AXES = {"threads": ("8", "16", "32"), "buffer": ("8M", "16M", "32M")}


def count(options: SweepOptions, loader: str) -> int:
    return sum(planned.case.loader == loader for planned in plan_cases(options, "gpt2"))


def test_an_axis_goes_to_the_loaders_that_have_it() -> None:
    """The published sweep: nine settings for fastsafetensors, one for a loader without tunables."""
    options = SweepOptions(axes=PUBLISHED_AXES, cache=("cold",))
    named = replace(options, loader=("safetensors-mmap", "tensorizer", "fastsafetensors-nogds", "raw-read"))
    assert count(options, "fastsafetensors-nogds") == 9
    assert count(options, "safetensors-mmap") == 1
    assert count(options, "runai-streamer") == 1
    assert count(options, "tensorizer") == 3
    assert count(options, "raw-read") == 0, "ceilings are measured anyway"
    assert count(named, "raw-read") == 6, "three thread counts, direct and buffered"


def test_every_loader_is_planned_by_default_and_the_impossible_has_a_reason() -> None:
    planned = plan_cases(SweepOptions(), "gpt2")
    assert {p.case.loader for p in planned} >= set(loaders.BUILT_IN) - {"raw-read"}
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
    options = SweepOptions(loader=("raw-read",), device=("cuda:7",))
    assert all(planned.skip for planned in plan_cases(options, "gpt2")) or CUDA


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
        ({"rounds": 0}, "from 1 to 1000 rounds"),
        ({"rounds": 1001}, "from 1 to 1000 rounds"),
        ({"memory_limit": 0}, "--memory-limit 0: a trial needs memory"),
        ({"precision": 0.0}, "--precision 0: write a share"),
        ({"precision": 5.0}, "--precision 5: write a share of the median such as 3%"),
        ({"budget": 0.0}, "--budget 0: it must be longer"),
        ({"checkpoint": ()}, "at least one checkpoint"),
        ({"tolerate": ("noise",)}, "unknown cause of disturbance 'noise'.*Known: .*all.*cpu"),
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


def test_format_1_named_one_checkpoint_by_itself() -> None:
    assert options_from_json({"checkpoint": "models/gpt2", "rounds": 6}).checkpoint == ("models/gpt2",)


CEILINGS = [
    Ceiling(kind="storage", checkpoint="gpt2", settings={"threads": 1, "block": MIB}, bytes=100, samples_ns=[50]),
    Ceiling(kind="storage", checkpoint="gpt2", settings={"threads": 4, "block": 4 * MIB}, bytes=100, samples_ns=[40]),
    Ceiling(kind="storage", checkpoint="other", settings={"threads": 9, "block": MIB}, bytes=100, samples_ns=[1]),
    Ceiling(kind="page cache", checkpoint="gpt2", settings={"threads": 2, "block": MIB}, bytes=100, samples_ns=[9]),
]


def test_sentinels_read_as_the_fastest_ceiling_of_their_checkpoint_did() -> None:
    planned, sentinels = with_sentinels(plan_cases(SweepOptions(), "gpt2"), SweepOptions(), CEILINGS)
    assert [(case.loader, case.cache, case.tunables) for case in sentinels] == [
        ("raw-read", "cold", {"io": "direct", "threads": 4, "block": 4 * MIB}),
        ("raw-read", "warm", {"io": "buffered", "threads": 2, "block": MIB}),
    ]
    assert [one.case for one in planned[-2:]] == sentinels


def test_a_ceiling_that_alone_was_asked_for_is_no_sentinel() -> None:
    options = SweepOptions(loader=("raw-read",), set={"raw-read.io": ("direct",)}, cache=("cold",))
    planned, sentinels = with_sentinels(plan_cases(options, "gpt2"), options, [])
    assert len(planned) == 1
    assert sentinels == []


def test_without_a_number_of_rounds_the_ladder_decides() -> None:
    plan = make_plan(plan_cases(SweepOptions(), "gpt2"), [], SweepOptions())
    assert (plan.rounds, plan.ladder, plan.precision) == (20, [6, 9, 12, 15, 20], {"cold": 0.05, "warm": 0.03})
    plan = make_plan([], [], SweepOptions(rounds=4))
    assert (plan.rounds, plan.ladder, plan.precision) == (4, [], {})
    plan = make_plan([], [], SweepOptions(rounds=12, precision=0.02, budget=60.0))
    assert (plan.rounds, plan.ladder, plan.budget_s) == (12, [6, 9, 12], 60.0)
    assert plan.precision == {"cold": 0.02, "warm": 0.02}


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
        'checkpoint = ["gpt2", "models/a"]\nprecision = "2%"\nbudget = "20m"\n'
        'ceilings = false\nloader = ["safetensors-mmap", "fastsafetensors-nogds"]\ncache = "cold,warm"\nrounds = 9\n'
        'timeout = "2m"\n[axes]\nthreads = [8, 16]\nbuffer = ["8M"]\n[set]\n"tensorizer.verify_hash" = [true, false]\n'
    )
    assert read_toml(file) == {
        "checkpoint": ("gpt2", "models/a"),
        "precision": 0.02,
        "budget": 1200.0,
        "ceilings": False,
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


def test_a_ceiling_that_was_asked_for_too_is_one_case_and_a_sentinel() -> None:
    options = SweepOptions(loader=("safetensors-pread", "raw-read"), cache=("cold",), set={"raw-read.io": ("direct",)})
    planned, sentinels = with_sentinels(plan_cases(options, "gpt2"), options, [])
    assert [one.case.loader for one in planned] == ["safetensors-pread", "raw-read"]
    assert sentinels == [planned[1].case]


def test_many_cases_need_more_rounds_before_any_may_stop() -> None:
    """Six trials against six of a fifty-first of alpha can show nothing."""
    many = SweepOptions(loader=("fastsafetensors-nogds",), axes={"threads": tuple(map(str, range(1, 49)))})
    planned = plan_cases(many, "gpt2")
    assert make_plan(planned, [], many).ladder == [9, 12, 15, 20]
    assert make_plan(planned[:94], [], many).ladder == [6, 9, 12, 15, 20]
    assert make_plan(planned, [], replace(many, rounds=6, precision=0.05)).ladder == [6]


def test_a_precision_needs_an_interval() -> None:
    with pytest.raises(UsageError, match="--precision needs at least 6 rounds for an interval; --rounds says 4"):
        make_plan([], [], SweepOptions(rounds=4, precision=0.05))
