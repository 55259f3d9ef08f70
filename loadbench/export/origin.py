"""Where a run comes from, as short facts for the formats that have a place for them."""

from loadbench.records import Run
from loadbench.report.text import short, visible

_FACTS = {
    "host": "host.name",
    "cpu": "cpu.model",
    "gpu": "gpu.0.name",
    "os": "os.name",
    "kernel": "os.kernel",
    "python": "python.version",
    "torch": "version.torch",
    "commit": "git.commit",
}


def origin(run: Run) -> dict[str, str]:
    """Machine, versions and commit of the run's first session: what is known of it, one printable line each.

    The commit is that of the directory in which the sweep was started, `-dirty` where tracked files differed from it.
    """
    session = run.sessions[0]
    facts = {"run": run.name, "date": session.started_at, "loadbench": run.loadbench_version}
    for name, key in _FACTS.items():
        value = session.environment.get(key)
        if value is not None:
            facts[name] = str(value)
    for loader in run.loaders.values():
        facts |= {f"version-{distribution}": version for distribution, version in loader.versions.items()}
    if "commit" in facts and session.environment.get("git.dirty") is True:
        facts["commit"] += "-dirty"
    clean = {visible(short(name)): visible(short(value)).strip() for name, value in facts.items()}
    return {name: value for name, value in clean.items() if value}
