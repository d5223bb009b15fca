"""Contours of the spectrum against their definitions written out, and against sounds whose spectrum is known."""

from __future__ import annotations

import numpy as np
import pytest

from serkit.data.synth import utterance
from serkit.features.egemaps.spectra import Spectra, band_centres, equal_loudness
from serkit.kernels.reference.voice_frames import frames

SPECTRA = Spectra()
HZ = np.arange(257) * 31.25


def power(x: np.ndarray) -> np.ndarray:
    """Power spectra of 20 ms under a Hamming window, centred on multiples of 10 ms."""
    framed = frames(x, 512, 160 * np.arange(1 + len(x) // 160))
    window = np.pad(np.hamming(320), 96)
    return np.abs(np.fft.rfft(framed * window)) ** 2


def mel(hz: np.ndarray) -> np.ndarray:
    return 2595 * np.log10(1 + hz / 700)


def test_contours_are_their_definitions() -> None:
    x = utterance(2, "happy", 3).waveform
    p, found = power(x), SPECTRA(x)
    low = HZ <= 5000
    magnitude = np.sqrt(p[:, low])
    flux = np.r_[0, np.sqrt(np.mean(np.diff(magnitude, axis=0) ** 2, axis=1))]
    floored = np.maximum(p, 1e-10)
    level = 10 * np.log10(floored)
    alpha = floored[:, (HZ > 1000) & low].sum(1) / floored[:, (HZ >= 50) & (HZ <= 1000)].sum(1)
    strongest = level[:, HZ < 2000].max(1) - level[:, (HZ >= 2000) & low].max(1)
    lines = []
    for first, last in ((0, 16), (16, 48)):  # bins of 0, 500 and 1500 Hz
        bins = slice(first, last + 1)
        lines.append(np.polyfit(HZ[bins], level[:, bins].T, 1)[0])
    # corners of the bands, triangles straight in Mel
    corners = np.linspace(mel(np.array(20.0)), mel(np.array(8000.0)), 28)
    rise = (mel(HZ)[:, None] - corners[:-2]) / np.diff(corners)[0]
    bands = p @ np.clip(np.minimum(rise, 2 - rise), 0, None)
    loudness = ((equal_loudness(band_centres()) * bands) ** 0.33).sum(1)
    k, n = np.arange(26), np.arange(1, 5)
    cosines = np.sqrt(2 / 26) * np.cos(np.pi * n[:, None] / 26 * (k + 0.5)) * (1 + 11 * np.sin(np.pi * n / 22))[:, None]
    cepstra = np.log(np.maximum(bands, 1e-10)) @ cosines.T
    # powers are float32 off by some 1e-7 of a frame's largest, which the weakest bins feel in a logarithm
    np.testing.assert_allclose(found["loudness"], loudness, rtol=1e-4)
    np.testing.assert_allclose(found["spectralFlux"], flux, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found["alphaRatio"], 10 * np.log10(alpha), rtol=0, atol=1e-3)
    np.testing.assert_allclose(found["hammarbergIndex"], strongest, rtol=0, atol=1e-3)
    np.testing.assert_allclose(found["slope0-500"], lines[0], rtol=0, atol=1e-5)
    np.testing.assert_allclose(found["slope500-1500"], lines[1], rtol=0, atol=1e-5)
    for i in range(4):
        np.testing.assert_allclose(found[f"mfcc{i + 1}"], cepstra[:, i], rtol=0, atol=5e-3)


def test_a_tone_is_where_it_is() -> None:
    t = np.arange(8000) / 16000
    for hz, low in ((250.0, True), (3000.0, False)):
        found = SPECTRA((0.3 * np.sin(2 * np.pi * hz * t)).astype(np.float32))
        inner = slice(2, -2)
        assert ((found["alphaRatio"][inner] < -25) == low).all()
        assert ((found["hammarbergIndex"][inner] > 25) == low).all()
        # a steady tone does not change but for how frames lie on its period; its magnitude is 26
        assert found["spectralFlux"][inner].max() < 0.1


def test_hearing_is_best_near_4_khz() -> None:
    centres = band_centres()
    curve = equal_loudness(centres)
    assert len(centres) == 26
    assert 20 < centres[0] < 120
    assert 7000 < centres[-1] < 8000
    assert curve.max() == 1.0
    assert 3000 < centres[np.argmax(curve)] < 5000
    # ISO 226 has some 26 dB between 100 Hz and 4 kHz at 40 phon; the approximation of PLP is a few dB off
    at = equal_loudness(np.array([100.0, 4000.0]))
    assert 10 * np.log10(at[1] / at[0]) == pytest.approx(29, abs=6)


def test_one_sample_is_a_frame() -> None:
    found = SPECTRA(np.array([0.25], np.float32))
    assert {len(v) for v in found.values()} == {1}
    assert all(np.isfinite(v).all() for v in found.values())
