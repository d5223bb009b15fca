"""ROC curves and the reliability diagram of metrics.json: the areas of scikit-learn, means over seeds, counts."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.metrics import roc_curve as points

from serkit.run.predictions import Predictions
from serkit.run.scoring.curves import calibration, roc
from serkit_plugins.metrics import posteriors as metrics

LABELS = ("angry", "sad", "neutral")
# sums of a few hundred fractions of unit size in float64
CLOSE = 1e-12
# curves are written with six digits
DIGITS = 5.1e-7


def run(seed: int, n: int = 60, absent: int | None = None, labels: tuple[str, ...] = LABELS) -> Predictions:
    rng = np.random.default_rng(seed)
    truth = rng.choice([c for c in range(len(labels)) if c != absent], n)
    p = rng.dirichlet(np.ones(len(labels)), n) + 0.5 * np.eye(len(labels))[truth]
    p /= p.sum(1, keepdims=True)
    return Predictions(
        ids=tuple(map(str, range(n))),
        split=("test",) * n,
        speaker=("x",) * n,
        truth=truth,
        predicted=p.argmax(1),
        posteriors=p,
        labels=labels,
    )


def test_the_areas_are_those_of_scikit_learn_averaged_over_seeds() -> None:
    pooled = {s: run(s) for s in range(3)}
    got = roc(pooled)
    assert got is not None
    for c, label in enumerate(LABELS):
        areas = [roc_auc_score(p.truth == c, p.posteriors[:, c]) for p in pooled.values()]
        assert got["classes"][label]["auc"] == pytest.approx(np.mean(areas), abs=CLOSE)
    for name in ("macro", "micro"):
        whole = [roc_auc_score(p.truth, p.posteriors, multi_class="ovr", average=name) for p in pooled.values()]
        assert got[name]["auc"] == pytest.approx(np.mean(whole), abs=CLOSE)
        metric = getattr(metrics, f"auc_{name}")
        ours = [metric(p.truth, p.predicted, p.posteriors, 3) for p in pooled.values()]
        assert got[name]["auc"] == pytest.approx(np.mean(ours), abs=CLOSE)
    json.dumps(got, allow_nan=False)


def test_a_kept_curve_is_the_mean_over_seeds_at_each_false_positive_rate() -> None:
    pooled = {s: run(s) for s in range(2)}
    got = roc(pooled)
    assert got is not None
    assert len(got["fpr"]) == 101
    assert (got["fpr"][0], got["fpr"][37], got["fpr"][-1]) == (0, 0.37, 1)
    expected = []
    for p in pooled.values():
        fpr, tpr, _ = points(p.truth == 1, p.posteriors[:, 1], drop_intermediate=False)
        at = []
        for x in got["fpr"]:
            j = max(i for i in range(len(fpr)) if fpr[i] <= x)  # the upper end of a rise
            k = min(j + 1, len(fpr) - 1)
            at.append(tpr[j] if j == k else tpr[j] + (x - fpr[j]) / (fpr[k] - fpr[j]) * (tpr[k] - tpr[j]))
        expected.append(at)
    assert got["classes"]["sad"]["tpr"] == pytest.approx(np.mean(expected, axis=0), abs=DIGITS)
    each = [got["classes"][x]["tpr"] for x in LABELS]
    assert got["macro"]["tpr"] == pytest.approx(np.mean(each, axis=0), abs=DIGITS)


def test_a_class_that_nobody_says_has_no_curve_and_macro_is_of_the_others() -> None:
    got = roc({0: run(0, absent=1)})
    assert got is not None
    assert got["classes"]["sad"] == {"auc": None, "tpr": None}
    areas = [got["classes"][x]["auc"] for x in ("angry", "neutral")]
    assert got["macro"]["auc"] == pytest.approx(np.mean(areas), abs=CLOSE)
    assert got["micro"]["auc"] is not None


def test_a_single_class_has_no_macro_curve() -> None:
    got = roc({0: run(0, labels=LABELS[:1])})
    assert got == {
        "fpr": pytest.approx(np.linspace(0, 1, 101), abs=DIGITS),
        "classes": {"angry": {"auc": None, "tpr": None}},
        "macro": {"auc": None, "tpr": None},
        "micro": {"auc": None, "tpr": None},
    }


def test_the_reliability_diagram_counts_over_seeds() -> None:
    pooled = {s: run(s) for s in range(2)}
    got = calibration(pooled)
    assert got is not None
    assert got["bins"] == 15
    assert sum(got["n"]) == 120
    rows = [(p.posteriors[i].max(), p.truth[i] == p.predicted[i]) for p in pooled.values() for i in range(60)]
    for m in range(15):
        inside = [(c, r) for c, r in rows if m / 15 < c <= (m + 1) / 15]
        assert got["n"][m] == len(inside)
        if inside:
            assert got["confidence"][m] == pytest.approx(np.mean([c for c, _ in inside]), abs=CLOSE)
            assert got["accuracy"][m] == pytest.approx(np.mean([r for _, r in inside]), abs=CLOSE)
        else:
            assert got["confidence"][m] is got["accuracy"][m] is None
    json.dumps(got, allow_nan=False)


def test_one_seed_has_the_calibration_error_of_the_metric() -> None:
    p = run(4)
    got = calibration({0: p})
    assert got is not None
    gaps = [n * abs(a - c) for n, c, a in zip(got["n"], got["confidence"], got["accuracy"], strict=True) if n]
    assert sum(gaps) / 60 == pytest.approx(metrics.ece(p.truth, p.predicted, p.posteriors, 3), abs=CLOSE)


def test_posteriors_that_are_no_probabilities_have_curves_and_no_calibration() -> None:
    p = run(0)
    raw = Predictions(
        ids=p.ids, split=p.split, speaker=p.speaker, truth=p.truth, predicted=p.predicted, labels=LABELS,
        posteriors=5 * p.posteriors,
    )  # fmt: skip
    assert calibration({0: raw}) is None
    assert roc({0: raw}) == roc({0: p})
