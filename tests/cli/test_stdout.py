"""Marks keep their meaning on a terminal that has only ASCII."""

import io
import sys

import pytest

from loadbench.cli.stdout import take_every_character


def test_each_mark_has_a_plain_one_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    take_every_character()
    sys.stdout.write("≈ 1–2 × † ‡ § ± é 日\n")
    sys.stdout.flush()
    assert raw.getvalue() == b"~ 1-2 x + # ^ + ? ?\n"


def test_a_terminal_that_has_them_gets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="latin-1"))
    take_every_character()
    sys.stdout.write("× ≈\n")
    sys.stdout.flush()
    assert raw.getvalue() == b"\xd7 ~\n"
