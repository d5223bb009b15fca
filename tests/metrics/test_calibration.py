"""Reliability and expected calibration error against loops over bins."""

from __future__ import annotations

import numpy as np
import pytest

from serkit.metrics import expected_calibration_error, reliability

# sums of a few hundred fractions of unit size in float64
CLOSE = 1e-12


def plain(confidence: np.ndarray, right: np.ndarray, bins: int) -> float:
    total = 0.0
    for m in range(bins):
        low, high = m / bins, (m + 1) / bins
        inside = [(c, r) for c, r in zip(confidence, right, strict=True) if low < c <= high or (m == 0 and c == 0)]
        if inside:
            gap = np.mean([r for _, r in inside]) - np.mean([c for c, _ in inside])
            total += len(inside) / len(confidence) * abs(gap)
    return total


@pytest.mark.parametrize("bins", [1, 2, 15])
@pytest.mark.parametrize("seed", range(4))
def test_the_error_equals_a_loop_over_bins(seed: int, bins: int) -> None:
    rng = np.random.default_rng(seed)
    # half of them on the edges of the bins, where a bin must not take its neighbour's
    confidence = np.append(rng.random(150), rng.integers(0, bins + 1, 150) / bins)
    right = rng.random(300) < confidence
    sums = reliability(confidence, right, bins)
    assert sums is not None
    assert sums.n.sum() == 300
    assert expected_calibration_error(sums) == pytest.approx(plain(confidence, right, bins), abs=CLOSE)


def test_perfect_and_worst() -> None:
    def error(confidence: list[float], right: list[bool]) -> float:
        sums = reliability(np.array(confidence), np.array(right))
        assert sums is not None
        return float(expected_calibration_error(sums))

    assert error([1.0, 1.0], [True, True]) == 0
    assert error([0.5] * 4, [True, True, False, False]) == 0
    assert error([1.0, 1.0], [False, False]) == 1
    assert error([0.0], [True]) == 1
    assert error([0.8], [True]) == pytest.approx(0.2)


def test_the_order_of_utterances_is_nothing() -> None:
    rng = np.random.default_rng(0)
    confidence, right, order = rng.random(50), rng.random(50) < 0.5, rng.permutation(50)
    one, two = reliability(confidence, right), reliability(confidence[order], right[order])
    assert one is not None
    assert two is not None
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=CLOSE)


def test_groups_add_up() -> None:
    rng = np.random.default_rng(1)
    confidence, right, group = rng.random(60), rng.random(60) < 0.5, rng.integers(0, 4, 60)
    parts, whole = reliability(confidence, right, group=group), reliability(confidence, right)
    assert parts is not None
    assert whole is not None
    for a, b in zip(parts, whole, strict=True):
        assert a.shape == (4, 15)
        np.testing.assert_allclose(a.sum(0), b, rtol=0, atol=CLOSE)
    for g in range(4):
        alone = reliability(confidence[group == g], right[group == g])
        assert alone is not None
        np.testing.assert_allclose(parts.right[g], alone.right, rtol=0, atol=0)


def test_what_is_no_probability_has_no_reliability() -> None:
    for wrong in (1.2, -0.1, np.nan):
        assert reliability(np.array([0.5, wrong]), np.array([True, False])) is None
    assert reliability(np.array([1 + 1e-12]), np.array([True])) is not None


def test_nothing_has_no_error() -> None:
    sums = reliability(np.zeros(0), np.zeros(0, bool))
    assert sums is not None
    assert np.isnan(expected_calibration_error(sums))
