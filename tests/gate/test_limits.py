"""Absolute limits: how they are written, and what their interval decides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbench.errors import UsageError
from loadbench.gate.limits import QUANTITIES, Limit, check_limits, parse_limit
from loadbench.gate.measured_run import measured_run
from loadbench.gate.result import CaseResult, Rules
from tests.builders import GPT2_BYTES, bad, case, ceiling, series
from tests.gate.stored_runs import MMAP, NOGDS, measured, of_case, stored_run, times

RULES = Rules()
RUN = measured(1, (MMAP, 500), (NOGDS, 300))


def verdict(text: str, option: str = "--max") -> str:
    (found,) = {one.verdict for one in check(text, option)}
    return found


def check(text: str, option: str = "--max") -> tuple[CaseResult, ...]:
    return check_limits(RUN, [parse_limit(text, option)])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "option", "wanted"),
    [
        ("load<4s", "--max", Limit("load<4s", (), "load", "<", 4.0)),
        ("load < 400ms", "--max", Limit("load < 400ms", (), "load", "<", 0.4)),
        ("process<1.5m", "--max", Limit("process<1.5m", (), "process", "<", 90.0)),
        ("rss<4G", "--max", Limit("rss<4G", (), "rss", "<", 4 * 2**30)),
        ("device<4GB", "--max", Limit("device<4GB", (), "device", "<", 4e9)),
        ("gb/s>2", "--min", Limit("gb/s>2", (), "gb/s", ">", 2.0)),
        ("GiB/s>2.5", "--min", Limit("GiB/s>2.5", (), "gib/s", ">", 2.5)),
        ("ceiling>80%", "--min", Limit("ceiling>80%", (), "ceiling", ">", 0.8)),
        ("a cold: load<4s", "--max", Limit("a cold: load<4s", ("a", "cold"), "load", "<", 4.0)),
        ("cuda:0: device<1G", "--max", Limit("cuda:0: device<1G", ("cuda:0",), "device", "<", 2**30)),
    ],
)  # fmt: skip
def test_limits_are_read(text: str, option: str, wanted: Limit) -> None:
    assert parse_limit(text, option) == wanted  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "option", "words"),
    [
        ("load>4s", "--max", "'load<4s'"),
        ("load<4s", "--min", "'ceiling>0.8'"),
        ("load", "--max", "rss \\(peak resident memory\\)"),
        ("laod<4s", "--max", "Did you mean 'load'.*ceiling, device, gb/s, gib/s, load, process, rss"),
        ("load<4X", "--max", "not a duration"),
        ("rss<4s", "--max", "not a size"),
        ("gb/s>fast", "--min", "not a rate"),
        ("gb/s>nan", "--min", "not a rate"),
        ("gb/s>inf", "--min", "not a rate"),
        ("ceiling>nan", "--min", "not a share"),
        ("ceiling>80", "--min", "more than the whole"),
        ("load<0s", "--max", "more than 0"),
        ("", "--max", "not a limit"),
    ],
)
def test_what_is_no_limit_is_told_with_what_is_known(text: str, option: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_limit(text, option)  # type: ignore[arg-type]


@given(st.text(max_size=40), st.sampled_from(["--max", "--min"]))
def test_any_text_is_a_limit_or_a_usage_error(text: str, option: str) -> None:
    try:
        found = parse_limit(text, option)  # type: ignore[arg-type]
    except UsageError:
        return
    assert found.quantity in QUANTITIES
    assert 0 < found.value < float("inf")


@given(st.sampled_from(["load", "process"]), st.integers(1, 10**6))
def test_what_is_written_is_read_back(quantity: str, value: int) -> None:
    found = parse_limit(f"{quantity}<{value}ms", "--max")
    assert found.quantity == quantity
    assert found.value == pytest.approx(value / 1000)


@pytest.mark.parametrize(
    ("text", "option", "wanted"),
    [
        ("mmap: load<600ms", "--max", "none"),
        ("safetensors-mmap: load<600ms", "--max", "PASS"),
        ("safetensors-mmap: load<400ms", "--max", "REGRESSION"),
        ("safetensors-mmap: load<500ms", "--max", "INCONCLUSIVE"),
        ("safetensors-mmap: process<800ms", "--max", "PASS"),
        ("safetensors-mmap: process<600ms", "--max", "REGRESSION"),
        ("rss<1GB", "--max", "PASS"),
        ("rss<800MB", "--max", "REGRESSION"),
        ("device<1G", "--max", "INVALID"),
        ("safetensors-mmap: gb/s>1", "--min", "PASS"),
        ("safetensors-mmap: gb/s>1.2", "--min", "REGRESSION"),
        ("*-nogds gpt2 cold owned cpu: load<400ms", "--max", "PASS"),
        ("ceiling>0.5", "--min", "INVALID"),
    ],
)
def test_verdicts(text: str, option: str, wanted: str) -> None:
    if wanted == "none":
        with pytest.raises(UsageError, match=r"for no case.*safetensors-mmap, fastsafetensors-nogds"):
            check(text, option)
        return
    assert verdict(text, option) == wanted


def test_the_value_is_in_the_unit_of_the_limit() -> None:
    (found,) = check("safetensors-mmap: load<600ms")
    assert found.value == pytest.approx(0.5, rel=0.02)
    assert found.limit == "safetensors-mmap: load<600ms"
    assert found.question == "limit"
    (found,) = check("safetensors-mmap: gb/s>1", "--min")
    assert found.value == pytest.approx(GPT2_BYTES / 0.5e9, rel=0.02)
    assert found.value is not None
    low, high = found.reason.split("[")[1].split("]")[0].split(", ")
    assert float(low) < found.value < float(high)


def test_the_share_of_the_ceiling() -> None:
    run = measured(1, (MMAP, 500), ceilings=[ceiling("storage", *[400.0] * 6, threads=4)])
    for text, wanted in (("ceiling>0.7", "PASS"), ("ceiling>0.8", "INCONCLUSIVE"), ("ceiling>90%", "REGRESSION")):
        (found,) = check_limits(run, [parse_limit(text, "--min")])
        assert found.verdict == wanted
        assert found.value == pytest.approx(0.8, rel=0.02)


def test_five_trials_decide_no_limit() -> None:
    run = measured(1, (MMAP, 500), trials=5)
    assert check_limits(run, [parse_limit("load<4s", "--max")])[0].verdict == "INCONCLUSIVE"


def test_a_broken_or_unsteady_case_holds_no_limit() -> None:
    broken = measured_run(stored_run(1, [*series(MMAP, *times(500, 1)), bad(MMAP, 11, "invalid", "wrong bytes")]))
    assert check_limits(broken, [parse_limit("load<4s", "--max")])[0].verdict == "INVALID"
    unsteady = measured_run(stored_run(1, series(MMAP, *(500 * 1.05**at for at in range(10)))))
    assert check_limits(unsteady, [parse_limit("load<4s", "--max")])[0].verdict == "INCONCLUSIVE"


def test_what_the_machine_cannot_try_is_covered_only_by_a_limit_that_says_so() -> None:
    skipped = bad(NOGDS, 0, "skipped", "no GPU")
    run = measured_run(stored_run(1, [*series(MMAP, *times(500, 1)), skipped]))
    assert [one.loader for one in check_limits(run, [parse_limit("load<4s", "--max")])] == [MMAP.loader]
    with pytest.raises(UsageError, match="for no case that"):
        check_limits(run, [parse_limit("fastsafetensors-nogds: load<4s", "--max")])


def test_ceilings_are_no_contestants() -> None:
    run = measured(1, (MMAP, 500), (case("raw-read"), 100))
    found = check_limits(run, [parse_limit("load<4s", "--max")])
    assert of_case(found, MMAP).verdict == "PASS"
    assert len(found) == 1
