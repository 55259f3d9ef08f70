"""A loader as a listing and run.json describe it."""

from loadbench import loaders
from loadbench.errors import LoadbenchError
from loadbench.records import LoaderInfo, TunableInfo


def describe_loader(name: str, device: str) -> LoaderInfo:
    """What is installed, what can be set, why it cannot run on the device. A broken plug-in is described too."""
    try:
        kind = loaders.find(name)
        unavailable = loaders.unavailable(kind(), device) or ""
    except LoadbenchError as error:
        return LoaderInfo(versions={}, unavailable=str(error))
    tunables = [
        TunableInfo(
            name=tunable.name,
            library_name=tunable.library_name,
            default=tunable.default,
            unit=tunable.unit,
            help=tunable.help,
        )
        for tunable in loaders.tunables_of(kind).values()
    ]
    return LoaderInfo(
        versions=loaders.installed_versions(kind), unavailable=unavailable, tunables=tunables, ceiling=kind.ceiling
    )
