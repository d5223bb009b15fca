"""Framing of the voice descriptors in NumPy float64."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def frames(waveform: npt.NDArray[np.floating], length: int, centres: npt.NDArray[np.int64]) -> Array:
    """Frames ``[F, length]``: frame i is samples ``centres[i] - length // 2 + (0 .. length - 1)`` of the waveform.

    Beyond its ends the waveform ``[T]`` goes on reflected without repeating the end sample, as often as is needed.
    """
    x = np.asarray(waveform, dtype=np.float64)
    period = max(1, 2 * (len(x) - 1))
    t = np.abs(centres[:, None] - length // 2 + np.arange(length)) % period
    out: Array = x[np.where(t < len(x), t, period - t)]
    return out
