"""The verdict on a whole stored run: what outweighs what, and runs that decide nothing."""

import pytest

from loadbench.errors import StoreError, UsageError
from loadbench.gate.limits import parse_limit
from loadbench.gate.measured_run import measured_run
from loadbench.gate.result import GateResult, Rules
from loadbench.gate.stored_gate import Asked, gate_stored
from tests.builders import bad, case, ok, series
from tests.gate.stored_runs import MMAP, NOGDS, measured, month, stored_run, times

RULES = Rules()
FAST_ENOUGH = [parse_limit("load<4s", "--max")]


def test_history_and_limits_together() -> None:
    asked = Asked(history=month((MMAP, 500)), limits=FAST_ENOUGH)
    found = gate_stored(measured(20, (MMAP, 500)), asked, RULES)
    assert (found.verdict, found.exit_code, found.question) == ("PASS", 0, "history")
    assert [one.question for one in found.cases] == ["history", "limit"]
    assert found.base == "10 earlier runs, 2026-01-01T00:00:00+00:00 to 2026-01-10T00:00:00+00:00; limits"
    assert found.head == "run-20 of 2026-01-20T00:00:00+00:00"
    assert found.head_versions["safetensors"] == "0.8.0"
    assert GateResult.model_validate_json(found.model_dump_json()) == found


def test_the_gravest_case_decides_and_is_named() -> None:
    limits = [*FAST_ENOUGH, parse_limit("fastsafetensors-nogds: load<100ms", "--max")]
    found = gate_stored(measured(20, (MMAP, 500), (NOGDS, 300)), Asked(limits=limits), RULES)
    assert (found.verdict, found.exit_code, found.question) == ("REGRESSION", 1, "limit")
    assert found.reason.startswith("1 of 3 REGRESSION; the first: fastsafetensors-nogds/")


def test_nothing_asked_is_an_error_that_lists_what_can_be_asked() -> None:
    with pytest.raises(UsageError, match="--history, --baseline, --max or --min"):
        gate_stored(measured(20, (MMAP, 500)), Asked(), RULES)


def test_a_reference_needs_a_baseline() -> None:
    with pytest.raises(UsageError, match="--baseline"):
        gate_stored(measured(20, (MMAP, 500)), Asked(reference="x", limits=FAST_ENOUGH), RULES)


def test_a_run_is_not_its_own_baseline() -> None:
    run = measured(20, (MMAP, 500))
    with pytest.raises(UsageError, match="itself"):
        gate_stored(run, Asked(baseline=measured(20, (MMAP, 500))), RULES)


def test_a_baseline_of_another_machine_is_refused_but_for_ratios() -> None:
    base = measured(1, (MMAP, 500), (NOGDS, 300), environment={"machine.id": "m2", "host.name": "bench-2"})
    head = measured(20, (MMAP, 800), (NOGDS, 480))
    with pytest.raises(UsageError, match=r"bench-2.*--reference"):
        gate_stored(head, Asked(baseline=base), RULES)
    found = gate_stored(head, Asked(baseline=base, reference=MMAP.loader), RULES)
    assert found.verdict == "PASS"
    assert any("limited by the same" in note and "bench-2" in note for note in found.notes)
    found = gate_stored(head, Asked(baseline=base, any_machine=True), RULES)
    assert found.verdict == "INCONCLUSIVE"


def test_a_baseline_alone_says_what_it_cannot_know() -> None:
    found = gate_stored(measured(20, (MMAP, 500)), Asked(baseline=measured(1, (MMAP, 500))), RULES)
    assert found.verdict == "PASS"
    assert any("nothing that looks slower is called a regression" in note for note in found.notes)


def test_too_many_disturbed_trials_decide_nothing() -> None:
    noise = [bad(MMAP, round, "disturbed", "steal: 12 %", attempt=2) for round in range(1, 8)]
    head = measured_run(stored_run(20, [*series(MMAP, *times(500, 1)), *noise]))
    found = gate_stored(head, Asked(limits=FAST_ENOUGH), RULES)
    assert (found.verdict, found.exit_code) == ("INCONCLUSIVE", 3)
    assert "7 of 17 trials were disturbed" in found.reason


def test_a_case_of_disturbed_trials_only_is_not_decided_whatever_it_is_held_against() -> None:
    noise = [bad(NOGDS, round, "disturbed", "steal: 12 %") for round in range(1, 4)]
    head = measured_run(stored_run(20, [*series(MMAP, *times(500, 1)), *noise]))
    base = measured(1, (MMAP, 500), (NOGDS, 300))
    for asked in (
        Asked(limits=FAST_ENOUGH),
        Asked(baseline=base),
        Asked(baseline=base, reference=MMAP.loader),
        Asked(baseline=base, reference=NOGDS.loader),
        Asked(history=month((MMAP, 500), (NOGDS, 300))),
    ):
        found = gate_stored(head, asked, RULES)
        assert {one.verdict for one in found.cases if one.loader == NOGDS.loader} <= {"INCONCLUSIVE"}
        assert found.verdict == "INCONCLUSIVE"


def test_wrong_bytes_outweigh_disturbances() -> None:
    noise = [bad(MMAP, round, "disturbed", "steal: 12 %", attempt=2) for round in range(1, 8)]
    wrong = bad(MMAP, 11, "invalid", "wte.weight: wrong bytes")
    head = measured_run(stored_run(20, [*series(MMAP, *times(500, 1)), *noise, wrong]))
    found = gate_stored(head, Asked(limits=FAST_ENOUGH), RULES)
    assert (found.verdict, found.exit_code) == ("INVALID", 4)


def test_an_interrupted_run_decides_nothing() -> None:
    found = gate_stored(measured(20, (MMAP, 500), ended="interrupted"), Asked(limits=FAST_ENOUGH), RULES)
    assert (found.verdict, "--resume" in found.reason) == ("INCONCLUSIVE", True)


def test_missing_rounds_decide_nothing_unless_a_budget_explains_them() -> None:
    plan = measured(1, (MMAP, 500)).run.plan.model_copy(update={"rounds": 12})
    cut = measured(20, (MMAP, 500), plan=plan, ended="")
    assert gate_stored(cut, Asked(limits=FAST_ENOUGH), RULES).verdict == "INCONCLUSIVE"
    spent = measured(20, (MMAP, 500), plan=plan.model_copy(update={"budget_s": 60}), ended="budget")
    found = gate_stored(spent, Asked(limits=FAST_ENOUGH), RULES)
    assert found.verdict == "PASS"
    assert any("budget" in note for note in found.notes)


def test_records_of_two_versions_are_no_candidate() -> None:
    first = measured(20, (MMAP, 500)).run.sessions[0]
    later = first.model_copy(update={"environment": {**first.environment, "version.torch": "3.0"}})
    found = gate_stored(measured(20, (MMAP, 500), sessions=[first, later]), Asked(limits=FAST_ENOUGH), RULES)
    assert (found.verdict, "torch 2.13.0 → 3.0" in found.reason) == ("INVALID", True)


def test_records_of_two_boots_are_noted() -> None:
    first = measured(20, (MMAP, 500)).run.sessions[0]
    later = first.model_copy(
        update={"environment": {**first.environment, "machine.boot_id": "b2"}, "ended": "complete"}
    )
    found = gate_stored(measured(20, (MMAP, 500), sessions=[first, later]), Asked(limits=FAST_ENOUGH), RULES)
    assert found.verdict == "PASS"
    assert "the candidate's records are of 2 boots of the machine" in found.notes


def test_a_run_without_a_case_is_invalid() -> None:
    found = gate_stored(measured_run(stored_run(20, [], cases=[])), Asked(history=month((MMAP, 500), days=3)), RULES)
    assert (found.verdict, found.exit_code) == ("INVALID", 4)


def test_the_same_record_twice_is_a_damaged_file() -> None:
    with pytest.raises(StoreError, match="twice"):
        measured_run(stored_run(20, [ok(MMAP, 1, 500), ok(MMAP, 1, 500)]))


def test_two_cases_of_one_name_are_refused() -> None:
    one, other = case("a/b", checkpoint="c"), case("a", checkpoint="b/c")
    assert one.name == other.name
    with pytest.raises(UsageError, match="two cases with the name"):
        measured_run(stored_run(20, [*series(one, 1, 2), *series(other, 3, 4)]))


def test_what_was_odd_about_the_files_is_noted() -> None:
    head = measured(20, (MMAP, 500), warnings=["the last line is cut"])
    assert "the last line is cut" in gate_stored(head, Asked(limits=FAST_ENOUGH), RULES).notes
