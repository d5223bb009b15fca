"""A contest: one piece of work, its contestants, and the check of their answers; and the row that each leaves."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from serkit.testing.bench import machine
from serkit.testing.bench.machine import use_threads
from serkit.testing.bench.measure import Plan, Run, Samples, interleave

OURS = "serkit"
"""Names of SerKit's own contestants begin with it; only rows of one's own can fail ``--ratio-fail``."""


class Absent(Exception):
    """A contestant that cannot run here, e.g. since its library is not installed; the sentence says why."""


@dataclass(frozen=True)
class Entrant:
    """A contestant. ``make()`` prepares it outside the clock and returns the call; it raises Absent if its
    library is (in pytest, ``pytest.skip`` does as well). ``share``, ``timed``: see ``Run``. ``threads`` = 0: as the
    contest says."""

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
    ``timed`` contestant said is the measurement, since it does not vary. ``own``: how the names of contestants begin
    that are judged by ``--ratio-fail``, and whose warnings are shown.
    """

    entrants: Mapping[str, Entrant]
    anchors: tuple[str, ...]
    check: Callable[[str, Any], None]
    work: str
    audio_s: float = 0.0
    threads: int = 1
    info: Callable[[str, Any], dict[str, Any]] = lambda name, answer: {}
    once: bool = False
    own: str = OURS


@dataclass
class Outcome:
    """What a contest left: samples, why contestants are missing, what was wrong with answers. ``own``: see Contest."""

    anchor: str
    work: str
    audio_s: float
    samples: dict[str, Samples]
    threads: dict[str, int]
    more: dict[str, dict[str, Any]]
    own: str = OURS
    skipped: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, BaseException] = field(default_factory=dict)


def hold(
    contest: Contest,
    wanted: Iterable[str],
    *,
    plan: Plan,
    timing: bool = True,
    absent: tuple[type[BaseException], ...] = (Absent,),
) -> Outcome:
    """Prepare, check and time the contestants ``wanted`` and the anchor, by ``plan``. Without ``timing`` they are only
    checked. ``absent`` are the exceptions that say that a contestant cannot run here. torch keeps its threads."""
    with machine.threads_kept():
        return _hold(contest, set(wanted), plan, timing, absent)


def _hold(
    contest: Contest, chosen: set[str], plan: Plan, timing: bool, absent: tuple[type[BaseException], ...]
) -> Outcome:
    out = Outcome("", contest.work, contest.audio_s, {}, {}, {}, contest.own)
    runs: dict[str, Run] = {}
    said: dict[str, Samples] = {}

    def prepare(name: str) -> None:
        entrant = contest.entrants[name]
        threads = entrant.threads or contest.threads
        use_threads(threads)  # compilers write the number into their code
        try:
            with warnings.catch_warnings():
                if not name.startswith(contest.own):
                    warnings.simplefilter("ignore")  # others' deprecations are not ours to mend
                call = entrant.make()
                answer = call()
            contest.check(name, answer)
            out.more[name] = contest.info(name, answer)
        except absent as why:
            out.skipped[name] = str(why)
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
        out.samples = said or interleave(runs, plan)
    return out


def row(outcome: Outcome, name: str, full: bool) -> dict[str, Any]:
    """The numbers of a row. ``ratio``: median of the anchor over ours, so larger is faster."""
    mine, base = outcome.samples[name], outcome.samples[outcome.anchor]
    middle = median(mine.seconds)
    paired = [b / m for b, m in zip(base.seconds, mine.seconds, strict=True)]
    low, _, high = quantiles(paired, n=4) if len(paired) > 1 else (paired[0],) * 3
    numbers: dict[str, Any] = {
        "entrant": name,
        "ratio": _rounded(median(base.seconds) / middle),
        "ratio_quartiles": [_rounded(low), _rounded(high)],
        "anchor": outcome.anchor,
        "ours": name.startswith(outcome.own),
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


def _rounded(ratio: float) -> float:
    """Five digits, wherever the point is: four decimals made 0 of a ratio that is to be compared with its like."""
    return float(f"{ratio:.5g}")
