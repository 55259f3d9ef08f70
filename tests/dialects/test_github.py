"""Annotations and outputs, read back as GitHub's runner reads them."""

import re
from dataclasses import dataclass

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loadbench.dialects.github import SHOWN, annotations, outputs
from tests.dialects.results import HOSTILE, all_verdicts, case, for_any_text, hostile, result


@dataclass(frozen=True)
class Annotation:
    level: str
    properties: dict[str, str]
    message: str


def unescape(text: str, *codes: str) -> str:
    for code in ("0D", "0A", *codes, "25"):
        text = text.replace(f"%{code}", chr(int(code, 16)))
    return text


def read(text: str) -> list[Annotation]:
    """As the runner takes a line of output apart. Every line has to be a command, none may be two."""
    found = []
    for line in text.splitlines():
        assert line.startswith("::")
        command, message = line[2:].split("::", 1)
        level, _, rest = command.partition(" ")
        pairs = [pair.split("=", 1) for pair in rest.split(",")]
        found.append(Annotation(level, {key: unescape(value, "3A", "2C") for key, value in pairs}, unescape(message)))
    return found


def read_outputs(text: str) -> dict[str, str]:
    """As the runner reads the file: NAME<<DELIMITER, lines, DELIMITER."""
    found: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        name, delimiter = line.split("<<", 1)
        value: list[str] = []
        for part in lines:
            if part == delimiter:
                break
            value.append(part)
        else:
            raise AssertionError(f"{name} has no end")
        found[name] = "\n".join(value)
    return found


def test_the_gravest_first_and_no_word_on_what_passes() -> None:
    found = read(annotations(all_verdicts()))
    assert [(one.level, one.properties) for one in found] == [
        ("error", {"title": "INVALID"}),
        ("error", {"title": "REGRESSION"}),
        ("warning", {"title": "INCONCLUSIVE"}),
    ]
    assert found[1].message.startswith("tensorizer/gpt2/cold: +18.2 % [+12.9 %")


def test_where_all_pass_there_is_one_notice() -> None:
    (one,) = read(annotations(result([case("a"), case("b")], reason="100 % fine")))
    assert one == Annotation("notice", {"title": "PASS"}, "100 % fine")


@pytest.mark.parametrize(("cases", "lines"), [(1, 1), (SHOWN, SHOWN), (SHOWN + 1, 10), (500, 10)])
def test_no_more_than_ten_of_a_kind(cases: int, lines: int) -> None:
    slow = [case(f"slow {number}", "REGRESSION") for number in range(cases)]
    unsure = [case(f"unsure {number}", "INCONCLUSIVE") for number in range(cases)]
    found = read(annotations(result([*unsure, *slow])))
    assert [one.level for one in found] == ["error"] * lines + ["warning"] * lines
    if cases > SHOWN:
        assert found[9].message == found[-1].message == f"and {cases - SHOWN} more, see the summary"


@for_any_text
def test_any_text_stays_within_its_annotation(name: str) -> None:
    found = read(annotations(hostile(name)))
    assert [(one.level, one.properties) for one in found] == [("error", {"title": "REGRESSION"})] * 2
    for one in found:
        assert one.message.isprintable()
        assert len(one.message) < 3000
    if name.isprintable() and len(name) < 200:
        assert found[0].message == f"{name}: {name}"


@example(path="a\nverdict<<x\nPASS\nx")
@example(path="\n")
@given(path=st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(HOSTILE))
def test_outputs_are_read_back_as_they_were(path: str) -> None:
    assert read_outputs(outputs(all_verdicts(), path)) == {"verdict": "INVALID", "report_path": path}


def test_a_value_that_has_its_own_delimiter_gets_another(monkeypatch: pytest.MonkeyPatch) -> None:
    digests = iter(["verdict", "taken", "free"])
    monkeypatch.setattr("loadbench.dialects.github._digest", lambda _: next(digests))
    text = outputs(all_verdicts(), "a\ntaken\nb")
    assert read_outputs(text) == {"verdict": "INVALID", "report_path": "a\ntaken\nb"}


def test_a_delimiter_is_a_single_word() -> None:
    assert re.fullmatch(r"verdict<<[\w-]+\nINVALID\n[\w-]+\n(?s:.*)", outputs(all_verdicts()))
