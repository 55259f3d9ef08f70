"""Ratios to a loader that did not change: what cancels, and what must be there for it."""

import pytest

from loadbench.errors import UsageError
from loadbench.gate.baseline import baseline
from loadbench.gate.measured_run import measured_run
from loadbench.gate.reference import reference
from loadbench.gate.result import Rules
from tests.builders import bad, case, loader_info, series
from tests.gate.stored_runs import MMAP, NOGDS, PREAD, RUNAI, measured, of_case, stored_run, times

RULES = Rules()
BASE = measured(1, (MMAP, 500), (NOGDS, 300))


def test_a_machine_that_is_twice_as_slow_cancels() -> None:
    head = measured(2, (MMAP, 1000), (NOGDS, 600))
    (found,) = reference(BASE, head, "safetensors-mmap", RULES)
    assert (found.verdict, found.loader, found.question) == ("PASS", "fastsafetensors-nogds", "reference")
    assert found.ratio == pytest.approx(1, abs=0.02)


def test_a_slower_loader_is_a_regression_on_a_faster_machine_too() -> None:
    head = measured(2, (MMAP, 250), (NOGDS, 200))
    (found,) = reference(BASE, head, "safetensors-mmap", RULES)
    assert found.verdict == "REGRESSION"
    assert found.ratio == pytest.approx(4 / 3, rel=0.03)


def test_rounds_are_paired_so_that_a_drift_of_the_machine_cancels() -> None:
    drift = [1.1**at for at in range(10)]
    records = [
        *series(MMAP, *(time * slow for time, slow in zip(times(500, 5), drift, strict=True))),
        *series(NOGDS, *(time * slow for time, slow in zip(times(300, 6), drift, strict=True))),
    ]
    head = measured_run(stored_run(2, records))
    assert reference(BASE, head, "safetensors-mmap", RULES)[0].verdict == "PASS"
    assert {one.verdict for one in baseline(BASE, head, RULES, same_machine=True)} == {"INCONCLUSIVE"}


def test_a_ratio_that_drifts_decides_nothing() -> None:
    records = [*series(MMAP, *times(500, 5)), *series(NOGDS, *(300 * 1.05**at for at in range(10)))]
    (found,) = reference(BASE, measured_run(stored_run(2, records)), "safetensors-mmap", RULES)
    assert (found.verdict, "UNSTEADY" in found.reason) == ("INCONCLUSIVE", True)


def test_only_rounds_in_which_both_count_are_ratios() -> None:
    records = [*series(MMAP, *times(500, 5)[:5]), *series(NOGDS, *times(300, 6))]
    (found,) = reference(BASE, measured_run(stored_run(2, records)), "safetensors-mmap", RULES)
    assert (found.verdict, "5 rounds" in found.reason) == ("INCONCLUSIVE", True)


def test_unequal_numbers_of_rounds_can_be_compared() -> None:
    head = measured(2, (MMAP, 500), (NOGDS, 420), trials=14)
    assert reference(BASE, head, "safetensors-mmap", RULES)[0].verdict == "REGRESSION"


def test_a_run_without_the_reference_is_an_error_that_lists_its_loaders() -> None:
    with pytest.raises(UsageError, match="tensorizer.*safetensors-mmap, fastsafetensors-nogds"):
        reference(BASE, measured(2, (MMAP, 500), (NOGDS, 300)), "tensorizer", RULES)


def test_a_condition_without_the_reference_is_invalid() -> None:
    warm = case("fastsafetensors-nogds", cache="warm")
    runs = [measured(day, (MMAP, 500), (NOGDS, 300), (warm, 100)) for day in (1, 2)]
    found = of_case(reference(runs[0], runs[1], "safetensors-mmap", RULES), warm)
    assert (found.verdict, "no case of safetensors-mmap in this condition" in found.reason) == ("INVALID", True)


def test_a_reference_that_broke_makes_its_cases_invalid() -> None:
    records = [*series(MMAP, *times(500, 5)), bad(MMAP, 11, "failed", "killed"), *series(NOGDS, *times(300, 6))]
    (found,) = reference(BASE, measured_run(stored_run(2, records)), "safetensors-mmap", RULES)
    assert (found.verdict, "the reference of the candidate failed: killed" in found.reason) == ("INVALID", True)


def test_a_reference_of_another_version_is_another_reference() -> None:
    loaders = {**BASE.run.loaders, "safetensors-mmap": loader_info(safetensors="0.9.0")}
    (found,) = reference(BASE, measured(2, (MMAP, 500), (NOGDS, 300), loaders=loaders), "safetensors-mmap", RULES)
    assert (found.verdict, "safetensors 0.8.0 → 0.9.0" in found.reason) == ("INVALID", True)


def test_a_reference_with_several_settings_must_be_named_whole() -> None:
    eight = case("runai-streamer", tunables={"concurrency": 8})
    runs = [measured(day, (RUNAI, 400), (eight, 450), (NOGDS, 300)) for day in (1, 2)]
    with pytest.raises(UsageError, match="runai-streamer/concurrency=16, runai-streamer/concurrency=8"):
        reference(runs[0], runs[1], "runai-streamer", RULES)
    found = reference(runs[0], runs[1], "runai-streamer/concurrency=8", RULES)
    assert {one.verdict for one in found} == {"PASS"}
    assert len(found) == 2


def test_a_reference_with_other_settings_is_another_reference() -> None:
    eight = case("runai-streamer", tunables={"concurrency": 8})
    base, head = measured(1, (RUNAI, 400), (NOGDS, 300)), measured(2, (eight, 400), (NOGDS, 300))
    (found,) = [one for one in reference(base, head, "runai-streamer", RULES) if one.loader == NOGDS.loader]
    assert (found.verdict, "concurrency=16 → runai-streamer/concurrency=8" in found.reason) == ("INVALID", True)


def test_a_missing_case_is_invalid_and_a_new_one_unknown() -> None:
    head = measured(2, (MMAP, 500), (PREAD, 600))
    found = reference(BASE, head, "safetensors-mmap", RULES)
    assert of_case(found, NOGDS).verdict == "INVALID"
    assert "renamed" in of_case(found, NOGDS).reason
    assert of_case(found, PREAD).verdict == "INCONCLUSIVE"


# Without a reference


def test_two_runs_alone_never_make_a_regression() -> None:
    found = baseline(BASE, measured(2, (MMAP, 900), (NOGDS, 300)), RULES, same_machine=True)
    assert of_case(found, MMAP).verdict == "INCONCLUSIVE"
    assert "A/B" in of_case(found, MMAP).reason
    assert of_case(found, NOGDS).verdict == "PASS"


def test_two_machines_alone_never_pass() -> None:
    found = baseline(BASE, measured(2, (MMAP, 500), (NOGDS, 300)), RULES, same_machine=False)
    assert {one.verdict for one in found} == {"INCONCLUSIVE"}


def test_times_that_scatter_do_not_pass() -> None:
    found = baseline(BASE, measured(2, (MMAP, 500), (NOGDS, 300), noise=0.4), RULES, same_machine=True)
    assert "PASS" not in {one.verdict for one in found}


def test_half_the_time_is_not_believed_here_either() -> None:
    found = baseline(BASE, measured(2, (MMAP, 200), (NOGDS, 300)), RULES, same_machine=True)
    assert of_case(found, MMAP).verdict == "INVALID"
