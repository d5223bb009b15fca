"""The shape of a power spectrum in NumPy float64.

Centroid to roll-off and flux: G. Peeters, "A large set of audio features for sound description", IRCAM, 2004; alpha
ratio: M. Nordenberg and J. Sundberg, "Effect on LTAS of vocal loudness variation", 2004; Hammarberg index: B.
Hammarberg et al., "Perceptual and acoustic correlates of abnormal voice qualities", Acta Oto-Laryngologica 90, 1980.
The bands of 250 to 650 and 1000 to 4000 Hz: B. Schuller et al., "The INTERSPEECH 2013 Computational Paralinguistics
Challenge".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

COLUMNS = (
    "spectral_centroid", "spectral_spread", "spectral_skewness", "spectral_peakedness", "spectral_entropy",
    "spectral_flatness", "spectral_slope", "spectral_slope_low", "spectral_slope_high", "rolloff_25", "rolloff_50",
    "rolloff_75", "rolloff_90", "spectral_flux", "alpha_ratio", "hammarberg_index", "band_250_650", "band_1000_4000",
)  # fmt: skip
"""What ``spectral_shape`` gives, in this order."""

SLOPE_BANDS = ((0.0, np.inf), (0.0, 1000.0), (1000.0, 5000.0))
ROLLOFFS = (0.25, 0.5, 0.75, 0.9)
FLOOR = 1e-10
"""Share of a frame's power that a bin counts as before a logarithm is taken: 100 dB below it."""


def spectral_shape(power: npt.NDArray[np.floating], width: float, silence: float) -> Array:
    """COLUMNS of each frame, ``[F, len(COLUMNS)]``, of powers ``[F, K]``; nothing depends on the level.

    Bin k is at ``k width`` Hz; bin 0 is left out throughout. Frames whose power over the bins is at most ``silence``
    are NaN, and so is the flux after one and of the first frame. With p the share of a bin in the power of its frame:

    * ``spectral_centroid`` and ``spectral_spread`` in Hz, mean and deviation of frequency under p;
      ``spectral_skewness`` its third standardised moment, ``spectral_peakedness`` ln(1 + the fourth); the spread counts
      as at least 1 Hz.
    * ``spectral_entropy`` of p over ln of the number of bins, in [0, 1]; ``spectral_flatness``: ln of the geometric
      over the arithmetic mean, at most 0. Each p counts as at least FLOOR.
    * ``spectral_slope``, ``_low``, ``_high``: of the regression of decibels on frequency, in dB a kHz, over all bins,
      those up to 1 kHz, those from 1 to 5 kHz.
    * ``rolloff_n``: frequency in Hz of the first bin up to which n percent of the power lie.
    * ``spectral_flux``: root of the summed squares of the change of sqrt(p) from the frame before, in [0, sqrt 2].
    * ``alpha_ratio``: power of 50 to 1000 Hz over that above 1000 to 5000 Hz; ``hammarberg_index``: strongest bin up to
      2000 Hz over strongest above 2000 to 5000 Hz; ``band_a_b``: power of a to b Hz, over all. In dB, FLOOR added above
      and below the line.
    """
    power = np.asarray(power, dtype=np.float64)[:, 1:]
    f = width * np.arange(1, power.shape[1] + 1)
    out = np.full((len(power), len(COLUMNS)), np.nan)
    before = None
    for row, frame in zip(out, power, strict=True):
        total = frame.sum()
        if total <= silence:
            before = None
            continue
        p = frame / total
        row[:] = _of_frame(p, f)
        if before is not None:
            row[COLUMNS.index("spectral_flux")] = np.sqrt(np.sum((np.sqrt(p) - before) ** 2))
        before = np.sqrt(p)
    return out


def _of_frame(p: Array, f: Array) -> list[float]:
    centroid = float(np.sum(p * f))
    away = f - centroid
    spread = np.sqrt(max(1.0, np.sum(p * away**2)))
    floored = np.maximum(p, FLOOR)
    slopes = []
    for low, high in SLOPE_BANDS:
        inside = (f >= low) & (f <= high)
        slopes.append(float(np.polyfit(f[inside] / 1000, 10 * np.log10(floored[inside]), 1)[0]))
    rolled = np.cumsum(p)
    rolloffs = [float(f[min(int(np.searchsorted(rolled, share)), len(f) - 1)]) for share in ROLLOFFS]
    return [
        centroid,
        float(spread),
        float(np.sum(p * away**3) / spread**3),
        float(np.log1p(np.sum(p * away**4) / spread**4)),
        float(-np.sum(p * np.log(floored)) / np.log(len(p))),
        float(np.mean(np.log(floored)) + np.log(len(p))),
        *slopes,
        *rolloffs,
        np.nan,
        _decibels(p[(f >= 50) & (f <= 1000)].sum(), p[(f > 1000) & (f <= 5000)].sum()),
        _decibels(p[f <= 2000].max(), p[(f > 2000) & (f <= 5000)].max()),
        _decibels(p[(f >= 250) & (f <= 650)].sum(), 1.0),
        _decibels(p[(f >= 1000) & (f <= 4000)].sum(), 1.0),
    ]


def _decibels(above: float, below: float) -> float:
    return float(10 * np.log10((above + FLOOR) / (below + FLOOR)))
