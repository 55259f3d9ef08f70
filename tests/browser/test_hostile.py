"""Names in results are untrusted: in a browser they do nothing, and nothing becomes as wide as they are."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

import pytest

from loadbench.cli.report_html import page_of_published, page_of_runs
from loadbench.report.document import Document
from loadbench.report.html.page import page
from loadbench.report.tables import Column, Image, Table
from tests.browser.conftest import Open
from tests.report.test_hostile_text import hostile
from tests.report.test_published_hostile import hostile as hostile_published

MARK = "document.documentElement.dataset.owned=1"
ATTACKS = [
    f"<script>{MARK}</script>",
    f'"><img src=x onerror="{MARK}">',
    f"'><svg onload={MARK}>",
    f"</style><script>{MARK}</script><style>*{{display:none}}",
    f"</script><script>{MARK}</script>",
    f"</title></head><body onload={MARK}>",
    "<base href=http://example.com/><link rel=stylesheet href=http://example.com/x.css>",
    "<meta http-equiv=refresh content=0;url=http://example.com/>",
    "{{ 7 * 7 }}{% raw %}",
    "\x1b[31mred\x1b[0m\x00\u2028",
    "\u202egpj.exe\u2066",
    "שלום עולם",
    "x" * 10_000,
    "Z̸̢͉̈́a" * 500,
    "--><!-- ]]> &lt;b&gt; &#x3c;",
]


@pytest.mark.parametrize("name", ATTACKS, ids=lambda name: name[:12].encode("unicode_escape").decode())
def test_hostile_names_do_nothing_and_break_nothing(name: str, open_page: Open) -> None:
    for html in (page_of_runs([hostile(name)]), page_of_published([hostile_published(name)])):
        shown = open_page(html).page
        assert shown.evaluate("document.documentElement.dataset.owned") is None
        assert shown.evaluate("[document.scripts.length, document.styleSheets.length]") == [1, 1]
        assert shown.locator("main img:not([src^='data:image/svg+xml;base64,']), svg, base, iframe").count() == 0
        for width in (1280, 360):
            shown.set_viewport_size({"width": width, "height": 900})
            assert shown.evaluate("document.documentElement.scrollWidth") <= width
        assert "{{ 7 * 7 }}" in shown.locator("main").inner_text() or "{{" not in name


def test_a_hostile_name_is_shown_as_it_is(open_page: Open) -> None:
    name = f"<script>{MARK}</script>"
    shown = open_page(page_of_runs([hostile(name)])).page
    assert shown.get_by_role("heading", level=1).inner_text() == f"loadbench: {name}"
    assert shown.locator("td", has_text=name).count() > 0


class _Host(BaseHTTPRequestHandler):
    """Notes what it is asked for."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def host() -> Iterator[str]:
    """The address of a host that should not hear of anything."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Host) as server:
        Thread(target=server.serve_forever).start()
        _Host.asked.clear()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_policy_stops_what_escaping_would_let_through(host: str, open_page: Open) -> None:
    """Markup that is put into the finished page by hand, as if the escaping had failed."""
    table = Table("Things", (Column("Name"),), (("here",),), images=(Image("data:,", "data:,", "none"),))
    html = page([Document("a report", (), (), (table,), (), (), ())])
    attack = (
        f"<script>{MARK}</script><img src=x onerror={MARK}><img src={host}/image><script src={host}/script></script>"
        f"<link rel=stylesheet href={host}/style><style>body{{display:none}}</style><base href={host}/base>"
        f'<iframe src="{host}/frame"></iframe><p style="position:fixed" id=styled>x</p>'
        f'<form action="{host}/form"><button id=send>send</button></form>'
    )
    assert ">here<" in html
    opened = open_page(html.replace(">here<", f">{attack}<"))
    opened.page.evaluate("document.querySelector('#send').click()")
    opened.page.wait_for_timeout(300)
    assert opened.page.evaluate("document.documentElement.dataset.owned") is None
    assert opened.page.evaluate("getComputedStyle(document.body).display") == "block"
    assert opened.page.evaluate("getComputedStyle(document.querySelector('#styled')).position") == "static"
    assert _Host.asked == []
    assert len(opened.complaints) >= 8
    assert all("Content Security Policy" in complaint for complaint in opened.complaints)
    opened.complaints.clear()
    opened.requests.clear()  # what was blocked is among them
