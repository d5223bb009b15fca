"""Functionals against their float64 definition, and that against SciPy and NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from serkit.kernels.jit.functionals import functionals
from serkit.kernels.reference import functionals as reference

PERCENTILES = np.array([0.0, 5.0, 50.0, 97.5, 100.0])


def compute(frames: np.ndarray, lengths: list[int]) -> np.ndarray:
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    out = np.empty((len(lengths), frames.shape[1], 13 + len(PERCENTILES)), np.float32)
    functionals(frames, offsets, 0, len(lengths), np.arange(13), PERCENTILES, out)
    return out


def expected(frames: np.ndarray, lengths: list[int]) -> np.ndarray:
    parts = np.split(frames, np.cumsum(lengths)[:-1])
    return np.array([[reference.functionals(p[:, d], PERCENTILES) for d in range(frames.shape[1])] for p in parts])


def agree(found: np.ndarray, wanted: np.ndarray) -> None:
    # float64 inside, float32 out: 6e-8 relative; 1e-6 allows for sums in another order that nearly cancel
    scale = np.nanmax(np.abs(wanted), axis=-1, keepdims=True, initial=1e-30)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    np.testing.assert_allclose(found / scale, wanted / scale, rtol=0, atol=1e-6)


def test_ragged_frames_are_as_defined() -> None:
    rng = np.random.default_rng(0)
    lengths = [1, 2, 0, 300, 17, 5]
    frames = rng.standard_normal((sum(lengths), 4)).astype(np.float32)
    frames[rng.random(frames.shape) < 0.4] = np.nan
    frames[3:303, 3] = 0.1  # a constant that float32 does not hold exactly
    agree(compute(frames, lengths), expected(frames, lengths))


@settings(max_examples=60, deadline=None)
@given(arrays(np.float32, st.integers(1, 30), elements=st.floats(-1000, 1000, width=32) | st.just(np.float32(np.nan))))
def test_any_contour_is_as_defined(contour: np.ndarray) -> None:
    # to one grid: differences that are lost in float32's rounding have no kurtosis to agree on
    contour = np.round(contour * 64) / 64
    agree(compute(contour[:, None], [len(contour)]), expected(contour[:, None], [len(contour)]))


def test_the_definition_is_scipys_and_numpys() -> None:
    x = np.random.default_rng(1).gamma(2.0, size=200)
    found = dict(zip(reference.NAMES, reference.functionals(x, PERCENTILES), strict=False))
    line = stats.linregress(np.arange(200), x)
    wanted = {
        "mean": x.mean(),
        "std": x.std(),
        "kurtosis": stats.kurtosis(x, fisher=False),
        "skewness": stats.skew(x),
        "min": x.min(),
        "max": x.max(),
        "min_position": x.argmin() / 200,
        "max_position": x.argmax() / 200,
        "range": np.ptp(x),
        "offset": line.intercept,
        "slope": line.slope,
        "mse": np.mean((x - line.intercept - line.slope * np.arange(200)) ** 2),
        "defined": 1.0,
    }
    assert found == pytest.approx(wanted, rel=1e-12)  # float64, 200 terms
    # float64, interpolated in another order
    np.testing.assert_allclose(reference.functionals(x, PERCENTILES)[13:], np.percentile(x, PERCENTILES), rtol=1e-13)


def test_a_line_is_found_through_its_gaps() -> None:
    x = 3.0 + 0.5 * np.arange(50)
    x[[0, 7, 8, 9, 49]] = np.nan
    found = dict(zip(reference.NAMES, reference.functionals(x, []), strict=True))
    # float64, sums of 45 terms of up to 50 squared
    assert found["offset"] == pytest.approx(3.0, rel=1e-12)
    assert found["slope"] == pytest.approx(0.5, rel=1e-12)
    assert found["mse"] == pytest.approx(0.0, abs=1e-20)
    assert found["min_position"] == 1 / 50
    assert found["defined"] == 0.9


def test_one_value_a_constant_and_nothing() -> None:
    one = reference.functionals(np.array([np.nan, 4.0]), [50.0])
    assert one.tolist() == [4.0, 0.0, 0.0, 0.0, 4.0, 4.0, 0.5, 0.5, 0.0, 4.0, 0.0, 0.0, 0.5, 4.0]
    constant = reference.functionals(np.full(7, 0.1), [])
    assert constant.tolist() == [0.1, 0.0, 0.0, 0.0, 0.1, 0.1, 0.0, 0.0, 0.0, 0.1, 0.0, 0.0, 1.0]
    for nothing in (np.full(3, np.nan), np.empty(0)):
        found = reference.functionals(nothing, [50.0])
        assert found[12] == 0.0
        assert np.isnan(np.delete(found, 12)).all()
