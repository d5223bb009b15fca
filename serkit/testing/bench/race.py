"""A contest in pytest: held once a session, one test a row, and the clock that hands its times to pytest-benchmark."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from serkit.testing.bench.contest import Absent, Contest, Outcome, hold, row
from serkit.testing.bench.measure import FULL, SHORT, Plan


class Race:
    """Holds each contest once a session and hands every test its row; what the ``race`` fixture is."""

    def __init__(
        self,
        benchmark: Any,
        clock: ReplayClock,
        held: dict[str, Outcome],
        wanted: Iterable[str],
        full: bool,
        short: Plan = SHORT,
    ):
        self._benchmark, self._clock, self._held = benchmark, clock, held
        self._wanted, self._full, self._plan = list(wanted), full, FULL if full else short

    @property
    def full(self) -> bool:
        """Whether this is the long run (``--full``)."""
        return self._full

    def __call__(self, entrant: str, group: str, contest: Callable[[], Contest]) -> None:
        """The row of ``entrant`` in ``group``; ``contest()`` is called for the first row of the group."""
        if group not in self._held:
            self._held[group] = hold(
                contest(),
                self._wanted,
                plan=self._plan,
                timing=self._benchmark.enabled,
                absent=(Absent, pytest.skip.Exception),
            )
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


_CLOCK = pytest.StashKey[ReplayClock]()
_HELD = pytest.StashKey[dict[str, Outcome]]()


def clock_of(config: pytest.Config) -> ReplayClock:
    """The clock of this session."""
    return config.stash.setdefault(_CLOCK, ReplayClock())


def held_of(config: pytest.Config) -> dict[str, Outcome]:
    """The contests of this session that were held, by group."""
    return config.stash.setdefault(_HELD, {})
