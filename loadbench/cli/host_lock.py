"""The host's lock as every command that measures takes it: whoever has to wait is told for whom, on stderr."""

import sys
from contextlib import AbstractContextManager


def host_lock(what: str) -> AbstractContextManager[None]:
    """The right to measure on this machine; waits, and says so, while another loadbench does."""
    from loadbench.machine.lock import measuring

    return measuring(what, lambda text: print(text, file=sys.stderr, flush=True))
