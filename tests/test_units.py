import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbench.errors import UsageError
from loadbench.units import (
    gb_per_s,
    gib_per_s,
    human_duration,
    human_seconds,
    human_size,
    parse_duration,
    parse_size,
    short_size,
)


@pytest.mark.parametrize(
    ("text", "size"),
    [("8M", 8 * 2**20), ("8MiB", 8 * 2**20), ("8MB", 8_000_000), ("1k", 1024), ("1.5G", 1610612736),
     ("40G", 40 * 2**30),
     ("7", 7), ("7B", 7), ("0", 0), (" 2 T ", 2 * 2**40)],
)  # fmt: skip
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "M", "8X", "-1", "1e3", "8 M M", "0.3B", "nan", "٣M"])
def test_no_sizes(text: str) -> None:
    with pytest.raises(UsageError, match="size|whole number"):
        parse_size(text)


@given(st.integers(min_value=0, max_value=2**60))
def test_short_size_is_exact(size: int) -> None:
    assert parse_size(short_size(size)) == size


@given(st.text(max_size=20))
def test_any_text_is_a_size_or_a_usage_error(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert parse_size(text) >= 0


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("20m", 1200), ("1.5h", 5400), ("250ms", 0.25)])
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


def test_no_duration() -> None:
    with pytest.raises(UsageError, match="not a duration"):
        parse_duration("soon")


def test_rates_in_both_units() -> None:
    """GPT-2's tensors in the 0.268 s of the published table: printed there as 1.91 GB/s, which are GiB."""
    assert round(gib_per_s(548_090_880, 0.268e9), 2) == 1.90
    assert round(gb_per_s(548_090_880, 0.268e9), 2) == 2.05


def test_for_people() -> None:
    assert [human_size(n) for n in (0, 999, 548_105_171, 16_060_522_496)] == ["0 B", "999 B", "548.1 MB", "16.1 GB"]
    assert [human_seconds(s) for s in (0.268, 14.3, 0.00321, 132.4)] == ["0.268 s", "14.3 s", "3.21 ms", "132 s"]
    assert [human_duration(s) for s in (45, 720, 7500)] == ["45 s", "12 min", "2 h 05 min"]
