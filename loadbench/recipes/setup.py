"""A case as a recipe needs it: its settings checked, where its checkpoint lies."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from loadbench import loaders
from loadbench.errors import UsageError, unknown_name
from loadbench.loaders.contract import Tunable
from loadbench.loaders.devices import parse_device
from loadbench.recipes.quoting import shell_path
from loadbench.records import Case, Value
from loadbench.units import short_size


@dataclass(frozen=True)
class Setup:
    """A loader with its settings on a checkpoint."""

    loader: str
    path: str
    """Directory, or a `.safetensors` file."""
    device: str
    contract: str
    dtype: str
    tunables: Mapping[str, Tunable]
    """All that the loader has."""
    chosen: Mapping[str, Value]
    """What the sweep set."""

    @property
    def on_gpu(self) -> bool:
        """Whether it was measured on a GPU."""
        return self.device != "cpu"

    def value(self, name: str) -> Value:
        """A tunable's value: as set, else the library's default."""
        return self.chosen.get(name, self.tunables[name].default)

    def whole(self, name: str) -> int:
        """The value of a tunable that is a whole number."""
        value = self.value(name)
        assert isinstance(value, int)
        return value

    def changed(self, *names: str) -> tuple[str, ...]:
        """Which of these tunables, or of all, have another value than the library's default."""
        return tuple(name for name in names or self.tunables if self.value(name) != self.tunables[name].default)

    def text(self, name: str) -> str:
        """`buffer=8M`."""
        value = self.value(name)
        if self.tunables[name].unit == "bytes" and isinstance(value, int) and value >= 0:
            return f"{name}={short_size(value)}"
        return f"{name}={str(value).lower() if isinstance(value, bool) else value}"

    @property
    def model(self) -> str:
        """The checkpoint's directory, as a word for the shell: what an engine takes."""
        return shell_path(str(PurePosixPath(self.path).parent) if self.path.endswith(".safetensors") else self.path)


def setup_of(case: Case, path: str, known: Collection[str]) -> Setup:
    """Take a case from a results file, which may hold anything. What cannot be pasted is a UsageError."""
    if case.loader not in known:
        raise UsageError(
            f"loadbench has no recipe for the loader '{case.loader}': its own documentation says how to set it. "
            f"There are recipes for {', '.join(known)}."
        )
    if not path.isprintable():
        raise UsageError(f"the checkpoint's path {path!a} has characters that cannot be pasted.")
    tunables = loaders.tunables_of(loaders.find(case.loader))
    for name, value in case.tunables.items():
        if name not in tunables:
            raise unknown_name("tunable", name, tunables, case.loader)
        if not _fits(value, tunables[name]):
            raise UsageError(f"{case.loader} has no {name} of {value!a}.")
    return Setup(case.loader, path, parse_device(case.device), case.contract, case.dtype, tunables, case.tunables)


def _fits(value: Value, tunable: Tunable) -> bool:
    if value is None:
        return tunable.default is None
    if type(value) is not tunable.kind:
        return False
    if isinstance(value, int) and tunable.minimum is not None and value < tunable.minimum:
        return False
    return value in tunable.choices if tunable.choices else True
