"""The voice kernel against what its parts promise: pitch, harmonics free of aliases, resonances, tilt."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter, welch

from serkit.kernels.jit import voice as kernel

RATE = 16000
HOP = 40


def render(seconds: float = 1.0, *, f0: float = 131.3, formants: tuple[float, ...] = (500.0, 1500.0), **change: float):
    """Constant tracks, voiced without noise unless changed."""
    n = int(seconds * RATE)
    k = n // HOP + 1
    rng = np.random.default_rng(0)
    settings = {"open_quotient": 0.6, "tilt_pole": 0.3, "jitter": 0.0, "shimmer": 0.0} | {
        name: value for name, value in change.items() if name not in ("voicing", "aspiration", "frication")
    }
    flat = np.ones(k)
    return kernel.voice(
        flat * f0, flat * change.get("voicing", 1.0), flat * change.get("aspiration", 0.0),
        flat * change.get("frication", 0.0), np.tile(formants, (k, 1)), np.full((k, len(formants)), 80.0),
        flat * 4000.0, flat * 1000.0, rng.standard_normal((2, n)), rng.standard_normal((2, 512)),
        hop=HOP, sample_rate=RATE, **settings,
    )  # fmt: skip


def share_between_harmonics(x: np.ndarray, f0: float) -> float:
    """Energy further than 12 Hz from every harmonic, relative to all."""
    power = np.abs(np.fft.rfft(x[-RATE:] * np.blackman(RATE))) ** 2
    away = np.abs(np.arange(len(power)) / f0 - np.rint(np.arange(len(power)) / f0)) * f0 > 12.0
    return float(power[away].sum() / power.sum())


def test_pulses_come_at_f0_and_hardly_alias() -> None:
    # 131.3 Hz is no divisor of the rate: a pulse rounded to samples would put its aliases between the harmonics.
    # The bound is 50 dB; the pulse has -66 dB here, without the residual at closure -25 dB.
    x = render(2.0)
    power = np.abs(np.fft.rfft(x[-RATE:] * np.blackman(RATE)))
    assert abs(int(np.argmax(power[100:170])) + 100 - 131.3) <= 1.0  # bins are 1 Hz wide
    assert share_between_harmonics(x, 131.3) < 1e-5


def test_jitter_and_shimmer_each_blur_the_harmonics() -> None:
    clean = share_between_harmonics(render(2.0), 131.3)
    assert share_between_harmonics(render(2.0, jitter=0.02), 131.3) > 100 * clean
    assert share_between_harmonics(render(2.0, shimmer=0.1), 131.3) > 100 * clean


def test_noise_takes_the_resonances_of_the_tract() -> None:
    formants = (600.0, 1700.0, 2900.0)
    x = render(20.0, formants=formants, voicing=0.0, aspiration=1.0)
    hz, power = welch(x, RATE, nperseg=1024)
    for f in formants:
        near = (hz > f - 300) & (hz < f + 300)
        # half a bandwidth (40 Hz): the skirts of the neighbours pull a peak, and bins are 15.6 Hz wide
        assert abs(hz[near][np.argmax(power[near])] - f) < 40


def test_constant_tracks_equal_plain_filters() -> None:
    # the same difference equations by another implementation, over frication alone
    x = render(0.5, voicing=0.0, frication=1.0)
    noise = np.random.default_rng(0).standard_normal((2, RATE // 2))[1]
    decay = np.exp(-np.pi * 1000.0 / RATE)
    a = [1.0, -2.0 * decay * np.cos(2.0 * np.pi * 4000.0 / RATE), decay * decay]
    expected = lfilter([sum(a)], a, np.diff(noise, prepend=0.0))
    # float64: 1e-12 leaves 4 digits for sums in another order
    np.testing.assert_allclose(x, expected, rtol=0, atol=1e-12 * np.abs(expected).max())


def test_compiled_and_plain_python_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = {"aspiration": 0.3, "frication": 0.2, "jitter": 0.01, "shimmer": 0.05}
    compiled = render(0.05, **arguments)
    monkeypatch.setattr(kernel, "_resonator", getattr(kernel._resonator, "py_func", kernel._resonator))
    monkeypatch.setattr(kernel, "_render", getattr(kernel._render, "py_func", kernel._render))
    # exp and cos of two libraries may differ in the last bit; 1e-12 allows that to pass through the filters
    np.testing.assert_allclose(render(0.05, **arguments), compiled, rtol=0, atol=1e-12 * np.abs(compiled).max())


@pytest.mark.parametrize("tilt_db", [0.1, 6.0, 12.0, 25.0])
def test_tilt_pole_attenuates_by_the_tilt(tilt_db: float) -> None:
    pole = kernel.tilt_pole_of(tilt_db, 3000.0, RATE)
    response = (1 - pole) / (1 - pole * np.exp(-2j * np.pi * 3000.0 / RATE))
    assert 0 <= pole < 1
    # float64 loses digits in p - sqrt(p^2 - 1), for small tilts most: 1e-6 dB
    assert -20 * np.log10(abs(response)) == pytest.approx(tilt_db, abs=1e-6)


def test_noise_longer_than_the_tracks_is_refused() -> None:
    flat = np.ones(2)
    with pytest.raises(ValueError, match="noise has 100 samples, the tracks cover 80"):
        kernel.voice(
            flat, flat, flat, flat, np.ones((2, 1)), np.ones((2, 1)), flat, flat, np.ones((2, 100)), np.ones((2, 1)),
            hop=40, sample_rate=RATE, open_quotient=0.5, tilt_pole=0.1, jitter=0.0, shimmer=0.0,
        )  # fmt: skip
