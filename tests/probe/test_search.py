import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from loadbench.analysis.ceilings import thorough
from loadbench.probe.search import FINALISTS, REPETITIONS, SCREENINGS, Search, Settings
from loadbench.probe.stage import Tally


def searched(times: list[int], size: int = 100, short_size: int = 10) -> tuple[list[tuple[int, int, int]], list[bool]]:
    """What a search over settings with these times per byte finds (setting, n, bytes), and the progress it tells."""
    shown: list[tuple[int, int]] = []
    tally = Tally(lambda done, total: shown.append((done, total)))
    search = Search("storage", "some", [{"threads": index} for index in range(len(times))], size, short_size)
    tally.plan("storage", search.planned_bytes)

    def measure(setting: Settings, shortly: bool) -> int:
        index = setting["threads"]
        assert isinstance(index, int)
        return times[index] * (short_size if shortly else size)

    found = search.run(measure, tally).ceilings
    assert shown[-1] == (search.planned_bytes, search.planned_bytes)
    for one in found:
        index = one.settings["threads"]
        assert isinstance(index, int)
        assert set(one.samples_ns) == {times[index] * one.bytes}, "times and bytes belong together"
    order = [one in thorough(found) for one in found]
    return [(int(one.settings["threads"] or 0), len(one.samples_ns), one.bytes) for one in found], order


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=20, unique=True))
def test_every_setting_is_measured_and_the_best_thoroughly(times: list[int]) -> None:
    found, is_thorough = searched(times)
    assert sorted(index for index, _, _ in found) == list(range(len(times)))
    best = sorted(range(len(times)), key=times.__getitem__)[:FINALISTS]
    if len(times) > FINALISTS:
        assert [index for index, _, _ in found[:FINALISTS]] == best
    for index, n, size in found:
        assert (n, size) == ((REPETITIONS, 100) if index in best else (SCREENINGS, 10))
    assert is_thorough == [True] * len(best) + [False] * (len(times) - len(best))


def test_settings_take_turns_and_each_comes_first_at_times() -> None:
    order: list[tuple[int, bool]] = []

    def measure(setting: Settings, shortly: bool) -> int:
        order.append((int(setting["threads"] or 0), shortly))
        return 1

    search = Search("storage", "some", [{"threads": index} for index in range(FINALISTS)], 1, 1)
    search.run(measure, Tally(lambda _done, _total: None))
    rounds = [order[start : start + FINALISTS] for start in range(0, len(order), FINALISTS)]
    assert len(rounds) == REPETITIONS
    assert all(sorted(one) == [(index, False) for index in range(FINALISTS)] for one in rounds)
    assert set(Counter(one[0][0] for one in rounds).values()) == {REPETITIONS // FINALISTS}


def test_a_lucky_first_try_does_not_count() -> None:
    """Of the finalists' times none is of the screening, by which they were chosen."""
    chance = random.Random(1)
    search = Search("storage", "some", [{"threads": index} for index in range(10)], 1, 1)
    found = search.run(
        lambda _, shortly: chance.randrange(1, 100) if shortly else 1000, Tally(lambda _done, _total: None)
    ).ceilings
    assert {sample for one in thorough(found) for sample in one.samples_ns} == {1000}
