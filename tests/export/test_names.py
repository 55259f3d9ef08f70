"""Names of cases: fixed for ever, different for different cases, harmless in every format."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from loadbench.export.names import LONGEST, LONGEST_PART, export_name, export_names, part
from loadbench.records import Value
from tests.builders import case

VALUES: st.SearchStrategy[Value] = st.one_of(st.text(max_size=20), st.integers(), st.booleans(), st.none())


def test_a_name_never_changes() -> None:
    """Whoever follows a case in CI loses its history when this test has to be edited."""
    plain = case("safetensors-mmap")
    assert export_name(plain) == "safetensors-mmap/gpt2/device=cpu/cache=cold/contract=owned/dtype=auto"
    swept = case(
        "fastsafetensors-gds", checkpoint="llama-3-8b", device="cuda:0", cache="warm", contract="stream", dtype="BF16",
        tunables={"threads": 8, "buffer": 16 * 2**20, "direct": True, "strategy": "a b", "limit": None},
    )  # fmt: skip
    assert export_name(swept) == (
        "fastsafetensors-gds/llama-3-8b/device=cuda:0/cache=warm/contract=stream/dtype=BF16"
        "/buffer=16M/direct=True/limit=default/strategy=a%20b/threads=8"
    )


def test_a_slash_cannot_move_a_boundary() -> None:
    assert export_name(case("a/b", checkpoint="c")) != export_name(case("a", checkpoint="b/c"))
    assert export_name(case(tunables={"a": "1/b=2"})) != export_name(case(tunables={"a": 1, "b": 2}))


def test_what_reads_the_same_is_numbered() -> None:
    alike = [case(tunables={"a": value}) for value in (8, "8", None, "default", "8")]
    names = export_names(alike)
    assert [name.rpartition("/")[2] for name in names] == ["a=8", "a=8#2", "a=default", "a=default#2", "a=8#3"]


def test_long_names_are_cut_and_stay_different() -> None:
    long = [case("x" * 10_000 + end, checkpoint="y" * 10_000) for end in "ab"]
    many = [case(tunables={f"t{n}": "z" * 150 for n in range(20)} | {"last": end}) for end in "ab"]
    names = export_names([*long, *many])
    assert len(set(names)) == 4
    assert max(map(len, names)) <= LONGEST
    assert len(part("é" * 300)) == LONGEST_PART


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.text(max_size=20), st.text(max_size=20), st.dictionaries(st.text(max_size=5), VALUES, max_size=3)),
        min_size=1,
        max_size=6,
    )
)
def test_names_are_different_and_plain(cases: list[tuple[str, str, dict[str, Value]]]) -> None:
    made = [case(loader, checkpoint=checkpoint, tunables=tunables) for loader, checkpoint, tunables in cases]
    names = export_names(made)
    assert len(set(names)) == len(made)
    assert all(re.fullmatch(r"[A-Za-z0-9_.~+:@%=/#-]+", name) for name in names)
