"""What the kernel logs while something else is done: driver errors, resets, hot processors, lost memory."""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from loadbench.machine.secrets import redact

_DEVICE = Path("/dev/kmsg")
_RECORD_BYTES = 8192
"""No record is longer than this, or the read would fail (PRINTK_MESSAGE_MAX is 2048; before 6.7 it was 8192)."""
_WARNING = 4
_KERNEL = 0
_LONGEST_TEXT = 200
_MOST_TEXTS = 10
_MOST_RECORDS = 1000
_FIREWALL = re.compile(r"\bIN=\S* OUT=\S* ")
"""A packet that a firewall logs, at warning level by default, says nothing about the machine."""


@dataclass(frozen=True)
class LogRecord:
    """One record of the kernel's log."""

    level: int
    """0 emergency, 3 error, 4 warning, 6 information."""
    facility: int
    """0 for the kernel itself; what processes write into the log has another."""
    text: str


class KernelLog:
    """The kernel's log from the moment this is opened. Without the right to read it, there are no records."""

    def __init__(self, device: Path = _DEVICE):
        self._descriptor: int | None = None
        with suppress(OSError):
            self._descriptor = os.open(device, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.lseek(self._descriptor, 0, os.SEEK_END)

    def __enter__(self) -> "KernelLog":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening. May be called again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def new_records(self) -> list[LogRecord]:
        """What was logged since it was opened, or since the last call. Never waits."""
        found: list[LogRecord] = []
        while self._descriptor is not None and len(found) < _MOST_RECORDS:
            try:
                data = os.read(self._descriptor, _RECORD_BYTES)
            except BrokenPipeError:  # the ring was overwritten under the reader, which now stands at its new start
                continue
            except OSError:  # EAGAIN: there is no more
                break
            if not data:
                break
            record = parse_record(data.decode(errors="replace"))
            if record:
                found.append(record)
        return found


def parse_record(text: str) -> LogRecord | None:
    """A record out of /dev/kmsg: `PRIORITY,SEQUENCE,TIME,FLAGS;TEXT`, then lines of properties, which begin with a
    blank. None for what is not one."""
    head, semicolon, body = text.partition(";")
    priority = head.partition(",")[0]
    if not semicolon or not priority.isdigit():
        return None
    return LogRecord(int(priority) & 7, int(priority) >> 3, body.partition("\n")[0])


def warnings_in(records: Iterable[LogRecord]) -> list[str]:
    """The texts of the kernel's own warnings and worse, for people: secrets removed, cut, and not too many."""
    texts = [
        record.text
        for record in records
        if record.level <= _WARNING and record.facility == _KERNEL and not _FIREWALL.search(record.text)
    ]
    shown = [_cut(redact(text)) for text in texts[:_MOST_TEXTS]]
    return shown if len(texts) <= _MOST_TEXTS else [*shown, f"and {len(texts) - _MOST_TEXTS} more"]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
