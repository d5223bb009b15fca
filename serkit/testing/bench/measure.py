"""Times contestants in turns, so that whatever else the machine does falls on all of them alike."""

from __future__ import annotations

import gc
import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from serkit.testing.bench.machine import pinned, use_threads


@dataclass(frozen=True)
class Run:
    """A contestant that is ready: ``call`` does the work once and returns its result.

    ``share``: one call does the work of this many; its time is divided by it. ``threads``: how many it uses; a call on
    one thread is pinned to a core. ``timed``: ``call`` returns its own time in seconds, measured in a child process.
    """

    call: Callable[[], Any]
    share: float = 1.0
    threads: int = 1
    timed: bool = False


@dataclass(frozen=True)
class Plan:
    """How long to measure: ``sample_s`` is the least length of a sample in seconds (short calls are repeated);
    repetitions go on until ``budget_s`` is used, but are at least ``fewest`` and at most ``most``."""

    sample_s: float
    budget_s: float
    fewest: int
    most: int


SHORT = Plan(sample_s=0.001, budget_s=0.3, fewest=3, most=15)
USUAL = Plan(sample_s=0.02, budget_s=4.0, fewest=5, most=31)
FULL = Plan(sample_s=0.02, budget_s=24.0, fewest=7, most=41)


@dataclass(frozen=True)
class Samples:
    """Seconds of one unit of work in each repetition, and the calls that each sample is the mean of."""

    seconds: list[float]
    calls: int


def interleave(runs: Mapping[str, Run], plan: Plan, seed: int = 0) -> dict[str, Samples]:
    """Seconds of every contestant in every repetition; a repetition runs each once, in a fresh random order.

    Each is called before the clock runs, for plans, caches and compilers. Freeing a result is not timed. Garbage
    collection waits until the end.
    """
    wall_s = {name: _wall_s(run) for name, run in runs.items()}
    calls = {
        name: 1 if run.timed else max(1, math.ceil(plan.sample_s / max(wall_s[name], 1e-9)))
        for name, run in runs.items()
    }
    turn_s = sum(calls[name] * wall_s[name] for name in runs)
    repetitions = min(plan.most, max(plan.fewest, int(plan.budget_s / max(turn_s, 1e-9))))
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    rng = random.Random(seed)
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        for _ in range(repetitions):
            for name in rng.sample(list(runs), len(runs)):
                run = runs[name]
                if calls[name] > 1:
                    _sample(run, 1)  # a short call that repeats is warm in use; the one before it was another's
                seconds[name].append(_sample(run, calls[name]) / run.share)
    finally:
        if was_enabled:
            gc.enable()
    return {name: Samples(seconds[name], calls[name]) for name in runs}


def _wall_s(run: Run) -> float:
    """Seconds that a turn takes, a child process's start included."""
    start = perf_counter()
    own = _sample(run, 1)
    return perf_counter() - start if run.timed else min(own, _sample(run, 1))


def _sample(run: Run, calls: int) -> float:
    """Mean seconds of a call."""
    if run.timed:
        return float(run.call())
    use_threads(run.threads)
    total = 0.0
    with pinned(run.threads):
        for _ in range(calls):
            start = perf_counter()
            result = run.call()
            total += perf_counter() - start
            del result
    return total / calls
