"""How contours move: the kernel against its float64 definition, and that against contours whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from serkit.kernels.jit.functionals import functionals
from serkit.kernels.reference import dynamics as reference
from serkit.kernels.reference.functionals import NAMES as SUMMARY


def compute(contour: np.ndarray) -> np.ndarray:
    frames = np.ascontiguousarray(contour[:, None], dtype=np.float32)
    out = np.empty((1, 1, len(reference.NAMES)), np.float32)
    chosen = len(SUMMARY) + np.arange(len(reference.NAMES))
    functionals(frames, np.array([0, len(frames)]), 0, 1, chosen, np.empty(0), out)
    return out[0, 0]


def named(contour: list[float] | np.ndarray) -> dict[str, float]:
    return dict(zip(reference.NAMES, reference.dynamics(np.asarray(contour, np.float64)), strict=True))


def agree(contour: np.ndarray) -> None:
    found, wanted = compute(contour), reference.dynamics(contour)
    # float64 inside, float32 out; 2e-6 of the contour's size allows for sums in another order, and a deviation is the
    # root of a difference that may cancel: half the digits of float64, 1e-8 of the size
    scale = np.maximum(1.0, np.nanmax(np.abs(contour), initial=0.0))
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    np.testing.assert_allclose(found, wanted, rtol=2e-6, atol=2e-6 * scale)


@settings(max_examples=150, deadline=None)
@given(arrays(np.float32, st.integers(0, 60), elements=st.floats(-100, 100, width=32) | st.just(np.float32(np.nan))))
def test_any_contour_is_as_defined(contour: np.ndarray) -> None:
    # to a grid: differences that drown in rounding have no variance to be measured by
    agree(np.round(contour * 64) / 64)


def test_long_wandering_contours_with_gaps_are_as_defined() -> None:
    rng = np.random.default_rng(0)
    for length in (1, 2, 3, 33, 700):
        contour = np.cumsum(rng.standard_normal(length)).astype(np.float32)
        agree(contour)
        contour[rng.random(length) < 0.3] = np.nan
        agree(contour)


def test_a_wave_has_its_peaks_slopes_and_correlation() -> None:
    found = named(np.sin(2 * np.pi * np.arange(320) / 32))  # ten periods of 32 frames
    assert found["peak_rate"] == pytest.approx(10 / 320)
    assert found["peak_distance"] == pytest.approx(32)
    assert found["peak_distance_std"] == pytest.approx(0)
    assert found["peak_height"] == pytest.approx(1)
    assert found["valley_depth"] == pytest.approx(-1)
    # from -1 to 1 in 16 frames; the first rise begins at 0 and takes 8 frames, just as steep
    assert found["rise_slope"] == pytest.approx(2 / 16)
    assert found["fall_slope"] == pytest.approx(2 / 16)
    assert found["lag_16"] == pytest.approx(-1)
    assert found["lag_32"] == pytest.approx(1)
    assert found["lag_8"] == pytest.approx(0, abs=0.02)  # a quarter of a period; the 312 products are no whole waves
    assert found["above_50"] == pytest.approx(0.5, abs=0.04)  # zero crossings fall on frames


def test_small_wiggles_are_no_peaks() -> None:
    ramp = np.arange(100.0)
    wiggled = ramp + 2.0 * (np.arange(100) % 2)
    found = named(wiggled)
    assert found["peak_rate"] == 0
    assert found["peak_distance"] == 100
    # steps of +3 and -1 in turn, 50 and 49 of them
    assert (found["rise"], found["fall"]) == pytest.approx((3, 1))
    assert found["rising"] == pytest.approx(50 / 99)


def test_course_in_time() -> None:
    late = named([0.0, 0.0, 0.0, 1.0])
    assert late["centroid"] == pytest.approx(3 / 4)
    time = (np.arange(101) - 50) / 50.5
    assert named(4.0 + 3.0 * time + 2.0 * time**2)["curvature"] == pytest.approx(2)


def test_steps_leave_out_gaps() -> None:
    found = named([1.0, 2.0, np.nan, 9.0, 8.5])
    assert (found["rise"], found["fall"], found["rising"]) == (1.0, 0.5, 0.5)
    assert found["lag_2"] != 0.0  # 2.0 and 9.0 are two frames apart


def test_one_value_a_constant_and_nothing() -> None:
    for contour in ([3.0], [0.1] * 5, [np.nan, 2.0]):
        found = named(contour)
        kept = {"centroid", "rising", "peak_distance"}
        assert all(v == 0 for k, v in found.items() if k not in kept), found
        assert found["peak_distance"] == len(contour)
    assert named([0.1] * 5)["rising"] == 0.0
    assert np.isnan(reference.dynamics(np.full(3, np.nan))).all()
    assert np.isnan(reference.dynamics(np.empty(0))).all()
