import os
import subprocess
import sys

from loadbench.machine.cpu_accounting import CpuTimes, cpu_times, parse_cpu_times

STAT = """cpu  111 11 33 999 55 3 5 11 1 1
cpu0 100 10 30 900 50 1 2 3 1 1
cpu1 11 1 3 99 5 2 3 8 0 0
intr 5 0 0
cpu9 7 7 7 7 7 7 7 7 7 7
"""
BURN = """
import time
while time.process_time() < 0.5:
    pass
"""


def test_busy_is_all_but_idle_and_waiting_and_guests_are_counted_once() -> None:
    assert parse_cpu_times(STAT, {0, 1}, tick_ns=10) == CpuTimes(2, busy_ns=1630, steal_ns=110)


def test_only_the_cpus_that_this_process_may_use_count() -> None:
    assert parse_cpu_times(STAT, {1}, tick_ns=1) == CpuTimes(1, busy_ns=20, steal_ns=8)


def test_cpus_that_are_shown_under_other_numbers_are_all_taken() -> None:
    """As in a container that may use CPUs 62 and 63 and sees two, which it is shown as 0 and 1."""
    assert parse_cpu_times(STAT, {62, 63}, tick_ns=10) == CpuTimes(2, busy_ns=1630, steal_ns=110)


def test_what_is_no_statistic_is_none() -> None:
    assert parse_cpu_times("", {0}) is None
    assert parse_cpu_times("cpu  1 2 3\ncpu0 1 2 3\n", {0}) is None
    assert parse_cpu_times("cpu  1 2 3 4 5 6 7 8 9 10\n", {0}) is None


def test_what_a_process_burns_is_seen() -> None:
    before = cpu_times()
    subprocess.run([sys.executable, "-c", BURN], check=True)
    after = cpu_times()
    assert before
    assert after
    assert after.cpus == len(os.sched_getaffinity(0))
    # The kernel counts by what runs when a tick comes: not exactly half a second.
    assert after.busy_ns - before.busy_ns > 250_000_000
