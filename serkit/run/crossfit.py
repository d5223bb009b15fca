"""What a model that was fitted on some utterances says of them, each asked of a model that has not seen it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serkit.data.batches import Units
from serkit.run import seeds
from serkit.run.fold import FoldJob, fit_to
from serkit.run.trainer import job_logits

PARTS = 5
"""Inner folds, fewer where there are fewer utterances."""


def cross_fitted(
    job: FoldJob, build: Callable[[], Any], units: Units, targets: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Logits ``[N, K]`` of the ``units``, those of each inner fold by an estimator that ``build`` made and that was
    fitted on the others. ``targets`` are class indices ``[N]``; an utterance's units are never parted."""
    utterance = units.utterance
    each, first = np.unique(utterance, return_index=True)
    part = parts_of(targets[first], seeds.rng(job.seed, job.fold.name, "cross-fit"))[np.searchsorted(each, utterance)]
    out = np.empty((len(units), len(job.labels)))
    for number in range(int(part.max()) + 1):
        held = np.flatnonzero(part == number)
        others = np.flatnonzero(part != number)
        model = build()
        fit_to(job, model, _take(units, others), targets[others], "cross-fit", number)
        out[held] = job_logits(job, model, _take(units, held))
    return out


def parts_of(classes: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Number of the inner fold of each utterance ``[N]``, from 0 to at most ``PARTS`` - 1: every class is dealt out in
    turn, so that folds hold about equally many of each."""
    order = np.concatenate([rng.permutation(np.flatnonzero(classes == k)) for k in np.unique(classes)])
    part = np.empty(len(classes), np.int64)
    part[order] = np.arange(len(classes)) % min(PARTS, len(classes))
    return part


def _take(units: Units, index: Sequence[int] | NDArray[np.int64]) -> Units:
    arrays = {name: [rows[int(k)] for k in index] for name, rows in units.arrays.items()}
    return Units(arrays, [units.segments[int(k)] for k in index], units.whole)
