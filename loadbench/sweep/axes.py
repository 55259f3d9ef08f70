"""Axes as text: comma lists, sizes with a unit, ranges."""

import re
from collections.abc import Sequence

from loadbench.errors import UsageError
from loadbench.loaders.contract import Tunable
from loadbench.records import Value
from loadbench.units import parse_size, short_size

_RANGE = re.compile(r"(?P<start>[^.]+)\.\.(?P<end>[^*+]+)(?:(?P<step>[*+])(?P<by>.+))?")
MAX_VALUES = 1000


def split_list(text: str) -> tuple[str, ...]:
    """The items of a comma list; an empty item is an error."""
    items = tuple(item.strip() for item in text.split(","))
    if not all(items):
        raise UsageError(f"'{text}' has an empty item. Write values with single commas between them, such as 8,16,32.")
    return items


def parse_axis(texts: Sequence[str], tunable: Tunable, where: str) -> tuple[Value, ...]:
    """The values of an axis for one tunable, each once, in the order given. Ranges are for whole numbers only."""
    values: list[Value] = []
    for text in texts:
        for value in _expand(text, tunable, where):
            if value not in values:
                values.append(value)
    return tuple(values)


def parse_value(text: str, tunable: Tunable, where: str) -> Value:
    """One value. `default` is the library's own default."""
    if text == "default":
        return tunable.default
    if tunable.kind is bool:
        return _parse_bool(text, where)
    if tunable.kind is int:
        value = _parse_int(text, tunable, where)
        if tunable.minimum is not None and value < tunable.minimum:
            raise UsageError(f"{where}: {text} is too small; the least is {_text(tunable.minimum, tunable)}.")
        return value
    if tunable.choices and text not in tunable.choices:
        raise UsageError(f"{where}: unknown value '{text}'. Known: {', '.join(tunable.choices)}.")
    return text


def _expand(text: str, tunable: Tunable, where: str) -> list[Value]:
    match = _RANGE.fullmatch(text)
    if not match or tunable.kind is not int:
        return [parse_value(text, tunable, where)]
    start, end = (parse_value(match[part], tunable, where) for part in ("start", "end"))
    assert isinstance(start, int)
    assert isinstance(end, int)
    by = _parse_int(match["by"], tunable, where) if match["by"] else 1
    multiply = match["step"] == "*"
    if start > end or (by < 2 if multiply else by < 1) or (multiply and start < 1):
        raise UsageError(
            f"{where}: '{text}' is not a range. Write start..end*factor or start..end+step, such as 1..64*2 or 4..16+4."
        )
    values: list[Value] = []
    while start <= end:
        values.append(start)
        start = start * by if multiply else start + by
        if len(values) > MAX_VALUES:
            raise UsageError(f"{where}: '{text}' has more than {MAX_VALUES} values. Take larger steps.")
    return values


def _parse_int(text: str, tunable: Tunable, where: str) -> int:
    try:
        if re.fullmatch(r"-\d+", text):
            return int(text)
        if tunable.unit == "bytes":
            return parse_size(text)
        return int(text)
    except (ValueError, UsageError) as error:
        example = "a size such as 8M" if tunable.unit == "bytes" else "a whole number"
        raise UsageError(f"{where}: '{text}' is not {example}.") from error


def _parse_bool(text: str, where: str) -> bool:
    lowered = text.lower()
    if lowered in ("true", "on", "yes", "1"):
        return True
    if lowered in ("false", "off", "no", "0"):
        return False
    raise UsageError(f"{where}: '{text}' is neither true nor false.")


def _text(value: int, tunable: Tunable) -> str:
    return short_size(value) if tunable.unit == "bytes" else str(value)
