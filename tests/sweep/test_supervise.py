"""The parent's side of a trial's protocol, where the process at the other end is gone."""

from multiprocessing import Pipe

import pytest

from loadbench.sweep import supervise
from loadbench.trial.spec import Go


def test_a_process_that_died_at_the_barrier_is_no_traceback() -> None:
    here, there = Pipe()
    there.close()
    with pytest.raises(supervise._StoppedError) as stopped:
        supervise._say(here, Go(), "at the barrier")
    assert stopped.value.died == "at the barrier"
    here.close()
