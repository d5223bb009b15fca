"""UAR, WAR and F1 over scikit-learn, each with its form over confusion matrices.

A metric is a function of truth, predictions and posteriors. One that depends on nothing but the confusion matrix may
say so with an attribute ``from_confusion``: a function of float64 ``[..., K, K]`` (rows are the truth) to ``[...]``,
NaN where undefined. The host takes it for the thousands of resamples of an interval; a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]
Metric = Callable[[Ints, Ints, Floats, int], "float | None"]


def _with_form(form: Callable[[Floats], Floats]) -> Callable[[Metric], Metric]:
    def attach(metric: Metric) -> Metric:
        metric.from_confusion = form  # type: ignore[attr-defined]
        return metric

    return attach


def _divide(a: Floats, b: Floats) -> Floats:
    """a / b, NaN where b is 0, without the warning that NumPy gives for it."""
    return np.divide(a, b, out=np.full(np.broadcast_shapes(a.shape, b.shape), np.nan), where=b != 0)


def _uar_form(confusion: Floats) -> Floats:
    recall = _divide(np.diagonal(confusion, axis1=-2, axis2=-1), confusion.sum(-1))
    present = confusion.sum(-1) > 0
    return _divide(np.where(present, recall, 0.0).sum(-1), present.sum(-1).astype(np.float64))


def _war_form(confusion: Floats) -> Floats:
    return _divide(np.trace(confusion, axis1=-2, axis2=-1), confusion.sum((-2, -1)))


def _f1(confusion: Floats) -> tuple[Floats, Floats]:
    """F1 of each class [..., K], NaN where a class is neither true nor predicted; support [..., K]."""
    truth, predicted = confusion.sum(-1), confusion.sum(-2)
    return _divide(2 * np.diagonal(confusion, axis1=-2, axis2=-1), truth + predicted), truth


def _f1_macro_form(confusion: Floats) -> Floats:
    f1, _ = _f1(confusion)
    return _divide(np.nansum(f1, axis=-1), (~np.isnan(f1)).sum(-1).astype(np.float64))


def _f1_weighted_form(confusion: Floats) -> Floats:
    f1, support = _f1(confusion)
    return _divide((np.nan_to_num(f1, nan=0.0) * support).sum(-1), support.sum(-1))


@_with_form(_uar_form)
def uar(truth: Ints, predicted: Ints, posteriors: Floats, n_classes: int) -> float | None:
    """Unweighted average recall in [0, 1] over the classes present in ``truth``; None without utterances.

    ``truth``, ``predicted``: int ``[N]`` in 0..n_classes-1; ``posteriors`` ``[N, K]`` is not used.
    """
    from sklearn.metrics import recall_score

    if len(truth) == 0:
        return None
    return float(recall_score(truth, predicted, labels=np.unique(truth), average="macro"))


@_with_form(_war_form)
def war(truth: Ints, predicted: Ints, posteriors: Floats, n_classes: int) -> float | None:
    """Accuracy in [0, 1], the recall weighted by support; None without utterances. Arguments as in ``uar``."""
    from sklearn.metrics import accuracy_score

    if len(truth) == 0:
        return None
    return float(accuracy_score(truth, predicted))


@_with_form(_f1_macro_form)
def f1_macro(truth: Ints, predicted: Ints, posteriors: Floats, n_classes: int) -> float | None:
    """Mean F1 in [0, 1] of the classes true or predicted at least once; None without utterances.

    A class that is predicted but never true counts with F1 = 0; one that is neither has no F1 and is left out.
    Arguments as in ``uar``.
    """
    from sklearn.metrics import f1_score

    if len(truth) == 0:
        return None
    return float(f1_score(truth, predicted, average="macro", zero_division=0.0))


@_with_form(_f1_weighted_form)
def f1_weighted(truth: Ints, predicted: Ints, posteriors: Floats, n_classes: int) -> float | None:
    """F1 in [0, 1] weighted by the support of each class; None without utterances. Arguments as in ``uar``."""
    from sklearn.metrics import f1_score

    if len(truth) == 0:
        return None
    return float(f1_score(truth, predicted, average="weighted", zero_division=0.0))
