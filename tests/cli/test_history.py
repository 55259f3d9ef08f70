"""What earlier runs tell about the next one."""

from pathlib import Path

import pytest

from loadbench.cli.history import read_history
from loadbench.machine.environment import machine_id
from loadbench.records import Ceiling
from loadbench.store import RunWriter
from tests import builders


def write(path: Path, machine: str, *seconds: float, sessions: int = 1) -> None:
    """A run with ceilings of so many seconds in each session, and two trials."""
    case = builders.case()
    samples = [round(one * 1e9) for one in seconds]
    ceilings = [
        Ceiling(kind="storage", checkpoint="gpt2", settings={}, bytes=1, samples_ns=samples, session=number)
        for number in range(sessions)
    ]
    run = builders.run([case])
    environment = run.sessions[0].environment | {"machine.id": machine}
    session = run.sessions[0].model_copy(update={"environment": environment})
    writer = RunWriter.create(path, run.model_copy(update={"ceilings": ceilings, "sessions": [session] * sessions}))
    for record in builders.series(case, 100, 100):
        writer.append(record)
    writer.close()


def test_the_ceilings_of_earlier_runs_tell_how_long_probing_takes(tmp_path: Path) -> None:
    write(tmp_path / "one", machine_id(), 2, 3)
    write(tmp_path / "two", machine_id(), 5, sessions=2)
    found = read_history(tmp_path)
    assert found.probing_s_per_byte == pytest.approx(15 / 3 / builders.run([]).checkpoints["gpt2"].file_bytes)


def test_only_this_machine_s_runs_tell(tmp_path: Path) -> None:
    write(tmp_path / "one", "another machine", 2, 3)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/run.json").write_text("{")
    assert read_history(tmp_path).trials == []
    assert read_history(tmp_path).probing_s_per_byte is None
    assert read_history(tmp_path / "nothing").trials == []


def test_many_small_runs_do_not_hide_a_large_one(tmp_path: Path) -> None:
    write(tmp_path / "large", machine_id(), 2)
    before = read_history(tmp_path).probing_s_per_byte
    assert before
    for number in range(30):
        write(tmp_path / f"foreign-{number}", "another machine", 2)
    assert read_history(tmp_path).probing_s_per_byte == before
