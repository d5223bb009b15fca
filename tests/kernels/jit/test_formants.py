"""The formant kernel against its float64 definition, its roots against NumPy's, and resonances that are known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.signal import lfilter

from serkit.data.synth import utterance
from serkit.features import FormantsOptions
from serkit.kernels.jit.formants import burg, formants, roots
from serkit.kernels.reference import formants as reference

PARAMETERS = FormantsOptions(sample_rate=11_000).checked().parameters()


def solve(polynomial: np.ndarray) -> np.ndarray:
    """The kernel's roots."""
    re, im = np.empty(len(polynomial) - 1), np.empty(len(polynomial) - 1)
    assert roots(polynomial, re, im)
    return re + 1j * im


def furthest(found: np.ndarray, wanted: np.ndarray) -> float:
    """The largest distance of a root to the nearest of the other list, either way."""
    assert len(found) == len(wanted)
    away = np.abs(found[:, None] - wanted)
    return float(max(away.min(0).max(), away.min(1).max()))


@pytest.mark.parametrize("change", [{}, {"order": 16}, {"order": 6}, {"hop_samples": 73.3, "frame_samples": 331}])
def test_the_kernel_is_its_definition(change: dict[str, float]) -> None:
    p = dataclasses.replace(PARAMETERS, **change)
    x = utterance(2, "angry", 3).waveform[2000:12000]
    expected, found = reference.formants(x, 60, p), formants(x, 60, p)
    assert (~np.isnan(expected)).all(axis=(1, 2)).sum() > 15
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    # Hz; poles of order 16 that lie close to each other lose half of float64's digits in either way to find them
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    "x",
    [
        np.zeros(3000),
        np.full(3000, 0.5),
        np.ones(1),
        np.array([0.5, -0.5, 0.1]),
        np.r_[np.zeros(999), 1, np.zeros(999)],
    ],
    ids=["silence", "constant", "one sample", "three samples", "click"],
)
def test_what_is_no_speech_has_nan_or_resonances_in_order(x: np.ndarray) -> None:
    # what is nearly predicted by few poles leaves the others to rounding: no value to agree on
    found = formants(x.astype(np.float32), 1 + len(x) // 110, PARAMETERS)[:, :, 0]
    assert (np.isnan(found) | ((found >= 50.0) & (found <= 5450.0))).all()
    assert (np.isnan(found[:, 1:]) | (found[:, 1:] >= found[:, :-1])).all()


def test_silence_has_no_formants() -> None:
    assert np.isnan(formants(np.zeros(2000, np.float32), 10, PARAMETERS)).all()


def test_an_all_pole_filter_gives_its_resonances_back() -> None:
    hz, width = np.array([500.0, 1500.0, 2500.0, 3500.0, 4500.0]), np.array([60.0, 90.0, 120.0, 150.0, 200.0])
    radius, angle = np.exp(-np.pi * width / 11_000), 2 * np.pi * hz / 11_000
    a = np.ones(1)
    for r, w in zip(radius, angle, strict=True):
        a = np.convolve(a, [1.0, -2.0 * r * np.cos(w), r * r])
    x = lfilter([1.0], a, np.random.default_rng(0).standard_normal(55_000))
    p = dataclasses.replace(PARAMETERS, preemphasis=0.0)
    found = np.nanmedian(formants((x / np.abs(x).max()).astype(np.float32), 500, p), axis=0)
    # 500 frames, each of about 25 ms of noise through a resonance 60 to 120 Hz wide: the medians scatter by a few Hz
    np.testing.assert_allclose(found[:, 0], hz[:3], atol=10.0)
    # a window of 25 ms adds its own width, 40 Hz and less
    assert (np.abs(found[:, 1] - width[:3]) < 45.0).all()


@pytest.mark.parametrize("order", [2, 3, 10, 11, 24])
def test_roots_are_numpys(order: int) -> None:
    rng = np.random.default_rng(order)
    for _ in range(20):
        a = np.empty(order + 1)
        burg(rng.standard_normal(200), np.empty(200), a, np.empty(order + 1))
        # the conditioning of poles of noise, which are apart, costs a few digits of float64
        assert furthest(solve(a), np.roots(a)) < 1e-8


def test_real_pairs_and_close_roots_are_found() -> None:
    for wanted in ([0.5, -0.5, 0.9, -0.9], [0.9 + 0.1j, 0.9 - 0.1j, 0.9, 0.89], [0.3, 0.3 + 1e-4], [0.0, 0.0, 0.5]):
        # a root of multiplicity m is known to eps^(1/m), for a pair 1e-8, and 1e-4 apart is nearly one
        assert furthest(solve(np.real(np.poly(wanted))), np.array(wanted)) < 1e-6


def test_burg_is_its_definition_and_stable() -> None:
    rng = np.random.default_rng(7)
    for n in (12, 13, 50, 551):
        x = rng.standard_normal(n)
        a = np.empty(11)
        burg(x.copy(), np.empty(n), a, np.empty(11))
        # float64, ten recursions over up to 551 terms
        np.testing.assert_allclose(a, reference.burg(x, 10), rtol=0, atol=1e-9)
        assert np.abs(np.roots(a)).max() < 1.0
