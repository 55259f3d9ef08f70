"""A run against earlier ones: alarms, what is too few, and everything that must not be compared."""

import numpy as np
import pytest
from scipy import stats

from loadbench.errors import UsageError
from loadbench.gate.earlier import choose_earlier
from loadbench.gate.history import history
from loadbench.gate.measured_run import MeasuredRun, measured_run
from loadbench.gate.prediction_interval import predict, predictions
from loadbench.gate.result import Rules
from loadbench.records import CheckpointInfo
from tests.builders import bad, case, ok, series
from tests.gate.stored_runs import MMAP, NOGDS, measured, month, of_case, stored_run, times

RULES = Rules()


def test_a_run_like_the_others_passes_and_says_what_would_have_been_found() -> None:
    (found,) = history(month((MMAP, 500)), measured(20, (MMAP, 500)), RULES)
    assert found.verdict == "PASS"
    assert found.question == "history"
    assert len(found.base_ns) == 10
    assert len(found.head_ns) == 1
    assert found.detectable is not None
    assert 0.05 < found.detectable < 0.15
    assert found.low is not None
    assert found.high is not None
    assert found.low < 1 < found.high


def test_a_slower_run_is_a_regression() -> None:
    (found,) = history(month((MMAP, 500)), measured(20, (MMAP, 650)), RULES)
    assert found.verdict == "REGRESSION"
    assert found.ratio == pytest.approx(1.3, abs=0.05)


def test_the_alarm_is_the_prediction_interval_of_the_logs() -> None:
    past = [100.0, 103, 98, 101, 99, 104, 97, 102]
    logs = np.log(past)
    limit = logs.mean() + stats.t.ppf(0.95, 7) * logs.std(ddof=1) * np.sqrt(1 + 1 / 8)
    rules = Rules(margin=0.0)
    for above, slower in ((1.0001, True), (0.9999, False)):
        assert predictions({"a": past}, {"a": float(np.exp(limit)) * above}, rules)["a"].slower is slower
    made = predict(past)
    assert made is not None
    assert made.p(float(np.exp(limit))) == pytest.approx(0.05)


def test_what_is_slower_by_less_than_the_margin_is_none() -> None:
    past = [100.0, 100.1, 99.9, 100.05, 99.95, 100.02, 99.98, 100.01]
    assert predictions({"a": past}, {"a": 104.9}, RULES)["a"].slower is False
    assert predictions({"a": past}, {"a": 105.2}, RULES)["a"].slower is True


def test_several_cases_share_the_chance_of_a_false_alarm() -> None:
    past = [100.0, 106, 94, 103, 97, 108, 92, 101]
    made = predict(past)
    assert made is not None
    head = 100 * float(np.exp(stats.t.ppf(0.96, 7) * made.error))
    assert predictions({"a": past}, {"a": head}, RULES)["a"].slower
    many = predictions(dict.fromkeys("abcd", past), {"a": head, "b": 100, "c": 100, "d": 100}, RULES)
    assert not any(test.slower for test in many.values())
    assert many["a"].limit == pytest.approx(0.05 / 4)


def test_fewer_than_eight_runs_decide_nothing_and_say_how_many_are_missing() -> None:
    (found,) = history(month((MMAP, 500), days=5), measured(20, (MMAP, 900)), RULES)
    assert found.verdict == "INCONCLUSIVE"
    assert "5 of at least 8" in found.reason
    assert "3 more" in found.reason


def test_runs_that_scatter_too_much_decide_nothing() -> None:
    (found,) = history(month((MMAP, 500), between=0.3), measured(20, (MMAP, 510)), RULES)
    assert found.verdict == "INCONCLUSIVE"
    assert "scatter" in found.reason


def test_medians_that_are_all_the_same_are_copies() -> None:
    runs = [measured_run(stored_run(day, series(MMAP, *times(500, 1)))) for day in range(1, 10)]
    (found,) = history(runs, measured(20, (MMAP, 500)), RULES)
    assert found.verdict == "INCONCLUSIVE"
    assert "copies" in found.reason


def test_a_head_of_constant_times_was_not_measured() -> None:
    head = measured_run(stored_run(20, series(MMAP, *[500.0] * 8)))
    (found,) = history(month((MMAP, 500)), head, RULES)
    assert found.verdict == "INVALID"
    assert "nanosecond" in found.reason


def test_far_fewer_trials_than_usual_decide_nothing() -> None:
    runs = month((MMAP, 500), trials=20)
    (found,) = history(runs, measured(20, (MMAP, 500), trials=9), RULES)
    assert found.verdict == "INCONCLUSIVE"
    assert "--rounds 20" in found.reason
    (found,) = history(runs, measured(20, (MMAP, 500), trials=12), RULES)
    assert found.verdict == "PASS", "unequal numbers are no harm by themselves"


def test_fewer_than_six_trials_decide_nothing() -> None:
    (found,) = history(month((MMAP, 500)), measured(20, (MMAP, 500), trials=5), RULES)
    assert (found.verdict, "fewer than 6" in found.reason) == ("INCONCLUSIVE", True)


def test_an_unsteady_case_decides_nothing() -> None:
    head = measured_run(stored_run(20, series(MMAP, *(500 * 1.05**at for at in range(10)))))
    (found,) = history(month((MMAP, 500)), head, RULES)
    assert (found.verdict, "UNSTEADY" in found.reason) == ("INCONCLUSIVE", True)


def test_half_the_time_is_not_believed() -> None:
    runs, head = month((MMAP, 500)), measured(20, (MMAP, 200))
    assert history(runs, head, RULES)[0].verdict == "INVALID"
    assert history(runs, head, Rules(accept_improvement=True))[0].verdict == "PASS"


def test_a_slowdown_of_no_time_is_no_matter() -> None:
    (found,) = history(month((MMAP, 5), between=0.005), measured(20, (MMAP, 6)), RULES)
    assert found.verdict == "PASS"
    assert "no matter" in found.reason


@pytest.mark.parametrize("status", ["failed", "timeout", "invalid"])
def test_one_broken_trial_makes_the_case_invalid(status: str) -> None:
    records = [*series(MMAP, *times(500, 5)), bad(MMAP, 11, status, "it broke")]  # type: ignore[arg-type]
    (found,) = history(month((MMAP, 500)), measured_run(stored_run(20, records)), RULES)
    assert (found.verdict, "it broke" in found.reason) == ("INVALID", True)


def test_a_time_of_zero_is_invalid_and_not_infinitely_fast() -> None:
    records = [*series(MMAP, *times(500, 5)), ok(MMAP, 11, 0)]
    (found,) = history(month((MMAP, 500)), measured_run(stored_run(20, records)), RULES)
    assert (found.verdict, "impossible time" in found.reason) == ("INVALID", True)


def test_other_bytes_contracts_and_settings_are_other_cases() -> None:
    runs = month((MMAP, 500))
    digest = runs[0].run.checkpoints["gpt2"].model_copy(update={"digest": "xxh3_128:other"})
    for head in (
        measured(20, (MMAP, 500), checkpoints={"gpt2": digest}),
        measured(20, (case("safetensors-mmap", contract="stream"), 500)),
        measured(20, (case("safetensors-mmap", tunables={"threads": 8}), 500)),
    ):
        found = history(runs, head, RULES)
        assert [one.verdict for one in found] == ["INCONCLUSIVE", "INVALID"]
        assert "0 of at least 8" in found[0].reason
        assert "renamed" in found[1].reason


def test_other_versions_are_the_question() -> None:
    runs = month((MMAP, 500))
    loaders = {"safetensors-mmap": runs[0].run.loaders["safetensors-mmap"].model_copy(update={"versions": {"a": "2"}})}
    assert history(runs, measured(20, (MMAP, 500), loaders=loaders), RULES)[0].verdict == "PASS"


def test_a_case_that_the_machine_cannot_try_is_missing_if_it_could() -> None:
    skipped = bad(NOGDS, 0, "skipped", "no library")
    head = measured_run(stored_run(20, [*series(MMAP, *times(500, 3)), skipped]))
    assert [one.verdict for one in history(month((MMAP, 500)), head, RULES)] == ["PASS"]
    found = of_case(history(month((MMAP, 500), (NOGDS, 300)), head, RULES), NOGDS)
    assert (found.verdict, "no library" in found.reason) == ("INVALID", True)


def test_broken_cases_of_earlier_runs_are_no_history() -> None:
    runs: list[MeasuredRun] = []
    for run in month((MMAP, 500), days=8):
        records = [*run.stored.records, bad(MMAP, 11, "failed", "it broke")] if not runs else run.stored.records
        runs.append(measured_run(stored_run(len(runs) + 1, records)))
    (found,) = history(runs, measured(20, (MMAP, 500)), RULES)
    assert "7 of at least 8" in found.reason


# Which runs are held against it


def test_the_head_its_copies_and_later_runs_are_not_its_history() -> None:
    runs = month((MMAP, 500))
    chosen = choose_earlier([*runs, runs[3], runs[6]], runs[6])
    assert [run.run.name for run in chosen.runs] == [f"run-{day:02}" for day in range(1, 7)]
    assert "left out of the history: 2 copies of others" in chosen.notes
    assert "left out of the history: 3 later than this one" in chosen.notes


def test_another_machine_is_refused_with_what_differs() -> None:
    there = {"machine.id": "m2", "host.name": "bench-2", "os.kernel": "6.1", "cpu.model": "Other CPU"}
    runs = month((MMAP, 500), environment={**there, "memory.total_bytes": 2**30, "storage.checkpoint.device": "sda"})
    head = measured(20, (MMAP, 500))
    with pytest.raises(UsageError, match="--any-machine") as refused:
        choose_earlier(runs, head)
    for word in ("bench-2", "Other CPU", "6.1", "memory.total_bytes", "sda"):
        assert word in str(refused.value)
    chosen = choose_earlier(runs, head, any_machine=True)
    assert len(chosen.runs) == 10
    assert any("2 machines" in note for note in chosen.notes)


def test_one_image_on_two_machines_has_one_id_and_is_refused() -> None:
    with pytest.raises(UsageError, match="Other CPU"):
        choose_earlier(month((MMAP, 500), environment={"cpu.model": "Other CPU"}), measured(20, (MMAP, 500)))


def test_other_storage_is_refused() -> None:
    def on(storage: str) -> dict[str, CheckpointInfo]:
        info = measured(1, (MMAP, 500)).run.checkpoints["gpt2"]
        return {"gpt2": info.model_copy(update={"storage": storage})}

    runs = month((MMAP, 500), checkpoints=on("nvme0n1, ext4"))
    with pytest.raises(UsageError, match="storage of gpt2 nvme0n1, ext4 → nfs"):
        choose_earlier(runs, measured(20, (MMAP, 500), checkpoints=on("nfs")))


def test_runs_of_other_machines_in_the_folder_are_left_out_and_counted() -> None:
    others = [measured(day, (MMAP, 900), environment={"machine.id": "m2"}) for day in (1, 2)]
    chosen = choose_earlier([*month((MMAP, 500)), *others], measured(20, (MMAP, 500)))
    assert len(chosen.runs) == 10
    assert "left out of the history: 2 of another machine" in chosen.notes


def test_boots_may_be_mixed_and_are_noted() -> None:
    runs = [measured(day, (MMAP, 500), environment={"machine.boot_id": f"boot {day}"}) for day in range(1, 10)]
    chosen = choose_earlier(runs, measured(20, (MMAP, 500)))
    assert len(chosen.runs) == 9
    assert any("10 boots" in note for note in chosen.notes)


def test_disturbed_interrupted_and_mixed_runs_are_left_out_by_name() -> None:
    noise = [bad(MMAP, round, "disturbed", "cpu: others", attempt=2) for round in range(1, 8)]
    disturbed = measured_run(stored_run(1, [*series(MMAP, *times(500, 1)), *noise]))
    interrupted = measured(2, (MMAP, 500), ended="interrupted")
    first = measured(3, (MMAP, 500)).run.sessions[0]
    later = first.model_copy(update={"environment": {**first.environment, "os.kernel": "7"}})
    mixed = measured(3, (MMAP, 500), sessions=[first, later])
    chosen = choose_earlier([disturbed, interrupted, mixed, measured(4, (MMAP, 500))], measured(20, (MMAP, 500)))
    assert [run.run.name for run in chosen.runs] == ["run-04"]
    for day in (1, 2, 3):
        assert any(f"run-{day:02}" in note for note in chosen.notes)


def test_runs_that_a_self_test_slowed_down_are_no_history() -> None:
    """They lie in results too, and would make the scatter so large that nothing is found."""
    plain, head = month((MMAP, 1000), days=8), measured(30, (MMAP, 1000))
    slowed = series(MMAP, *times(2400, 9), settings={"handicap": 1.4})
    found = of_case(history([*plain, measured_run(stored_run(9, slowed))], head, Rules()), MMAP)
    assert len(found.base_ns) == 8
    (itself,) = history(plain, measured_run(stored_run(31, slowed)), Rules())
    assert itself.verdict == "INVALID"
    assert "slowed down on purpose" in itself.reason
