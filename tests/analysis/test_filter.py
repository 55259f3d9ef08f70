"""Filters as people write them: what they mean, and where they are wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbench.analysis.filter import OPERATORS, Term, parse_filter, read_number, same
from loadbench.analysis.keys import NOT_APPLICABLE
from loadbench.errors import UsageError
from loadbench.records import Value


def holds(text: str, value: Value) -> bool:
    [term] = parse_filter(text)
    return term.holds(value)


def test_terms_stand_between_blanks_and_values_between_commas() -> None:
    found = parse_filter("  loader=tensorizer,'a b' -cache=cold\tthreads>=16 cpu.model~^AMD ")
    assert [(term.key, term.operator, term.values, term.negated) for term in found] == [
        ("loader", "=", ("tensorizer", "a b"), False),
        ("cache", "=", ("cold",), True),
        ("threads", ">=", ("16",), False),
        ("cpu.model", "~", ("^AMD",), False),
    ]
    assert [term.place for term in found] == [f"--filter, character {at}" for at in (3, 27, 39, 51)]


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("buffer=8M", 8 * 2**20, True),
        ("buffer=8388608", 8 * 2**20, True),
        ("buffer=8MB", 8 * 2**20, False),
        ("buffer=default", None, True),
        ("buffer=16M,default", None, True),
        ("buffer!=default", 8, True),
        ("buffer!=8,16", 16, False),
        ("-buffer!=8,16", 16, True),
        ("direct=true", True, True),
        ("direct=1", True, False),
        ("threads=08", 8, True),
        ("threads=8.0", 8, True),
        ("threads=8", "8", True),
        ("threads>8", 16, True),
        ("threads>8", 8, False),
        ("threads>=8", 8, True),
        ("threads<8K", 8192, False),
        ("threads<=8K", 8192, True),
        ("threads>1", "many", False),
        ("threads>0", True, False),
        ("threads>0", None, False),
        ("-threads>0", None, True),
        ("threads=N/A", NOT_APPLICABLE, True),
        ("threads!=8", NOT_APPLICABLE, True),
        ("threads~.", NOT_APPLICABLE, False),
        ("loader~^safe", "safetensors-mmap", True),
        ("loader~SAFE", "safetensors-mmap", False),
        ("loader~[[]", "a[b", True),
        ("loader!~safe", "safetensors-mmap", False),
        ("buffer~^8M$", 8 * 2**20, True),
        ("loader=Tensorizer", "tensorizer", False),
        ("version='1.2, beta'", "1.2, beta", True),
        ('version="it\'s"', "it's", True),
        ("version=''", "", True),
    ],
)
def test_what_a_term_means(text: str, value: Value, expected: bool) -> None:
    assert holds(text, value) is expected


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("threads>>2", 9, "a value is missing"),
        ("loader==x", 8, "a value is missing"),
        ("cache=cold loader", 18, "one of = != > >= < <= ~ !~ belongs after 'loader'"),
        ("=x", 1, "a key is missing"),
        ("-", 2, "a key is missing"),
        ("loader=a,,b", 10, "a value is missing"),
        ("loader='a", 8, "the closing ' is missing"),
        ("loader='a'b", 11, "a blank belongs between two terms"),
        ("threads>=many", 10, "takes a number or a size, not 'many'"),
        ("threads>nan", 9, "takes a number"),
        ("threads>1,2", 9, "takes one value"),
        ("loader~a,b", 8, "takes one value"),
        ("loader~(", 8, "is not a regular expression"),
        ("loader~'a{99999999999999999999}'", 8, "is not a regular expression"),
    ],
)
def test_an_error_tells_the_place_and_what_is_allowed(text: str, place: int, why: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_filter(text)
    assert f"--filter, character {place} " in str(error.value)
    assert why in str(error.value)
    assert "Write key=value" in str(error.value)


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_filter_is_an_error(text: str) -> None:
    with pytest.raises(UsageError, match="--filter is empty"):
        parse_filter(text)


@given(st.text(max_size=40))
def test_any_text_is_a_filter_or_a_usage_error(text: str) -> None:
    try:
        terms = parse_filter(text)
    except UsageError:
        return
    for term in terms:
        for value in (None, True, 8, 8.5, "text", NOT_APPLICABLE):
            assert isinstance(term.holds(value), bool)


KEYS = st.from_regex(r"[a-z][a-z0-9._-]{0,10}", fullmatch=True)
QUOTABLE = st.text(st.characters(exclude_characters="'"), max_size=12)


@given(
    st.lists(
        st.tuples(st.booleans(), KEYS, st.sampled_from(["=", "!="]), st.lists(QUOTABLE, min_size=1, max_size=3)),
        min_size=1,
        max_size=4,
    )
)
def test_what_is_written_is_read(terms: list[tuple[bool, str, str, list[str]]]) -> None:
    text = ""
    for negated, key, sign, values in terms:
        quoted = ",".join(f"'{value}'" for value in values)
        text += f"{'-' * negated}{key}{sign}{quoted} "
    found = parse_filter(text)
    assert [(term.negated, term.key, term.operator, list(term.values)) for term in found] == terms


@given(st.sampled_from(OPERATORS), st.integers(-(2**40), 2**60), st.one_of(st.none(), st.booleans(), st.integers()))
def test_a_minus_and_the_opposite_operator_say_the_opposite(sign: str, number: int, value: Value) -> None:
    term = Term("threads", sign, (str(number),))
    assert Term("threads", sign, (str(number),), negated=True).holds(value) is not term.holds(value)
    opposite = {"=": "!=", "!=": "=", "~": "!~", "!~": "~"}.get(sign)
    if opposite:
        assert Term("threads", opposite, (str(number),)).holds(value) is not term.holds(value)


@given(st.integers(0, 2**62))
def test_every_whole_number_is_the_same_as_its_texts(number: int) -> None:
    assert same(str(number), number)
    assert same(f"{number}K", number * 1024)
    assert read_number(f"{number}K") == number * 1024
    assert not same(str(number + 1), number)
