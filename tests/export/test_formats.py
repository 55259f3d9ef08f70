"""Every format: whole files character by character, the right figures, hostile names, no figure that is none.

After a change that is meant, look at NAME.got and move it over NAME.
"""

import re
from pathlib import Path

import pytest

from loadbench.errors import ResultsError
from loadbench.export import FORMATS
from loadbench.export.figures import exported
from loadbench.records import Record
from loadbench.report.findings import find
from tests.builders import GPT2_BYTES, bad, case, example, ok, run, series, stored
from tests.export.readers import (
    NAMES,
    read_bencher,
    read_benchfmt,
    read_github,
    read_hyperfine,
    read_openmetrics,
    read_pyperf,
    strict_json,
)
from tests.report.test_hostile_text import for_any_text, hostile

GOLDEN = Path(__file__).parent / "golden"
FIRST = "fastsafetensors-nogds/gpt2/device=cpu/cache=cold/contract=owned/dtype=auto/buffer=8M/threads=8"


def written(format: str, *records: Record) -> str:
    found = find(stored(run({record.case.name: record.case for record in records}.values()), records))
    return FORMATS[format].write(exported(found))


def example_in(format: str) -> str:
    return FORMATS[format].write(exported(find(example())))


@pytest.mark.parametrize("format", FORMATS)
def test_example(format: str) -> None:
    got = example_in(format)
    expected, beside = GOLDEN / f"{format}.txt", GOLDEN / f"{format}.txt.got"
    if not expected.exists() or got != expected.read_text(encoding="utf-8"):
        beside.write_text(got, encoding="utf-8")
        pytest.fail(f"differs from {expected}; compare with {beside.name}")
    beside.unlink(missing_ok=True)


@pytest.mark.parametrize("format", FORMATS)
def test_each_case_with_a_figure_is_there_once_and_no_sentinel(format: str) -> None:
    names = NAMES[format](example_in(format))
    assert len(set(names)) == len(names) == 8
    assert not [name for name in names if "raw-read" in name or "gds" in name.replace("nogds", "")]


@pytest.mark.parametrize("format", FORMATS)
@for_any_text
def test_any_name_is_read_back_as_one_case(format: str, name: str) -> None:
    text = FORMATS[format].write(exported(hostile(name)))
    assert len(set(NAMES[format](text))) == 2
    assert all(char.isprintable() for line in text.split("\n") for char in line)


@pytest.mark.parametrize("format", FORMATS)
def test_what_reads_the_same_stays_two_cases(format: str) -> None:
    twins = [case(tunables={"threads": value, "same_name": "2"}) for value in (8, "8")]
    found = find(stored(run(twins), [*series(twins[0], 5, 6), *series(twins[1], 7, 8)]))
    assert len(set(NAMES[format](FORMATS[format].write(exported(found))))) == 2


@pytest.mark.parametrize("format", FORMATS)
def test_trials_that_do_not_count_change_nothing(format: str) -> None:
    of = case()
    good = series(of, 5, 6, 7)
    trouble = [
        bad(of, 4, "failed", "crash"),
        ok(of, 5, 1).model_copy(update={"status": "disturbed", "reason": "cpu"}),
        ok(of, 6, 1).model_copy(update={"status": "invalid", "reason": "wrong bytes"}),
        ok(of, 7, 0),
        ok(of, 8, -3),
        ok(of, 9, 1).model_copy(update={"bytes": None}),
    ]
    assert written(format, *good, *trouble) == written(format, *good)


@pytest.mark.parametrize("format", FORMATS)
def test_one_trial_without_counters_has_no_spread_and_no_null(format: str) -> None:
    text = written(format, ok(case(), 1, 5).model_copy(update={"counters": None}))
    if format == "hyperfine":  # whose user and system times are what the counters tell
        assert not {"stddev", "user", "system"} & strict_json(text)["results"][0].keys()
    else:
        assert len(NAMES[format](text)) == 1
    assert not re.search(r"null|nan\b|inf\b|±|u00b1|lower_value|memory|rss", text, re.IGNORECASE)


def test_a_run_without_a_figure_is_an_error_with_the_reason() -> None:
    with pytest.raises(ResultsError, match=r"example has no figure.*of 1 cases 1 .*: failed: no memory") as caught:
        exported(find(stored(run([case()]), [bad(case(), 1, "failed", "no memory")])))
    assert caught.value.exit_code == 3
    with pytest.raises(ResultsError, match="no trial of it is recorded"):
        exported(find(stored(run([case()]), [])))
    with pytest.raises(ResultsError, match="It has no case"):
        exported(find(stored(run([]), [])))


def test_cases_without_a_figure_are_named_with_their_reason() -> None:
    (gds,) = exported(find(example())).left_out
    assert gds == (
        "fastsafetensors-gds/gpt2/device=cpu/cache=cold/contract=owned/dtype=auto/threads=8: "
        "skipped: no GPU on this machine"
    )


def test_github_figures() -> None:
    smaller, bigger = read_github(example_in("github-smaller")), read_github(example_in("github-bigger"))
    assert (smaller[f"{FIRST} load"]["value"], smaller[f"{FIRST} load"]["unit"]) == (0.2435, "s")
    assert smaller[f"{FIRST} load"]["range"] == "± 0.0075"  # 0.240 to 0.251
    assert smaller[f"{FIRST} load"]["extra"] == "n=6 CI95=[0.24,0.251] cache=cold ceiling=83%"
    assert (smaller[f"{FIRST} peak memory"]["value"], smaller[f"{FIRST} peak memory"]["unit"]) == (900, "MB")
    assert bigger[f"{FIRST} bandwidth"]["value"] == pytest.approx(GPT2_BYTES / 0.2435e9, rel=1e-5)
    assert "range=[0.0601,0.0603]" in smaller[f"{FIRST.replace('cold', 'warm')} load"]["extra"]


def test_bencher_figures() -> None:
    measures = read_bencher(example_in("bencher"))[FIRST]
    assert measures["load-seconds"] == {"value": 0.2435, "lower_value": 0.24, "upper_value": 0.251}
    assert measures["peak-memory-bytes"] == {"value": 900_000_000}
    bandwidth = measures["bandwidth-gb-per-s"]
    assert bandwidth["lower_value"] < bandwidth["value"] < bandwidth["upper_value"]


def test_openmetrics_figures() -> None:
    families = read_openmetrics(example_in("openmetrics"))
    labels = {
        "loader": "fastsafetensors-nogds", "checkpoint": "gpt2", "device": "cpu", "cache": "cold", "contract": "owned",
        "dtype": "auto", "buffer": "8M", "threads": "8",
    }  # fmt: skip
    place = tuple(labels.items())
    assert families["loadbench_load_seconds"][place] == 0.24  # ± 0.0075: in steps of 0.01
    assert families["loadbench_load_bytes_per_second"][place] == 2.3e9
    assert families["loadbench_peak_memory_bytes"][place] == 9e8
    assert families["loadbench_ceiling_ratio"][place] == 0.85  # 83 % in steps of 5 %
    ((facts, one),) = families["loadbench_run_info"].items()
    assert (dict(facts)["host"], dict(facts)["version_fastsafetensors"], one) == ("bench-1", "0.5.0", 1)
    assert not {"commit", "date", "run"} & dict(facts).keys()


def test_pyperf_figures() -> None:
    suite = read_pyperf(example_in("pyperf"))
    benchmark = suite.get_benchmark(FIRST)
    assert benchmark.get_values() == (0.243, 0.246, 0.244, 0.251, 0.242, 0.240)
    assert (benchmark.get_nrun(), benchmark.get_unit()) == (6, "second")
    metadata = benchmark.get_metadata()
    assert (metadata["hostname"], metadata["commit_id"]) == ("bench-1", "0123456789abcdef-dirty")
    (first, *_) = benchmark.get_runs()
    assert first.get_metadata()["date"] == "2026-01-02 03:04:05.000000"


def test_hyperfine_figures() -> None:
    result = read_hyperfine(example_in("hyperfine"))[FIRST]
    assert result["times"] == [0.243, 0.246, 0.244, 0.251, 0.242, 0.240]
    assert result["mean"] == round(1.466 / 6, 9)
    assert (result["median"], result["min"], result["max"]) == (0.2435, 0.24, 0.251)
    assert (result["user"], result["system"], result["exit_codes"]) == (0.001, 0.001, [0] * 6)
    assert result["parameters"]["buffer"] == "8M"


def test_benchfmt_figures() -> None:
    configuration, results = read_benchfmt(example_in("benchfmt"))
    assert configuration == {"cpu": "Example CPU 9000", "gpu": "Example GPU"}
    loader, rest = FIRST.split("/", 1)
    lines = results[f"BenchmarkLoad/loader={loader}/checkpoint={rest}"]
    assert [line["ns/op"] for line in lines] == [243e6, 246e6, 244e6, 251e6, 242e6, 240e6]
    assert lines[0]["B/s"] == round(GPT2_BYTES / 0.243)


def test_a_number_behind_the_last_dash_is_no_gomaxprocs() -> None:
    text = written("benchfmt", ok(case(tunables={"strategy": "spread-16"}), 1, 5))
    assert next(iter(read_benchfmt(text)[1])).endswith("/strategy=spread%2D16")
