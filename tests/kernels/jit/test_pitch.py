"""The pitch kernel against its float64 definition, and against signals whose F0 and noise are known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from serkit.data.synth import utterance
from serkit.features import PitchOptions
from serkit.kernels.jit.pitch import SPARE, PitchKernel, autocorrelate
from serkit.kernels.reference import pitch as reference
from serkit.kernels.voice_parameters import PitchParameters

PARAMETERS = PitchOptions().checked().parameters()


def speech() -> np.ndarray:
    """0.7 s of an utterance with voiced and unvoiced stretches, a pause and both ends of voice."""
    return utterance(5, "happy", 0).waveform[3200:14400]


def buzz(f0: float, seconds: float = 0.6, rate: int = 16000) -> np.ndarray:
    """Harmonics of equal strength up to 3 kHz: a period has one sharp peak. Its phases are random."""
    rng = np.random.default_rng(int(f0))
    t = np.arange(int(seconds * rate)) / rate
    harmonics = np.arange(1, int(3000 / f0) + 1)
    return 0.1 * np.sin(2 * np.pi * f0 * harmonics[:, None] * t + rng.uniform(0, 6.28, (len(harmonics), 1))).sum(0)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"f0_min": 60.0, "f0_max": 300.0, "periods": 4.0, "hnr_periods": 6.0},
        {"hop_samples": 80, "candidates": 3, "voicing_cost": 0.0, "jump_cost": 0.1},
        {"sample_rate": 8000, "f0_min": 200.0, "f0_max": 2000.0, "voicing_threshold": 0.1, "silence_threshold": 0.2},
    ],
)
def test_the_kernel_is_its_definition(change: dict[str, float]) -> None:
    p: PitchParameters = dataclasses.replace(PARAMETERS, **change)
    x = speech()
    expected, found = reference.pitch(x, p), PitchKernel(p)(x)
    assert 5 < np.isnan(expected[:, 0]).sum() < len(expected) - 5
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    # the path sees float32 sums, 1e-7 beside the truth, of which the vertex of a parabola makes 1e-6 of F0 where the
    # peak is blunt (measured 4e-7); 1e-5 is 0.02 cents
    np.testing.assert_allclose(found[:, 0], expected[:, 0], rtol=1e-5)
    # float64 sums of 1000 terms in another order: relative 1e-13 in r, which 1 / (1 - r) raises by up to 1e3 in the
    # decibels of the cleanest frames
    np.testing.assert_allclose(found[:, 1], expected[:, 1], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "x",
    [
        np.zeros(4000),
        np.full(4000, 0.25),
        np.ones(1),
        1e-3 * np.random.default_rng(0).standard_normal(3000),
        np.r_[np.zeros(2000), 1.0, np.zeros(2000)],
    ],
    ids=["silence", "constant", "one sample", "noise", "click"],
)
def test_what_is_no_voice_is_not_voiced_and_as_defined(x: np.ndarray) -> None:
    x = x.astype(np.float32)
    found = PitchKernel(PARAMETERS)(x)
    assert found.shape == (1 + len(x) // 160, 2)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(reference.pitch(x, PARAMETERS)))
    assert np.isnan(found).mean() >= 0.9  # noise may look periodic for a frame


@pytest.mark.parametrize("f0", [80.0, 101.7, 160.0, 233.1, 411.0, 590.0])
def test_a_buzz_has_its_f0(f0: float) -> None:
    found = PitchKernel(PARAMETERS)(buzz(f0).astype(np.float32))
    inner = found[5:-5]
    # 0.5 cent is 0.03 %, what interpolation of the period between samples leaves; Boersma gives 0.01 % for F0 well
    # above the lowest, whose three periods see the most of the window
    assert np.abs(1200 * np.log2(inner[:, 0] / f0)).max() < 0.5


@pytest.mark.parametrize("decibels", [0.0, 5.0, 10.0, 20.0, 30.0])
def test_hnr_is_the_ratio_of_buzz_to_white_noise(decibels: float) -> None:
    voice = buzz(187.0, 3.0)
    noise = np.random.default_rng(1).standard_normal(len(voice))
    x = voice + noise * np.sqrt(np.mean(voice**2)) * 10 ** (-decibels / 20)
    found = PitchKernel(PARAMETERS)((x / 10).astype(np.float32))
    # 10 frames at each end have a reflected, not a periodic, half. The median over 280 frames of a ratio of 960 noisy
    # samples is within 1 dB (measured: 0.5); the noise's own correlation at the best lag is always positive
    assert np.nanmedian(found[10:-10, 1]) == pytest.approx(decibels, abs=1.0)


def test_the_louder_part_of_a_waveform_decides_what_is_silence() -> None:
    quiet = 10 ** (-50 / 20) * buzz(150.0)
    alone = PitchKernel(PARAMETERS)(quiet.astype(np.float32))
    both = PitchKernel(PARAMETERS)(np.r_[quiet, buzz(150.0)].astype(np.float32))
    half = len(alone) // 2
    assert not np.isnan(alone[half, 0])
    assert np.isnan(both[half, 0])
    assert not np.isnan(both[3 * half, 0])


@pytest.mark.parametrize("gain", [1e-30, 1e-12, 1e4])
def test_the_level_of_a_waveform_changes_nothing_but_rounding(gain: float) -> None:
    x = speech()
    expected, found = PitchKernel(PARAMETERS)(x), PitchKernel(PARAMETERS)((x * gain).astype(np.float32))
    # samples are rounded to float32 anew
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_autocorrelation_of_any_length_is_its_definition() -> None:
    rng = np.random.default_rng(2)
    for n, first, lags in [(1, 0, 1), (5, 0, 5), (5, 2, 3), (40, 0, 7), (41, 9, 20), (64, 60, 4), (200, 3, 190)]:
        x = rng.standard_normal(n)
        padded, out = np.zeros(n + first + lags + SPARE), np.empty(lags)
        padded[:n] = x
        autocorrelate(padded, n, first, out)
        expected = reference.autocorrelation(x, first + lags)[first:]
        np.testing.assert_allclose(out, expected, rtol=0, atol=1e-12)  # float64, up to 200 terms of about 1
