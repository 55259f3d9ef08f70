"""A filter as a person writes it: `loader=safetensors-mmap,tensorizer cache=cold threads>=16`.

Terms stand between blanks and all must hold. A term is a key, an operator and a value; commas between values mean or.

=  !=        one of the values, or none of them; numbers and sizes as numbers, so that 8M is 8388608
>  >= <  <=  a number or a size
~  !~        a regular expression that is found somewhere in the value
-term        not

Values with blanks, commas or quotes stand in "..." or '...'.
"""

import operator
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from loadbench.analysis.keys import NOT_APPLICABLE
from loadbench.errors import UsageError
from loadbench.records import Value, name_value
from loadbench.units import parse_size

OPERATORS = ("=", "!=", ">", ">=", "<", "<=", "~", "!~")
_ORDER: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip
_KEY = re.compile(r"[^\s=!<>~,\"']+")
_OPERATOR = re.compile(r"!=|!~|>=|<=|=|>|<|~")
_PLAIN = re.compile(r"[^\s,\"'=!<>~][^\s,\"']*")
_EXAMPLE = "Write key=value, such as loader=tensorizer,safetensors-mmap cache=cold threads>=16 -buffer=8M"


@dataclass(frozen=True)
class Term:
    """One condition on one key."""

    key: str
    operator: str
    values: tuple[str, ...]
    negated: bool = False
    place: str = ""
    """Where it stands, for a message."""

    def holds(self, value: Value) -> bool:
        """Whether a value fulfils the term. What is no number is neither larger nor smaller than one."""
        return self._holds(value) is not self.negated

    def _holds(self, value: Value) -> bool:
        if self.operator in ("=", "!="):
            return any(same(text, value) for text in self.values) is (self.operator == "=")
        if self.operator in ("~", "!~"):
            found = value != NOT_APPLICABLE and _regex(self.values[0]).search(value_text(value)) is not None
            return found is (self.operator == "~")
        number, limit = _number(value), read_number(self.values[0])
        return number is not None and limit is not None and _ORDER[self.operator](number, limit)


def parse_filter(text: str, where: str = "--filter") -> tuple[Term, ...]:
    """The terms of a filter; a UsageError with the place where it cannot be read."""
    terms = []
    at = _skip_blanks(text, 0)
    while at < len(text):
        term, at = _term(text, at, where)
        terms.append(term)
        if at < len(text) and not text[at].isspace():
            raise _wrong(text, at, where, "a blank belongs between two terms")
        at = _skip_blanks(text, at)
    if not terms:
        raise UsageError(f"{where} is empty. {_EXAMPLE}.")
    return tuple(terms)


def same(text: str, value: Value) -> bool:
    """Whether a text means this value: as it is shown, or as the same number or size."""
    if text == value_text(value):
        return True
    number = _number(value)
    return number is not None and not isinstance(value, bool) and read_number(text) == number


def value_text(value: Value) -> str:
    """A value as a filter and a table have it: `8M`, `16`, `true`, `default`."""
    return str(value).lower() if isinstance(value, bool) else name_value(value)


def read_number(text: str) -> float | None:
    """A number or a size; None for any other text."""
    try:
        return parse_size(text)
    except (UsageError, OverflowError, ValueError):  # more digits than Python reads
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) != float("inf") and number == number else None


@cache
def _regex(text: str) -> re.Pattern[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what a future Python may read otherwise, as [[
        return re.compile(text)


def _number(value: Value) -> float | None:
    """A value's number: facts of the environment may be text."""
    if value is None or isinstance(value, bool):
        return None
    return value if isinstance(value, int | float) else read_number(value)


def _term(text: str, start: int, where: str) -> tuple[Term, int]:
    negated = text[start] == "-"
    key = _KEY.match(text, start + negated)
    if not key:
        raise _wrong(text, start + negated, where, "a key is missing")
    sign = _OPERATOR.match(text, key.end())
    if not sign:
        raise _wrong(text, key.end(), where, f"one of {' '.join(OPERATORS)} belongs after '{key[0]}'")
    values, end = _values(text, sign.end(), where)
    term = Term(key[0], sign[0], values, negated, _place(start, where))
    _check(term, text, sign.end(), where)
    return term, end


def _values(text: str, at: int, where: str) -> tuple[tuple[str, ...], int]:
    values = []
    while True:
        value, at = _value(text, at, where)
        values.append(value)
        if at == len(text) or text[at] != ",":
            return tuple(values), at
        at += 1


def _value(text: str, at: int, where: str) -> tuple[str, int]:
    quote = text[at : at + 1]
    if quote and quote in "\"'":
        end = text.find(quote, at + 1)
        if end < 0:
            raise _wrong(text, at, where, f"the closing {quote} is missing")
        return text[at + 1 : end], end + 1
    plain = _PLAIN.match(text, at)
    if not plain:
        raise _wrong(text, at, where, "a value is missing")
    return plain[0], plain.end()


def _check(term: Term, text: str, at: int, where: str) -> None:
    if term.operator not in ("=", "!=") and len(term.values) > 1:
        raise _wrong(text, at, where, f"{term.operator} takes one value")
    if term.operator in _ORDER and read_number(term.values[0]) is None:
        raise _wrong(text, at, where, f"{term.operator} takes a number or a size, not '{term.values[0]}'")
    if term.operator in ("~", "!~"):
        try:
            _regex(term.values[0])
        except (re.error, OverflowError, RecursionError) as error:
            raise _wrong(text, at, where, f"'{term.values[0]}' is not a regular expression ({error})") from error


def _skip_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _place(at: int, where: str) -> str:
    return f"{where}, character {at + 1}"


def _wrong(text: str, at: int, where: str, what: str) -> UsageError:
    rest = f" at '{text[at : at + 20]}'" if text[at:] else " at its end"
    return UsageError(f"{_place(at, where)}{rest}: {what}. {_EXAMPLE}; quote values with blanks.")
