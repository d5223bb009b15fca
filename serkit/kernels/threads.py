"""How many threads work on a batch, the one place that reads ``SERKIT_THREADS``, and what each of them gets."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from operator import index

from serkit.errors import ConfigError

MAX_THREADS = 1024
"""Most threads taken; more have never been anything but a slip of the pen."""

_SHARES = 4
"""Shares a thread: enough that one long waveform at the end keeps nobody waiting, few enough to cost nothing."""


def thread_count(threads: int) -> int:
    """``threads``, or for 0 what ``SERKIT_THREADS`` says, or where that is unset or 0 the cores of this process.

    Raises ConfigError for what is no integer from 0 to ``MAX_THREADS``, in ``SERKIT_THREADS`` too.
    """
    try:
        threads = index(threads)
    except TypeError:
        raise ConfigError(f"threads is {threads!r}; give an integer, 0 for all cores of this process.") from None
    if threads == 0:
        said = os.environ.get("SERKIT_THREADS", "")
        if said and not (said.isdecimal() and len(said) < 9 and int(said) <= MAX_THREADS):  # int() refuses thousands
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


def spread(work: Callable[[int, int], None], sizes: Sequence[int], threads: int) -> None:
    """Call ``work(first, last)`` on ranges that cover ``sizes``, of about equal sums, on ``threads`` threads.

    ``work`` must release the GIL for its long parts and write to places of its own. What it raises is raised here.
    """
    threads = min(threads, len(sizes))
    if threads <= 1:
        work(0, len(sizes))
        return
    share = sum(sizes) / (threads * _SHARES)
    edges, held = [0], 0
    for i, size in enumerate(sizes):
        held += size
        if held >= share or i == len(sizes) - 1:
            edges.append(i + 1)
            held = 0
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, edges[:-1], edges[1:]))
