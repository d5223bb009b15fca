"""Scores of the posteriors: areas under ROC curves and calibration.

Each carries an attribute ``resampled(truth, predicted, posteriors, n_classes, group, weights)``: the metric of each
resample ``[R]`` in which the utterances of group g (int ``[N]``) count ``weights[r, g]`` times (float ``[R, G]``), NaN
where undefined. The host takes it for the interval; a test holds it equal to the metric of the repeated utterances.

``truth`` and ``predicted`` are int ``[N]`` in 0..n_classes-1, ``posteriors`` finite float ``[N, K]``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from serkit.metrics.calibration import Reliability, expected_calibration_error, reliability
from serkit.metrics.roc import auc, resampled_auc

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]
Metric = Callable[[Ints, Ints, Floats, int], "float | None"]
Resampled = Callable[[Ints, Ints, Floats, int, Ints, Floats], Floats]


def _with_resampled(form: Resampled) -> Callable[[Metric], Metric]:
    def attach(metric: Metric) -> Metric:
        metric.resampled = form  # type: ignore[attr-defined]
        return metric

    return attach


def _auc_macro_resampled(
    truth: Ints, predicted: Ints, posteriors: Floats, n_classes: int, group: Ints, weights: Floats
) -> Floats:
    each = np.array([resampled_auc(truth == c, posteriors[:, c], group, weights) for c in range(n_classes)])
    known = np.isfinite(each)
    n = known.sum(0)
    return np.divide(np.where(known, each, 0.0).sum(0), n, out=np.full(len(weights), np.nan), where=n > 0)


@_with_resampled(_auc_macro_resampled)
def auc_macro(truth: Ints, predicted: Ints, posteriors: Floats, n_classes: int) -> float | None:
    """Mean over classes of the area under the curve of that class against the rest, in [0, 1].

    Over the classes that have both utterances and others to tell them from; None if there is none.
    """
    each = [auc(truth == c, posteriors[:, c]) for c in range(n_classes)]
    known = [x for x in each if x is not None]
    return float(np.mean(known)) if known else None


def _auc_micro_resampled(
    truth: Ints, predicted: Ints, posteriors: Floats, n_classes: int, group: Ints, weights: Floats
) -> Floats:
    positive, scores = _decisions(truth, posteriors, n_classes)
    return resampled_auc(positive, scores, np.repeat(group, n_classes), weights)


@_with_resampled(_auc_micro_resampled)
def auc_micro(truth: Ints, predicted: Ints, posteriors: Floats, n_classes: int) -> float | None:
    """Area under the one curve of all N x K decisions "is this utterance of that class?", in [0, 1].

    None without utterances and for a single class.
    """
    return auc(*_decisions(truth, posteriors, n_classes))


def _decisions(truth: Ints, posteriors: Floats, n_classes: int) -> tuple[NDArray[np.bool_], Floats]:
    return (truth[:, None] == np.arange(n_classes)).ravel(), posteriors.ravel()


def _ece_resampled(
    truth: Ints, predicted: Ints, posteriors: Floats, n_classes: int, group: Ints, weights: Floats
) -> Floats:
    sums = reliability(*_confidence(truth, predicted, posteriors), group=group)
    if sums is None or not len(truth):
        return np.full(len(weights), np.nan)
    return expected_calibration_error(Reliability(*(weights[:, : len(x)] @ x for x in sums)))


@_with_resampled(_ece_resampled)
def ece(truth: Ints, predicted: Ints, posteriors: Floats, n_classes: int) -> float | None:
    """Expected calibration error in [0, 1], 0 is best: 15 equal bins of the posterior of the predicted class.

    None without utterances and where such a posterior is outside [0, 1]. ``serkit.metrics.calibration`` has the source.
    """
    sums = reliability(*_confidence(truth, predicted, posteriors))
    if sums is None or not len(truth):
        return None
    return float(expected_calibration_error(sums))


def _confidence(truth: Ints, predicted: Ints, posteriors: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    return posteriors[np.arange(len(truth)), predicted], truth == predicted
