"""The interval of a pooled value: a percentile bootstrap over speakers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serkit.run.predictions import Predictions
from serkit.run.scoring.calls import Checked

DIRECT_RESAMPLES = 1000
"""Most resamples of a metric without a quick form: each one costs a call of the metric for every seed."""

_MAX_ROUNDS = 50
"""Rounds of redrawing resamples that lost a class, before the interval is given up."""


@dataclass(frozen=True, kw_only=True)
class Bootstrap:
    """Resamples of the test speakers. ``draws`` float64 ``[R, S]`` says how often each of the ``speakers`` is in each
    resample, or is None, and ``note`` says why. ``pooled`` maps a seed to its predictions of all folds."""

    pooled: Mapping[int, Predictions]
    speakers: tuple[str, ...]
    draws: NDArray[np.float64] | None
    note: str | None

    def interval(self, metric: Checked) -> tuple[list[float] | None, str | None]:
        """The 2.5 and 97.5 % quantiles of the mean over seeds, or None, and a note on how it was made or why not."""
        draws, note = self.draws, self.note
        if draws is None:
            return None, note
        if metric.from_confusion is not None:
            counts = _counts(self.pooled, self.speakers)
            _, n_seeds, k, _ = counts.shape
            sums = (draws @ counts.reshape(len(counts), -1)).reshape(len(draws), n_seeds, k, k)
            values = np.asarray(metric.from_confusion(sums), dtype=np.float64).mean(1)
        elif metric.resampled is not None:
            each = [
                metric.resampled(p.truth, p.predicted, p.posteriors, len(p.labels), _who(p, self.speakers), draws)
                for p in self.pooled.values()
            ]
            values = np.asarray(each, dtype=np.float64).mean(0)
        else:
            draws = draws[:DIRECT_RESAMPLES]
            note = f"{len(draws)} resamples: the metric has neither from_confusion nor resampled"
            values = np.array([self._directly(metric, weights) for weights in draws])
        if values.shape != (len(draws),):
            raise ValueError(f"its quick form returned {list(values.shape)} values for {len(draws)} resamples")
        if not np.isfinite(values).all():
            return None, "the metric is undefined in some resamples"
        low, high = np.quantile(values, [0.025, 0.975])
        return [float(low), float(high)], note

    def _directly(self, metric: Checked, weights: NDArray[np.float64]) -> float:
        times = weights.astype(np.int64)
        values = []
        for p in self.pooled.values():
            value = metric(p, np.repeat(np.arange(len(p)), times[_who(p, self.speakers)]))
            values.append(math.nan if value is None else value)
        return sum(values) / len(values)


def draw(pooled: Mapping[int, Predictions], rng: np.random.Generator, resamples: int) -> Bootstrap:
    """Draw S of the S speakers with replacement, ``resamples`` times, each with all their utterances in all seeds.

    A draw in which a class of the pooled truth vanishes is drawn again, so the resamples are those of samples that hold
    every class. There are none for fewer than two speakers, where some utterance has no known speaker, and where nearly
    every draw loses a class.
    """
    speakers = tuple(sorted({x for p in pooled.values() for x in p.speaker}))
    first = next(iter(pooled.values()))
    draws, note = None, None
    if resamples < 1:
        note = "no resamples were asked for"
    elif "" in speakers:
        unknown = sum(x == "" for x in first.speaker)
        note = f"of {unknown} of {len(first)} utterances the speaker is not known, and speakers are what is resampled"
    elif len(speakers) < 2:
        note = "one speaker is no sample of speakers" if speakers else "there are no utterances"
    else:
        draws = _draws(_counts(pooled, speakers), rng, resamples)
        if draws is None:
            note = "too few speakers hold each class: nearly every resample of speakers loses one"
    known = tuple(x for x in speakers if x)
    return Bootstrap(pooled=pooled, speakers=known, draws=draws, note=note)


def _draws(counts: NDArray[np.float64], rng: np.random.Generator, resamples: int) -> NDArray[np.float64] | None:
    n = len(counts)
    truth = (counts.sum((1, 3)) > 0).astype(np.float64)  # [speakers, K]: who holds which class
    truth = truth[:, truth.any(0)]
    kept, left = [], resamples
    for _ in range(_MAX_ROUNDS):
        drawn = rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.float64)
        good = drawn[(drawn @ truth > 0).all(1)][:left]
        kept.append(good)
        left -= len(good)
        if left == 0:
            return np.concatenate(kept)
    return None


def _who(p: Predictions, speakers: Sequence[str]) -> NDArray[np.int64]:
    """The number of the speaker of each utterance."""
    index = {x: i for i, x in enumerate(speakers)}
    return np.array([index[x] for x in p.speaker], dtype=np.int64)


def _counts(pooled: Mapping[int, Predictions], speakers: Sequence[str]) -> NDArray[np.float64]:
    """Confusions ``[speakers, seeds, K, K]``, as float64: whole numbers, so sums are exact in any order."""
    k = len(next(iter(pooled.values())).labels)
    out = np.zeros((len(speakers), len(pooled), k, k))
    for j, p in enumerate(pooled.values()):
        flat = (_who(p, speakers) * k + p.truth) * k + p.predicted
        out[:, j] = np.bincount(flat, minlength=len(speakers) * k * k).reshape(len(speakers), k, k)
    return out
