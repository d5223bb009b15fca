"""Levels of harmonics and HNR against their float64 definition and against sounds whose harmonics are known."""

from __future__ import annotations

import numpy as np
import pytest

from serkit.data.synth import utterance
from serkit.kernels.jit.harmonics import harmonic_levels, harmonics_to_noise
from serkit.kernels.reference import harmonics as reference

RATE, HOP, FRAME, POINTS = 16000, 160, 960, 1024


def spectra(x: np.ndarray, count: int) -> np.ndarray:
    padded = np.pad(x.astype(np.float64), FRAME // 2, mode="reflect")
    frames = padded[HOP * np.arange(count)[:, None] + np.arange(FRAME)] * np.hamming(FRAME)
    return (np.abs(np.fft.rfft(frames, POINTS)) ** 2).astype(np.float32)


def tone(f0: float, levels_db: list[float], seconds: float = 0.5) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    parts = [10 ** (a / 20) * np.sin(2 * np.pi * (k + 1) * f0 * t + k) for k, a in enumerate(levels_db)]
    return (0.1 * np.sum(parts, axis=0)).astype(np.float32)


def test_the_kernels_are_their_definitions() -> None:
    x = utterance(2, "angry", 1).waveform
    count = 1 + len(x) // HOP
    rng = np.random.default_rng(0)
    # tracks that need not fit: low and high F0, formants missing, beyond the spectrum and between harmonics
    f0 = np.where(rng.random(count) < 0.3, np.nan, np.exp(rng.uniform(np.log(55), np.log(4000), count)))
    formants = np.where(rng.random((count, 3)) < 0.1, np.nan, rng.uniform(60, 9000, (count, 3)))
    power = spectra(x, count)
    found = harmonic_levels(power, RATE / POINTS, f0, formants)
    expected = reference.harmonic_levels(power, RATE / POINTS, f0, formants)
    assert np.isnan(expected).any(axis=0).all()
    assert (~np.isnan(expected)).sum(axis=0).min() > 20
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11)  # float64 of up to 200 dB
    ratio = harmonics_to_noise(x, f0, float(RATE), HOP, FRAME)
    # sums of a thousand products in another order, of which 1 - r keeps what is left
    np.testing.assert_allclose(ratio, reference.harmonics_to_noise(x, f0, RATE, HOP, FRAME), rtol=0, atol=1e-9)


def test_silence_has_no_ratio_and_level_differences_of_0() -> None:
    x, f0 = np.zeros(4800, np.float32), np.full(31, 100.0)
    assert np.isnan(harmonics_to_noise(x, f0, float(RATE), HOP, FRAME)).all()
    levels = harmonic_levels(spectra(x, 31), RATE / POINTS, f0, np.full((31, 3), [500.0, 1500.0, 2500.0]))
    np.testing.assert_array_equal(levels, 0.0)


@pytest.mark.parametrize("f0", [90.0, 150.0, 310.0])
def test_levels_of_a_tone_are_what_it_was_made_of(f0: float) -> None:
    made = [0.0, -4.0, -10.0, -7.0, -20.0, -15.0, -26.0, -30.0]
    x = tone(f0, made)
    count = 1 + len(x) // HOP
    # F1 at harmonic 4, F2 at 6, F3 at 7, whose range of a fifth holds harmonics 6 to 8
    formants = np.tile(f0 * np.array([4.1, 5.9, 7.0]), (count, 1))
    levels = harmonic_levels(spectra(x, count), RATE / POINTS, np.full(count, f0), formants)
    expected = [-4 + 10, -4 + 15, -7, -15, -26]
    # half a bin beside its centre a Hamming window loses 1.8 dB of 1024 points, 0.6 of them padding; leaks add to it
    np.testing.assert_allclose(np.median(levels, axis=0), expected, rtol=0, atol=1.2)


@pytest.mark.parametrize("decibel", [0.0, 10.0, 20.0])
def test_the_ratio_follows_the_noise(decibel: float) -> None:
    x = tone(400.0, [0.0, -3.0, -6.0, -9.0], seconds=2.0).astype(np.float64)
    noise = np.random.default_rng(0).standard_normal(len(x))
    noise *= np.sqrt(np.mean(x**2) / np.mean(noise**2)) * 10 ** (-decibel / 20)
    f0 = np.full(1 + len(x) // HOP, 400.0)
    found = np.median(harmonics_to_noise((x + noise).astype(np.float32), f0, float(RATE), HOP, FRAME))
    # at 400 Hz the window's own fall in a period lowers r by 1 %, which is 0.04 dB at 0 dB and 3 dB at 20 dB
    assert -3.5 < found - decibel < 0.7
