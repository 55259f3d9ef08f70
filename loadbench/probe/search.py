"""The fastest of many settings: each is tried shortly, the best of them are measured again and again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from loadbench.analysis.statistics import median
from loadbench.probe.stage import Probed, Tally, stage_name
from loadbench.records import Ceiling, CeilingKind, Value

SCREENINGS = 2
"""How often every setting is tried at first."""
FINALISTS = 3
"""Settings that are then measured thoroughly."""
REPETITIONS = 6
"""How often each of these is: the fewest that give the median a 95 % interval."""

Settings = Mapping[str, Value]
Measure = Callable[[Settings, bool], int]
"""Measures one setting once, ns. The second argument asks for a short measurement."""


@dataclass(frozen=True)
class Search:
    """Measures one kind of ceiling with many settings. Sizes in bytes of one measurement."""

    kind: CeilingKind
    checkpoint: str
    settings: Sequence[Settings]
    size: int
    short_size: int
    device: str = "cpu"

    @property
    def name(self) -> str:
        """The name of the stage that it measures."""
        return stage_name(self.kind, self.device)

    @property
    def planned_bytes(self) -> int:
        """Bytes that the whole search moves."""
        count = len(self.settings)
        screened = 0 if count <= FINALISTS else count * SCREENINGS * self.short_size
        return screened + min(count, FINALISTS) * REPETITIONS * self.size

    def run(self, measure: Measure, tally: Tally) -> Probed:
        """A ceiling for each setting, the finalists' first.

        The finalists have their repetitions only: they were chosen for their first times, which are therefore
        too good. The others have their first, short ones.
        """
        tried: list[tuple[Settings, list[int]]] = [(setting, []) for setting in self.settings]
        if len(tried) > FINALISTS:
            tried = self._take_turns(self.settings, SCREENINGS, measure, tally, short=True)
            tried.sort(key=lambda one: median(one[1]))
        best = [setting for setting, _ in tried[:FINALISTS]]
        measured = self._take_turns(best, REPETITIONS, measure, tally, short=False)
        thorough = [self._ceiling(setting, self.size, samples) for setting, samples in measured]
        short = [self._ceiling(setting, self.short_size, samples) for setting, samples in tried[FINALISTS:]]
        return Probed((*thorough, *short))

    def _take_turns(
        self, settings: Sequence[Settings], rounds: int, measure: Measure, tally: Tally, *, short: bool
    ) -> list[tuple[Settings, list[int]]]:
        """Measure the settings in turn, so that a change of the machine meets all of them alike."""
        times: list[list[int]] = [[] for _ in settings]
        for turn in range(rounds):
            for position in range(len(settings)):
                index = (position + turn) % len(settings)  # the first of a round is another one each time
                times[index].append(measure(settings[index], short))
                tally.moved(self.name, self.short_size if short else self.size)
        return list(zip(settings, times, strict=True))

    def _ceiling(self, settings: Settings, size: int, samples: list[int]) -> Ceiling:
        return Ceiling(
            kind=self.kind,
            checkpoint=self.checkpoint,
            device=self.device,
            settings=dict(settings),
            bytes=size,
            samples_ns=samples,
        )
