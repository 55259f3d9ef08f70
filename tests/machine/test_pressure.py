from pathlib import Path

import pytest

from loadbench.machine.pressure import Stalls, parse_pressure, stalls

IO = """some avg10=1.50 avg60=0.23 avg300=0.33 total=1074253864
full avg10=0.00 avg60=0.00 avg300=0.00 total=12
"""


def test_the_some_line_counts_in_microseconds() -> None:
    assert parse_pressure(IO) == 1_074_253_864_000


@pytest.mark.parametrize("text", [None, "", "full avg10=0.00 avg60=0.00 avg300=0.00 total=12", "some total="])
def test_without_the_line_nothing_is_known(text: str | None) -> None:
    assert parse_pressure(text) is None


def test_each_file_is_its_own(tmp_path: Path) -> None:
    for number, name in enumerate(("io", "cpu", "memory")):
        (tmp_path / name).write_text(f"some avg10=0.00 avg60=0.00 avg300=0.00 total={number}\n")
    assert stalls(tmp_path) == Stalls(io_ns=0, cpu_ns=1000, memory_ns=2000)
    (tmp_path / "io").unlink()
    assert stalls(tmp_path) == Stalls(io_ns=None, cpu_ns=1000, memory_ns=2000)


def test_this_machine_is_read_and_time_does_not_run_backwards() -> None:
    before, after = stalls(), stalls()
    for one, other in ((before.io_ns, after.io_ns), (before.cpu_ns, after.cpu_ns), (before.memory_ns, after.memory_ns)):
        assert (one is None) == (other is None) == (not Path("/proc/pressure/io").exists())
        assert one is None or other is None or one <= other
