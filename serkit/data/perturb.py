"""Changed copies of a waveform for training: another speed, noise, another level."""

from __future__ import annotations

from typing import Literal

import numpy as np
import soxr
from numpy.typing import NDArray

Samples = NDArray[np.float32]

PINK_FROM_HZ = 20.0
"""Below what is heard, pink noise is flat: its power would else lie where no feature looks, and the ratio would lie."""


def change_speed(x: Samples, factor: float, sample_rate: int) -> Samples:
    """``x`` ``[T]`` played ``factor`` times as fast, ``[about T / factor]``: tempo, pitch and formants change together,
    as of a tape (Ko et al. 2015, Audio augmentation for speech recognition). Resampled by soxr (HQ)."""
    if factor == 1.0:
        return x
    out: Samples = soxr.resample(x, sample_rate * factor, sample_rate, quality="HQ")
    return out if len(out) else x  # half of one sample is none


def add_noise(
    x: Samples, snr: float, colour: Literal["white", "pink"], rng: np.random.Generator, sample_rate: int
) -> Samples:
    """``x`` ``[T]`` with noise whose mean power over the utterance is ``snr`` decibels below that of ``x``. Silence
    has no such ratio and is returned as it is."""
    level = float(np.sqrt(np.mean(np.square(x, dtype=np.float64))))
    if level == 0.0:
        return x
    noise = rng.standard_normal(len(x), np.float32)
    if colour == "pink":
        noise = _pink(noise, sample_rate)
    loudness = float(np.sqrt(np.mean(np.square(noise, dtype=np.float64))))
    return x + noise * np.float32(level / loudness * 10 ** (-snr / 20))


def amplify(x: Samples, decibels: float) -> Samples:
    """``x`` times 10^(decibels / 20); nothing is clipped."""
    return x * np.float32(10 ** (decibels / 20))


def _pink(white: Samples, sample_rate: int) -> Samples:
    """White noise with its power spectrum divided by frequency."""
    size = 1 << max(4, (len(white) - 1).bit_length())  # other lengths may have large prime factors, and take longer
    frequencies = np.fft.rfftfreq(size, 1 / sample_rate)
    spectrum = np.fft.rfft(white, size) / np.sqrt(np.maximum(frequencies, PINK_FROM_HZ))
    return np.asarray(np.fft.irfft(spectrum, size)[: len(white)], np.float32)
