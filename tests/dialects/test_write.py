"""Files and streams: what is written, what is appended, and what becomes of the rest where one cannot be written."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from loadbench.dialects.summary import MOST
from loadbench.dialects.write import check_places, write_dialects
from loadbench.errors import StoreError, UsageError
from loadbench.gate.result import GateResult
from tests.dialects.results import all_verdicts
from tests.dialects.test_github import read_outputs


def write(tmp_path: Path, **places: Any) -> str:
    stream = io.StringIO()
    environment = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), "GITHUB_OUTPUT": str(tmp_path / "output")}
    write_dialects(all_verdicts(), github=stream, **{"environment": environment} | places)
    return stream.getvalue()


def test_every_file_that_is_named_is_written_with_the_folders_above_it(tmp_path: Path) -> None:
    places = {name: tmp_path / "deep" / "er" / name for name in ("junit", "metrics", "json")}
    text = write(tmp_path, report_path=Path("results/gate"), **places)
    assert text.startswith("::error title=INVALID::")
    assert places["junit"].read_text().startswith("<?xml")
    assert places["metrics"].read_text().endswith("# EOF\n")
    assert GateResult.model_validate(json.loads(places["json"].read_text())) == all_verdicts()
    assert (tmp_path / "summary").read_text().startswith("## INVALID")
    assert read_outputs((tmp_path / "output").read_text()) == {"verdict": "INVALID", "report_path": "results/gate"}


@pytest.mark.parametrize(("before", "between"), [("", ""), ("a line\n", ""), ("half a line", "\n")])
def test_githubs_files_are_appended_to(tmp_path: Path, before: str, between: str) -> None:
    for name in ("summary", "output"):
        (tmp_path / name).write_text(before)
    write(tmp_path)
    assert (tmp_path / "summary").read_text().startswith(f"{before}{between}## INVALID")
    assert (tmp_path / "output").read_text().startswith(f"{before}{between}verdict<<")


@pytest.mark.parametrize("size", [MOST - 50, MOST - 3000, MOST, 2 * MOST])
def test_a_summary_that_is_nearly_full_does_not_grow_above_the_limit(tmp_path: Path, size: int) -> None:
    (tmp_path / "summary").write_text("x" * (size - 1) + "\n")
    write(tmp_path)
    assert (tmp_path / "summary").stat().st_size <= max(size, MOST)


@pytest.mark.parametrize("broken", ["junit", "metrics", "json", "summary", "output"])
def test_what_cannot_be_written_does_not_keep_the_rest_from_it(tmp_path: Path, broken: str) -> None:
    (tmp_path / broken).mkdir()
    places = {name: tmp_path / name for name in ("junit", "metrics", "json")}
    with pytest.raises(StoreError, match=str(tmp_path / broken)):
        write(tmp_path, **places)
    for name in {"junit", "metrics", "json", "summary", "output"} - {broken}:
        assert (tmp_path / name).read_text()


def test_all_that_failed_is_named(tmp_path: Path) -> None:
    (tmp_path / "junit").mkdir()
    (tmp_path / "metrics").mkdir()
    with pytest.raises(StoreError, match=r"junit.* Cannot .*metrics"):
        write(tmp_path, junit=tmp_path / "junit", metrics=tmp_path / "metrics")


def test_outside_github_only_annotations_are_written(tmp_path: Path) -> None:
    assert write(tmp_path, environment={}).count("\n") == 3
    assert list(tmp_path.iterdir()) == []


def test_a_file_named_twice_and_a_folder_are_found_before_anything_slow(tmp_path: Path) -> None:
    check_places(tmp_path / "a", tmp_path / "b", None, Path("/dev/null"), Path("/dev/null"))
    with pytest.raises(UsageError, match="named for two"):
        check_places(tmp_path / "a", None, tmp_path / "x" / ".." / "a")
    with pytest.raises(UsageError, match="is a folder"):
        check_places(tmp_path)
