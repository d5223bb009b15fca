"""Functionals one by one, on contours drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest

from serkit.features.egemaps import functionals
from serkit.features.egemaps.names import BALANCE, CEPSTRA, COLUMNS, VOICE, WHOLE

NAN = np.nan


def test_smoothing_stays_within_regions() -> None:
    contour = np.array([NAN, 3.0, NAN, NAN, 3.0, 6.0, 0.0, NAN])
    np.testing.assert_allclose(functionals.smooth(contour), [NAN, 3.0, NAN, NAN, 4.5, 3.0, 3.0, NAN], rtol=1e-15)
    # at the ends of the utterance two frames are all there is
    np.testing.assert_allclose(functionals.smooth(np.array([1.0, 2.0, 6.0])), [1.5, 3.0, 4.0], rtol=1e-15)


def test_mean_and_variation() -> None:
    assert functionals.mean_and_variation(np.array([])) == [0.0, 0.0]
    assert functionals.mean_and_variation(np.array([-1.0, 1.0])) == [0.0, 0.0]
    assert functionals.mean_and_variation(np.array([1.0, 3.0])) == [2.0, 0.5]
    assert functionals.mean_and_variation(np.array([-1.0, -3.0])) == [-2.0, -0.5]
    assert functionals.mean_and_variation(np.array([-1.0, 1.0 + 1e-9]))[1] == functionals.MOST_VARIATION
    assert functionals.mean_and_variation(np.array([1.0, -1.0 - 1e-9]))[1] == -functionals.MOST_VARIATION


def test_course_of_a_contour() -> None:
    assert functionals.course(np.array([])) == [0.0] * 10
    # up 10 in one frame of 10 ms, down 10 in two
    mean, variation, low, middle, high, range_, *slopes = functionals.course(np.array([0.0, 10.0, 5.0, 0.0]))
    assert (mean, middle) == (3.75, 2.5)
    assert variation == pytest.approx(np.std([0, 10, 5, 0]) / 3.75)
    assert (low, high, range_) == pytest.approx((0.0, 7.0, 7.0))
    assert slopes == pytest.approx([1000.0, 0.0, 500.0, 0.0])


def test_lengths_of_runs() -> None:
    frames = np.array([1, 0, 0, 1, 1, 1, 0, 1], dtype=bool)
    np.testing.assert_allclose(functionals.lengths(frames), [0.01, 0.03, 0.01], rtol=1e-15)
    np.testing.assert_allclose(functionals.lengths(~frames), [0.02, 0.01], rtol=1e-15)
    assert len(functionals.lengths(frames[1:3])) == 0


def test_sound_level() -> None:
    assert functionals.sound_level(np.full(100, 0.1, np.float32)) == pytest.approx(-20.0, abs=1e-6)  # float32 of 0.1
    assert functionals.sound_level(np.zeros(100, np.float32)) == -100.0


def test_each_contour_reaches_its_own_columns() -> None:
    """Every contour is its own constant: means say which column it went to, voiced and unvoiced apart."""
    voiced = np.arange(40) % 10 < 6
    spectra = {n: np.where(voiced, 100.0 + k, 200.0 + k) for k, n in enumerate(("loudness", *WHOLE))}
    spectra |= {n: np.where(voiced, 300.0 + k, 400.0 + k) for k, n in enumerate(BALANCE)}
    voice = {n: np.where(voiced, 500.0 + k, NAN) for k, n in enumerate(("F0", *VOICE))}
    row = dict(zip(COLUMNS, functionals.row(spectra, voice, np.ones(6400, np.float32)), strict=True))
    assert row["F0semitoneFrom27.5Hz_sma3nz_amean"] == 500.0
    for k, name in enumerate(VOICE, start=1):
        assert row[f"{name}_sma3nz_amean"] == pytest.approx(500.0 + k)
        assert row[f"{name}_sma3nz_stddevNorm"] == pytest.approx(0.0, abs=1e-12)
    for k, name in enumerate(BALANCE):
        where = name.replace("slope", "slope{}") if "slope" in name else name + "{}"
        assert row[f"{where.format('V')}_sma3nz_amean"] == pytest.approx(300.0 + k)
        assert row[f"{where.format('UV')}_sma3nz_amean"] == pytest.approx(400.0 + k)
    for k, name in enumerate(WHOLE, start=1):
        if name in CEPSTRA:
            assert row[f"{name}V_sma3nz_amean"] == pytest.approx(100.0 + k)
            # over all frames between its two values: 24 frames of 40 are voiced
            assert row[f"{name}_sma3_amean"] == pytest.approx(140.0 + k, abs=1.0)
    assert row["loudness_sma3_percentile20.0"] == pytest.approx(100.0)
    assert row["loudness_sma3_percentile80.0"] == pytest.approx(200.0)
    assert row["loudnessPeaksPerSec"] == pytest.approx(3 / 0.4)
    assert row["VoicedSegmentsPerSec"] == pytest.approx(4 / 0.4)
    assert row["MeanVoicedSegmentLengthSec"] == pytest.approx(0.06)
    assert row["MeanUnvoicedSegmentLength"] == pytest.approx(0.04)
    assert row["StddevUnvoicedSegmentLength"] == pytest.approx(0.0, abs=1e-12)
