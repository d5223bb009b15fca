"""How many threads work on a batch: the one place that reads ``SERKIT_THREADS``."""

from __future__ import annotations

import os

from serkit.errors import ConfigError

MAX_THREADS = 1024
"""Most threads taken; more have never been anything but a slip of the pen."""


def thread_count(threads: int) -> int:
    """``threads``, or for 0 what ``SERKIT_THREADS`` says, or where that is unset or 0 the cores of this process.

    Raises ConfigError for numbers below 0 or above ``MAX_THREADS`` and for anything in ``SERKIT_THREADS`` but a number.
    """
    if threads == 0:
        said = os.environ.get("SERKIT_THREADS", "")
        if said and not (said.isdecimal() and int(said) <= MAX_THREADS):
            raise ConfigError(
                f"SERKIT_THREADS is {said!r}; allowed are 0 (all cores of this process) to {MAX_THREADS}, or unset it."
            )
        threads = int(said or 0)
    elif not 0 < threads <= MAX_THREADS:
        raise ConfigError(
            f"threads is {threads}; allowed are 0 (SERKIT_THREADS, or all cores of this process) to {MAX_THREADS}."
        )
    if threads:
        return threads
    # the cores this process may use, which in a container or a job are fewer than the machine's
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
