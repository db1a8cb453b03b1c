"""Keeps secrets out of core dumps: what a process that dies leaves on the disk is its memory, passwords included."""

import resource
from contextlib import suppress


def leave_no_core(*, for_good: bool = False) -> None:
    """Let this process, and what it starts, leave no core when it dies; `for_good` they cannot ask for one again.

    Programs that are handed cores instead of a file (systemd-coredump) go by the same limit.
    """
    _soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    # Where the call is not allowed, whoever forbade it (a systemd unit) has set the limit.
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0 if for_good else hard))
