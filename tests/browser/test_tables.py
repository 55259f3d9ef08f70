"""Sorting and filtering, by mouse and by keyboard."""

import pytest
from playwright.sync_api import Locator, Page

from loadbench.report.document import Document
from loadbench.report.html.page import page
from loadbench.report.tables import Column, Table
from tests.browser.conftest import Open

NAMES = ("Test #", "Loader", "Rate", "Share", "Buffer", "Ratio", "Interval", "Bytes", "Mixed")
ROWS = (
    ("1", "zeta", "2.25", "35 %§", "8M", "1.04 [0.96, 1.14]", "0.240–0.251", "1,068 MB", "x 10"),
    ("2", "alpha 10", "10.5", "100 %", "512K", "1.00", "0.49–0.51†", "2 GB", "x 9"),
    ("3", "Alpha 9", "–", "7 %", "N/A", "10.20 [9, 11]", "–", "900 kB", "3"),
    ("10", "שלום", "0.0979", "N/A", "16K", "−2.5", "10.1–10.2", "not stated", "–"),
    ("11", "mid", "1,234", "0 %", "1G", "≈ 1.01", "0.0601–0.0603†", "", ""),
    ("20", "beta", "9", "9 %", "64M", "–", "9.1–9.2", "1 TB", "x 1"),
)
SORTED = {
    "Test #": ["1", "2", "3", "10", "11", "20"],
    "Loader": ["3", "2", "20", "11", "1", "10"],
    "Rate": ["10", "1", "20", "2", "11", "3"],
    "Share": ["11", "3", "20", "1", "2", "10"],
    "Buffer": ["10", "2", "1", "20", "11", "3"],
    "Ratio": ["10", "2", "11", "1", "3", "20"],
    "Interval": ["11", "1", "2", "20", "10", "3"],
    "Bytes": ["3", "1", "2", "20", "10", "11"],
    "Mixed": ["3", "20", "2", "1", "10", "11"],
}
MISSING = {"Rate": 1, "Share": 1, "Buffer": 1, "Ratio": 1, "Interval": 1, "Bytes": 2, "Mixed": 2}
"""How many cells say nothing. They are last in both directions."""


def document(rows: tuple[tuple[str, ...], ...] = ROWS) -> Document:
    table = Table("Things", tuple(Column(name) for name in NAMES), rows)
    return Document("a report", (), (), (table,), (), (), ())


def numbers(page: Page) -> list[str]:
    return page.locator("tbody tr:visible th").all_inner_texts()


def head(page: Page, name: str) -> Locator:
    return page.locator("thead th").nth(NAMES.index(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_column_is_sorted_up_then_down_then_as_it_was(name: str, open_page: Open) -> None:
    shown = open_page(page([document()])).page
    button = head(shown, name).get_by_role("button")
    rest = SORTED[name][len(ROWS) - MISSING.get(name, 0) :]
    said = SORTED[name][: len(ROWS) - MISSING.get(name, 0)]
    button.click()
    assert numbers(shown) == [*said, *rest]
    assert head(shown, name).get_attribute("aria-sort") == "ascending"
    button.click()
    assert numbers(shown) == [*reversed(said), *rest]
    assert head(shown, name).get_attribute("aria-sort") == "descending"
    button.click()
    assert numbers(shown) == [row[0] for row in ROWS]
    assert head(shown, name).get_attribute("aria-sort") is None


@pytest.mark.parametrize("key", ["Enter", " "])
def test_the_keyboard_sorts_too_and_what_happened_is_said(key: str, open_page: Open) -> None:
    shown = open_page(page([document()])).page
    head(shown, "Rate").get_by_role("button").focus()
    shown.keyboard.press(key)
    assert numbers(shown) == SORTED["Rate"]
    assert shown.locator("p[role=status]").inner_text() == "Sorted by Rate, ascending"
    head(shown, "Share").get_by_role("button").press(key)
    assert numbers(shown) == SORTED["Share"]
    assert shown.locator("[aria-sort]").count() == 1


def test_rows_are_filtered_by_all_words_and_counted(open_page: Open) -> None:
    shown = open_page(page([document()])).page
    box, count = shown.get_by_role("searchbox"), shown.locator("output")
    assert count.get_attribute("aria-live") == "polite"
    assert count.inner_text() == "6 rows"
    box.fill("ALPHA")
    assert (numbers(shown), count.inner_text()) == (["2", "3"], "2 of 6 rows")
    box.fill("alpha 512k")
    assert (numbers(shown), count.inner_text()) == (["2"], "1 of 6 rows")
    box.fill("nothing has this")
    assert (numbers(shown), count.inner_text()) == ([], "0 of 6 rows")
    box.fill("  ")
    assert (len(numbers(shown)), count.inner_text()) == (6, "6 rows")


def test_a_filter_holds_while_rows_are_sorted(open_page: Open) -> None:
    shown = open_page(page([document()])).page
    shown.get_by_role("searchbox").fill("%")
    head(shown, "Share").get_by_role("button").click()
    assert numbers(shown) == ["11", "3", "20", "1", "2"]


def test_a_small_table_has_no_filter_and_one_row_no_sorting(open_page: Open) -> None:
    shown = open_page(page([document(ROWS[:2])])).page
    assert shown.get_by_role("searchbox").count() == 0
    assert shown.locator("thead button").count() == len(NAMES)
    shown = open_page(page([document(ROWS[:1])])).page
    assert shown.locator("thead button").count() == 0


def test_without_script_everything_can_be_read_and_nothing_is_offered_that_does_nothing(open_page: Open) -> None:
    shown = open_page(page([document()]), javascript=False).page
    assert shown.locator("tbody tr:visible").count() == 6
    assert shown.locator("button, input").count() == 0
