"""A loader that does wrong, in every way it can, ends as the right record, and the sweep goes on."""

import re
import shutil
from pathlib import Path

import psutil
import pytest

from loadbench.records import Record
from loadbench.store import StoredRun, read_run
from tests.conftest import Loadbench

EXPECTED = {
    "right": ("ok", ""),
    "look": ("ok", ""),
    "import": ("ok", ""),
    "print": ("ok", ""),
    "wrong-bytes": ("invalid", r"tensor 'layers\.0\.weight' has other bytes than the file \(1 wrong of 9\)"),
    "missing": ("invalid", r"tensor 'layers\.0\.weight' is missing"),
    "extra": ("invalid", r"tensor 'not\.in\.the\.file' is not in the checkpoint"),
    "twice": ("invalid", r"tensor 'layers\.0\.weight' was yielded twice"),
    "wrong-dtype": ("invalid", r"has dtype torch\.float64, not F32"),
    "wrong-shape": ("invalid", r"has shape \[131072\], not \[256, 512\]"),
    "lazy": ("invalid", r"9 of 9 tensors are still a mapping of the file"),
    "reuse": ("invalid", r"has other bytes than the file"),
    "ignore": ("failed", r"setting ignored: threads=2 was asked for, the library used 1"),
    "raise": ("failed", r"^ValueError: the fake was told to raise$"),
    "raise-midway": ("failed", r"OSError: \[Errno 5\] Input/output error"),
    "raise-in-prepare": ("failed", r"RuntimeError: no such library here"),
    "crash": ("failed", r"signal 11 \(SIGSEGV\) in load\(\)"),
    "killed": ("failed", r"signal 9 \(SIGKILL\) in load\(\)"),
    "exit": ("failed", r"exit code 7 in load\(\)"),
    "stop-clock": ("failed", r"ValueError: a loader may mark opened, not 'synchronised'"),
    "odd-setting": ("failed", r"TypeError: setting threads: list is not bool"),
    "late": ("invalid", r"bytes were read after the clock had stopped|has other bytes than the file"),
    "die-at-any-time": ("failed", r"signal 9 \(SIGKILL\)"),
    "hang": ("timeout", r"no answer for 4 s in load\(\); killed"),
    "hang-in-prepare": ("timeout", r"no answer for 4 s in prepare\(\); killed"),
    "child": ("timeout", r"no answer for 4 s in load\(\); killed"),
    "hungry": ("failed", r"^needs more memory than there is"),
    "secret": ("failed", r"denied for key \*\*\*"),
    "claim-direct": ("failed", r"direct reads were asked for, but they were buffered"),
    "claim-gds": ("failed", r"gds was asked for, but the path was buffered"),
}
SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"


@pytest.fixture(scope="module")
def run(loadbench: Loadbench, checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> StoredRun:
    """One sweep over all behaviours."""
    out = tmp_path_factory.mktemp("results") / "misbehaviour"
    ended = loadbench(
        "sweep", checkpoint, "--loader", "fake", "--set", f"fake.behaviour={','.join(EXPECTED)}",
        "--set", "fake.threads=2", "--cache", "warm", "--rounds", "1", "--timeout", "4s", "--out", out,
        AWS_SECRET_ACCESS_KEY=SECRET,
    )  # fmt: skip
    assert ended.returncode == 4, ended.stderr
    assert SECRET not in ended.stderr + ended.stdout
    return read_run(out)


def record_of(run: StoredRun, behaviour: str) -> Record:
    (record,) = [record for record in run.records if record.case.tunables["behaviour"] == behaviour]
    return record


@pytest.mark.parametrize("behaviour", EXPECTED)
def test_ends_as_the_right_record(run: StoredRun, behaviour: str) -> None:
    status, reason = EXPECTED[behaviour]
    record = record_of(run, behaviour)
    assert (record.status, bool(re.search(reason, record.reason))) == (status, True), record.reason
    assert "\n" not in record.reason


def test_a_log_is_kept_for_what_failed_and_for_nothing_else(run: StoredRun) -> None:
    kept = {path.name for path in (run.path / "logs").iterdir()}
    assert kept == {Path(record.log).name for record in run.records if record.log}
    assert "Traceback" in (run.path / record_of(run, "raise").log).read_text()
    assert not any(record.log for record in run.records if record.status == "ok")


def test_no_secret_reaches_a_file(run: StoredRun) -> None:
    for path in run.path.rglob("*"):
        assert path.is_dir() or SECRET not in path.read_text()


def test_a_trial_begins_clean(run: StoredRun) -> None:
    """A fork of the zygote has torch and nothing else: no loader library, no CUDA, no thread, a session of its own."""
    settings = record_of(run, "look").settings
    assert settings["libraries"] == ""
    assert settings["cuda_initialized"] is False
    assert settings["session_leader"] is True
    assert settings["threads_alive"] == 1


def test_imports_inside_the_clock_are_counted(run: StoredRun) -> None:
    importing, right = record_of(run, "import").timing, record_of(run, "right").timing
    assert importing
    assert right
    assert importing.modules_imported >= 3
    assert right.modules_imported == 0


def test_nothing_of_a_killed_trial_is_left(run: StoredRun) -> None:
    """The fake started `sleep 3600` and hung."""
    assert record_of(run, "child").status == "timeout"
    assert ["sleep", "3600"] not in [process.info["cmdline"] for process in psutil.process_iter(["cmdline"])]


def test_files_that_vanish_make_failed_records(loadbench: Loadbench, checkpoint: Path, tmp_path: Path) -> None:
    """The first trial removes them while it loads; from then on there is nothing to make cold or warm."""
    place = shutil.copytree(checkpoint, tmp_path / "small")
    ended = loadbench(
        "sweep", place, "--loader", "fake", "--set", "fake.behaviour=remove", "--rounds", "3", "--out", tmp_path / "run"
    )
    assert ended.returncode == 4, ended.stderr
    assert "Traceback" not in ended.stderr
    stored = read_run(tmp_path / "run")
    assert stored.run.sessions[-1].ended == "complete"
    tried = [record for record in stored.records if record.status != "skipped"]
    assert [(record.round, record.status) for record in tried] == [(1, "failed")] * 2 + [(2, "failed")] * 2
    file = re.escape(str(place / "model.safetensors"))
    assert all(re.search(f"cannot (open|evict) {file}: No such file", record.reason) for record in tried)


def test_events_are_in_order(run: StoredRun) -> None:
    timing = record_of(run, "right").timing
    assert timing
    names = [
        "spawned", "imported", "context_ready", "load_called", "first_tensor", "last_tensor", "synchronised",
        "released",
    ]  # fmt: skip
    assert [name for name, _ in sorted(timing.events.items(), key=lambda event: event[1])] == names
    assert timing.load_ns == timing.events["synchronised"] - timing.events["load_called"]
    assert timing.process_ns == timing.events["context_ready"] + timing.load_ns
