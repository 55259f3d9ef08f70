"""What was tried on the page cache, as findings: pure."""

from loadbench.machine.doctor_finding import Finding, State
from loadbench.machine.doctor_probe import Probe
from loadbench.machine.doctor_verdict import NEARLY_ALL, method_of, probe_problem
from loadbench.machine.doctor_weights import Weights
from loadbench.machine.residency import MEMORY_FILE_SYSTEMS, NETWORK_FILE_SYSTEMS, untold_reason
from loadbench.units import human_size

AREA = "Page cache"
_LOCAL = "Put the checkpoints on a local disk (ext4, xfs, btrfs)"
_STRANGER = "Run as root or as the files' owner, or let private copies be made beside them."


def cache_findings(probe: Probe | str, weights: Weights, drop_caches_problem: str) -> list[Finding]:
    """What was found out about the page cache."""
    if isinstance(probe, str):
        untried = Finding(
            AREA, "eviction", "missing", f"nothing could be tried: {probe}",
            "Whether files can be made cold here is not known.",
            "Name a directory that you may write, or a checkpoint that you may read.",
        )  # fmt: skip
        tried = [untried]
    else:
        tried = [_file_system(probe.file_system), _eviction(probe), _cachestat(probe), _mincore(probe)]
    return [*tried, _weights(weights), _drop_caches(drop_caches_problem)]


def _file_system(name: str) -> Finding:
    def finding(state: State, consequence: str, advice: str = "") -> Finding:
        return Finding(AREA, "file system", state, name, consequence, advice)

    if name in MEMORY_FILE_SYSTEMS:
        return finding("missing", "Its files lie in the page cache: they can only be warm.", f"{_LOCAL}.")
    reason = untold_reason(name)
    if reason:
        cause = reason.removeprefix("none: ").removeprefix(f"{name} ")
        return finding("missing", f"It {cause}: neither cold nor warm can be told.", f"{_LOCAL}.")
    if name in NETWORK_FILE_SYSTEMS:
        return finding(
            "limited",
            "Cold is this client's page cache; what the server has in memory is not seen.",
            "Say so with the figures, or measure files that the server has not read lately.",
        )
    if name == "overlay":
        return finding(
            "limited",
            "cachestat counts nothing here and the disk below is not seen: mincore alone tells the state.",
            "Put the checkpoints on a mounted volume, not on the container's own file system.",
        )
    return finding("ok", "Its files are cached in the page cache and nowhere else on this machine.")


def _eviction(probe: Probe) -> Finding:
    what = "written, read and evicted" if probe.made else f"read of {probe.file}, which was then evicted"
    problem = probe_problem(probe)
    if problem:
        return Finding(
            AREA, "eviction", "missing", f"{human_size(probe.size)} {what}: {problem}",
            "Trials that ask for a cold cache are not run.", _eviction_advice(probe),
        )  # fmt: skip
    evidence = f"{human_size(probe.size)} {what}: {method_of(probe)} counts none left"
    if probe.counted_bytes is not None:
        evidence += f"; reading them again took {human_size(probe.counted_bytes)} from storage"
    return Finding(AREA, "eviction", "ok", evidence, "fadvise makes files cold here, and it can be read back.")


def _eviction_advice(probe: Probe) -> str:
    if probe.file_system in MEMORY_FILE_SYSTEMS or untold_reason(probe.file_system):
        return f"{_LOCAL}, or measure with --cache warm."
    if probe.evicted.state == "unknown":
        return _STRANGER
    return (
        "Find out who maps or reads the file. --cold-by drop_caches may help; it was not tried, since it empties the"
        " cache of the whole machine."
    )


def _cachestat(probe: Probe) -> Finding:
    seen, mincore = probe.cachestat_bytes, probe.mincore_bytes
    if seen is None:
        return Finding(
            AREA, "cachestat", "missing", "the kernel does not answer",
            "mincore has to tell the state, and it tells only a file's owner, who may write it, and root.",
            "Use Linux 6.5 or newer; in a container, a seccomp profile that knows cachestat.",
        )  # fmt: skip
    if seen < NEARLY_ALL * probe.size:
        return Finding(
            AREA, "cachestat", "limited",
            f"counts {human_size(seen)} of {human_size(probe.size)} that were read"
            + (f", mincore {human_size(mincore)}" if mincore else ""),
            "It cannot be believed here; mincore has to tell the state.", f"{_LOCAL}, where both agree.",
        )  # fmt: skip
    return Finding(
        AREA, "cachestat", "ok", f"counts {human_size(seen)} of {human_size(probe.size)} that were read",
        "The state is told in microseconds, however large the files are.",
    )  # fmt: skip


def _mincore(probe: Probe) -> Finding:
    if probe.mincore_bytes is None:
        return Finding(
            AREA, "mincore", "limited", f"{probe.file} is another user's",
            "mincore calls every page of it resident, true or not, so it is not asked.", _STRANGER,
        )  # fmt: skip
    return Finding(
        AREA, "mincore", "ok", f"counts {human_size(probe.mincore_bytes)} of {human_size(probe.size)} that were read",
        "It contradicts cachestat where that is wrong.",
    )  # fmt: skip


def _weights(weights: Weights) -> Finding:
    count = f"{len(weights.files)} weight {'file' if len(weights.files) == 1 else 'files'}"
    seen = f"{count}, {human_size(weights.size)}" + ("" if weights.complete else "; not all were looked at")
    if not weights.files:
        return Finding(
            AREA, "checkpoints", "not here", "no weight files", "What was tried stands for those that are put here."
        )
    if weights.unreadable:
        return Finding(
            AREA, "checkpoints", "missing", weights.unreadable, "It cannot be loaded.",
            "Make it readable for this user.",
        )  # fmt: skip
    if not weights.kept:
        return Finding(
            AREA, "checkpoints", "ok", f"{seen}; counted by {weights.method}; nobody seen maps them",
            "They can be evicted themselves.",
        )  # fmt: skip
    if weights.copy_problem:
        return Finding(
            AREA, "checkpoints", "missing", f"{seen}; {weights.kept}",
            f"They cannot be proven cold, and no private copy can be made: {weights.copy_problem}.",
            "Stop the processes that map them, or make room for copies." if weights.mapped else _told_advice(weights),
        )  # fmt: skip
    return Finding(
        AREA, "checkpoints", "limited", f"{seen}; {weights.kept}",
        "They cannot be made cold themselves: a cold sweep makes a private copy first.",
        "Stop the processes that map them." if weights.mapped else _told_advice(weights),
    )  # fmt: skip


def _told_advice(weights: Weights) -> str:
    return _STRANGER if "another user" in weights.untold else f"{_LOCAL}."


def _drop_caches(problem: str) -> Finding:
    if problem:
        return Finding(
            AREA, "drop_caches", "limited", problem, "Only fadvise and private copies can make files cold.",
            "None is needed while fadvise works; else run as root, and a container with --privileged.",
        )  # fmt: skip
    return Finding(
        AREA, "drop_caches", "ok", "may be written; not done, since it empties the cache of the whole machine",
        "A second way to make files cold, should fadvise fail.",
    )  # fmt: skip
