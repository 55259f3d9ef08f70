"""A published figure: somebody else's number, with where it is from and what it does and does not say."""

from typing import Literal, Self

from pydantic import Field, model_validator

from loadbench.published.layout import PublishedTable
from loadbench.records import Data, Value
from loadbench.units import GIB, NS, gb_per_s, gib_per_s

SCHEMA = "loadbench.published"
SCHEMA_VERSION = 1
# Format history of results/published/*.json. A reader accepts its own version and all older ones.
# 1 - (loadbench 0.2.0) the first.

NOT_STATED = "not stated"

RateUnit = Literal["GB/s", "GiB/s"]
Cache = Literal["cold", "warm", "unknown", "other"]
Clock = Literal["load", "ready", "read", "transfer", "unclear"]
Confidence = Literal["read", "secondary", "approximate"]


class Bandwidth(Data):
    """A bandwidth that the source states."""

    value: float = Field(ge=1e-9, lt=1e9, description="The number, as printed, in `unit`.")
    unit: RateUnit = Field(
        description="The unit that the number really has: GB/s is 10⁹ bytes, GiB/s 2³⁰ bytes a second."
    )
    unit_as_printed: str = Field(description="The unit that the source prints.")


class PublishedFigure(Data):
    """One figure of a source."""

    id: str = Field(description="Name of the figure, unique among all published figures.")
    label: str = Field(default="", description="What the source calls the row, such as a test's number.")
    source: str = Field(description="The document that states the figure.")
    url: str = Field(description="Address of the document; empty if it is not on the web.")
    date: str = Field(description="When it was published, as exactly as known: a year, a month or a day.")
    hardware: str = Field(description="The machine, but for its GPUs.")
    gpu: str = Field(description="Number and kind of GPUs used.")
    versions: dict[str, str] = Field(description="Versions that the source states, by name of the software.")
    model: str = Field(description="The model whose weights are loaded, and their form if it is not the usual one.")
    bytes: int | None = Field(
        gt=0, lt=2**63, description="Bytes of the weights; null if the source does not tell. bytes"
    )
    bytes_basis: str = Field(description="Where `bytes` comes from, and how sure it is.")
    counted_bytes: int | None = Field(
        default=None,
        gt=0,
        lt=2**63,
        description="Bytes that the stated bandwidth counts, where they are not `bytes`. bytes",
    )
    loader: str = Field(description="What loads the weights; `engine:loader` inside an inference engine.")
    settings: dict[str, Value] = Field(description="Settings that the source states, sizes as printed.")
    storage: str = Field(description="Where the weights lie.")
    cache: Cache = Field(
        description="cold, warm: the source says so. unknown: it does not, or did not control it. other: the page "
        "cache does not apply, as weights come from an object store, a snapshot or another memory."
    )
    cache_state: str = Field(description="What the source says about caches, and how it was made so.")
    clock: Clock = Field(
        description="load: weights into tensors, or into the model. ready: until an engine can answer. read: bytes "
        "read, without tensors. transfer: from one memory to another. unclear: the source does not tell."
    )
    clock_includes: str = Field(description="What lies inside the clock, as far as the source tells.")
    runs: int | None = Field(gt=0, description="Number of runs behind the figure; null if the source does not tell.")
    statistic: str = Field(description="What the figure is of these runs: mean, median, single figure, not stated.")
    spread: str = Field(default="", description="What the source says about the spread.")
    samples_s: list[float] = Field(default_factory=list, description="The single runs, where all are published. s")
    seconds: float | None = Field(ge=1e-9, lt=1e9, description="The time; null if there is none. s")
    bandwidth: Bandwidth | None = Field(description="The bandwidth that the source states; null if it states none.")
    printed: str = Field(
        default="", description="The figure in the source's own words, where it is not a plain number."
    )
    confidence: Confidence = Field(
        description="read: read in the source. secondary: quoted by somebody else. approximate: read off a chart."
    )
    remark: str = Field(default="", description="The source's own remark on the row.")
    notes: list[str] = Field(default_factory=list, description="What a reader must know about this figure.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.seconds is None and self.bandwidth is None and not self.printed:
            raise ValueError(f"{self.id[:80]!r} has neither seconds nor a bandwidth, and no words in `printed`")
        return self

    def rate(self, unit: RateUnit) -> float | None:
        """The bandwidth in this unit: as stated, else that of the bytes and the time, else converted."""
        stated = self.bandwidth
        if stated is not None and stated.unit == unit:
            return stated.value
        computed = self.computed_rate(unit)
        if stated is None or computed is not None:
            return computed
        return stated.value * (GIB / 1e9 if unit == "GB/s" else 1e9 / GIB)

    def computed_rate(self, unit: RateUnit) -> float | None:
        """The bandwidth in this unit that follows from the bytes and the time, where the time is one of moving them."""
        size = self.counted_bytes or self.bytes
        if size is None or self.seconds is None or self.clock in ("ready", "unclear"):
            return None
        compute = gb_per_s if unit == "GB/s" else gib_per_s
        return compute(size, self.seconds * NS)


class Published(Data):
    """The figures of one source: a file in results/published."""

    schema_: str = Field(alias="schema", description=f"Format and its version: `{SCHEMA}/{SCHEMA_VERSION}`.")
    name: str = Field(description="Name of the file, without its ending.")
    title: str = Field(description="What was published, by whom.")
    warnings: list[str] = Field(
        default_factory=list, description="What misleads in the source, for a reader to see first."
    )
    tables: list[PublishedTable] = Field(description="How the figures are shown: each figure in exactly one table.")
    commands: list[str] = Field(
        default_factory=list, description="loadbench commands that measure the same settings on the machine at hand."
    )
    records: list[PublishedFigure] = Field(min_length=1, description="The figures.")

    @model_validator(mode="after")
    def _every_figure_has_its_row(self) -> Self:
        ids = [record.id for record in self.records]
        rows = [row for table in self.tables for row in table.rows]
        for given, what in ((ids, "two records are named"), (rows, "two rows of the tables show")):
            twice = [name for name in given if given.count(name) > 1]
            if twice:
                raise ValueError(f"{what} {twice[0][:80]!r}")
        odd = sorted(set(ids) ^ set(rows))
        if odd:
            kind = "no table shows the record" if odd[0] in ids else "a table shows a record that does not exist:"
            raise ValueError(f"{kind} {odd[0][:80]!r}")
        return self

    @property
    def by_id(self) -> dict[str, PublishedFigure]:
        """The records by their names."""
        return {record.id: record for record in self.records}
