"""What differs between two runs' machines and software."""

from loadbench.analysis.changes import changes, changes_inside, machine_differences
from loadbench.records import Run, Session, Value
from tests.builders import ENVIRONMENT, case, loader_info, run


def on(**facts: Value) -> Run:
    """A run whose environment has these facts; `__` stands for a point."""
    environment = {**ENVIRONMENT, **{name.replace("__", "."): value for name, value in facts.items()}}
    return run([case()], sessions=[Session(started_at="2026-01-01", command=[], environment=environment)])


def test_versions_come_first_and_what_always_changes_is_left_out() -> None:
    later = on(os__kernel="6.13", load__average_1min=4.0, memory__available_bytes=1, git__dirty=False)
    loaders = {**later.loaders, "safetensors-mmap": loader_info(safetensors="0.9.0")}
    found = changes(on(), later.model_copy(update={"loaders": loaders, "loadbench_version": "0.2.0"}))
    assert [change.text for change in found] == [
        "loadbench 0.1.0 → 0.2.0",
        "safetensors 0.8.0 → 0.9.0",
        "os.kernel 6.12.0 → 6.13",
    ]


def test_a_fact_that_was_not_recorded_is_nothing() -> None:
    assert [change.text for change in changes(on(), on(cpu__governor="powersave"))] == [
        "cpu.governor nothing → powersave"
    ]


def test_another_kernel_or_boot_is_the_same_machine() -> None:
    assert machine_differences(on(), on(os__kernel="7", machine__boot_id="b2", host__name="renamed")) == ()


def test_another_gpu_or_fewer_cpus_are_another_machine() -> None:
    for fact, value in (("gpu.0.name", "Other GPU"), ("cpu.allowed_threads", 1), ("machine.id", "m2")):
        found = machine_differences(on(), on(**{fact.replace(".", "__"): value}))
        assert fact in [change.name for change in found]


def test_what_changed_inside_a_run() -> None:
    first, later = on(), on(machine__boot_id="b2", version__torch="3.0")
    mixed = first.model_copy(update={"sessions": [*first.sessions, *later.sessions]})
    assert changes_inside(first) == ()
    assert {change.name for change in changes_inside(mixed)} == {"machine.boot_id", "version.torch"}
