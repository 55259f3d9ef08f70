"""The verdict on each pair, from records alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbench.analysis.summary import summarise
from loadbench.gate.decision import Contest, Side, decide, flagged
from loadbench.gate.detectable import detectable
from loadbench.gate.pairs import Pair
from loadbench.gate.result import CaseResult, GateResult, Rules, Verdict, gravest
from loadbench.records import Case, Record
from tests.builders import bad, case, ceiling, ok, run

RULES = Rules()
SCREEN = [1000, 1004, 998, 1010, 995, 1002]
FRESH = [1001, 1003, 999, 1009, 996, 1005, 997, 1006]


def records(of: Case, *milliseconds: float, first: int = 1, **fields: Any) -> list[Record]:
    return [ok(of, number, time, **fields) for number, time in enumerate(milliseconds, first)]


def side(name: str, its: Sequence[Record], **fields: Any) -> Side:
    summaries = summarise(run([its[0].case], **fields), its) if its else []
    return Side(name, summaries[0] if summaries else None, its)


def contest(base: Sequence[Record], head: Sequence[Record], name: str = "pair", **fields: Any) -> Contest:
    pair = Pair(name, base[0].case if base else case(), head[0].case if head else case())
    return Contest(pair, side("the baseline", base, **fields), side("the candidate", head, **fields))


def times(screen: float, fresh: float | None = None) -> list[Record]:
    """Six rounds so many times as slow as the plain ones, and eight fresh ones."""
    of = case()
    second = records(of, *[fresh * ms for ms in FRESH], first=7) if fresh else []
    return [*records(of, *[screen * ms for ms in SCREEN]), *second]


def only(found: tuple[CaseResult, ...]) -> CaseResult:
    (one,) = found
    return one


def test_equal_times_pass() -> None:
    found = only(decide([contest(times(1), times(1))], RULES))
    assert (found.verdict, found.stage) == ("PASS", "screen")
    assert found.ratio == pytest.approx(1.0, abs=1e-3)


def test_a_slowdown_that_fresh_trials_confirm_is_a_regression() -> None:
    found = only(decide([contest(times(1, 1), times(1.2, 1.2))], RULES))
    assert found.verdict == "REGRESSION"
    assert found.stage == "confirm"
    assert len(found.base_ns) == len(found.head_ns) == 8
    assert found.low is not None
    assert found.low > 1.05


def test_the_confirmation_alone_decides() -> None:
    """The screening's times, which flagged the case by chance, are not used a second time."""
    found = only(decide([contest(times(1, 1), times(1.5, 1))], RULES))
    assert (found.verdict, found.stage) == ("PASS", "confirm")
    assert found.ratio == pytest.approx(1.0, abs=1e-3)


def test_so_many_flagged_cases_that_none_can_be_confirmed_do_not_pass() -> None:
    """All are half as slow again. Of 5 against 5 trials the smallest p-value is 1/252, more than 0.05/20."""
    rules = Rules(screen_rounds=6, confirm_rounds=5)
    of = case()
    base = records(of, *SCREEN, *FRESH[:5])
    head = records(of, *[1.5 * ms for ms in (*SCREEN, *FRESH[:5])])
    found = decide([contest(base, head, str(number)) for number in range(20)], rules)
    assert {one.verdict for one in found} == {"INCONCLUSIVE"}
    assert "no slowdown could have been found" in found[0].reason
    assert {one.verdict for one in decide([contest(base, head, str(number)) for number in range(9)], rules)} == {
        "REGRESSION"
    }


def test_the_detectable_slowdown_of_many_rounds_fits_into_memory() -> None:
    scatter = [*np.random.default_rng(2).normal(0, 0.05, 40)]
    least = detectable(scatter, 4, Rules(screen_rounds=1000, confirm_rounds=1000))
    assert least is not None
    assert 0.05 < least < 0.07


@pytest.mark.parametrize(("base", "head"), [([1000] * 6, SCREEN), (SCREEN, [1000] * 6)])
def test_times_without_any_scatter_were_not_measured(base: list[int], head: list[int]) -> None:
    found = only(decide([contest(records(case(), *base), records(case(), *head))], RULES))
    assert found.verdict == "INVALID"
    assert "the same to the nanosecond" in found.reason


def test_what_is_slower_by_less_than_the_margin_passes() -> None:
    assert only(decide([contest(times(1, 1), times(1.04, 1.04))], RULES)).verdict == "PASS"


def test_what_is_slower_by_too_little_time_passes() -> None:
    rules = Rules(least_ns=300_000_000)
    found = only(decide([contest(times(1, 1), times(1.2, 1.2))], rules))
    assert found.verdict == "PASS"
    assert "no matter" in found.reason
    assert only(decide([contest(times(1, 1), times(1.5, 1.5))], rules)).verdict == "REGRESSION"


def test_half_the_time_is_not_believed_unless_it_is_accepted() -> None:
    halves = contest(times(1), times(0.4))
    assert only(decide([halves], RULES)).verdict == "INVALID"
    assert only(decide([halves], Rules(accept_improvement=True))).verdict == "PASS"
    assert only(decide([contest(times(1), times(0.6))], RULES)).verdict == "PASS"


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (bad(case(), 2, "failed", "it crashed"), "the candidate failed: it crashed"),
        (bad(case(), 2, "timeout", "no answer"), "the candidate hung: no answer"),
        (bad(case(), 2, "invalid", "wte: wrong"), "the candidate delivered wrong bytes: wte: wrong"),
    ],
)
def test_one_broken_trial_on_either_side_is_invalid(record: Record, words: str) -> None:
    broken = [*times(1)[:1], record, *times(1)[2:]]
    assert only(decide([contest(times(1), broken)], RULES)).reason == words
    other = only(decide([contest(broken, times(1))], RULES))
    assert (other.verdict, other.reason) == ("INVALID", words.replace("the candidate", "the baseline"))


def test_what_is_not_proved_is_invalid() -> None:
    plain = times(1)
    of = case()
    unproved = records(of, *SCREEN, state="partial")
    assert "was not proved cold: partial(37%)" in only(decide([contest(plain, unproved)], RULES)).reason
    elsewhere = records(of, *SCREEN, path=("direct", "buffered"))
    assert "took the path buffered, not direct as asked" in only(decide([contest(plain, elsewhere)], RULES)).reason
    wrong = [record.model_copy(update={"proof": None}) for record in plain]
    assert "bytes of the candidate were not verified" in only(decide([contest(plain, wrong)], RULES)).reason


def test_faster_than_the_ceiling_is_invalid() -> None:
    found = only(decide([contest(times(1), times(1), ceilings=[ceiling("storage", 2000, 2000, 2000)])], RULES))
    assert found.verdict == "INVALID"
    assert "faster than the storage ceiling" in found.reason


def test_missing_rounds_decide_nothing() -> None:
    found = only(decide([contest(times(1), times(1)[:5])], RULES))
    assert (found.verdict, found.reason[:14]) == ("INCONCLUSIVE", "only 5 of 6 ro")
    nothing = [bad(case(), number, "disturbed", "cpu: busy") for number in range(1, 7)]
    assert only(decide([contest(times(1), nothing)], RULES)).verdict == "INCONCLUSIVE"


def test_scatter_that_hides_what_was_asked_for_decides_nothing() -> None:
    of = case()
    wild = records(of, 1000, 1500, 700, 1300, 900, 1100)
    found = only(decide([contest(wild, wild)], RULES))
    assert found.verdict == "INCONCLUSIVE"
    assert found.detectable is not None
    assert found.detectable > RULES.detect
    assert only(decide([contest(wild, wild)], Rules(detect=5.0))).verdict == "PASS"


def test_a_ratio_that_changes_over_the_rounds_decides_nothing() -> None:
    of = case()
    drifting = records(
        of, *[time * factor for time, factor in zip(SCREEN, (1.0, 0.98, 0.95, 0.92, 0.9, 0.88), strict=True)]
    )
    found = only(decide([contest(times(1), drifting)], RULES))
    assert (found.verdict, found.reason.partition(":")[0]) == ("INCONCLUSIVE", "UNSTEADY")


def test_identical_constant_times_divide_by_nothing() -> None:
    of = case()
    constant = records(of, *[1000] * 6)
    found = only(decide([contest(constant, constant)], RULES))
    assert (found.verdict, found.ratio, found.low, found.high) == ("INVALID", 1.0, 1.0, 1.0)


def test_a_flagged_case_without_fresh_trials_decides_nothing() -> None:
    found = only(decide([contest(times(1), times(1.3))], RULES))
    assert (found.verdict, found.stage, found.confirm_p) == ("INCONCLUSIVE", "confirm", None)


def test_holm_is_over_the_flagged_cases() -> None:
    slow = [contest(times(1, 1), times(1.2, 1.2), f"slow-{number}") for number in range(3)]
    fine = [contest(times(1), times(1), f"fine-{number}") for number in range(5)]
    found = decide([*slow, *fine], RULES)
    assert sorted(one.limit_p for one in found if one.limit_p and one.stage == "confirm") == pytest.approx(
        [0.05 / 3, 0.05 / 2, 0.05]
    )
    assert [one.verdict for one in found] == ["REGRESSION"] * 3 + ["PASS"] * 5


def test_only_what_looks_slower_is_flagged() -> None:
    assert flagged(contest(times(1), times(1.2)), RULES)
    assert not flagged(contest(times(1), times(1.0)), RULES)
    assert not flagged(contest(times(1.2), times(1.0)), RULES)


@pytest.mark.parametrize("scatter", [0.02, 0.05])
def test_what_is_promised_detectable_is_found_in_four_of_five_gates(scatter: float) -> None:
    chance = np.random.default_rng(1)
    pool = tuple(chance.normal(0, scatter, 400).tolist())
    least = detectable(pool, 1, RULES)
    assert least is not None
    found = [_simulated(chance, pool, 1 + least) for _ in range(400)]
    assert 0.74 <= np.mean([one == "REGRESSION" for one in found]) <= 0.86
    alike = [_simulated(chance, pool, 1.05) for _ in range(200)]
    assert np.mean([one == "REGRESSION" for one in alike]) <= 0.05


def _simulated(chance: np.random.Generator, pool: Sequence[float], slowdown: float) -> Verdict:
    of = case()

    def rounds(times_as_slow: float, count: int, first: int) -> list[Record]:
        drawn = 1000 * times_as_slow * np.exp(chance.choice(np.asarray(pool), count))
        return records(of, *drawn.tolist(), first=first)

    base = [*rounds(1, 6, 1), *rounds(1, 8, 7)]
    head = [*rounds(slowdown, 6, 1), *rounds(slowdown, 8, 7)]
    return only(decide([contest(base, head)], Rules(detect=9.0))).verdict


@given(st.lists(st.sampled_from(["PASS", "REGRESSION", "INCONCLUSIVE", "INVALID"]), min_size=1))
def test_the_gravest_verdict_is_the_gates(verdicts: list[Verdict]) -> None:
    order: list[Verdict] = ["INVALID", "REGRESSION", "INCONCLUSIVE", "PASS"]
    assert gravest(verdicts) == min(verdicts, key=order.index)


def test_no_case_at_all_is_no_pass() -> None:
    assert gravest([]) == "INVALID"


@pytest.mark.parametrize(("verdict", "code"), [("PASS", 0), ("REGRESSION", 1), ("INCONCLUSIVE", 3), ("INVALID", 4)])
def test_exit_codes(verdict: Verdict, code: int) -> None:
    result = GateResult(
        loadbench_version="0", verdict=verdict, reason="", question="A/B", rules=RULES, base="", head="",
        started_at="", cases=[],
    )  # fmt: skip
    assert result.exit_code == code
