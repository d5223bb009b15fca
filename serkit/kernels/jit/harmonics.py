"""Levels of harmonics and harmonics-to-noise ratio; ``serkit.kernels.reference.harmonics`` says what is computed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from serkit.kernels.jit.compiled import jit
from serkit.kernels.jit.frames import take_frame
from serkit.kernels.reference.harmonics import COLUMNS, FLOOR_DB, LAGS, LEAST_POWER, NEAR_FORMANT, REACH, window

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]


def harmonic_levels(power: Floats, bin_hz: float, f0: Array, formants: Array) -> Array:
    """Level differences in dB, float64 ``[F, 5]``, of power spectra, float32 ``[F, bins]`` contiguous, at a track
    ``f0``, float64 ``[F]`` in Hz, NaN where unvoiced, and ``formants``, float64 ``[F, 3]`` in Hz."""
    out = np.full((len(f0), len(COLUMNS)), np.nan)
    _harmonic_levels(power, bin_hz, f0, formants, out)
    return out


def harmonics_to_noise(waveform: Floats, f0: Array, rate: float, hop_samples: int, frame_samples: int) -> Array:
    """Ratio in dB, float64 ``[F]``, of a checked waveform, float32 ``[T]``, at the frames of a track ``f0``, float64
    ``[F]`` in Hz, NaN where unvoiced."""
    out = np.full(len(f0), np.nan)
    _harmonics_to_noise(waveform, window(frame_samples), f0, rate, hop_samples, out)
    return out


@jit
def _level(power: Any, f0: float, number: int, bin_hz: float) -> float:
    """NaN beyond the end of the spectrum."""
    low = math.floor((number - REACH) * f0 / bin_hz)
    high = math.ceil((number + REACH) * f0 / bin_hz)
    if high >= power.shape[0]:
        return np.nan
    most = LEAST_POWER
    for k in range(low, high + 1):
        most = max(most, np.float64(power[k]))
    return 10.0 * math.log10(most)


@jit
def _harmonic_levels(power: Any, bin_hz: float, f0: Any, formants: Any, out: Any) -> None:
    for i in range(f0.shape[0]):
        if np.isnan(f0[i]):
            continue
        # NaN, a harmonic beyond the spectrum, stays NaN through every difference
        base = _level(power[i], f0[i], 1, bin_hz)
        first = _level(power[i], f0[i], 2, bin_hz)
        out[i, 0] = first - _level(power[i], f0[i], 3, bin_hz)
        for n in range(3):
            if np.isnan(formants[i, n]):
                continue
            nearest = max(1, math.floor(formants[i, n] / f0[i] + 0.5))
            here = _level(power[i], f0[i], nearest, bin_hz)
            out[i, 2 + n] = here - base
        if np.isnan(formants[i, 2]) or np.isnan(base):
            continue
        low = math.ceil((1.0 - NEAR_FORMANT) * formants[i, 2] / f0[i])
        high = math.floor((1.0 + NEAR_FORMANT) * formants[i, 2] / f0[i])
        if high < low:
            low = high = max(1, math.floor(formants[i, 2] / f0[i] + 0.5))
        most = np.nan
        for k in range(low, high + 1):
            here = _level(power[i], f0[i], k, bin_hz)
            if not np.isnan(here) and not here <= most:
                most = here
        out[i, 1] = first - most


@jit
def _harmonics_to_noise(samples: Any, w: Any, f0: Any, rate: float, hop: int, out: Any) -> None:
    n = w.shape[0]
    frame = np.empty(n)
    least = 1.0 / (1.0 + 10.0 ** (-FLOOR_DB / 10.0))
    for i in range(f0.shape[0]):
        if np.isnan(f0[i]):
            continue
        take_frame(samples, i * hop, frame)
        for k in range(n):
            frame[k] *= w[k]
        power = _product(frame, 0)
        if power <= 0.0:
            continue
        period = math.floor(rate / f0[i] + 0.5)
        most = -np.inf
        for lag in range(max(1, period - LAGS), min(period + LAGS, n - 1) + 1):
            most = max(most, _product(frame, lag))
        r = most / power if most > -np.inf else 0.0
        out[i] = 10.0 * math.log10(max(r, least) / max(1.0 - r, least))


@jit
def _product(x: Any, lag: int) -> float:
    """``sum_n x[n] x[n + lag]``; four sums at once, always in this order."""
    n = x.shape[0] - lag
    y = x[lag:]
    a = b = c = d = 0.0
    whole = n // 4 * 4
    for t in range(0, whole, 4):
        a += x[t] * y[t]
        b += x[t + 1] * y[t + 1]
        c += x[t + 2] * y[t + 2]
        d += x[t + 3] * y[t + 3]
    for t in range(whole, n):
        a += x[t] * y[t]
    return (a + b) + (c + d)
