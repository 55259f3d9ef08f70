import time
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from loadbench.machine.cpu_accounting import CpuTimes
from loadbench.machine.gpu_state import GpuState
from loadbench.machine.pressure import Stalls
from loadbench.machine.storage import describe_storage
from loadbench.machine.surroundings import Stamp, Window, stamp, surroundings

BEFORE = Stamp(1000, Stalls(10, 20, 30), CpuTimes(2, 100, 5), 7, 4096, 512)
AFTER = Stamp(3000, Stalls(11, 22, 33), CpuTimes(2, 600, 9), 57, 12288, 1024)

maybe = st.none() | st.integers(0, 10**18)
stalled = st.builds(Stalls, maybe, maybe, maybe)
cpu = st.none() | st.builds(CpuTimes, st.integers(1, 512), st.integers(0, 10**18), st.integers(0, 10**18))
stamps = st.builds(Stamp, st.integers(0, 10**18), stalled, cpu, st.integers(0, 10**18), maybe, maybe)


def test_what_others_did_is_the_difference_less_what_was_our_own() -> None:
    window = Window(BEFORE, AFTER, ("oops",), GpuState(("python (pid 3)",), ("power brake",)))
    seen = surroundings(window, trial_cpu_ns=200, trial_read_bytes=4096)
    assert seen.window_ns == 2000
    assert (seen.io_stall_ns, seen.cpu_stall_ns, seen.memory_stall_ns, seen.steal_ns) == (1, 2, 3, 4)
    assert seen.foreign_cpu_ns == 500 - 200 - 50
    assert (seen.foreign_read_bytes, seen.written_bytes) == (4096, 512)
    assert (seen.gpu_processes, seen.gpu_throttling, seen.kernel_log) == (["python (pid 3)"], ["power brake"], ["oops"])
    assert (window.device_read_bytes, window.cpus) == (8192, 2)


@given(before=stamps, after=stamps, trial_cpu=maybe, trial_reads=maybe)
def test_nothing_is_below_zero_and_nothing_is_known_that_was_not_seen(
    before: Stamp, after: Stamp, trial_cpu: int | None, trial_reads: int | None
) -> None:
    window = Window(before, after)
    seen = surroundings(window, trial_cpu_ns=trial_cpu, trial_read_bytes=trial_reads)
    numbers = seen.model_dump(exclude={"window_ns", "gpu_processes", "gpu_throttling", "kernel_log"})
    assert all(number is None or number >= 0 for number in numbers.values())
    cpu_known = before.cpu is not None and after.cpu is not None
    assert (seen.steal_ns is None) == (not cpu_known)
    assert (seen.foreign_cpu_ns is None) == (not cpu_known or trial_cpu is None)
    assert (seen.foreign_read_bytes is None) == (None in (before.read_bytes, after.read_bytes, trial_reads))
    assert window.cpus >= 1


def test_a_stamp_of_this_machine(tmp_path: Path) -> None:
    device = describe_storage(tmp_path).device
    before = stamp(device)
    started = time.process_time_ns()
    while time.process_time_ns() - started < 50_000_000:
        pass
    after = stamp(device)
    assert after.at_ns > before.at_ns
    assert after.own_cpu_ns - before.own_cpu_ns >= 50_000_000
    assert (after.read_bytes is None) == (after.written_bytes is None) == (device is None)
    seen = surroundings(Window(before, after), trial_cpu_ns=0, trial_read_bytes=0)
    assert seen.foreign_cpu_ns is not None


def test_without_a_block_device_nothing_is_read_from_it() -> None:
    without = stamp(None)
    assert (without.read_bytes, without.written_bytes) == (None, None)


def test_a_stamp_touches_few_files() -> None:
    """No process is started and no directory is searched: it is taken right before the clock."""
    calls = Path("/proc/self/io").read_text()
    stamp(None)
    after = Path("/proc/self/io").read_text()
    reads = [int(line.split()[1]) for text in (calls, after) for line in text.splitlines() if line.startswith("syscr")]
    assert reads[1] - reads[0] < 30
