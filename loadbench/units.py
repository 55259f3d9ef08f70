"""Sizes, durations and rates, to and from text. Inside loadbench bytes and nanoseconds are integers."""

import math
import re

from loadbench.errors import UsageError

KIB, MIB, GIB, TIB = 2**10, 2**20, 2**30, 2**40
NS = 1_000_000_000

_SIZE_UNITS = {
    "": 1, "B": 1,
    "K": KIB, "KIB": KIB, "KB": 10**3,
    "M": MIB, "MIB": MIB, "MB": 10**6,
    "G": GIB, "GIB": GIB, "GB": 10**9,
    "T": TIB, "TIB": TIB, "TB": 10**12,
}  # fmt: skip
_DURATION_UNITS = {"": 1.0, "s": 1.0, "ms": 1e-3, "m": 60.0, "min": 60.0, "h": 3600.0}
_NUMBER_AND_UNIT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)")


def parse_size(text: str) -> int:
    """Bytes from text. `8M` and `8MiB` are 8 × 2²⁰, as fio has it; `8MB` is 8 × 10⁶."""
    match = _NUMBER_AND_UNIT.fullmatch(text.strip())
    factor = _SIZE_UNITS.get(match[2].upper()) if match else None
    if match is None or factor is None:
        raise UsageError(f"'{text}' is not a size. Write a number and a unit, such as 512K, 8M or 2G.")
    number = match[1]
    if "." not in number:
        return int(number) * factor
    size = float(number) * factor
    if size != int(size):
        raise UsageError(f"'{text}' is not a whole number of bytes.")
    return int(size)


def parse_duration(text: str) -> float:
    """Seconds from text such as `90`, `90s`, `20m`, `1.5h`."""
    match = _NUMBER_AND_UNIT.fullmatch(text.strip())
    factor = _DURATION_UNITS.get(match[2].lower()) if match else None
    if match is None or factor is None:
        raise UsageError(f"'{text}' is not a duration. Write a number and a unit, such as 90s, 20m or 2h.")
    return float(match[1]) * factor


def parse_share(text: str) -> float:
    """A share from text: `3%` and `0.03` are the same."""
    number = text.strip().removesuffix("%")
    try:
        share = float(number) / (100 if text.strip().endswith("%") else 1)
    except ValueError:
        share = math.nan
    if not math.isfinite(share):
        raise UsageError(f"'{text}' is not a share. Write it as 3% or 0.03.")
    return share


def short_size(size: int) -> str:
    """A size as one writes it on the command line: `8M`, `1536K`, `40GB`, `1000`. Exact, and the shortest such."""
    units = ("T", "G", "M", "K", "TB", "GB", "MB", "KB")
    texts = [f"{size // _SIZE_UNITS[unit]}{unit}" for unit in units if size and size % _SIZE_UNITS[unit] == 0]
    return min([*texts, str(size)], key=len)


def human_size(size: int) -> str:
    """A size for people, decimal: `548.1 MB`."""
    for unit, factor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if abs(size) >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"


def human_seconds(seconds: float) -> str:
    """A measured time for people, three significant digits: `0.268 s`, `14.3 s`, `3.21 ms`."""
    if seconds <= 0:
        return "0 s"
    if seconds < 0.1:
        return f"{_three_digits(seconds * 1e3)} ms"
    return f"{_three_digits(seconds)} s"


def human_duration(seconds: float) -> str:
    """A rough duration such as an ETA: `45 s`, `12 min`, `2 h 05 min`."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"


def gb_per_s(size: int, nanoseconds: float) -> float:
    """Decimal gigabytes (10⁹ bytes) a second."""
    return size / nanoseconds * NS / 1e9


def gib_per_s(size: int, nanoseconds: float) -> float:
    """Binary gigabytes (2³⁰ bytes) a second."""
    return size / nanoseconds * NS / GIB


def _three_digits(number: float) -> str:
    if number >= 100:
        return f"{number:.0f}"
    return f"{number:.1f}" if number >= 10 else f"{number:.2f}" if number >= 1 else f"{number:.3f}"
