"""Recall, precision and F over scikit-learn, each with its form over confusion matrices.

A metric is a function of truth, predictions and posteriors. One that depends on nothing but the confusion matrix may
say so with an attribute ``from_confusion``: a function of float64 ``[..., K, K]`` (rows are the truth) to ``[...]``,
NaN where undefined. The host takes it for the thousands of resamples of an interval; a test holds the two equal.

In all of them ``truth`` and ``predicted`` are int ``[N]`` in 0..n_classes-1, ``posteriors`` float ``[N, K]`` are not
used, the result is in [0, 1], and None without utterances.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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


def _f_form(beta: float, average: str) -> Callable[[Floats], Floats]:
    """F of a recall ``beta`` times as important as precision: (1 + b²) hits / (b² true + predicted); 0 is precision.

    The macro average is over the classes that are true or predicted; of those, one without predictions has no
    precision, and counts 0 like its F.
    """

    def form(confusion: Floats) -> Floats:
        truth, predicted = confusion.sum(-1), confusion.sum(-2)
        hits = np.diagonal(confusion, axis1=-2, axis2=-1)
        f = np.nan_to_num(_divide((1 + beta**2) * hits, beta**2 * truth + predicted), nan=0.0)
        share = truth if average == "weighted" else (truth + predicted > 0).astype(np.float64)
        return _divide((f * share).sum(-1), share.sum(-1))

    return form


@_with_form(_uar_form)
def uar(truth: Ints, predicted: Ints, posteriors: Floats, n_classes: int) -> float | None:
    """Unweighted average recall: the mean of the recalls of the classes present in ``truth``."""
    from sklearn.metrics import recall_score

    if len(truth) == 0:
        return None
    return float(recall_score(truth, predicted, labels=np.unique(truth), average="macro"))


@_with_form(_war_form)
def war(truth: Ints, predicted: Ints, posteriors: Floats, n_classes: int) -> float | None:
    """Accuracy, which is the recall weighted by support and the micro average of F1."""
    from sklearn.metrics import accuracy_score

    if len(truth) == 0:
        return None
    return float(accuracy_score(truth, predicted))


@_with_form(_f_form(0.0, "macro"))
def precision_macro(truth: Ints, predicted: Ints, posteriors: Floats, n_classes: int) -> float | None:
    """Mean precision of the classes true or predicted at least once; a class that is never predicted counts 0.

    To leave such a class out would reward a system for giving it up.
    """
    return _sklearn("precision_score", truth, predicted, average="macro")


@_with_form(_f_form(0.0, "weighted"))
def precision_weighted(truth: Ints, predicted: Ints, posteriors: Floats, n_classes: int) -> float | None:
    """Precision of the classes weighted by their number of utterances; a class that is never predicted counts 0."""
    return _sklearn("precision_score", truth, predicted, average="weighted")


@_with_form(_f_form(1.0, "macro"))
def f1_macro(truth: Ints, predicted: Ints, posteriors: Floats, n_classes: int) -> float | None:
    """Mean F1 of the classes true or predicted at least once.

    A class that is predicted but never true counts with F1 = 0; one that is neither has no F1 and is left out.
    """
    return _sklearn("f1_score", truth, predicted, average="macro")


@_with_form(_f_form(1.0, "weighted"))
def f1_weighted(truth: Ints, predicted: Ints, posteriors: Floats, n_classes: int) -> float | None:
    """F1 weighted by the number of utterances of each class."""
    return _sklearn("f1_score", truth, predicted, average="weighted")


@_with_form(_f_form(0.5, "macro"))
def f05_macro(truth: Ints, predicted: Ints, posteriors: Floats, n_classes: int) -> float | None:
    """Mean F0.5, which counts precision twice as much as recall, of the classes that ``f1_macro`` averages over."""
    return _sklearn("fbeta_score", truth, predicted, beta=0.5, average="macro")


@_with_form(_f_form(0.5, "weighted"))
def f05_weighted(truth: Ints, predicted: Ints, posteriors: Floats, n_classes: int) -> float | None:
    """F0.5 weighted by the number of utterances of each class."""
    return _sklearn("fbeta_score", truth, predicted, beta=0.5, average="weighted")


def _sklearn(score: str, truth: Ints, predicted: Ints, **options: Any) -> float | None:
    import sklearn.metrics

    if len(truth) == 0:
        return None
    return float(getattr(sklearn.metrics, score)(truth, predicted, zero_division=0.0, **options))
