"""fio beside our own reads. Where it is not installed, its recorded output is what is read."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbench.machine.kernel import fields_of
from loadbench.probe import fio, fio_run
from loadbench.probe.fio import FioComparison, compare_with_fio
from loadbench.probe.fio_run import FioSetting, parse, readable, run
from loadbench.probe.sample import whole
from loadbench.probe.stage import MissingError, Tally
from loadbench.records import Ceiling
from loadbench.sweep.processes import process_context
from loadbench.units import MIB, NS
from tests.probe.conftest import written

RECORDED = Path(__file__).parent / "fio-3.33.json"
needs_fio = pytest.mark.skipif(shutil.which("fio") is None, reason="fio is not installed")
LIBAIO = FioSetting("libaio", MIB, 4, "malloc")


def best(size: int) -> Ceiling:
    return Ceiling(
        kind="storage", checkpoint="some", settings={"threads": 2, "block": MIB}, bytes=size, samples_ns=[NS // 1000]
    )


def test_the_recorded_output_is_understood() -> None:
    assert parse(RECORDED.read_text()) == (2097152000, 356 * NS // 1000)
    assert parse("fio: a warning\n" + RECORDED.read_text()) == (2097152000, 356 * NS // 1000)


@given(st.text())
def test_what_is_not_fio_s_output_is_a_reason(text: str) -> None:
    with pytest.raises(MissingError, match="cannot be read"):
        parse(text)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"error": 22}, "fio failed: Invalid argument"),
        ({"read": {"io_bytes": 0, "runtime": 5}}, "read nothing"),
        ({"read": {"io_bytes": 5, "runtime": 0}}, "read nothing"),
        ({"read": {"io_bytes": 5}}, "cannot be read"),
        ({"read": None}, "cannot be read"),
    ],
)
def test_what_has_no_figure_is_a_reason(changes: dict[str, object], reason: str) -> None:
    output = json.loads(RECORDED.read_text())
    output["jobs"][0] |= changes
    with pytest.raises(MissingError, match=reason):
        parse(json.dumps(output))


@needs_fio
def test_fio_reads_the_files_whole_and_again(disk: Path) -> None:
    spans = whole([written(disk / "a", 5 * MIB), written(disk / "b: with \\ odd name", 8 * MIB)])
    for times in (1, 3):
        size, ns = run(LIBAIO, spans, times * 13 * MIB)
        assert size == times * 13 * MIB
        assert ns > 0


@needs_fio
def test_fio_reads_the_same_prefixes_and_makes_no_file_longer(disk: Path) -> None:
    files = [written(disk / str(size), size * MIB) for size in (1, 9, 20, 30)]
    spans = readable(files, 41 * MIB)
    assert [(span.file, span.length) for span in spans] == [(files[2], 16 * MIB), (files[3], 16 * MIB)]
    assert f"--filesize={16 * MIB}" in LIBAIO.command(spans, 32 * MIB), "or it would read on in the first file"
    assert run(LIBAIO, spans, 32 * MIB)[0] == 32 * MIB
    assert [file.stat().st_size for file in files] == [size * MIB for size in (1, 9, 20, 30)]


def test_of_small_files_fio_reads_those_with_a_whole_block(disk: Path) -> None:
    files = [written(disk / str(size), size) for size in (10, 4 * MIB - 1, 4 * MIB, 5 * MIB)]
    assert [span.file for span in readable(files, 100 * MIB)] == files[2:]


@needs_fio
def test_an_engine_that_fio_does_not_have_is_a_reason(disk: Path) -> None:
    with pytest.raises(MissingError, match="fio failed with no_such_engine: "):
        run(FioSetting("no_such_engine", MIB, 4, "malloc"), whole([written(disk / "a", 5 * MIB)]), 5 * MIB)


@needs_fio
def test_the_comparison_takes_turns_on_the_same_bytes(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fio, "LONG_ENOUGH_NS", 3 * NS // 1000)
    monkeypatch.setattr(fio, "REPETITIONS", 2)
    monkeypatch.setattr(fio_run, "ENGINES", ("no_such_engine", "libaio"))
    monkeypatch.setattr(fio_run, "DEPTHS", (4,))
    shown: list[tuple[int, int]] = []
    size = 40 * MIB
    file = written(disk / "a", size)
    found = fio._compare((file,), (best(size),), Tally(lambda done, total: shown.append((done, total))))
    assert found.setting.engine == "libaio"
    assert (found.bytes, found.own_bytes) == (3 * size, 3 * size), "as often as it takes to fill 3 ms at 1 ms each"
    assert len(found.samples_ns) == len(found.own_samples_ns) == fio.REPETITIONS
    assert found.own_settings == {"threads": 2, "block": MIB}
    assert found.version.startswith("fio-")
    assert str(file) in " ".join(found.command)
    failed = len(fio_run.settings()) // 2
    assert shown[-1][0] == shown[-1][1] - failed * 3 * size


def test_our_reads_are_all_done_and_the_better_finalist_is_the_judge(
    disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The setting that was the fastest at first is slow when it counts."""
    monkeypatch.setattr(fio, "LONG_ENOUGH_NS", 3 * NS // 1000)
    asked: list[FioSetting] = []
    last, before_last = fio_run.settings()[-1], fio_run.settings()[-2]

    def answer(setting: FioSetting, _spans: object, size: int) -> tuple[int, int]:
        asked.append(setting)
        if len(asked) <= len(fio_run.settings()):
            return size, {last: 100, before_last: 200}.get(setting, 300)
        return size, {last: 999, before_last: 500}[setting]

    monkeypatch.setattr(fio_run, "run", answer)
    file = written(disk / "a", 8 * MIB)
    before = fields_of("/proc/self/io")["read_bytes"]
    ours = tuple(best(8 * MIB).model_copy(update={"settings": {"threads": n, "block": MIB}}) for n in (1, 2))
    found = fio._compare((file,), ours, Tally(lambda _done, _total: None))
    assert fields_of("/proc/self/io")["read_bytes"] - before == 2 * fio.REPETITIONS * found.own_bytes
    assert found.own_settings in [one.settings for one in ours]
    assert found.own_bytes == 3 * 8 * MIB
    assert (found.setting, set(found.samples_ns)) == (before_last, {500})


def test_the_ratio_is_ours_over_fio_s() -> None:
    found = FioComparison("", LIBAIO, {}, (), 100, (10, 20, 30), {}, 300, (30, 20, 50))
    assert found.ratio == pytest.approx((300 / 30) / (100 / 20))


def test_without_fio_there_is_no_comparison(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(disk))
    found = compare_with_fio([written(disk / "a", MIB)], [best(MIB)], process_context("spawn"))
    assert isinstance(found, str)
    assert found.startswith("fio is not installed (apt install fio")


@pytest.mark.parametrize(
    ("program", "size", "reason"),
    [
        ("echo nonsense", 4 * MIB, "fio's output cannot be read"),
        ("echo cannot >&2; exit 3", 4 * MIB, "fio failed with libaio: cannot; fio failed with io_uring: cannot"),
        ("exit 3", 4 * MIB, "fio failed with libaio: exit code 3"),
        ("exit 0", MIB, "the files are too small for fio"),
        ("kill -9 $PPID", 4 * MIB, "the process that measures was ended by signal 9"),
    ],
)
def test_a_fio_that_fails_is_a_reason(
    disk: Path, monkeypatch: pytest.MonkeyPatch, program: str, size: int, reason: str
) -> None:
    (disk / "fio").write_text(f"#!/bin/sh\n{program}\n")
    (disk / "fio").chmod(0o755)
    monkeypatch.setenv("PATH", str(disk), prepend=":")
    found = compare_with_fio([written(disk / "a", size)], [best(size)], process_context("spawn"))
    assert isinstance(found, str)
    assert found.startswith(reason)


def test_fio_is_told_to_ask_for_huge_pages_beside_what_the_user_tells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fio_run._with_huge_pages("") == "glibc.malloc.hugetlb=1"
    assert fio_run._with_huge_pages("glibc.malloc.check=1") == "glibc.malloc.check=1:glibc.malloc.hugetlb=1"


def test_reserved_huge_pages_are_taken_where_they_suffice(monkeypatch: pytest.MonkeyPatch) -> None:
    for free, memory in ((0, "malloc"), (2, "malloc"), (3, "mmaphuge")):
        facts = {"HugePages_Free": free, "Hugepagesize": 2 * MIB}
        monkeypatch.setattr(fio_run, "fields_of", lambda _, facts=facts: facts)
        assert fio_run._memory(4 * MIB) == memory
    monkeypatch.setattr(fio_run, "fields_of", lambda _: {})
    assert fio_run._memory(4 * MIB) == "malloc"
