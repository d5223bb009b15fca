"""Formants by linear prediction in NumPy float64.

Burg's method (J. Burg, "Maximum entropy spectral analysis", 1967; recursion of N. Andersen, Geophysics 39, 1974) gives
a predictor whose poles lie within the unit circle; a pole pair at radius r and angle w is a resonance of frequency
w rate / (2 pi) and bandwidth -ln(r) rate / pi (B. Atal and S. Hanauer, JASA 50, 1971). Poles near 0 Hz and near half
the rate are the slope of the spectrum, not formants.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from serkit.kernels.reference.voice_frames import frames
from serkit.kernels.voice_parameters import FormantParameters

Array = npt.NDArray[np.float64]

MARGIN_HZ = 50.0
"""Poles nearer to 0 Hz or to half the rate are left out."""
INAUDIBLE = 1e-12
"""Frames whose power is below this share of the waveform's largest sample squared are rounding, not sound."""


def window(length: int) -> Array:
    """Gaussian window, its value at the ends taken off so that it falls to 0, ``[length]``."""
    edge = math.exp(-12.0)
    place = (np.arange(length) + 0.5) / length - 0.5
    out: Array = (np.exp(-48.0 * place * place) - edge) / (1.0 - edge)
    return out


def burg(x: Array, order: int) -> Array:
    """Prediction polynomial ``[order + 1]``, first coefficient 1, of ``x`` ``[N]``, N > order."""
    a = np.ones(1)
    forward, backward = x[1:], x[:-1]
    for _ in range(order):
        power = float(forward @ forward + backward @ backward)
        k = -2.0 * float(forward @ backward) / power if power > 0.0 else 0.0
        a = np.concatenate([a, [0.0]]) + k * np.concatenate([[0.0], a[::-1]])
        forward, backward = (forward + k * backward)[1:], (backward + k * forward)[:-1]
    return a


def resonances(polynomial: Array, rate: float) -> Array:
    """Frequency and bandwidth in Hz of the pole pairs, by frequency, ``[n, 2]``, without those within MARGIN_HZ."""
    poles = np.roots(polynomial)
    poles = poles[poles.imag > 0.0]
    found = np.stack([np.angle(poles) * rate / (2.0 * np.pi), -np.log(np.abs(poles)) * rate / np.pi], axis=1)
    found = found[(found[:, 0] >= MARGIN_HZ) & (found[:, 0] <= rate / 2 - MARGIN_HZ)]
    out: Array = found[np.argsort(found[:, 0])]
    return out


def formants(waveform: npt.NDArray[np.floating], count: int, p: FormantParameters) -> Array:
    """Frequency and bandwidth in Hz of the lowest formants of a resampled waveform ``[T]``: ``[count, n_formants, 2]``.

    A frame with fewer resonances has NaN for the rest; a silent one only NaN.
    """
    x = np.asarray(waveform, dtype=np.float64)
    x = np.concatenate([x[:1], x[1:] - p.preemphasis * x[:-1]])
    centres = np.floor(np.arange(count) * p.hop_samples + 0.5).astype(np.int64)
    least = INAUDIBLE * float(np.max(np.abs(x))) ** 2
    out = np.full((count, p.n_formants, 2), np.nan)
    for i, frame in enumerate(frames(x, p.frame_samples, centres) * window(p.frame_samples)):
        if float(np.mean(frame**2)) > least:
            found = resonances(burg(frame, p.order), p.sample_rate)[: p.n_formants]
            out[i, : len(found)] = found
    return out
