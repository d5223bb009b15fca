"""Cycles, jitter and shimmer against their float64 definition and against voices whose cycles are known."""

from __future__ import annotations

import numpy as np
import pytest

from serkit.data.synth import utterance
from serkit.features import PitchOptions
from serkit.kernels.jit.cycles import jitter_shimmer
from serkit.kernels.jit.pitch import PitchKernel
from serkit.kernels.jit.voice import voice
from serkit.kernels.reference import cycles as reference
from serkit.kernels.voice_parameters import CycleParameters

RATE = 16000
PARAMETERS = PitchOptions().checked().cycle_parameters()
WHOLE = CycleParameters(hop_samples=160, sample_rate=RATE, span_samples=1e9)
OPEN = 0.6


def track(x: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(PitchKernel(PitchOptions().checked().parameters())(x, hnr=False)[:, 0])


def sung(f0: float, jitter: float, shimmer: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two seconds of a vowel on one note, and the drawn relative periods and amplitudes of its cycles."""
    k, n = 801, 2 * RATE
    flat, drawn = np.ones(k), np.random.default_rng(1).standard_normal((2, 512))
    x = voice(
        flat * f0, flat, flat * 0, flat * 0, np.tile([500.0, 1500.0, 2500.0], (k, 1)), np.full((k, 3), 80.0),
        flat * 4000, flat * 1000, np.zeros((2, n)), drawn, hop=40, sample_rate=RATE, open_quotient=OPEN, tilt_pole=0.3,
        jitter=jitter, shimmer=shimmer,
    )  # fmt: skip
    count = int(2 * f0)
    return (x / np.abs(x).max() / 2).astype(np.float32), 1 + jitter * drawn[0, :count], 1 + shimmer * drawn[1, :count]


def local(values: np.ndarray) -> float:
    return float(np.abs(np.diff(values)).mean() / values.mean())


@pytest.mark.parametrize(("speaker", "emotion"), [(0, "sad"), (5, "happy"), (3, "angry")])
def test_the_kernel_is_its_definition(speaker: int, emotion: str) -> None:
    x = utterance(speaker, emotion, 1).waveform
    f0 = track(x)
    expected, found = reference.jitter_shimmer(x, f0, PARAMETERS), jitter_shimmer(x, f0, PARAMETERS)
    assert (~np.isnan(expected)).sum(0).min() > 20
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    # float64; a parabola's vertex loses a few digits of the correlations it is drawn through
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(
    "f0", [np.full(30, np.nan), np.r_[np.full(10, np.nan), 90.0, np.full(19, np.nan)], np.full(30, 600.0)]
)
@pytest.mark.parametrize("kind", ["noise", "silence", "constant"])
def test_tracks_that_do_not_fit_the_waveform_are_as_defined(f0: np.ndarray, kind: str) -> None:
    x = {
        "noise": np.random.default_rng(0).standard_normal(4700).astype(np.float32),
        "silence": np.zeros(4700, np.float32),
        "constant": np.ones(4700, np.float32),
    }[kind]
    expected, found = reference.jitter_shimmer(x, f0, PARAMETERS), jitter_shimmer(x, f0, PARAMETERS)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)  # as above; NaN equals NaN


def test_a_steady_voice_has_none() -> None:
    x, _, _ = sung(160.0, 0.0, 0.0)  # a period of 100 samples
    jitter, shimmer, decibels = np.nanmedian(jitter_shimmer(x, track(x), WHOLE), 0)
    assert jitter < 1e-4  # a hundredth of a sample, between samples by a parabola
    assert shimmer < 1e-3  # the cycles begin at the same place between samples to a hundredth
    assert decibels < 1e-2  # a thousandth is 0.009 dB


@pytest.mark.parametrize("f0", [100.0, 131.3, 220.0])
@pytest.mark.parametrize("deviation", [0.01, 0.02])
def test_jitter_is_that_of_the_closures(f0: float, deviation: float) -> None:
    x, periods, _ = sung(f0, deviation, 0.0)
    # the tract is struck at closure, OPEN of the cycle after its begin: from closure to closure there are the closed
    # part of one cycle and the open part of the next
    truth = local((1 - OPEN) * periods[:-1] + OPEN * periods[1:])
    found = float(np.nanmedian(jitter_shimmer(x, track(x), WHOLE)[:, 0]))
    # a match is made over a whole cycle, of which the next closure is a part, and so smooths a little
    assert found == pytest.approx(truth, rel=0.2)


def test_shimmer_is_that_of_separate_pulses() -> None:
    # pulses that die away within their period: no ringing evens them out
    rng = np.random.default_rng(3)
    amplitude = 1 + 0.05 * rng.standard_normal(240)
    shape = np.exp(-np.arange(100) / 12.0) * np.sin(2 * np.pi * np.arange(100) / 20.0)
    x = (0.4 * amplitude[:, None] * shape).ravel().astype(np.float32)
    found = jitter_shimmer(x, track(x), WHOLE)
    # the first and the last cycles lie outside the marks
    assert np.nanmedian(found[:, 1]) == pytest.approx(local(amplitude), rel=0.03)
    levels = np.abs(np.diff(20 * np.log10(amplitude))).mean()
    assert np.nanmedian(found[:, 2]) == pytest.approx(levels, rel=0.03)
    assert np.nanmedian(found[:, 0]) < 1e-3  # a tenth of a sample


def test_only_cycles_within_the_span_count() -> None:
    steady, rough = sung(160.0, 0.0, 0.0)[0], sung(160.0, 0.02, 0.0)[0]
    x = np.r_[steady, rough]
    jitter = jitter_shimmer(x, track(x), PARAMETERS)[:, 0]
    assert np.nanmax(jitter[20:190]) < 1e-3 < 5e-3 < np.nanmedian(jitter[210:380])


def test_cycles_follow_each_other_without_a_gap() -> None:
    x, _, _ = sung(131.3, 0.01, 0.02)
    found = reference.cycles(x, track(x), PARAMETERS)
    assert len(found.begin) > 240
    assert (found.end[:-1] == found.begin[1:]).all()
    assert np.abs((found.end - found.begin) * 131.3 / RATE - 1).max() < 0.1
