"""The shape of spectra: the kernel against its float64 definition, and that against spectra whose shape is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serkit.kernels.jit.spectral_shape import spectral_shape
from serkit.kernels.reference import spectral_shape as reference

WIDTH = 31.25
SILENCE = 1e-7


def compute(power: np.ndarray) -> np.ndarray:
    out = np.empty((len(power), len(reference.COLUMNS)), np.float32)
    spectral_shape(power.astype(np.float32), WIDTH, SILENCE, out)
    return out


def named(power: np.ndarray) -> dict[str, float]:
    return dict(zip(reference.COLUMNS, reference.spectral_shape(power[None], WIDTH, SILENCE)[0], strict=True))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 8), st.integers(1, 6))
def test_any_spectrum_is_as_defined(seed: int, roughness: float, frames: int) -> None:
    rng = np.random.default_rng(seed)
    power = np.exp(roughness * rng.standard_normal((frames, 257))).astype(np.float32)
    power[rng.random(frames) < 0.2] = 0.0
    found, wanted = compute(power), reference.spectral_shape(power, WIDTH, SILENCE)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    rolled = [k for k, name in enumerate(reference.COLUMNS) if name.startswith("rolloff")]
    # a share of the power that lies between two bins to the last bit may fall into either
    assert np.nanmax(np.abs(found[:, rolled] - wanted[:, rolled]), initial=0.0) <= WIDTH
    rest = np.delete(np.arange(len(reference.COLUMNS)), rolled)
    # float64 inside and float32 out, 6e-8 relative; differences of shares may cancel to 1e-16 of their size
    np.testing.assert_allclose(found[:, rest], wanted[:, rest], rtol=1e-6, atol=1e-6)


def test_one_line() -> None:
    power = np.zeros(257)
    power[16] = 3.0
    found = named(power)
    assert found["spectral_centroid"] == found["rolloff_25"] == found["rolloff_90"] == 16 * WIDTH
    assert found["spectral_spread"] == 1.0  # the least it counts as
    assert found["spectral_entropy"] == pytest.approx(0.0, abs=1e-12)  # 0 ln 0 of 255 bins, in float64
    assert found["band_250_650"] == pytest.approx(0.0, abs=1e-8)  # the floor of 1e-10 is 4e-10 dB
    assert found["band_1000_4000"] == pytest.approx(-100.0)
    assert found["alpha_ratio"] == found["hammarberg_index"] == pytest.approx(100.0)


def test_white_noise_is_flat_and_a_tilt_is_its_slope() -> None:
    flat = named(np.ones(257))
    assert flat["spectral_entropy"] == pytest.approx(1.0)
    assert flat["spectral_flatness"] == pytest.approx(0.0, abs=1e-12)  # logs of 256 equal shares, float64
    assert flat["spectral_centroid"] == pytest.approx(WIDTH * 128.5)
    assert flat["spectral_slope"] == pytest.approx(0.0, abs=1e-9)  # the same, times ten, over a variance of 5 kHz^2
    assert flat["rolloff_50"] == WIDTH * 128
    f = WIDTH * np.arange(257) / 1000
    steep = named(10 ** (-0.3 * f))
    assert [steep[f"spectral_slope{k}"] for k in ("", "_low", "_high")] == pytest.approx([-3.0] * 3)


def test_level_changes_nothing_and_change_is_flux() -> None:
    power = np.random.default_rng(0).gamma(2.0, size=(2, 257))
    one = reference.spectral_shape(power, WIDTH, SILENCE)
    np.testing.assert_allclose(reference.spectral_shape(1000 * power, WIDTH, SILENCE), one, rtol=1e-9)  # float64 sums
    a, b = np.zeros(257), np.zeros(257)
    a[3], b[200] = 1.0, 5.0
    flux = reference.spectral_shape(np.array([a, 2 * a, b, 0 * a, b]), WIDTH, SILENCE)[:, 13]
    np.testing.assert_allclose(flux, [np.nan, 0.0, np.sqrt(2), np.nan, np.nan], atol=1e-12)  # float64 roots
