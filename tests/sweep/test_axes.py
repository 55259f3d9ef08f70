import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbench.errors import UsageError
from loadbench.loaders import find, tunables_of
from loadbench.sweep.axes import parse_axis, split_list
from loadbench.units import MIB

NOGDS = tunables_of(find("fastsafetensors-nogds"))
RUNAI = tunables_of(find("runai-streamer"))
TENSORIZER = tunables_of(find("tensorizer"))


def test_lists_sizes_and_ranges() -> None:
    assert parse_axis(split_list("8,16,32"), NOGDS["threads"], "--threads") == (8, 16, 32)
    assert parse_axis(split_list("8M,16M"), NOGDS["buffer"], "--buffer") == (8 * MIB, 16 * MIB)
    assert parse_axis(["1..64*2"], NOGDS["threads"], "--threads") == (1, 2, 4, 8, 16, 32, 64)
    assert parse_axis(["4..16+4"], NOGDS["threads"], "--threads") == (4, 8, 12, 16)
    assert parse_axis(["1..3"], NOGDS["threads"], "--threads") == (1, 2, 3)
    assert parse_axis(["8M..32M*2"], NOGDS["buffer"], "--buffer") == (8 * MIB, 16 * MIB, 32 * MIB)
    assert parse_axis(["0", "-1", "40G"], RUNAI["memory_limit"], "--set") == (0, -1, 40 * 2**30)
    assert parse_axis(["default", "4"], TENSORIZER["threads"], "--threads") == (None, 4)
    assert parse_axis(["on", "false"], TENSORIZER["verify_hash"], "--set") == (True, False)


def test_a_value_given_twice_is_one_case() -> None:
    assert parse_axis(["8", "8", "1..9*8"], NOGDS["threads"], "--threads") == (8, 1)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["0"], "--threads: 0 is too small; the least is 1"),
        (["many"], "--threads: 'many' is not a whole number"),
        (["8M"], "--threads: '8M' is not a whole number"),
        (["9..3"], "is not a range"),
        (["1..9*1"], "is not a range"),
        (["1..100000"], "more than 1000 values"),
    ],
)
def test_bad_values(texts: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("(", r"\(").replace("*", r"\*")):
        parse_axis(texts, NOGDS["threads"], "--threads")


def test_a_bad_choice_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match="'magic'.*Known: auto, io_uring_direct"):
        parse_axis(["magic"], RUNAI["strategy"], "--set runai-streamer.strategy")


def test_an_empty_item() -> None:
    with pytest.raises(UsageError, match="empty item"):
        split_list("8,,16")


@given(st.integers(1, 500), st.integers(1, 500), st.integers(2, 9))
def test_ranges_hold_every_step(start: int, end: int, by: int) -> None:
    if start > end:
        return
    multiplied = parse_axis([f"{start}..{end}*{by}"], NOGDS["threads"], "--threads")
    assert multiplied == tuple(start * by**k for k in range(20) if start * by**k <= end)
    assert parse_axis([f"{start}..{end}+{by}"], NOGDS["threads"], "--threads") == tuple(range(start, end + 1, by))


@given(st.text(max_size=15))
def test_any_text_is_a_value_or_a_usage_error(text: str) -> None:
    for tunable in (NOGDS["threads"], NOGDS["buffer"], RUNAI["strategy"], TENSORIZER["verify_hash"]):
        with contextlib.suppress(UsageError):
            assert parse_axis([text], tunable, "--set")
