"""From contours to the 88 numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from serkit.features.egemaps.names import BALANCE, CEPSTRA, RATE, VOICE, WHOLE
from serkit.features.egemaps.spectra import HOP_MS, LEAST_POWER

Array = npt.NDArray[np.float64]

MOST_VARIATION = 1e4
"""Bound of the coefficient of variation, which has none where a mean, of a cepstrum say, passes through 0."""
HOP_S = HOP_MS / 1000.0


def smooth(contour: Array) -> Array:
    """Moving average over three frames of a contour ``[F]``; frames that are NaN or beyond the ends are left out, and
    stay NaN (GeMAPS smooths within voiced regions only)."""
    defined = ~np.isnan(contour)
    value = np.pad(np.where(defined, contour, 0.0), 1)
    count = np.pad(defined.astype(np.float64), 1)
    total = value[:-2] + value[1:-1] + value[2:]
    out: Array = np.where(defined, total / np.maximum(1.0, count[:-2] + count[1:-1] + count[2:]), np.nan)
    return out


def mean_and_variation(values: Array) -> list[float]:
    """Mean and coefficient of variation (population deviation over mean, within MOST_VARIATION) of defined values
    ``[n]``; 0 where there are none, variation 0 where the mean is 0."""
    if not len(values):
        return [0.0, 0.0]
    mean = float(values.mean())
    variation = float(values.std()) / mean if mean != 0.0 else 0.0
    return [mean, min(max(variation, -MOST_VARIATION), MOST_VARIATION)]


def course(values: Array) -> list[float]:
    """The ten functionals of F0 and loudness of defined values ``[n]``: mean, variation, percentiles 20, 50 and 80, the
    last less the first, mean and deviation of rising and of falling slopes a second; all 0 without values."""
    from serkit.kernels.jit.turns import turn_functionals

    if not len(values):
        return [0.0] * 10
    low, middle, high = np.percentile(values, (20.0, 50.0, 80.0)).tolist()
    slopes = turn_functionals(np.ascontiguousarray(values))[:4] / HOP_S
    return [*mean_and_variation(values), low, middle, high, high - low, *slopes.tolist()]


def lengths(frames: npt.NDArray[np.bool_]) -> Array:
    """Lengths in seconds of the runs of true ``frames`` ``[F]``."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], frames, [False]]).astype(np.int8)))
    out: Array = HOP_S * (edges[1::2] - edges[::2]).astype(np.float64)
    return out


def sound_level(waveform: npt.NDArray[np.float32]) -> float:
    """Equivalent sound level of samples in [-1, 1]: mean square in dB, at least that of LEAST_POWER."""
    return float(10.0 * np.log10(max(float(np.mean(np.square(waveform, dtype=np.float64))), LEAST_POWER)))


def row(spectra: Mapping[str, Array], voice: Mapping[str, Array], waveform: npt.NDArray[np.float32]) -> Array:
    """The 88 numbers, float64 ``[88]``, in the order of ``names.COLUMNS``, of contours of one length by name, ``voice``
    NaN where unvoiced, and of the waveform ``[T]`` in [-1, 1]."""
    from serkit.kernels.jit.turns import turn_functionals

    voiced = ~np.isnan(voice["F0"])
    seconds = len(waveform) / RATE

    def defined(contour: Array) -> Array:
        smoothed = smooth(contour)
        return smoothed[~np.isnan(smoothed)]

    def among(contour: Array, frames: npt.NDArray[np.bool_]) -> Array:
        return defined(np.where(frames, contour, np.nan))

    loudness = smooth(spectra["loudness"])
    out = [*course(defined(voice["F0"])), *course(loudness)]
    for name in WHOLE:
        out += mean_and_variation(smooth(spectra[name]))
    for name in VOICE:
        out += mean_and_variation(defined(voice[name]))
    for name in (*BALANCE, *CEPSTRA):
        out += mean_and_variation(among(spectra[name], voiced))
    out += [mean_and_variation(among(spectra[name], ~voiced))[0] for name in BALANCE]
    regions, pauses = lengths(voiced), lengths(~voiced)
    out += [turn_functionals(loudness)[4] / seconds, len(regions) / seconds]
    for spans in (regions, pauses):
        out += [float(spans.mean()), float(spans.std())] if len(spans) else [0.0, 0.0]
    out.append(sound_level(waveform))
    return np.array(out)
