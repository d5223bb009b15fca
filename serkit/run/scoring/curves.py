"""What a report draws of the posteriors: ROC curves and the reliability diagram, pooled over folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serkit.metrics.calibration import Reliability, reliability
from serkit.metrics.roc import auc, roc_curve
from serkit.run.predictions import Predictions
from serkit.run.scoring.calls import mean

_AT = np.linspace(0, 1, 101)
"""False positive rates at which curves are kept: one per cent apart, which no eye tells from all thresholds."""


def roc(pooled: Mapping[int, Predictions]) -> dict[str, Any] | None:
    """Curves of each class against the rest and their macro and micro averages; None without utterances, and where
    scikit-learn cannot be imported (each metric that needs it says so).

    ``{"fpr": [...], "classes": {label: {"auc", "tpr"}}, "macro": {...}, "micro": {...}}``. Each seed has a curve of its
    own, over the utterances of all folds; kept are the means over seeds, of the area and of the curve at each false
    positive rate (vertical averaging: Fawcett, "An introduction to ROC analysis", 2006). Macro is the mean of the
    classes that have a curve, micro the curve of all N x K decisions. ``auc`` is of all thresholds, not of the kept
    points; ``tpr`` is for drawing and rounded to six digits. Both are None for a class without a curve.
    """
    runs = list(pooled.values())
    labels = runs[0].labels
    if not len(runs[0]) or not _scikit_learn():
        return None
    classes = {label: _curve([(p.truth == c, p.posteriors[:, c]) for p in runs]) for c, label in enumerate(labels)}
    known = [x for x in classes.values() if x["auc"] is not None]
    one_hot = np.eye(len(labels), dtype=bool)
    return {
        "fpr": _rounded(_AT),
        "classes": classes,
        "macro": {
            "auc": mean([x["auc"] for x in known]),
            "tpr": _rounded(np.mean([x["tpr"] for x in known], axis=0)) if known else None,
        },
        "micro": _curve([(one_hot[p.truth].ravel(), p.posteriors.ravel()) for p in runs]),
    }


def calibration(pooled: Mapping[int, Predictions]) -> dict[str, Any] | None:
    """The reliability diagram over folds and seeds together; None where posteriors are no probabilities.

    ``{"bins": 15, "n": [...], "confidence": [...], "accuracy": [...]}``: utterances of each bin, counted over folds and
    seeds, their mean posterior of the predicted class, and the share of them that is right; None for an empty bin.
    """
    total: Reliability | None = None
    for p in pooled.values():
        sums = reliability(p.posteriors[np.arange(len(p)), p.predicted], p.truth == p.predicted)
        if sums is None or not len(p):
            return None
        total = sums if total is None else Reliability(*(a + b for a, b in zip(total, sums, strict=True)))
    if total is None:
        return None
    rows = list(zip(*(x.tolist() for x in total), strict=True))
    return {
        "bins": len(rows),
        "n": [int(n) for n, _, _ in rows],
        "confidence": [c / n if n else None for n, c, _ in rows],
        "accuracy": [r / n if n else None for n, _, r in rows],
    }


def _scikit_learn() -> bool:
    try:
        import sklearn.metrics  # noqa: F401
    except ImportError:
        return False
    return True


def _curve(runs: Sequence[tuple[NDArray[np.bool_], NDArray[np.float64]]]) -> dict[str, Any]:
    areas = [auc(*run) for run in runs]
    curves = [c for run in runs if (c := roc_curve(*run, _AT)) is not None]
    area = mean(areas)
    return {"auc": area, "tpr": None if area is None else _rounded(np.mean(curves, axis=0))}


def _rounded(values: NDArray[np.float64]) -> list[float]:
    return [round(x, 6) for x in values.tolist()]
