"""AUC and calibration of the shipped metrics: beside scikit-learn, worked values, what is undefined.

The conformance kit holds each equal to its definition and to its quick form (``tests/plugins/test_conformance.py``).
"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from serkit_plugins.metrics import posteriors

# sums of a few thousand fractions of unit size in float64
CLOSE = 1e-12


def case(seed: int, n: int = 60, k: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth, prediction and posteriors with ties, better than chance."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k, n)
    raw = np.round(rng.dirichlet(np.ones(k), n) + 0.5 * np.eye(k)[truth], 1) + 0.01
    p = raw / raw.sum(1, keepdims=True)
    return truth, p.argmax(1), p


def call(name: str, truth: np.ndarray, predicted: np.ndarray, p: np.ndarray) -> float | None:
    return getattr(posteriors, name)(truth, predicted, p, p.shape[1])


@pytest.mark.parametrize("average", ["macro", "micro"])
def test_where_every_class_is_there_it_is_the_area_of_scikit_learn(average: str) -> None:
    truth, predicted, p = case(3)
    expected = roc_auc_score(truth, p, multi_class="ovr", average=average)
    assert call(f"auc_{average}", truth, predicted, p) == pytest.approx(expected, abs=CLOSE)


def test_perfect_and_worst() -> None:
    truth = np.array([0, 1, 2, 1])
    sure = np.eye(3)[truth]
    wrong = (truth + 1) % 3
    for name in ("auc_macro", "auc_micro"):
        assert call(name, truth, truth, sure) == 1
        assert call(name, truth, wrong, (1 - sure) / 2) == 0
    assert call("ece", truth, truth, sure) == 0
    assert call("ece", truth, wrong, np.eye(3)[wrong]) == 1


def test_an_absent_class_is_left_out_of_the_macro_average() -> None:
    truth, p = np.array([0, 0, 1]), np.array([[0.5, 0.2, 0.3], [0.3, 0.4, 0.3], [0.4, 0.5, 0.1]])
    # class 0: 0.5 > 0.4, 0.3 < 0.4; class 1: 0.5 above both; class 2: nobody says it
    assert call("auc_macro", truth, p.argmax(1), p) == pytest.approx((0.5 + 1) / 2)


def test_a_single_class_has_no_curve_against_others() -> None:
    truth, p = np.array([1, 1]), np.array([[0.4, 0.6], [0.7, 0.3]])
    assert call("auc_macro", truth, p.argmax(1), p) is None
    # each utterance still has a class it is not: of 0.6 and 0.3 against 0.4 and 0.7 one pair of four is in order
    assert call("auc_micro", truth, p.argmax(1), p) == pytest.approx(0.25)
    assert call("auc_micro", truth * 0, truth * 0, p[:, :1]) is None


def test_one_utterance() -> None:
    truth, p = np.array([1]), np.array([[0.2, 0.8]])
    assert call("auc_macro", truth, truth, p) is None
    assert call("auc_micro", truth, truth, p) == 1
    assert call("ece", truth, truth, p) == pytest.approx(0.2)


def test_scores_that_are_no_probabilities_have_no_calibration() -> None:
    truth, p = np.array([0, 1]), np.array([[2.0, 1.0], [0.1, 9.0]])
    assert call("ece", truth, truth, p) is None
    assert np.isnan(posteriors.ece.resampled(truth, truth, p, 2, truth, np.ones((3, 2)))).all()
    assert call("auc_macro", truth, truth, p) == 1  # an order is enough for a curve
