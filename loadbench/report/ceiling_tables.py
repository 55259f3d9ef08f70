"""How fast each stage of a load is here: the ceilings that the probe and the sentinels measured."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from loadbench.analysis.ceilings import CeilingCase, Ceilings, best_ceiling
from loadbench.analysis.statistics import Interval, interval, median
from loadbench.records import Ceiling, CeilingKind, CheckpointInfo, Run, Value
from loadbench.report.cells import RANGE_NOTE, Loaders, set_tunables
from loadbench.report.tables import Column, Table
from loadbench.report.text import NO_FIGURE, rate, seconds, seconds_range, short, value_text
from loadbench.units import gb_per_s, gib_per_s, human_size

_COLUMNS = (
    Column("Ceiling"),
    Column("Settings", narrow="below"),
    Column("GB/s", "right"),
    Column("GiB/s", "right"),
    Column("Time (s)", "right"),
    Column("Spread (s)", "right"),
    Column("n", "right"),
)
_SIZES = ("block", "buffer")


@dataclass(frozen=True)
class CeilingRow:
    """One ceiling, as it bounds the bytes of one checkpoint. Times are ns."""

    kind: CeilingKind
    checkpoint: str
    device: str
    test: int | None
    """The case's number where it was measured by trials in the rounds; None for one of the probe."""
    settings: str
    bytes: int
    """Bytes moved in one sample."""
    samples_ns: tuple[int, ...]
    time_ns: int
    """Median time for the bytes of the checkpoint."""
    spread: Interval
    """The interval of the median, for the bytes of the checkpoint."""

    @property
    def gb_per_s(self) -> float:
        """Decimal gigabytes a second at the median."""
        return gb_per_s(self.bytes, median(self.samples_ns))

    @property
    def gib_per_s(self) -> float:
        """Binary gigabytes a second at the median."""
        return gib_per_s(self.bytes, median(self.samples_ns))


def ceiling_rows(run: Run, ceilings: Ceilings) -> tuple[CeilingRow, ...]:
    """For each checkpoint the fastest ceiling of every kind and device, then those measured by trials."""
    found: list[CeilingRow] = []
    for name, info in run.checkpoints.items():
        found += [_probed(one, name, info) for one in _best_probed(run.ceilings, name)]
        found += [_tried(one, run.loaders) for one in _best_tried(ceilings, name)]
    return tuple(found)


def ceiling_tables(run: Run, rows: Iterable[CeilingRow]) -> tuple[Table, ...]:
    """One table for each checkpoint that has a ceiling."""
    groups: dict[str, list[CeilingRow]] = {}
    for row in rows:
        groups.setdefault(row.checkpoint, []).append(row)
    return tuple(_table(name, run.checkpoints[name], group) for name, group in groups.items())


def ceiling_title(checkpoint: str) -> str:
    """The title of a checkpoint's table."""
    return f"Ceilings: {short(checkpoint)}"


def _best_probed(probed: Sequence[Ceiling], checkpoint: str) -> Iterable[Ceiling]:
    kinds: tuple[CeilingKind, ...] = get_args(CeilingKind)
    for kind in kinds:
        # Only what reads files is of one checkpoint; the rest moves any bytes.
        of = checkpoint if kind in ("storage", "page cache") else None
        for device in dict.fromkeys(one.device for one in probed if one.kind == kind):
            best = best_ceiling(probed, kind, of, device)
            if best:
                yield best


def _best_tried(ceilings: Ceilings, checkpoint: str) -> Iterable[CeilingCase]:
    places = dict.fromkeys((one.stage, one.case.device) for one in ceilings.tried if one.case.checkpoint == checkpoint)
    for stage, device in places:
        best = ceilings.fastest_tried(stage, checkpoint, device)
        if best:
            yield best


def _probed(one: Ceiling, checkpoint: str, info: CheckpointInfo) -> CeilingRow:
    scale = info.payload_bytes / one.bytes
    spread = interval(one.samples_ns)
    return CeilingRow(
        kind=one.kind,
        checkpoint=checkpoint,
        device=one.device,
        test=None,
        settings=" ".join(f"{short(key)}={_setting(key, value)}" for key, value in sorted(one.settings.items())),
        bytes=one.bytes,
        samples_ns=tuple(one.samples_ns),
        time_ns=round(median(one.samples_ns) * scale),
        spread=Interval(round(spread.low * scale), round(spread.high * scale), spread.kind),
    )


def _tried(one: CeilingCase, loaders: Loaders) -> CeilingRow:
    kind: CeilingKind = "storage" if one.stage == "storage" else "page cache"
    return CeilingRow(
        kind=kind,
        checkpoint=one.case.checkpoint,
        device=one.case.device,
        test=one.number,
        settings=set_tunables(one.case, loaders) or "default",
        bytes=one.measured.payload_bytes,
        samples_ns=one.measured.samples_ns,
        time_ns=one.measured.median_ns,
        spread=one.measured.interval,
    )


def _table(name: str, info: CheckpointInfo, rows: Sequence[CeilingRow]) -> Table:
    footnotes = [RANGE_NOTE] if any(row.spread.kind == "range" for row in rows) else []
    footnotes.append(
        f"Time and spread: for the {human_size(info.payload_bytes)} of the tensors. Of each stage the fastest counts."
    )
    if any(row.kind == "memory" for row in rows):
        footnotes.append("memory is a copy: it bounds no load beyond what the page cache does.")
    return Table(ceiling_title(name), _COLUMNS, tuple(_cells(row) for row in rows), tuple(footnotes))


def _cells(row: CeilingRow) -> tuple[str, ...]:
    mark = "†" if row.spread.kind == "range" else ""
    where = [] if row.device == "cpu" else [short(row.device)]
    where += [] if row.test is None else [f"test {row.test}"]
    return (
        f"{row.kind} ({', '.join(where)})" if where else row.kind,
        row.settings,
        rate(row.gb_per_s),
        rate(row.gib_per_s),
        seconds(row.time_ns),
        NO_FIGURE if row.spread.kind == "single" else seconds_range(row.spread.low, row.spread.high) + mark,
        str(len(row.samples_ns)),
    )


def _setting(name: str, value: Value) -> str:
    return value_text(value, "bytes" if name in _SIZES else "")
