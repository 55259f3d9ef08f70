"""What the real programs make of an export."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from loadbench.export import FORMATS
from loadbench.export.figures import Exported, exported
from loadbench.export.openmetrics import rounded
from loadbench.report.findings import find
from tests.builders import case, example, run, series, stored
from tests.export.readers import read_openmetrics


def figures(*load_ms: float) -> Exported:
    return exported(find(stored(run([case()]), series(case(), *load_ms))))


def pyperf(*arguments: str | Path) -> str:
    command = [sys.executable, "-m", "pyperf", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def pyperf_file(path: Path, *load_ms: float) -> Path:
    path.write_text(FORMATS["pyperf"].write(figures(*load_ms)))
    return path


def test_pyperf_describes_and_compares(tmp_path: Path) -> None:
    old = pyperf_file(tmp_path / "old.json", 10, 11, 10.5, 10.2, 10.4, 10.1)
    same = pyperf_file(tmp_path / "same.json", 10.1, 11, 10.4, 10.2, 10.4, 10.1)
    new = pyperf_file(tmp_path / "new.json", 20, 21, 20.5, 20.2, 20.4, 20.1)
    assert "Number of run with values: 6" in pyperf("stats", old)
    assert "1.96x slower" in pyperf("compare_to", old, new)
    assert "Benchmark hidden because not significant (1)" in pyperf("compare_to", old, same)


def test_pyperf_calls_unequal_numbers_significant_and_we_warn(tmp_path: Path) -> None:
    """The day this fails pyperf has mended it, and the warning can go."""
    old = pyperf_file(tmp_path / "old.json", 10, 11, 10.5, 10.2, 10.4, 10.1)
    fewer = pyperf_file(tmp_path / "fewer.json", 10, 11, 10.5, 10.2, 10.4)
    assert "slower" in pyperf("compare_to", old, fewer)
    remark = FORMATS["pyperf"].remark
    assert "6 to 1" not in remark(figures(1, 2, 3).figures)
    assert "cases have 1 to 6 trials" in remark(exported(find(example())).figures)


def test_hyperfine_writes_the_same_keys(tmp_path: Path) -> None:
    program = shutil.which("hyperfine")
    if program is None:
        pytest.skip("hyperfine is not installed")
    path = tmp_path / "theirs.json"
    command = [program, "--shell=none", "--runs=2", "-L", "seconds", "0.01", "sleep {seconds}"]
    subprocess.run([*command, "--export-json", path], capture_output=True, timeout=60, check=True)
    (theirs,) = json.loads(path.read_text())["results"]
    (ours,) = json.loads(FORMATS["hyperfine"].write(figures(10, 11)))["results"]
    newer = {"memory_usage_byte"} - set(theirs)  # since hyperfine 1.19
    assert set(ours) - newer == set(theirs)
    assert {key: type(ours[key]) for key in theirs} == {key: type(theirs[key]) for key in theirs}


def test_benchstat_compares(tmp_path: Path) -> None:
    program = shutil.which("benchstat")
    if program is None:
        pytest.skip("benchstat is not installed")
    for name, load_ms in {"old": (10, 11, 10.5, 10.2, 10.4, 10.1), "new": (20, 21, 20.5, 20.2, 20.4, 20.1)}.items():
        (tmp_path / name).write_text(FORMATS["benchfmt"].write(figures(*load_ms)))
    command = [program, "-filter", "/cache:cold", "-row", "/loader", "old", "new"]
    table = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "+97.09% (p=0.002 n=6)" in table  # 10.3 ms to 20.3 ms
    assert "-49.26% (p=0.002 n=6)" in table  # their bandwidth


def test_rounding_hides_noise_and_shows_a_change() -> None:
    def load(*load_ms: float) -> float:
        families = read_openmetrics(FORMATS["openmetrics"].write(figures(*load_ms)))
        (value,) = families["loadbench_load_seconds"].values()
        return float(value)

    before = load(2950, 3000, 3010, 2990, 3060, 3005)
    assert load(2948, 3003, 3012, 2987, 3062, 3001) == before == 3.0
    assert load(3450, 3500, 3510, 3490, 3560, 3505) == 3.5


@pytest.mark.parametrize(
    ("value", "half_width", "text"),
    [
        (3.412, 0.064, "3.4"),
        (0.279, 0.022, "0.3"),
        (0.279, 0.0011, "0.28"),
        (1.97e9, 3e7, "1950000000"),
        (900_000_000, 0, "900000000"),
        (0.01234, 0, "0.012"),
        (5.4, 70, "5"),
        (1e-9, 1e-12, "0.000000001"),
        (0, 0, "0"),
    ],
)
def test_values_are_rounded_to_the_width_of_their_interval(value: float, half_width: float, text: str) -> None:
    assert rounded(value, half_width) == text
