import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadbench.analysis import cost_model
from loadbench.analysis.cost_model import CostModel, Observation, Unseparated, fit, predict
from loadbench.errors import ResultsError

MB = 10**6
SIZES = (
    (64 * MB, 16, 1),
    (64 * MB, 4000, 1),
    (64 * MB, 64, 32),
    (256 * MB, 64, 4),
    (512 * MB, 512, 1),
    (548 * MB, 160, 1),
    (251 * MB, 57, 2),
)
"""Bytes, tensors, files: every term varies by itself."""
COSTS = (5e-10, 0.02, 2e-5, 2e-3)
"""2 GB/s, 20 ms, 20 us a tensor, 2 ms a file."""


def time_of(size: tuple[int, int, int], costs: tuple[float, ...] = COSTS) -> float:
    per_byte, fixed, per_tensor, per_file = costs
    return size[0] * per_byte + fixed + size[1] * per_tensor + size[2] * per_file


def seen(size: tuple[int, int, int], *seconds: float, name: str = "") -> Observation:
    return Observation(name or "/".join(map(str, size)), *size, tuple(round(second * 1e9) for second in seconds))


def exact(sizes: tuple[tuple[int, int, int], ...] = SIZES, costs: tuple[float, ...] = COSTS) -> list[Observation]:
    return [seen(size, *[time_of(size, costs)] * 6) for size in sizes]


def test_the_costs_of_data_without_noise_are_found_again() -> None:
    model = fit(exact(), seed=1)
    assert model.fixed_s.value == pytest.approx(0.02)
    assert model.seconds_per_byte.value == pytest.approx(5e-10)
    assert model.per_tensor_s is not None
    assert model.per_tensor_s.value == pytest.approx(2e-5)
    assert model.per_file_s is not None
    assert model.per_file_s.value == pytest.approx(2e-3)
    assert model.not_separated == ()
    assert model.checkpoints == len(SIZES)
    found = predict(model, 10**10, 1000, 10)
    assert found.parts == pytest.approx({"bytes": 5.0, "fixed": 0.02, "tensors": 0.02, "files": 0.02})
    assert (found.seconds, found.low, found.high) == pytest.approx((5.06, 5.06, 5.06))


@settings(deadline=None, max_examples=15)
@given(
    st.tuples(st.floats(1e-11, 1e-8), st.floats(0, 1) | st.just(0.0), st.floats(0, 1e-4), st.floats(0, 0.05)),
    st.tuples(st.integers(10**8, 10**12), st.integers(1, 10**5), st.integers(1, 200)),
)
def test_any_costs_that_are_not_negative_predict_any_checkpoint(
    costs: tuple[float, ...], new: tuple[int, int, int]
) -> None:
    found = predict(fit(exact(costs=costs), seed=0), *new)
    assert found.seconds == pytest.approx(time_of(new, costs), rel=1e-3)
    assert sum(found.parts.values()) == pytest.approx(found.seconds)
    assert found.low <= found.seconds <= found.high


def test_no_cost_is_below_nothing() -> None:
    # More tensors are faster here, which no cost explains.
    model = fit([seen(size, time_of(size, (5e-10, 0.05, 0, 0)) - 1e-5 * size[1]) for size in SIZES], seed=0)
    assert model.per_tensor_s is not None
    assert model.per_tensor_s.value == model.per_tensor_s.low == 0
    assert min(map(min, model.replicates)) >= 0


def test_a_term_that_never_varied_is_left_out() -> None:
    one_file = tuple((size, tensors, 1) for size, tensors, _ in SIZES)
    model = fit(exact(one_file), seed=0)
    assert model.per_file_s is None
    assert model.not_separated == (Unseparated("files", 1),)
    assert model.fixed_s.value == pytest.approx(0.022)  # the one file's cost is in it
    assert "files" not in predict(model, MB, 1, 1).parts
    neither = fit(exact(tuple((size, 100, 2) for size, _, _ in SIZES)), seed=0)
    assert neither.not_separated == (Unseparated("tensors", 100), Unseparated("files", 2))


def test_a_term_that_varied_only_with_another_is_left_out() -> None:
    together = tuple((size, 10 * files, files) for size, _, files in SIZES)
    assert fit(exact(together), seed=0).not_separated == (Unseparated("files", None),)
    with_bytes = tuple((size, size // MB, files) for size, _, files in SIZES)
    assert fit(exact(with_bytes), seed=0).not_separated == (Unseparated("tensors", None),)


def test_too_few_checkpoints_say_how_many_are_needed() -> None:
    with pytest.raises(ResultsError, match="it has 4 checkpoints, at least 5 that differ are needed"):
        fit(exact(SIZES[:4]), seed=0)
    one_file = tuple((size, tensors, 1) for size, tensors, _ in SIZES)
    assert fit(exact((*one_file[:2], *one_file[4:6])), seed=0).checkpoints == 4
    fixed_only = tuple((size, 100, 1) for size, _, _ in SIZES)
    with pytest.raises(ResultsError, match="it has 3 checkpoints, at least 4 that differ are needed"):
        fit(exact(fixed_only[2:5]), seed=0)


@pytest.mark.parametrize("sizes", [(), SIZES[:1]])
def test_next_to_nothing(sizes: tuple[tuple[int, int, int], ...]) -> None:
    with pytest.raises(ResultsError, match=f"it has {len(sizes)} checkpoint.*, at least 4"):
        fit(exact(sizes), seed=0)


def test_checkpoints_of_one_size_say_nothing_about_bytes() -> None:
    with pytest.raises(ResultsError, match="its 5 checkpoints are all of one size"):
        fit(exact(tuple((MB, 10 * number, number % 3 + 1) for number in range(1, 6))), seed=0)


def test_checkpoints_of_nearly_one_size_say_hardly_more() -> None:
    nearly = tuple((10**9 + step * MB, 10 * step + 50, step % 3 + 1) for step in (-3, -1, 0, 2, 3))
    with pytest.raises(ResultsError, match="its 5 checkpoints are all of one size or nearly so"):
        fit(exact(nearly), seed=0)


def test_a_large_checkpoint_does_not_drown_the_small_ones() -> None:
    large = (20_000 * MB, 100, 1)
    model = fit([*exact(), seen(large, time_of(large) * 1.2)], seed=0)
    # Squared seconds would make the small ones wrong by more than the 20 % of the large one.
    assert predict(model, *SIZES[0]).seconds == pytest.approx(time_of(SIZES[0]), rel=0.1)
    assert model.worst_checkpoint == "20000000000/100/1"
    assert 0.05 < model.worst_residual < 0.2


def relative_width(model: CostModel) -> float:
    found = predict(model, 400 * MB, 300, 3)
    return (found.high - found.low) / found.seconds


def test_the_noise_of_the_trials_is_in_the_interval() -> None:
    # The medians lie on the model by chance: only the trials know better.
    noisy = fit([seen(size, *(time_of(size) * f for f in (0.6, 0.8, 1, 1, 1.2, 1.4))) for size in SIZES], seed=0)
    assert noisy.scatter < 1e-6
    assert relative_width(noisy) > 0.2
    # In the costs, and in how far the median of a new checkpoint would be off.
    assert noisy.per_tensor_s is not None
    assert noisy.per_tensor_s.high > 1.1 * noisy.per_tensor_s.value
    assert np.std([replicate[-1] for replicate in noisy.replicates]) > 0.05


def test_the_error_of_the_model_is_in_the_interval_however_often_each_checkpoint_was_loaded() -> None:
    off = (1.1, 0.9, 1.1, 0.9, 1.1, 0.9, 1.0)
    medians = [(size, time_of(size) * factor) for size, factor in zip(SIZES, off, strict=True)]
    few = fit([seen(size, *[seconds] * 6) for size, seconds in medians], seed=0)
    many = fit([seen(size, *[seconds] * 100) for size, seconds in medians], seed=0)
    assert few.scatter > 0.05
    assert relative_width(many) == pytest.approx(relative_width(few), rel=0.05)
    assert relative_width(many) > 0.3
    assert few.per_tensor_s is not None
    assert few.per_tensor_s.high > 1.1 * few.per_tensor_s.value


def test_an_interval_always_holds_its_estimate() -> None:
    assert cost_model._interval(np.array([1.0, 1.0]), 3.0) == (1.0, 3.0)
    assert cost_model._interval(np.array([4.0, 4.0]), 3.0) == (3.0, 4.0)


def test_fewer_checkpoints_make_a_wider_interval() -> None:
    off = (1.03, 0.97, 1.03, 0.97, 1.03, 0.97, 1.0)
    medians = [seen(size, time_of(size) * factor) for size, factor in zip(SIZES, off, strict=True)]
    assert relative_width(fit(medians[:5], seed=0)) > 1.5 * relative_width(fit(medians * 3, seed=0))


def test_the_same_seed_gives_the_same_figures() -> None:
    data = [seen(size, *(time_of(size) * f for f in (0.9, 1, 1.1))) for size in SIZES]
    assert fit(data, seed=5) == fit(data, seed=5)
    assert fit(data, seed=5) != fit(data, seed=6)


@pytest.mark.parametrize(("between", "within"), [(0.1, 0.03), (0.02, 0.1), (0.0, 0.05)])
@pytest.mark.parametrize("costs", [COSTS, (5e-10, 0.01, 0.0, 0.0)])
def test_the_interval_holds_about_95_percent_of_checkpoints_held_out(
    between: float, within: float, costs: tuple[float, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data made by the model, each checkpoint off by its own factor, each trial by another."""
    monkeypatch.setattr(cost_model, "REPLICATES", 200)
    random = np.random.default_rng(11)
    new = ((16_000 * MB, 291, 4), (300 * MB, 1000, 8), (80 * MB, 20, 1))

    def load(size: tuple[int, int, int]) -> list[float]:
        own = time_of(size, costs) * math.exp(between * random.standard_normal())
        return [own * math.exp(within * random.standard_normal()) for _ in range(6)]

    inside = []
    for number in range(100):
        model = fit([seen(size, *load(size)) for size in SIZES], seed=number)
        for size in new:
            found = predict(model, *size)
            inside.append(found.low <= np.median(load(size)) <= found.high)
    assert 0.925 <= np.mean(inside) < 0.995
