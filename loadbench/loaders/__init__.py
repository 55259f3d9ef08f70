"""The loaders: how to find one by name. Adapters are the only place that touches loader libraries."""

from importlib import import_module
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version

from loadbench.errors import UsageError, unknown_name
from loadbench.loaders.contract import Loader
from loadbench.loaders.contract import tunables_of as tunables_of
from loadbench.loaders.declaration import declaration_faults

ENTRY_POINTS = "loadbench.loaders"

BUILT_IN = {
    "safetensors-mmap": "loadbench.loaders.safetensors_mmap:SafetensorsMmap",
    "safetensors-pread": "loadbench.loaders.safetensors_pread:SafetensorsPread",
    "fastsafetensors-nogds": "loadbench.loaders.fastsafetensors_nogds:FastsafetensorsNogds",
    "fastsafetensors-gds": "loadbench.loaders.fastsafetensors_gds:FastsafetensorsGds",
    "runai-streamer": "loadbench.loaders.runai_streamer:RunaiStreamer",
    "tensorizer": "loadbench.loaders.tensorizer:Tensorizer",
    "raw-read": "loadbench.loaders.raw_read:RawRead",
}


def names() -> list[str]:
    """Every loader known here: the built-in ones, then those of installed plug-ins by name."""
    plugins = {point.name for point in entry_points(group=ENTRY_POINTS)}
    return [*BUILT_IN, *sorted(plugins - set(BUILT_IN))]


def importable() -> tuple[list[str], list[str]]:
    """The names of the loaders that can be imported, and for each plug-in that cannot the reason."""
    good, broken = [], []
    for name in names():
        try:
            find(name)
            good.append(name)
        except UsageError as error:
            broken.append(str(error))
    return good, broken


def find(name: str) -> type[Loader]:
    """The loader of that name. A plug-in cannot take the name of a built-in loader."""
    if name in BUILT_IN:
        module, attribute = BUILT_IN[name].split(":")
        loader: type[Loader] = getattr(import_module(module), attribute)
        return loader
    points = [point for point in entry_points(group=ENTRY_POINTS) if point.name == name]
    if not points:
        raise unknown_name("loader", name, names())
    return _plugin(points[0])


def _plugin(point: EntryPoint) -> type[Loader]:
    try:
        loader = point.load()
    except (Exception, SystemExit) as error:  # whatever a stranger's module raises when it is imported
        raise UsageError(
            f"the loader plug-in '{point.name}' ({point.value}) cannot be imported: {error!r}. "
            "Repair or uninstall it, or leave it out with --loader."
        ) from error
    faults = declaration_faults(loader, "cpu")
    if faults:
        raise UsageError(
            f"the loader plug-in '{point.name}' ({point.value}) is not a loader: {'; '.join(faults)}. "
            "See README, 'Add a loader', or leave it out with --loader."
        )
    found: type[Loader] = loader
    return found


def installed_versions(loader: type[Loader]) -> dict[str, str]:
    """The loader's distributions and their installed versions; a missing one is left out."""
    found = {}
    for distribution in loader.distributions:
        try:
            found[distribution] = version(distribution)
        except PackageNotFoundError:
            continue
    return found


def unavailable(loader: Loader, device: str) -> str | None:
    """Why a loader cannot run here on that device, or None."""
    kind = device.partition(":")[0]
    if kind not in loader.devices:
        return f"it loads to {' and '.join(loader.devices)} only, not to {device}"
    missing = [name for name in loader.distributions if name not in installed_versions(type(loader))]
    if missing:
        return f"{' and '.join(missing)} not installed: pip install {' '.join(missing)}"
    try:
        loader.memory(device)
        loader.path(device)
        return loader.unavailable(device)
    except Exception as error:  # a stranger's method may raise anything; it must not end the sweep
        return f"{type(loader).__name__} cannot say whether it runs here: {error!r}"
