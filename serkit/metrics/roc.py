"""Receiver operating characteristic of one class against the rest: curve, area, and the area of resampled speakers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def auc(positive: NDArray[np.bool_], scores: Floats) -> float | None:
    """Area under the ROC curve in [0, 1]: the chance that a positive has a higher score than a negative, ties half.

    ``positive`` bool ``[N]``, ``scores`` float ``[N]``, finite. None where all or none are positive.
    """
    from sklearn.metrics import roc_auc_score

    if not _both(positive):
        return None
    return float(roc_auc_score(positive, scores))


def roc_curve(positive: NDArray[np.bool_], scores: Floats, at: Floats) -> Floats | None:
    """True positive rates ``[M]`` at the false positive rates ``at`` ``[M]`` (ascending, in [0, 1]).

    Between two thresholds the curve is a straight line; where it rises vertically the upper end counts, so a perfect
    classifier has 1 at 0. Arguments and None as in ``auc``.
    """
    from sklearn.metrics import roc_curve as points

    if not _both(positive):
        return None
    fpr, tpr, _ = points(positive, scores, drop_intermediate=False)
    # np.interp wants no vertical rises: from the last point at or left of each place, on to the next one
    left = np.searchsorted(fpr, at, side="right") - 1
    right = np.minimum(left + 1, len(fpr) - 1)
    run = fpr[right] - fpr[left]
    share = np.divide(at - fpr[left], run, out=np.zeros(len(at)), where=run > 0)
    return np.asarray(tpr[left] + share * (tpr[right] - tpr[left]))


def resampled_auc(
    positive: NDArray[np.bool_], scores: Floats, group: NDArray[np.integer], weights: NDArray[np.floating]
) -> Floats:
    """``auc`` of each resample ``[R]``, in which group g counts ``weights[r, g]`` times; NaN where undefined.

    ``group`` int ``[N]`` says who an utterance is of, ``weights`` is ``[R, G]``. The number of well ordered pairs is a
    quadratic form in the weights, so ten thousand resamples of speakers cost as much as a few.
    """
    n_groups = weights.shape[1]
    above = np.zeros((n_groups, n_groups))  # [positive's group, negative's group]: ordered pairs, ties half
    up, whose = scores[positive], group[positive]
    for g in range(n_groups):
        down = np.sort(scores[~positive & (group == g)])
        below = (np.searchsorted(down, up, "left") + np.searchsorted(down, up, "right")) / 2
        above[:, g] = np.bincount(whose, weights=below, minlength=n_groups)
    for_up = np.bincount(whose, minlength=n_groups)
    for_down = np.bincount(group[~positive], minlength=n_groups)
    pairs = (weights @ for_up) * (weights @ for_down)
    ordered = ((weights @ above) * weights).sum(1)
    return np.asarray(np.divide(ordered, pairs, out=np.full(len(weights), np.nan), where=pairs > 0))


def _both(positive: NDArray[np.bool_]) -> bool:
    return bool(positive.any()) and not bool(positive.all())
