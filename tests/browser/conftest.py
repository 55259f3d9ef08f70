"""A real Chromium without a screen, and pages in it that tell of everything that went wrong in them."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

from loadbench.cli.report_html import page_of_runs
from loadbench.report.findings import Findings, find
from tests.builders import bad, example

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@dataclass(frozen=True)
class Opened:
    """A page, the addresses that it asked for beside its own, and what it complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


Open = Callable[..., Opened]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    programs = [path for name in NAMES if (path := shutil.which(name))]
    if not programs:
        pytest.skip("no Chromium here. On Debian and Ubuntu: apt-get install chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=programs[0], args=QUIET)
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open a page of HTML from the disk."""
    opened: list[Opened] = []

    def open_it(html: str, *, width: int = 1280, scheme: str = "light", javascript: bool = True) -> Opened:
        file = tmp_path / f"page-{len(opened)}.html"
        file.write_text(html, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=javascript,
        )
        one = Opened(context.new_page())
        one.page.on("request", lambda request: one.requests.append(request.url))
        one.page.on("console", lambda message: one.complaints.append(message.text))
        one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
        one.page.on("dialog", lambda dialog: complain_of(one, dialog))
        one.page.goto(file.as_uri())
        opened.append(one)
        return one

    yield open_it
    for one in opened:
        outside = [address for address in one.requests[1:] if not address.startswith("data:")]
        one.page.context.close()
        assert not outside
        assert not one.complaints


def complain_of(one: Opened, dialog: Dialog) -> None:
    one.complaints.append(f"a dialog: {dialog.message}")
    dialog.dismiss()


@pytest.fixture(scope="session")
def findings() -> Findings:
    """The example run, with a failure of every case, so that one table is long enough for a filter."""
    stored = example()
    more = [bad(case, 9, "failed", "crash") for case in stored.run.plan.cases]
    return find(replace(stored, records=(*stored.records, *more)))


@pytest.fixture(scope="session")
def html(findings: Findings) -> str:
    return page_of_runs([findings])
