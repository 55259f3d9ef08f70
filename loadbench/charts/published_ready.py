"""Published times until an engine is ready, with the load in them where the source has it by itself."""

from collections.abc import Sequence

from loadbench.charts.published_words import AXES, head, loader, seconds_text
from loadbench.charts.stacks import Stack, Stacks
from loadbench.published.records import Published, PublishedFigure
from loadbench.report.text import short

_NOTE = (
    "Load: the best that the source has of this loader by itself. The rest is the difference; both are of different "
    "runs, so it is no measurement of the engine."
)


def ready_stacks(figures: Sequence[PublishedFigure], published: Published, title: str) -> Stacks | None:
    """A stack for each figure; None where the source has not all of their loads, or one takes longer than the whole."""
    stacks = []
    for figure in figures:
        load = _load(figure, published)
        if load is None or figure.seconds is None or load > figure.seconds:
            return None
        parts = (load, figure.seconds - load)
        stacks.append(Stack(short(loader(figure)), parts, seconds_text(figure), group=short(figure.storage)))
    if not stacks:
        return None
    return Stacks(head(published, title, figures, _NOTE), AXES["ready"], ("load", "the rest"), stacks, unit="s")


def _load(ready: PublishedFigure, published: Published) -> float | None:
    found = [
        one.seconds
        for one in published.records
        if one.clock == "load"
        and one.seconds is not None
        and (loader(one), one.storage, one.model, one.gpu) == (loader(ready), ready.storage, ready.model, ready.gpu)
    ]
    return min(found, default=None)
