import itertools
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbench.probe.sample import MOST_FILES, Span, is_cut, shorten, total, whole
from loadbench.units import GIB, MIB

lengths = st.lists(st.integers(1, 20 * GIB), max_size=20)
limits = st.integers(1, 40 * GIB)


def spans(sizes: list[int]) -> tuple[Span, ...]:
    return tuple(Span(Path(str(index)), size) for index, size in enumerate(sizes))


@given(lengths, limits)
def test_a_sample_is_a_prefix_of_each_file_and_about_as_long_as_wished(sizes: list[int], limit: int) -> None:
    files = spans(sizes)
    sample = shorten(files, limit)
    assert [span.file for span in sample] == [span.file for span in files]
    assert all(0 < part.length <= file.length for part, file in zip(sample, files, strict=True))
    assert min(limit, total(files)) - len(files) <= total(sample) <= limit + len(files) * MIB


@given(lengths, limits)
def test_only_long_files_are_cut_and_all_to_one_length_of_whole_mib(sizes: list[int], limit: int) -> None:
    files = spans(sizes)
    cut = {part.length for part, file in zip(shorten(files, limit), files, strict=True) if part != file}
    assert len(cut) <= 1
    for level in cut:
        assert level % MIB == 0
        assert all(part.length <= level for part in shorten(files, limit))


@given(lengths, limits, limits)
def test_a_short_sample_lies_inside_a_long_one_and_is_found_again(sizes: list[int], one: int, other: int) -> None:
    files = spans(sizes)
    short, long = shorten(files, min(one, other)), shorten(files, max(one, other))
    assert all(a.length <= b.length for a, b in zip(short, long, strict=True))
    assert shorten(long, min(one, other)) == short
    assert shorten(files, total(long)) == long, "who knows the bytes of a repetition knows which they were"


def test_whole_files_without_empty_ones(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "full").write_bytes(b"x" * 10)
    (full,) = whole([tmp_path / "empty", tmp_path / "full"])
    assert full == Span(tmp_path / "full", 10)
    assert not is_cut(full)
    assert is_cut(Span(tmp_path / "full", 9))


@pytest.mark.parametrize("count", [MOST_FILES, MOST_FILES + 1, 3 * MOST_FILES])
def test_of_many_files_some_are_read_from_first_to_last(tmp_path: Path, count: int) -> None:
    files = [tmp_path / f"{index:04}" for index in range(count)]
    for file in files:
        file.touch()
        os.truncate(file, MIB)
    chosen = [files.index(span.file) for span in whole(files)]
    assert len(chosen) == len(set(chosen)) == MOST_FILES
    assert chosen == sorted(chosen)
    assert (chosen[0], chosen[-1]) == (0, count - 1)
    assert max(b - a for a, b in itertools.pairwise(chosen)) <= count / MOST_FILES + 1
