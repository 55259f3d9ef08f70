"""Themes, widths, paper, and what assistive technology finds, in the page of the example run."""

import re
from collections.abc import Sequence

import pytest
from playwright.sync_api import Page

from loadbench.cli.report_html import page_of_published, page_of_runs
from loadbench.published.reader import read_published
from loadbench.report.findings import Findings
from tests.browser.conftest import Open
from tests.published.figures import DIRECTORY

LIGHT, DARK = "rgb(255, 255, 255)", "rgb(13, 17, 23)"
TEXTS = (
    "p", "h1", "h2", "dt", "dd", "nav a", ".warnings li", "thead th", "tbody th", "tbody td", ".footnote", "code",
    "header button", "thead button", "summary", "figcaption button", "output", ".tools label",
)  # fmt: skip
_CONTRAST = """element => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  let behind = element;
  const ground = (e) => parse(getComputedStyle(e).backgroundColor);
  while (ground(behind).length > 3 && ground(behind)[3] === 0 && behind.parentElement) behind = behind.parentElement;
  const [one, other] = [luminance(parse(getComputedStyle(element).color)), luminance(ground(behind))];
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}"""


def background(page: Page) -> str:
    found = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert isinstance(found, str)
    return found


def shown_charts(page: Page) -> tuple[int, int]:
    return page.locator("img.light:visible").count(), page.locator("img.dark:visible").count()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_and_charts_follow_the_system_until_the_button_says_otherwise(
    scheme: str, html: str, open_page: Open
) -> None:
    page = open_page(html, scheme=scheme).page
    button = page.get_by_role("button", name="Dark theme")
    charts = page.locator("figure").count()
    assert charts == 5
    light, dark = (LIGHT, (charts, 0), "false"), (DARK, (0, charts), "true")
    own, other = (dark, light) if scheme == "dark" else (light, dark)
    for expected in (own, other, own):
        assert (background(page), shown_charts(page), button.get_attribute("aria-pressed")) == expected
        button.press("Enter")


def test_without_script_the_system_decides(html: str, open_page: Open) -> None:
    page = open_page(html, scheme="dark", javascript=False).page
    assert (background(page), shown_charts(page)) == (DARK, (0, 5))


def test_charts_are_pictures_that_can_be_drawn_and_have_words(html: str, open_page: Open) -> None:
    page = open_page(html).page
    assert page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth > 700)")
    assert page.evaluate("[...document.images].every((image) => image.alt.length > 40)")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save SVG").first.click()
    assert download.value.suggested_filename == "chart-1-light.svg"
    assert download.value.path().read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("texts", [TEXTS])
def test_texts_have_the_contrast_of_wcag_aa(scheme: str, texts: Sequence[str], html: str, open_page: Open) -> None:
    page = open_page(html, scheme=scheme).page
    found = {text: page.locator(text).first.evaluate(_CONTRAST) for text in texts}
    assert {text: ratio for text, ratio in found.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("width", [360, 800, 1600])
def test_the_page_is_no_wider_than_the_window_and_tables_scroll_in_their_box(
    width: int, html: str, open_page: Open
) -> None:
    page = open_page(html, width=width).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wider = page.locator(".table").evaluate_all(
        "boxes => boxes.filter((box) => box.scrollWidth > box.clientWidth).length"
    )
    assert (wider > 0) == (width < 1600)


def test_headings_of_a_long_table_stay_in_sight(html: str, open_page: Open) -> None:
    page = open_page(html).page
    places = page.locator(".table").first.evaluate(
        """box => {
          const body = box.querySelector("tbody");
          for (let i = 0; i < 60; i++) body.append(body.rows[0].cloneNode(true));
          box.scrollTop = 500;
          return [box.scrollTop, box.getBoundingClientRect().top, box.querySelector("th").getBoundingClientRect().top];
        }"""
    )
    assert places[0] == 500
    assert abs(places[1] - places[2]) < 3


def test_paper_is_light_whole_and_without_controls(html: str, open_page: Open) -> None:
    page = open_page(html, scheme="dark").page
    page.get_by_role("searchbox").first.fill("nothing has this")
    pages = len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))
    assert 4 <= pages <= 10
    page.emulate_media(media="print")
    assert (background(page), shown_charts(page)) == (LIGHT, (5, 0))
    assert page.locator("header button:visible, input:visible, nav:visible, .command button:visible").count() == 0
    assert page.locator("tbody tr").count() == page.locator("tbody tr:visible").count()
    cut = "boxes => boxes.filter((box) => getComputedStyle(box).overflow !== 'visible').length"
    assert page.locator(".table").evaluate_all(cut) == 0


def test_the_keyboard_reaches_every_control_in_order(html: str, open_page: Open) -> None:
    page = open_page(html).page
    expected = page.evaluate("document.querySelectorAll('a, button, input, summary, [tabindex=\"0\"]').length")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    assert page.locator(".skip").bounding_box()["x"] >= 0  # type: ignore[index]
    reached = 1
    for _ in range(expected + 5):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        reached += 1
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert reached == expected
    page.locator(".skip").press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_what_assistive_technology_finds_has_names(html: str, open_page: Open) -> None:
    page = open_page(html).page
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.get_by_role("heading", level=1).all_inner_texts() == ["loadbench: example"]
    for role in ("banner", "main", "navigation"):
        assert page.get_by_role(role).count() == 1
    tree = page.locator("body").aria_snapshot()
    for role in ("button", "link", "img", "table", "region", "searchbox", "heading", "columnheader", "rowheader"):
        assert re.search(rf"- '?{role}\b", tree), role
        assert not re.search(rf"- '?{role}(?: \[[^\]]*\])?:?\n", tree), f"{role} without a name"
    assert page.get_by_role("table", name="Best observed: gpt2, cold, cpu, owned", exact=True).count() == 1
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((element) => element.id)")
    assert len(ids) == len(set(ids))


def test_a_command_is_copied(html: str, open_page: Open) -> None:
    page = open_page(html).page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the command").click()
    page.locator("p[role=status]", has_text="Copied").wait_for(state="attached")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("code").text_content()


def test_several_runs_have_a_section_each_and_a_table_of_contents(findings: Findings, open_page: Open) -> None:
    page = open_page(page_of_runs([findings, findings, findings])).page
    assert page.get_by_role("heading", level=1).all_inner_texts() == ["loadbench: 3 reports"]
    assert page.get_by_role("heading", level=2).all_inner_texts() == ["loadbench: example"] * 3
    links = page.get_by_role("navigation", name="Contents", exact=True).get_by_role("link")
    assert links.count() == 3
    links.nth(2).click()
    assert page.evaluate("document.querySelector(location.hash).getBoundingClientRect().top") < 100
    broken = "[...document.querySelectorAll('a')].filter((a) => !document.querySelector(a.getAttribute('href'))).length"
    assert page.evaluate(broken) == 0
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((element) => element.id)")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("width", [360, 1600])
def test_published_figures_are_a_page_too(width: int, open_page: Open) -> None:
    names = ("a10g-llama3-8b", "mi300x-gpt2")
    page = open_page(
        page_of_published([read_published(DIRECTORY / f"{name}.json") for name in names]), width=width
    ).page
    assert page.locator("figure").count() == 9
    assert page.evaluate("document.documentElement.scrollWidth") <= width
