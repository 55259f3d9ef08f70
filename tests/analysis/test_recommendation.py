"""Which case of the top set is recommended, and when none is."""

from typing import Any

from loadbench.analysis.best import contests
from loadbench.analysis.recommendation import Recommendation, recommend
from loadbench.analysis.summary import summarise
from loadbench.records import Case, Ceiling, Record
from tests.builders import LOADERS, bad, case, ceiling, loader_info, ok, run, series

SAME = (300, 301, 302, 303, 304, 305)
"""Times so alike that no test tells two cases with them apart."""
SLOW = (900, 901, 902, 903, 904, 905)


def advice(
    *groups: list[Record], verdict: str = "", ceilings: list[Ceiling] | None = None, **fields: Any
) -> Recommendation:
    records = [record for group in groups for record in group]
    cases = list({record.case.name: record.case for record in records}.values())
    (contest,) = contests(summarise(run(cases, ceilings=ceilings or []), records))
    return recommend(contest, fields.get("loaders", LOADERS), verdict)


def chosen(found: Recommendation) -> Case:
    assert found.chosen
    return found.chosen.standing.summary.case


def with_memory(records: list[Record], size: int, device: int | None = None) -> list[Record]:
    made = []
    for record in records:
        assert record.counters
        counters = record.counters.model_copy(update={"rss_peak_bytes": size, "device_peak_bytes": device})
        made.append(record.model_copy(update={"counters": counters}))
    return made


def test_of_the_top_set_the_fewest_threads() -> None:
    few = case(tunables={"threads": 4})
    many = case(tunables={"threads": 16})
    single = case("safetensors-mmap")
    found = advice(series(many, *SAME), series(few, 310, *SAME[1:]), series(single, *SLOW))
    assert chosen(found) == few
    assert [member.workers for member in found.members] == [4, 16]


def test_threads_come_before_memory() -> None:
    few, many = case(tunables={"threads": 4}), case(tunables={"threads": 16})
    found = advice(with_memory(series(few, *SAME), 2**31), with_memory(series(many, *SAME), 2**29))
    assert chosen(found) == few


def test_the_fastest_alone_wins_however_dear_it_is() -> None:
    dear = case(tunables={"threads": 64})
    found = advice(series(dear, *SAME), series(case("safetensors-mmap"), *SLOW))
    assert chosen(found) == dear


def test_threads_are_what_the_library_says_then_what_was_set_then_its_default() -> None:
    attested = case("runai-streamer")
    found = advice(
        series(attested, *SAME, settings={"concurrency": 3}),
        series(case("safetensors-mmap"), *SAME),
        series(case(), *SAME),
        series(case("runai-streamer", tunables={"concurrency": 5}), *SAME),
    )
    assert [member.workers for member in found.members] == [1, 3, 5, 16]


def test_then_the_least_memory_in_whole_mib_then_the_fastest() -> None:
    small = case(tunables={"threads": 8, "buffer": 2**20})
    large = case(tunables={"threads": 8, "buffer": 2**25})
    fast = case(tunables={"threads": 8, "buffer": 2**21})
    mib = 2**20
    found = advice(
        with_memory(series(large, *SAME), 900 * mib),
        with_memory(series(small, 310, *SAME[1:]), 800 * mib),
        with_memory(series(fast, *SAME), 800 * mib + 5),
    )
    assert [member.standing.summary.case for member in found.members] == [fast, small, large]


def test_device_memory_counts_and_unknown_memory_comes_last() -> None:
    one, two, unknown = (case(tunables={"threads": 8, "buffer": n}) for n in (1, 2, 3))
    silent = [record.model_copy(update={"counters": None}) for record in series(unknown, *SAME)]
    found = advice(silent, with_memory(series(one, *SAME), 100, 2**30), with_memory(series(two, *SAME), 500, 2**20))
    assert [member.standing.summary.case for member in found.members] == [two, one, unknown]
    assert [member.memory_bytes for member in found.members] == [500 + 2**20, 100 + 2**30, None]


def test_a_ceiling_is_never_recommended() -> None:
    found = advice(series(case("raw-read"), *SAME), series(case(), *SLOW))
    assert chosen(found) == case()


def test_an_inconclusive_run_recommends_nothing() -> None:
    found = advice(series(case(), *SAME), verdict="INCONCLUSIVE: why")
    assert (found.chosen, found.refusal) == (None, "INCONCLUSIVE: why")


def test_nothing_counts() -> None:
    found = advice([bad(case(), 1, "failed", "x")], [bad(case("safetensors-mmap"), 1, "timeout", "y")])
    assert found.chosen is None
    assert found.refusal == "no trial counts (fastsafetensors-nogds: 1 failed; safetensors-mmap: 1 timeout)"


def test_too_few_trials_tell_nothing_apart() -> None:
    found = advice(series(case(), *SAME[:5]), series(case("safetensors-mmap"), *SLOW))
    assert found.chosen is None
    assert "#1, has too few trials that count to be told from the others: 5, and 6 is the least" in found.refusal


def test_cold_that_was_not_proved_recommends_nothing() -> None:
    found = advice(
        [ok(case(), round, 300, state="partial") for round in range(1, 7)], series(case("safetensors-mmap"), *SAME)
    )
    assert found.chosen is None
    assert found.refusal == "#1 may be the fastest and is not proved: cache state not verified as cold"


def test_faster_than_storage_is_not_cold() -> None:
    found = advice(series(case(), *SAME), ceilings=[ceiling("storage", 600, 601, 602)])
    assert found.refusal == "#1 may be the fastest and is not proved: faster than the storage ceiling: not cold"


def test_bytes_that_were_not_verified_recommend_nothing() -> None:
    records = [record.model_copy(update={"proof": None}) for record in series(case(), *SAME)]
    assert advice(records).refusal == "#1 may be the fastest and is not proved: bytes not verified"


def test_a_doubt_about_a_case_that_is_out_of_it_refuses_nothing() -> None:
    slow = case("safetensors-mmap")
    found = advice(series(case(), *SAME), [ok(slow, round, 900, state="partial") for round in range(1, 7)])
    assert chosen(found) == case()


def test_the_sweep_that_confirms_has_the_top_set_or_the_runner_up() -> None:
    few, many = case(tunables={"threads": 4}), case(tunables={"threads": 16})
    slow = case("safetensors-mmap")
    both = advice(series(many, *SAME), series(few, *SAME), series(slow, *SLOW))
    assert {one.case.name for one in both.to_confirm} == {few.name, many.name}
    alone = advice(series(few, *SAME), series(slow, *SLOW))
    assert [one.case for one in alone.to_confirm] == [few, slow]
    assert len(advice(series(few, *SAME)).to_confirm) == 1


def test_a_default_that_is_no_number_counts_as_one() -> None:
    loaders = {"tensorizer": loader_info(LOADERS["runai-streamer"].tunables[0].model_copy(update={"default": None}))}
    found = advice(series(case("tensorizer"), *SAME), loaders=loaders)
    assert found.chosen
    assert found.chosen.workers == 1
