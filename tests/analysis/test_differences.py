"""Order statistics of differences: the very numbers that sorting all of them gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadbench.analysis import differences
from loadbench.analysis.differences import ranked


@settings(deadline=None)
@given(st.data(), st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**32), st.sampled_from([1, 3, 10**4, 10**9]))
def test_they_are_those_of_all_differences(data: st.DataObject, n: int, m: int, seed: int, spread: int) -> None:
    chance = np.random.default_rng(seed)
    upper, lower = (np.log(10**8 + chance.integers(0, spread, size)) for size in (n, m))
    expected = np.sort(np.subtract.outer(upper, lower).ravel())
    ranks = data.draw(st.lists(st.integers(0, n * m - 1), min_size=1, max_size=4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(differences, "ALL", 0)
        patch.setattr(differences, "_FEW", data.draw(st.sampled_from([1, 10, 10_000])))
        patch.setattr(differences, "_STRIDE", data.draw(st.sampled_from([1, 5, 100])))
        assert ranked(upper, lower, ranks) == expected[ranks].tolist()


def test_many_are_counted_and_not_made() -> None:
    """Fewer than a fiftieth of the 4 million differences are ever made."""
    chance = np.random.default_rng(1)
    upper, lower = (np.log(chance.lognormal(20, 0.05, size)) for size in (2000, 1990))
    made = 0
    real = np.repeat

    def counted(values: object, repeats: object) -> object:
        nonlocal made
        made += int(np.sum(repeats))  # type: ignore[call-overload]
        return real(values, repeats)  # type: ignore[call-overload]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(np, "repeat", counted)
        ranked(upper, lower, [1_990_000])
    assert 0 < made < 2 * 2000 * 1990 / 50
