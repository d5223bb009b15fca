"""tanh and exp inside the kernels, seen through poolings that return them as they are."""

from __future__ import annotations

import numpy as np
import pytest

from serkit.kernels.native import attention as native

UNITS = 37  # a register of any width has a full and a partial turn


def tanh(values: np.ndarray) -> np.ndarray:
    """tanh of each value, once for each of UNITS places: W is a column of ones."""
    frames, ones, zeros = values.size, np.ones((UNITS, 1), np.float32), np.zeros(UNITS, np.float32)
    hidden = np.empty((frames, UNITS), np.float32)
    native.forward(
        values.astype(np.float32).reshape(1, -1, 1), np.array([frames]), zeros, ones, zeros,
        pooled=np.empty((1, 1), np.float32), weights=np.empty((1, frames), np.float32), hidden=hidden,
    )  # fmt: skip
    return hidden


def test_tanh_is_accurate_odd_and_the_same_in_every_place() -> None:
    near = np.linspace(0.0, 12.0, 4001)  # across the seam of its two formulas, at 0.625, and into saturation
    values = np.concatenate([near, np.logspace(-37, 38, 2000)]).astype(np.float32)
    got = tanh(values)
    assert np.array_equal(got, np.repeat(got[:, :1], UNITS, axis=1))
    truth = np.tanh(values.astype(np.float64))
    # 1.4 ulp measured; an ulp is at most 2^-23 of the value
    np.testing.assert_allclose(got[:, 0], truth, rtol=1.4 * 2.0**-23, atol=0)
    assert (got[values > 9.02] == 1.0).all()
    assert np.array_equal(tanh(-values), -got)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_tanh_of_what_is_not_finite(value: float) -> None:
    np.testing.assert_array_equal(tanh(np.array([value, 0.5]))[0], np.full(UNITS, np.tanh(np.float32(value))))


@pytest.mark.parametrize("frames", [5, 16, 37])
def test_exp_is_accurate_in_every_place(frames: int) -> None:
    for scores in np.linspace(-86.0, 0.0, 20 * frames).astype(np.float32).reshape(20, frames):
        scores[0] = 0.0  # the largest, so that it is subtracted exactly
        weights = np.empty((1, frames), np.float32)
        native.forward(
            scores.reshape(1, -1, 1), np.array([frames]), np.ones(1, np.float32),
            pooled=np.empty((1, 1), np.float32), weights=weights,
        )  # fmt: skip
        truth = np.exp(scores.astype(np.float64))
        # exp within 1.1 ulp of at most 2^-23, their sum likewise, and half an ulp of the quotient
        np.testing.assert_allclose(weights[0], truth / truth.sum(), rtol=2.7 * 2.0**-23, atol=0)


def test_exp_far_below_is_zero_and_nan_spoils_its_sample_only() -> None:
    x = np.array([[[0.0], [-87.5], [-1e30]], [[0.0], [np.nan], [1.0]]], np.float32)
    pooled, weights = np.empty((2, 1), np.float32), np.empty((2, 3), np.float32)
    native.forward(x, np.array([3, 3]), np.ones(1, np.float32), pooled=pooled, weights=weights)
    np.testing.assert_array_equal(weights, [[1.0, 0.0, 0.0], [np.nan, np.nan, np.nan]])
