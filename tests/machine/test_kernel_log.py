import os
import uuid
from pathlib import Path

import pytest

from loadbench.machine.kernel_log import KernelLog, LogRecord, parse_record, warnings_in

NVME = "4,1250,10929703562,-;nvme nvme0: I/O 12 QID 3 timeout, aborting\n SUBSYSTEM=nvme\n DEVICE=c248:0\n"
SEGFAULT = "6,1251,10935756231,-;python[11067]: segfault at 0 ip 00007f9f2f174219\n"
FIREWALL = "4,1252,1,-;[UFW BLOCK] IN=eth0 OUT= MAC=52:54:00 SRC=10.0.0.1 DST=10.0.0.2 LEN=40\n"
SYSTEMD = "28,1253,2,-;systemd[1]: something is deprecated\n"


def test_a_record_is_its_level_its_source_and_its_first_line() -> None:
    assert parse_record(NVME) == LogRecord(4, 0, "nvme nvme0: I/O 12 QID 3 timeout, aborting")
    assert parse_record(SYSTEMD) == LogRecord(4, 3, "systemd[1]: something is deprecated")
    assert parse_record("6,1,2,-;a;b\n") == LogRecord(6, 0, "a;b")


@pytest.mark.parametrize("text", ["", "no record", ";text", "x,1,2,-;text"])
def test_what_is_no_record_is_none(text: str) -> None:
    assert parse_record(text) is None


def test_only_the_kernels_own_warnings_are_shown() -> None:
    records = [record for text in (NVME, SEGFAULT, FIREWALL, SYSTEMD) if (record := parse_record(text))]
    assert len(records) == 4
    assert warnings_in(records) == ["nvme nvme0: I/O 12 QID 3 timeout, aborting"]
    assert warnings_in([LogRecord(2, 0, "hot"), LogRecord(5, 0, "notice")]) == ["hot"]


def test_texts_are_cut_limited_and_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "c0rrecthorsebattery")
    texts = warnings_in([LogRecord(3, 0, f"{number} c0rrecthorsebattery {'x' * 500}") for number in range(25)])
    assert len(texts) == 11
    assert texts[-1] == "and 15 more"
    assert texts[3].startswith("3 *** xxx")
    assert {len(text) for text in texts[:-1]} == {200}


def test_reading_begins_at_the_end_and_never_waits() -> None:
    """On the real log, where we may write to it; what processes write there has another source than the kernel."""
    if not os.access("/dev/kmsg", os.R_OK | os.W_OK):
        pytest.skip("the kernel's log may not be read and written here")
    old, new = (f"loadbench test {uuid.uuid4()}" for _ in range(2))
    _write(old)
    with KernelLog() as log:
        _write(new)
        records = log.new_records()
        again = log.new_records()
    assert [record for record in records if record.text == new] == [LogRecord(4, 1, new)]
    assert old not in {record.text for record in records}
    assert new not in {record.text for record in again}
    assert new not in warnings_in(records)


def test_without_the_right_to_read_it_there_are_no_records(tmp_path: Path) -> None:
    with KernelLog(tmp_path / "missing") as log:
        assert log.new_records() == []


def test_the_log_is_closed_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(NVME)
    with KernelLog(tmp_path / "log") as log:
        with (tmp_path / "log").open("a") as file:
            file.write(SEGFAULT)
        assert [record.level for record in log.new_records()] == [6]
        open_now = _open_files()
    assert open_now - _open_files() == {str(tmp_path / "log")}
    assert log.new_records() == []


def _open_files() -> set[str]:
    return {str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}


def _write(text: str) -> None:
    descriptor = os.open("/dev/kmsg", os.O_WRONLY)
    os.write(descriptor, f"<4>{text}\n".encode())  # without a line's end it waits for more
    os.close(descriptor)
