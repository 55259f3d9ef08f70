"""Which trials count, how they are grouped, and what the ceiling is."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadbench.analysis.measured import Measured
from loadbench.analysis.summary import CaseSummary, Outcome, counts_by_status, summarise
from loadbench.records import Case, Ceiling, Record, Run
from tests.builders import GPT2_BYTES, MS, bad, case, ceiling, ok, run, series

NOGDS, MMAP, RAW = case(), case("safetensors-mmap"), case("raw-read")


def only(records: list[Record], rounds: int = 6) -> CaseSummary:
    """The summary of a run of one case."""
    [summary] = summarise(run([records[0].case], rounds), records)
    return summary


def measured(records: list[Record]) -> Measured:
    found = only(records).measured
    assert found is not None
    return found


def test_figures_of_a_case() -> None:
    figures = measured(series(NOGDS, 250, 240, 260, 245, 255, 300))
    assert figures.n == 6
    assert figures.median_ns == 252.5 * MS
    assert (figures.interval.low, figures.interval.high, figures.interval.kind) == (240 * MS, 300 * MS, "95 %")
    assert figures.process_median_ns == 452.5 * MS
    assert figures.gb_per_s == pytest.approx(GPT2_BYTES / 0.2525 / 1e9)
    assert figures.gib_per_s == pytest.approx(GPT2_BYTES / 0.2525 / 2**30)
    assert (figures.cache, figures.cache_verified, figures.bytes_verified) == ("cold", True, True)
    assert figures.effective_paths == ("buffered",)
    assert figures.rounds == (1, 2, 3, 4, 5, 6)
    assert figures.rss_peak_bytes == 900_000_000
    assert figures.cache_left_bytes == GPT2_BYTES


def test_bandwidth_counts_file_bytes_not_delivered_ones() -> None:
    figures = measured([ok(case(dtype="F16"), 1, 1000, delivered=GPT2_BYTES // 2)])
    assert figures.gb_per_s == pytest.approx(GPT2_BYTES / 1e9)
    assert figures.delivered_bytes == GPT2_BYTES // 2


@pytest.mark.parametrize("status", ["failed", "timeout", "skipped", "disturbed", "invalid"])
def test_a_time_counts_only_when_the_status_is_ok(status: str) -> None:
    fast_but_bad = ok(NOGDS, 2, 1).model_copy(update={"status": status, "reason": "why"})
    summary = only([ok(NOGDS, 1, 500), fast_but_bad])
    assert summary.measured
    assert summary.measured.samples_ns == (500 * MS,)
    assert summary.outcomes == (Outcome(fast_but_bad.status, "why", 1, 0),)


def test_an_ok_record_without_a_possible_time_is_listed_not_counted() -> None:
    no_time = ok(NOGDS, 1, 500).model_copy(update={"timing": None})
    zero = ok(NOGDS, 2, 0)
    huge = ok(NOGDS, 3, 10**24)  # a file can hold it, and no arithmetic of 64 bits
    summary = only([no_time, zero, huge])
    assert summary.measured is None
    assert [outcome.status for outcome in summary.outcomes] == ["ok", "ok", "ok"]
    assert "no time" in summary.outcomes[0].reason
    assert "impossible" in summary.outcomes[1].reason
    assert "292 years" in summary.outcomes[2].reason


def test_outcomes_are_grouped_by_reason_and_know_which_were_repeated() -> None:
    summary = only(
        [
            bad(NOGDS, 1, "disturbed", "busy"),
            ok(NOGDS, 1, 500, attempt=2),
            bad(NOGDS, 2, "disturbed", "busy"),
            bad(NOGDS, 2, "disturbed", "busy", attempt=2),
            bad(NOGDS, 3, "failed", "crash"),
            ok(NOGDS, 4, 500),
            bad(NOGDS, 4, "failed", "after the good one", attempt=2),
        ],
        rounds=4,
    )
    assert summary.outcomes == (
        Outcome("disturbed", "busy", 3, 1),
        Outcome("failed", "crash", 1, 0),
        Outcome("failed", "after the good one", 1, 0),
    )
    assert counts_by_status(summary.outcomes) == {"disturbed": 2, "failed": 2}
    assert summary.missing_rounds == 0


def test_rounds_without_a_record_are_missing_unless_the_case_cannot_be_tried() -> None:
    assert only(series(NOGDS, 1, 2, 3), rounds=6).missing_rounds == 3
    assert only([bad(NOGDS, 0, "skipped", "no GPU")], rounds=6).missing_rounds == 0


def test_a_case_that_could_be_tried_after_a_resume_lacks_the_rounds_that_it_did_not_have() -> None:
    skipped = bad(NOGDS, 0, "skipped", "no such library")
    assert only([skipped, *series(NOGDS, 1, 2)], rounds=6).missing_rounds == 4
    assert only([*series(NOGDS, 1, 2), skipped], rounds=6).missing_rounds == 0, "it cannot be tried any more"
    given_up = bad(NOGDS, 3, "skipped", "not tried again after 2 failures in a row: crash")
    assert only([*series(NOGDS, 1, 2), given_up, skipped], rounds=6).missing_rounds == 0
    assert only([skipped, *series(NOGDS, 1, 2), given_up], rounds=6).missing_rounds == 0


def test_every_planned_case_is_there_in_order_and_strangers_come_last() -> None:
    stranger = case("made-up")
    summaries = summarise(run([MMAP, NOGDS]), series(stranger, 5) + series(NOGDS, 5))
    assert [(s.number, s.case.loader) for s in summaries] == [
        (1, "safetensors-mmap"),
        (2, "fastsafetensors-nogds"),
        (3, "made-up"),
    ]
    assert summaries[0].measured is None
    assert summaries[0].missing_rounds == 6
    assert summaries[2].missing_rounds == 0


def test_cases_whose_names_collide_are_kept_apart() -> None:
    one, other = case("a/b", checkpoint="c"), case("a", checkpoint="b/c")
    assert one.name == other.name
    summaries = summarise(run([one, other]), series(one, 5) + series(other, 9))
    assert [s.measured and s.measured.median_ns for s in summaries] == [5 * MS, 9 * MS]


def test_cache_state_is_what_was_read_not_what_was_asked() -> None:
    mixed = measured([ok(NOGDS, 1, 5), ok(NOGDS, 2, 5, state="unknown"), ok(NOGDS, 3, 5, state="partial")])
    assert mixed.cache == "cold+partial(37%)+unknown"
    assert not mixed.cache_verified
    assert not measured([ok(NOGDS, 1, 5).model_copy(update={"cache": None})]).cache_verified
    warm = measured([ok(NOGDS, 1, 5, state="warm")])
    assert (warm.cache, warm.cache_verified) == ("warm", False)


def test_bytes_are_verified_only_if_every_trial_compared_some() -> None:
    good, unproved = ok(NOGDS, 1, 5), ok(NOGDS, 2, 5).model_copy(update={"proof": None})
    assert not measured([good, unproved]).bytes_verified


def test_what_differs_between_trials_is_named() -> None:
    first = ok(NOGDS, 1, 5, settings={"threads": 8})
    assert measured([first, ok(NOGDS, 2, 5, settings={"threads": 4})]).differing == ("settings in effect",)
    assert "bytes loaded" in measured([first, ok(NOGDS, 2, 5, payload=1)]).differing


def share(of: Case, *records: list[Record], ceilings: Sequence[Ceiling] = ()) -> float | None:
    everything = [record for group in records for record in group]
    cases = list({record.case.name: record.case for record in everything}.values())
    return next(s.ceiling_share for s in summarise(run(cases, ceilings=ceilings), everything) if s.case == of)


def test_share_of_the_best_ceiling() -> None:
    slow_raw = case("raw-read", tunables={"threads": 1})
    records = series(NOGDS, 400), series(RAW, 200), series(slow_raw, 300)
    assert share(NOGDS, *records) == 0.5
    assert share(RAW, *records) == 1
    assert share(slow_raw, *records) == pytest.approx(2 / 3)
    assert share(NOGDS, series(NOGDS, 400)) is None


def test_a_ceiling_is_for_the_same_checkpoint_and_cache_state_and_rather_the_same_device() -> None:
    other_checkpoint = case("raw-read", checkpoint="llama")
    warm = case("raw-read", cache="warm")
    assert share(NOGDS, series(NOGDS, 400), series(other_checkpoint, 1), series(warm, 1)) is None
    on_gpu = case(device="cuda:0")
    link = [ceiling("link, pinned", 20, device="cuda:0")]
    assert share(on_gpu, series(on_gpu, 400), series(RAW, 200)) is None, "the link may be slower"
    any_device = share(on_gpu, series(on_gpu, 400), series(RAW, 200), ceilings=link)
    assert any_device == 0.5, "where there is no other"
    raw_on_gpu = case("raw-read", device="cuda:0")
    assert share(on_gpu, series(on_gpu, 400), series(RAW, 200), series(raw_on_gpu, 300), ceilings=link) == 0.75
    assert share(raw_on_gpu, series(raw_on_gpu, 300)) == 1


def test_a_ceiling_that_did_not_succeed_is_none() -> None:
    assert share(NOGDS, series(NOGDS, 400), [bad(RAW, 1, "failed", "no O_DIRECT")]) is None


def test_the_probe_is_a_ceiling_too() -> None:
    made = run([NOGDS, RAW], ceilings=[ceiling("storage", 100)])
    nogds, raw = summarise(made, series(NOGDS, 400) + series(RAW, 200))
    assert (nogds.ceiling_share, raw.ceiling_share) == (0.25, 0.5)
    assert (nogds.bottleneck, raw.bottleneck) == ("loader", None)


@pytest.mark.parametrize(("load_ms", "found"), [(125, "storage"), (126, "loader")])
def test_the_bottleneck_of_a_case(load_ms: float, found: str) -> None:
    [summary] = summarise(run([NOGDS], ceilings=[ceiling("storage", 100)]), series(NOGDS, load_ms))
    assert summary.bottleneck == found


STEADY = 100, 101, 102, 100, 101, 102
WIDE = 100, 130, 100, 130, 100, 130


def ladder(*cases: Case, sentinels: tuple[Case, ...] = (), ended: str = "complete") -> Run:
    base = run([*cases, *sentinels], rounds=20)
    changes = {"ladder": [6, 9, 20], "precision": {"cold": 0.05}, "sentinels": list(sentinels)}
    sessions = [base.sessions[0].model_copy(update={"ended": ended})]
    return base.model_copy(update={"plan": base.plan.model_copy(update=changes), "sessions": sessions})


def missing(of: Run, records: list[Record]) -> list[tuple[int, str]]:
    return [(summary.missing_rounds, summary.missing_reason) for summary in summarise(of, records)]


def test_a_case_that_stopped_because_it_was_precise_lacks_nothing() -> None:
    assert missing(ladder(NOGDS), series(NOGDS, *STEADY)) == [(0, "")]
    assert missing(ladder(NOGDS), series(NOGDS, *STEADY[:5])) == [(15, "")], "5 trials are never precise"
    assert missing(ladder(NOGDS), series(NOGDS, *WIDE)) == [(14, "")]


def test_a_run_whose_budget_was_up_lacks_rounds_for_that_reason() -> None:
    records = series(NOGDS, *STEADY) + series(MMAP, *WIDE)
    assert missing(ladder(NOGDS, MMAP, ended="budget"), records) == [(0, ""), (14, "the time budget was up")]


def test_a_sentinel_is_tried_for_as_long_as_another_case_is() -> None:
    both = ladder(NOGDS, MMAP, sentinels=(RAW,))
    done = series(NOGDS, *STEADY) + series(MMAP, *STEADY)
    assert missing(both, done + series(RAW, *WIDE)) == [(0, ""), (0, ""), (0, "")]
    assert missing(both, done + series(RAW, 1, 2)) == [(0, ""), (0, ""), (4, "")]
    skipped = [*series(NOGDS, *STEADY), bad(MMAP, 0, "skipped", "no such library")]
    assert missing(both, skipped + series(RAW, *WIDE)) == [(0, ""), (0, ""), (0, "")]
    alone = ladder(sentinels=(RAW,))
    assert missing(alone, series(RAW, *WIDE)) == [(14, "")], "sentinels alone have every round"


def test_precision_is_of_cases_with_a_figure_that_are_no_sentinels() -> None:
    nogds, mmap, raw = summarise(ladder(NOGDS, MMAP, sentinels=(RAW,)), series(NOGDS, *STEADY) + series(RAW, *STEADY))
    assert nogds.precision
    assert nogds.precision.met
    assert (mmap.precision, raw.precision) == (None, None)
    assert (nogds.is_sentinel, raw.is_sentinel) == (False, True)


statuses = st.sampled_from(["ok", "failed", "timeout", "skipped", "disturbed", "invalid"])


@settings(deadline=None)  # six trials of a case import scipy
@given(st.lists(st.tuples(st.sampled_from([NOGDS, MMAP, RAW]), st.integers(1, 6), statuses, st.integers(1, 999))))
def test_no_record_is_lost(trials: list[tuple[Case, int, str, int]]) -> None:
    records = [ok(of, round, ms).model_copy(update={"status": status}) for of, round, status, ms in trials]
    summaries = summarise(run([NOGDS, MMAP, RAW]), records)
    counted = sum(s.measured.n for s in summaries if s.measured)
    listed = sum(outcome.count for s in summaries for outcome in s.outcomes)
    assert (counted, listed) == (
        sum(status == "ok" for _, _, status, _ in trials),
        sum(status != "ok" for _, _, status, _ in trials),
    )
    assert all(0 <= outcome.repeated <= outcome.count for s in summaries for outcome in s.outcomes)
