"""Functionals of a contour in NumPy float64.

The twelve of B. Schuller, S. Steidl and A. Batliner, "The INTERSPEECH 2009 Emotion Challenge", Interspeech 2009,
312-315 (table 1), percentiles, and the share of frames that are defined.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

INTERSPEECH_2009 = (
    "mean", "std", "kurtosis", "skewness", "min", "max", "min_position", "max_position", "range", "offset", "slope",
    "mse",
)  # fmt: skip
NAMES = (*INTERSPEECH_2009, "defined")
"""What ``functionals`` gives before the percentiles, in this order."""


def functionals(contour: npt.NDArray[np.floating], percentiles: Sequence[float]) -> Array:
    """NAMES and percentiles of a contour ``[F]``, ``[len(NAMES) + len(percentiles)]``; NaN frames are ignored.

    * ``mean``, ``std`` (population), ``skewness`` m3 / m2^1.5, ``kurtosis`` m4 / m2^2 (3 for a normal distribution) of
      the central moments; both are 0 where all values are equal.
    * ``min``, ``max``, their positions (frame of the first one / F, in [0, 1)) and ``range`` max - min.
    * ``offset`` and ``slope`` of the regression line over the frame number, offset at frame 0, slope a frame; ``mse``
      its mean squared error. The slope through a single value is 0.
    * ``defined``: the share of frames that are not NaN.
    * percentiles in [0, 100] by linear interpolation between order statistics (R. Hyndman and Y. Fan, American
      Statistician 50, 1996, definition 7).

    Without a defined frame everything is NaN but ``defined``, which is 0 (also of a contour without frames).
    """
    contour = np.asarray(contour, dtype=np.float64)
    t = np.flatnonzero(~np.isnan(contour))
    out = np.full(len(NAMES) + len(percentiles), np.nan)
    out[len(NAMES) - 1] = len(t) / max(1, len(contour))
    if not len(t):
        return out
    x = contour[t]
    if x.min() == x.max():
        mean, deviation, skewness, kurtosis, slope = x[0], 0.0, 0.0, 0.0, 0.0
        away = np.zeros(len(x))
    else:
        mean = x.mean()
        away = x - mean
        m2 = np.mean(away**2)
        deviation = np.sqrt(m2)
        # of values scaled to unit deviation, whose powers neither overflow nor underflow
        skewness, kurtosis = np.mean((away / deviation) ** 3), np.mean((away / deviation) ** 4)
        slope = np.sum((t - t.mean()) * away) / np.sum((t - t.mean()) ** 2)
    error = np.mean((away - slope * (t - t.mean())) ** 2)
    first = [t[np.argmin(x)] / len(contour), t[np.argmax(x)] / len(contour)]
    out[: len(NAMES) - 1] = [
        mean, deviation, kurtosis, skewness, x.min(), x.max(), *first, x.max() - x.min(), mean - slope * t.mean(),
        slope, error,
    ]  # fmt: skip
    out[len(NAMES) :] = np.percentile(x, percentiles) if len(percentiles) else []
    return out
