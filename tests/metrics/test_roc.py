"""ROC curves against counting at every threshold, areas against comparing every pair."""

from __future__ import annotations

import numpy as np
import pytest

from serkit.metrics import auc, roc_curve
from serkit.metrics.roc import resampled_auc

# sums of at most a few thousand fractions of unit size in float64
CLOSE = 1e-12


def by_pairs(positive: np.ndarray, scores: np.ndarray) -> float:
    up, down = scores[positive], scores[~positive]
    return float(np.mean([(a > b) + 0.5 * (a == b) for a in up for b in down]))


def case(seed: int, n: int = 40, levels: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Random decisions whose scores have many ties."""
    rng = np.random.default_rng(seed)
    positive = rng.random(n) < 0.4
    positive[:2] = True, False
    return positive, (rng.integers(0, levels, n) + positive) / levels


@pytest.mark.parametrize("seed", range(8))
def test_the_area_is_the_share_of_well_ordered_pairs(seed: int) -> None:
    positive, scores = case(seed)
    assert auc(positive, scores) == pytest.approx(by_pairs(positive, scores), abs=CLOSE)


@pytest.mark.parametrize("seed", range(8))
def test_the_curve_passes_through_the_rates_at_every_threshold(seed: int) -> None:
    positive, scores = case(seed)
    best: dict[float, float] = {}
    for threshold in [np.inf, *np.unique(scores)]:
        said = scores >= threshold
        at = float(said[~positive].mean())
        best[at] = max(best.get(at, 0.0), float(said[positive].mean()))
    at = np.array(sorted(best))
    got = roc_curve(positive, scores, at)
    assert got == pytest.approx([best[x] for x in at], abs=CLOSE)
    middle = roc_curve(positive, scores, (at[1:] + at[:-1]) / 2)
    assert got is not None
    # between thresholds a straight line from the top of one rise to the foot of the next, at or below the next top
    assert middle is not None
    assert (middle >= got[:-1] - CLOSE).all()
    assert (middle <= got[1:] + CLOSE).all()


def test_perfect_worst_and_no_opinion() -> None:
    positive, at = np.array([False, False, True, True]), np.linspace(0, 1, 5)
    assert auc(positive, np.array([0.1, 0.2, 0.8, 0.9])) == 1
    assert roc_curve(positive, np.array([0.1, 0.2, 0.8, 0.9]), at) == pytest.approx([1] * 5)
    assert auc(positive, np.array([0.9, 0.8, 0.2, 0.1])) == 0
    assert roc_curve(positive, np.array([0.9, 0.8, 0.2, 0.1]), at) == pytest.approx([0, 0, 0, 0, 1])
    assert auc(positive, np.full(4, 0.3)) == 0.5
    assert roc_curve(positive, np.full(4, 0.3), at) == pytest.approx(at)


@pytest.mark.parametrize("positive", [[], [True], [False, False], [True, True]])
def test_one_side_alone_has_no_curve(positive: list[bool]) -> None:
    mask, scores = np.array(positive, bool), np.linspace(0, 1, len(positive))
    assert auc(mask, scores) is roc_curve(mask, scores, np.array([0.0, 1.0])) is None
    assert np.isnan(resampled_auc(mask, scores, np.zeros(len(mask), int), np.ones((2, 1)))).all()


@pytest.mark.parametrize("seed", range(5))
def test_resampled_areas_are_those_of_repeated_utterances(seed: int) -> None:
    positive, scores = case(seed)
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 5, len(positive))
    weights = rng.multinomial(5, [0.2] * 5, size=12)
    expected = []
    for w in weights:
        rows = np.repeat(np.arange(len(group)), w[group])
        area = auc(positive[rows], scores[rows])
        expected.append(np.nan if area is None else area)
    np.testing.assert_allclose(resampled_auc(positive, scores, group, weights), expected, rtol=0, atol=CLOSE)
