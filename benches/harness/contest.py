"""A contest: one piece of work, its contestants, and the check of their answers; and the row that each leaves."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

import pytest

from harness import machine
from harness.measure import FULL, SHORT, Run, Samples, interleave, use_threads

OURS = "serkit"
"""Names of our own contestants begin with it; only their rows can fail ``--ratio-fail``."""


@dataclass(frozen=True)
class Entrant:
    """A contestant. ``make()`` prepares it outside the clock and returns the call; it skips if its library is absent.
    ``share``, ``timed``: see ``Run``. ``threads`` = 0: as the contest says."""

    make: Callable[[], Callable[[], Any]]
    share: float = 1.0
    threads: int = 0
    timed: bool = False


@dataclass(frozen=True, kw_only=True)
class Contest:
    """One piece of work for all of ``entrants``.

    ``anchors``: the first of them that is present is what ratios refer to. ``check(name, answer)`` asserts the answer
    of ``name``, once, before anything is timed. ``audio_s``: seconds of audio in a unit of work, 0 where there is none.
    ``work``: what the input is, for the row. ``info(name, answer)``: more numbers for the row, which go before those of
    the clock: a contest about something else than time has its own ``ratio``. ``once``: what the checked call of a
    ``timed`` contestant said is the measurement, since it does not vary.
    """

    entrants: Mapping[str, Entrant]
    anchors: tuple[str, ...]
    check: Callable[[str, Any], None]
    work: str
    audio_s: float = 0.0
    threads: int = 1
    info: Callable[[str, Any], dict[str, Any]] = lambda name, answer: {}
    once: bool = False


@dataclass
class Outcome:
    """What a contest left: samples, why contestants are missing, what was wrong with answers."""

    anchor: str
    work: str
    audio_s: float
    samples: dict[str, Samples]
    threads: dict[str, int]
    more: dict[str, dict[str, Any]]
    skipped: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, BaseException] = field(default_factory=dict)


def hold(contest: Contest, wanted: Iterable[str], *, full: bool, timing: bool = True) -> Outcome:
    """Prepare, check and time the contestants ``wanted`` and the anchor. Without ``timing`` they are only checked."""
    out = Outcome("", contest.work, contest.audio_s, {}, {}, {})
    runs: dict[str, Run] = {}
    said: dict[str, Samples] = {}
    chosen = set(wanted)

    def prepare(name: str) -> None:
        entrant = contest.entrants[name]
        threads = entrant.threads or contest.threads
        use_threads(threads)  # compilers write the number into their code
        try:
            with warnings.catch_warnings():
                if not name.startswith(OURS):
                    warnings.simplefilter("ignore")  # others' deprecations are not ours to mend
                call = entrant.make()
                answer = call()
            contest.check(name, answer)
            out.more[name] = contest.info(name, answer)
        except pytest.skip.Exception as absent:
            out.skipped[name] = str(absent)
            return
        except Exception as error:  # of this contestant alone: its own row reports it
            out.wrong[name] = error
            return
        out.threads[name] = threads
        runs[name] = Run(call, entrant.share, threads, entrant.timed)
        if contest.once:
            said[name] = Samples([float(answer)], 1)

    for name in contest.anchors:
        prepare(name)
        if name not in out.skipped:
            out.anchor = name
            break
    for name in contest.entrants:
        if name in chosen and name not in (*runs, *out.skipped, *out.wrong):
            prepare(name)
    if timing and out.anchor in runs:
        out.samples = said or interleave(runs, FULL if full else SHORT)
    return out


class Race:
    """Holds each contest once a session and hands every test its row; what the ``race`` fixture is."""

    def __init__(self, benchmark: Any, clock: ReplayClock, held: dict[str, Outcome], wanted: Iterable[str], full: bool):
        self._benchmark, self._clock, self._held = benchmark, clock, held
        self._wanted, self._full = list(wanted), full

    @property
    def full(self) -> bool:
        """Whether this is the long run (``--full``)."""
        return self._full

    def __call__(self, entrant: str, group: str, contest: Callable[[], Contest]) -> None:
        """The row of ``entrant`` in ``group``; ``contest()`` is called for the first row of the group."""
        if group not in self._held:
            self._held[group] = hold(contest(), self._wanted, full=self._full, timing=self._benchmark.enabled)
        outcome = self._held[group]
        for name in (entrant, outcome.anchor):
            if name in outcome.wrong:
                self._benchmark.pedantic(_raise, args=(outcome.wrong[name],))
        if entrant in outcome.skipped:
            pytest.skip(outcome.skipped[entrant])
        if not outcome.anchor:
            pytest.skip(f"no anchor of {group!r} is present: {'; '.join(dict.fromkeys(outcome.skipped.values()))}")
        self._benchmark.group = group
        if not self._benchmark.enabled:  # --benchmark-disable: answers were checked, nothing was timed
            self._benchmark.pedantic(lambda: None)
            return
        seconds = outcome.samples[entrant].seconds
        self._clock.load(seconds)
        self._benchmark.pedantic(self._clock.tick, rounds=len(seconds))
        self._benchmark.extra_info.update(row(outcome, entrant, self._full))


def _raise(error: BaseException) -> None:
    # called through pytest-benchmark, which else complains that its fixture was not used
    raise error


def row(outcome: Outcome, name: str, full: bool) -> dict[str, Any]:
    """The numbers of a row. ``ratio``: median of the anchor over ours, so larger is faster."""
    mine, base = outcome.samples[name], outcome.samples[outcome.anchor]
    middle = median(mine.seconds)
    paired = [b / m for b, m in zip(base.seconds, mine.seconds, strict=True)]
    low, _, high = quantiles(paired, n=4) if len(paired) > 1 else (paired[0],) * 3
    numbers: dict[str, Any] = {
        "entrant": name,
        "ratio": round(median(base.seconds) / middle, 4),
        "ratio_quartiles": [round(low, 4), round(high, 4)],
        "anchor": outcome.anchor,
        "ours": name.startswith(OURS),
        "median_s": middle,
        "spread": round((max(mine.seconds) - min(mine.seconds)) / middle, 3),
        "repetitions": len(mine.seconds),
        "calls": mine.calls,
        "threads": outcome.threads[name],
        "pinned": outcome.threads[name] == 1 and machine.can_pin(),
        "work": outcome.work,
        "full": full,
    }
    if outcome.audio_s:
        numbers["x_real_time"] = round(outcome.audio_s / middle, 1)
    return {**numbers, **outcome.more[name], "machine": machine.description()}


class ReplayClock:
    """A timer for pytest-benchmark that replays times measured before, since it has no way to take turns itself."""

    def __init__(self) -> None:
        self._now = 0.0
        self._left: list[float] = []

    def __call__(self) -> float:
        return self._now

    def load(self, seconds: Iterable[float]) -> None:
        """The times of the next calls of ``tick``."""
        self._left = list(seconds)[::-1]
        self._now = 0.0

    def tick(self) -> None:
        """One round."""
        self._now += self._left.pop()
