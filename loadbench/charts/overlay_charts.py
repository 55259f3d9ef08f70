"""Our measurements over published ones: bars, theirs grey where the two must not be compared."""

from collections.abc import Iterable

from loadbench.charts.bars import Bar, Bars
from loadbench.charts.chart import Head, NamedChart
from loadbench.charts.published_words import seconds_text
from loadbench.charts.run_words import TIME_AXIS
from loadbench.published.overlay import Pair, pairs
from loadbench.published.records import Published
from loadbench.report.cells import set_tunables
from loadbench.report.findings import Findings
from loadbench.report.overlay_tables import overlay_title
from loadbench.report.text import seconds, short
from loadbench.units import NS

_THEIRS = "published"
_MOST_PAIRS = 20
_NOTE = (
    "Another machine in any case. Grey: not comparable, as clock, cache state or bytes differ or are not stated; the "
    "table has the reasons."
)


def overlay_charts(findings: Findings, sources: Iterable[Published]) -> tuple[NamedChart, ...]:
    """A chart for each source that has figures for what was measured here."""
    charts = []
    for source in sources:
        found = pairs(source.records, findings.summaries)[:_MOST_PAIRS]
        if found:
            bars = [bar for number, pair in enumerate(found, 1) for bar in _bars(number, pair, findings)]
            head = Head("Over published figures", short(source.title), _NOTE)
            chart = Bars(head, TIME_AXIS, bars, unit="s", baseline=_THEIRS)
            charts.append(NamedChart(f"over {source.name}", chart, overlay_title(source)))
    return tuple(charts)


def _bars(number: int, pair: Pair, findings: Findings) -> tuple[Bar, Bar]:
    case = pair.summary.case
    settings = set_tunables(case, findings.stored.run.loaders)
    label = short(pair.figure.label) or number
    group = f"#{label} {short(pair.figure.loader)} {settings}".rstrip()
    unlike = ", ".join(dict.fromkeys(difference.what for difference in pair.differences))
    host = findings.stored.run.sessions[0].environment.get("host.name")
    return (
        Bar(_THEIRS, pair.seconds, seconds_text(pair.figure), 1, short(pair.figure.gpu), group, unlike),
        Bar(
            f"here, {case.cache}",
            pair.measured.median_ns / NS,
            seconds(pair.measured.median_ns),
            0,
            f"{short(str(host or ''))} {case.device}".strip(),
            group,
        ),
    )
