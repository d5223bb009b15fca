"""Harmonics of voiced frames in NumPy float64: levels against each other, and harmonics against noise.

Source: F. Eyben et al., "The Geneva Minimalistic Acoustic Parameter Set (GeMAPS) for Voice Research and Affective
Computing", IEEE Trans. Affective Computing 7(2), 2016, 190-202 (sections 3 and 6): harmonic differences H1-H2 and
H1-A3, formant amplitudes relative to that of F0, harmonics-to-noise ratio from the autocorrelation of 60 ms.

The paper writes of "harmonics of F0" without saying what the first is; eGeMAPSv02 counts from above F0, so that H1 lies
at 2 F0 and H2 at 3 F0, and so do we.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from serkit.kernels.reference.cycles import round_half_up
from serkit.kernels.reference.voice_frames import frames

Array = npt.NDArray[np.float64]

REACH = 0.25
"""A harmonic is the strongest bin within so many F0 of its multiple."""
NEAR_FORMANT = 0.2
"""A harmonic lies in the range of a formant if it is away from it by no more than this share of its frequency."""
LEAST_POWER = 1e-20
"""Floor of powers before the logarithm; samples in [-1, 1] of 16 bits make powers of 1e-8."""
LAGS = 2
"""The autocorrelation is taken at its largest within so many samples of the period."""
WINDOW_WIDTH = 0.4
"""Deviation of the Gaussian window of the harmonics-to-noise ratio, in halves of its length (section 6)."""
FLOOR_DB = -100.0
"""Floor of the harmonics-to-noise ratio (section 6); minus it is the ceiling."""
COLUMNS = ("h1_h2", "h1_a3", "a1", "a2", "a3")
"""What ``harmonic_levels`` gives, all in dB."""


def level(power: Array, f0: float, number: int, bin_hz: float) -> float | None:
    """Level in dB of the strongest bin of a power spectrum ``[bins]`` near ``number`` times F0; None beyond its end."""
    low = math.floor((number - REACH) * f0 / bin_hz)
    high = math.ceil((number + REACH) * f0 / bin_hz)
    if high >= len(power):
        return None
    return float(10.0 * np.log10(max(float(power[low : high + 1].max()), LEAST_POWER)))


def harmonic_levels(power: npt.NDArray[np.floating], bin_hz: float, f0: Array, formants: Array) -> Array:
    """COLUMNS, ``[F, 5]`` in dB, of power spectra ``[F, bins]``, F0 ``[F]`` and formants F1 to F3 ``[F, 3]`` in Hz.

    ``h1_h2`` is the level at 2 F0 less that at 3 F0. ``h1_a3`` is the level at 2 F0 less that of the strongest harmonic
    in the range of F3, or of the nearest if there is none in it. ``a1`` to ``a3`` are the levels of the harmonics
    nearest to the formants, F0 itself among them, less that at F0. NaN where F0 or the formant is, and where a harmonic
    lies beyond the spectrum.
    """
    spectra = np.asarray(power, dtype=np.float64)
    out = np.full((len(f0), len(COLUMNS)), np.nan)
    for i in np.flatnonzero(~np.isnan(f0)):
        base, first, second = (level(spectra[i], f0[i], k, bin_hz) for k in (1, 2, 3))
        if first is not None and second is not None:
            out[i, 0] = first - second
        for n in range(3):
            if base is None or np.isnan(formants[i, n]):
                continue
            nearest = max(1, round_half_up(formants[i, n] / f0[i]))
            here = level(spectra[i], f0[i], nearest, bin_hz)
            if here is not None:
                out[i, 2 + n] = here - base
            if n == 2 and first is not None:
                low = math.ceil((1.0 - NEAR_FORMANT) * formants[i, n] / f0[i])
                high = math.floor((1.0 + NEAR_FORMANT) * formants[i, n] / f0[i])
                around = [level(spectra[i], f0[i], k, bin_hz) for k in range(low, high + 1)] or [here]
                heard = [a for a in around if a is not None]
                if heard:
                    out[i, 1] = first - max(heard)
    return out


def window(length: int) -> Array:
    """Gaussian window of WINDOW_WIDTH, ``[length]``."""
    half = 0.5 * (length - 1)
    out: Array = np.exp(-0.5 * ((np.arange(length) - half) / (WINDOW_WIDTH * half)) ** 2)
    return out


def harmonics_to_noise(
    waveform: npt.NDArray[np.floating], f0: Array, rate: float, hop_samples: int, frame_samples: int
) -> Array:
    """Harmonics-to-noise ratio in dB, ``[F]``, at the frames of a track ``f0`` ``[F]``: NaN where unvoiced or silent.

    ``10 log10(r / (1 - r))``, r the autocorrelation of the frame under the window near the period over its value at 0.
    It is not divided by the window's own (as Boersma 1993 does), so that it falls with the period.
    """
    out = np.full(len(f0), np.nan)
    w = window(frame_samples)
    centres = hop_samples * np.arange(len(f0))
    for i, frame in enumerate(frames(waveform, frame_samples, centres)):
        x = frame * w
        power = float(x @ x)
        if np.isnan(f0[i]) or power <= 0.0:
            continue
        period = round_half_up(rate / f0[i])
        lags = range(max(1, period - LAGS), min(period + LAGS, frame_samples - 1) + 1)
        r = max((float(x[: len(x) - lag] @ x[lag:]) for lag in lags), default=0.0) / power
        least = 1.0 / (1.0 + 10.0 ** (-FLOOR_DB / 10.0))
        out[i] = 10.0 * math.log10(max(r, least) / max(1.0 - r, least))
    return out
