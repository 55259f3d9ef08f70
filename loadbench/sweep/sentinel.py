"""The sentinels: the same bytes as the loaders', read as fast as this machine can, once in every round.

They show the machine drift, and they are the ceiling measured among the trials and not before them.
"""

from collections.abc import Iterable, Sequence

from loadbench.analysis.ceilings import best_ceiling
from loadbench.loaders import tunables_of
from loadbench.loaders.raw_read import RawRead
from loadbench.records import CacheWish, Case, Ceiling, CeilingKind, Value

LOADER = "raw-read"
_KINDS: dict[CacheWish, CeilingKind] = {"cold": "storage", "warm": "page cache"}
_IO = {"cold": "direct", "warm": "buffered"}


def sentinels(checkpoint: str, caches: Iterable[CacheWish], ceilings: Sequence[Ceiling]) -> list[Case]:
    """One case for each cache state, with the settings that were the fastest when the ceilings were measured."""
    return [
        Case(loader=LOADER, checkpoint=checkpoint, cache=cache, tunables=_settings(checkpoint, cache, ceilings))
        for cache in dict.fromkeys(caches)
    ]


def _settings(checkpoint: str, cache: CacheWish, ceilings: Sequence[Ceiling]) -> dict[str, Value]:
    best = best_ceiling(ceilings, _KINDS[cache], checkpoint)
    known = tunables_of(RawRead)
    settings = {name: value for name, value in best.settings.items() if name in known} if best else {}
    return {"io": _IO[cache], **settings}
