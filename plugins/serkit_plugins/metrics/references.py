"""The definitions of the shipped metrics word by word (docs/metrics.md), in loops and however slowly.

The conformance kit compares each metric with its definition here; nothing else calls these. They share no code with
the metrics, and none with each other but the steps that a definition names. Arguments and results are those of a
metric: int ``[N]``, int ``[N]``, float ``[N, K]``, K, and None where the definition divides by nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

BINS = 15


def uar(truth: Any, predicted: Any, posteriors: Any, n_classes: int) -> float | None:
    """Mean of the recalls of the classes present in the truth."""
    recalls = []
    for c in range(n_classes):
        true = [p for t, p in zip(truth, predicted, strict=True) if t == c]
        if true:
            recalls.append(sum(p == c for p in true) / len(true))
    return _mean(recalls)


def war(truth: Any, predicted: Any, posteriors: Any, n_classes: int) -> float | None:
    """Share of utterances classified correctly."""
    return _mean([float(t == p) for t, p in zip(truth, predicted, strict=True)])


def precision_macro(truth: Any, predicted: Any, posteriors: Any, n_classes: int) -> float | None:
    """Mean precision of the classes that are true or predicted at least once."""
    return _mean([precision for _, precision, _ in _scores(truth, predicted, n_classes)])


def precision_weighted(truth: Any, predicted: Any, posteriors: Any, n_classes: int) -> float | None:
    """The same, each class as often as it is true."""
    return _mean([precision for true, precision, _ in _scores(truth, predicted, n_classes) for _ in range(true)])


def f1_macro(truth: Any, predicted: Any, posteriors: Any, n_classes: int) -> float | None:
    """Mean F1 of the classes that are true or predicted at least once."""
    return _mean([_f(1.0, precision, recall) for _, precision, recall in _scores(truth, predicted, n_classes)])


def f1_weighted(truth: Any, predicted: Any, posteriors: Any, n_classes: int) -> float | None:
    """The same, each class as often as it is true."""
    return _mean([_f(1.0, p, r) for true, p, r in _scores(truth, predicted, n_classes) for _ in range(true)])


def f05_macro(truth: Any, predicted: Any, posteriors: Any, n_classes: int) -> float | None:
    """Mean F0.5, in which precision counts twice as much as recall, of those classes."""
    return _mean([_f(0.5, precision, recall) for _, precision, recall in _scores(truth, predicted, n_classes)])


def f05_weighted(truth: Any, predicted: Any, posteriors: Any, n_classes: int) -> float | None:
    """The same, each class as often as it is true."""
    return _mean([_f(0.5, p, r) for true, p, r in _scores(truth, predicted, n_classes) for _ in range(true)])


def auc_macro(truth: Any, predicted: Any, posteriors: Any, n_classes: int) -> float | None:
    """Mean over the classes that some but not all utterances are of of the area of that class against the rest."""
    areas = []
    for c in range(n_classes):
        area = _area([(t == c, row[c]) for t, row in zip(truth, posteriors, strict=True)])
        if area is not None:
            areas.append(area)
    return _mean(areas)


def auc_micro(truth: Any, predicted: Any, posteriors: Any, n_classes: int) -> float | None:
    """Area of all N x K decisions whether an utterance is of a class."""
    return _area([(t == c, row[c]) for t, row in zip(truth, posteriors, strict=True) for c in range(n_classes)])


def ece(truth: Any, predicted: Any, posteriors: Any, n_classes: int) -> float | None:
    """Mean over utterances of the gap between confidence and accuracy in their bin; bin m of M is (m/M, (m+1)/M], the
    first with 0 too. A confidence outside [0, 1] is no probability."""
    said = [(row[p], t == p) for t, p, row in zip(truth, predicted, posteriors, strict=True)]
    if not said or any(not 0 <= confidence <= 1 for confidence, _ in said):
        return None
    total = 0.0
    for m in range(BINS):
        inside = [(s, right) for s, right in said if m / BINS < s <= (m + 1) / BINS or (m == 0 and s == 0)]
        if inside:
            confidence = sum(s for s, _ in inside) / len(inside)
            accuracy = sum(right for _, right in inside) / len(inside)
            total += len(inside) / len(said) * abs(accuracy - confidence)
    return float(total)


def _scores(truth: Any, predicted: Any, n_classes: int) -> Iterator[tuple[int, float, float]]:
    """For each class that is true or predicted: how often it is true, its precision and its recall.

    One that is true and never predicted has no precision and counts 0; one that is predicted and never true has no
    recall, and its F is 0.
    """
    pairs = list(zip(truth, predicted, strict=True))
    for c in range(n_classes):
        true, said = sum(t == c for t, _ in pairs), sum(p == c for _, p in pairs)
        hits = sum(t == c and p == c for t, p in pairs)
        if true or said:
            yield int(true), float(hits / said) if said else 0.0, float(hits / true) if true else 0.0


def _f(beta: float, precision: float, recall: float) -> float:
    """The weighted harmonic mean of van Rijsbergen, recall ``beta`` times as important; 0 where both are."""
    if not precision or not recall:
        return 0.0
    weight = 1 / (1 + beta**2)
    return 1 / (weight / precision + (1 - weight) / recall)


def _area(decisions: list[tuple[bool, float]]) -> float | None:
    """The chance that a positive has a higher score than a negative, ties half."""
    up = [score for positive, score in decisions if positive]
    down = [score for positive, score in decisions if not positive]
    return _mean([1.0 if u > d else 0.5 if u == d else 0.0 for u in up for d in down])


def _mean(values: list[float]) -> float | None:
    return float(sum(values) / len(values)) if values else None
