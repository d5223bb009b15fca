"""What training units are trained towards, and how often and how much each of them counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serkit.types import Training


def shares_of(
    ids: Sequence[str], truth: Mapping[str, str], labels: Sequence[str], votes: Mapping[str, Mapping[str, float]]
) -> NDArray[np.float32]:
    """Soft targets of the utterances ``ids``, ``[N, K]``: the ``votes`` for each of the classes ``labels`` over their
    sum, and all on the label (``truth``) where there is no vote for any of them."""
    out = np.zeros((len(ids), len(labels)))
    for row, i in zip(out, ids, strict=True):
        row[:] = [votes.get(i, {}).get(label, 0.0) for label in labels]
        if not row.any():
            row[list(labels).index(truth[i])] = 1.0
    return np.asarray(out / out.sum(axis=1, keepdims=True), np.float32)


def class_weights(targets: NDArray[Any], n_classes: int, training: Training) -> NDArray[np.float64]:
    """What a unit of each class counts in the loss ``[K]``: 1, or N / (K n_k), where n_k sums the shares of soft
    ``targets``. A class that no unit has counts as if one had it."""
    if training.class_weights == "none":
        return np.ones(n_classes)
    counts = np.bincount(targets, minlength=n_classes) if targets.ndim == 1 else targets.sum(axis=0, dtype=np.float64)
    return np.asarray(len(targets) / (n_classes * np.maximum(counts, 1)), np.float64)


def oversampled(classes: NDArray[np.int64], training: Training, rng: np.random.Generator) -> NDArray[np.int64]:
    """Indices of the units to train on: each once, and with ``oversample="balanced"`` random ones of the smaller
    classes again, until every class that is there has as many as the largest.

    A unit is repeated a second time only when all of its class have been once.
    """
    every = np.arange(len(classes))
    if training.oversample == "none":
        return every
    counts = np.bincount(classes)
    more = [_repeats(every[classes == k], counts.max() - n, rng) for k, n in enumerate(counts) if n]
    return np.concatenate([every, *more])


def _repeats(mine: NDArray[np.int64], n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return np.concatenate([rng.permutation(mine) for _ in range(-(-n // len(mine)))] or [mine[:0]])[:n]
