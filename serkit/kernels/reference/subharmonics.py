"""F0 and voicing by subharmonic summation in NumPy float64.

Sources: D. Hermes, "Measurement of pitch by subharmonic summation", JASA 83 (1988), 257-264; with the numbers of F.
Eyben et al., "The Geneva Minimalistic Acoustic Parameter Set (GeMAPS)", IEEE Trans. Affective Computing 7(2), 2016,
section 6: 15 harmonics, compression 0.85, six candidates, a path through them, voiced where the probability is 0.7 or
more.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

PER_OCTAVE = 48
"""Points an octave of the axis of logarithmic frequency (Hermes 1988)."""
AXIS_FROM_HZ = 25.0
"""Beginning of that axis; its mean is what a peak is measured against."""
PEAK_HZ = 31.25
"""What lies further than this from every local maximum of the spectrum is set to zero (Hermes 1988: two points of his
transform, which lie 9.8 Hz apart at frames of 40 ms; two points at 60 ms and 16 kHz here)."""
HARMONICS = 15
COMPRESSION = 0.85
CANDIDATES = 6
JUMP_COST, VOICING_COST = 0.35, 0.05
"""Costs of an octave and of a change of voicing between frames 10 ms apart, as probabilities. GeMAPS does not say its
own: the first is that of P. Boersma's path (1993); with the second a lone voiced frame must be a tenth above the
threshold, and GeMAPS wants lone ones to be rare without a least length."""
KNEE_HZ, STEEPNESS = 65.0, 3.0
"""The sensitivity of hearing falls towards low frequencies as an arctangent of logarithmic frequency, to a half at the
knee (Hermes 1988 gives its shape)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubharmonicParameters:
    """Range of F0 in Hz; probability in [0, 1] from which a frame is voiced; bins of the spectra in Hz."""

    f0_min: float
    f0_max: float
    voicing_threshold: float
    bin_hz: float


def axis(n_bins: int, bin_hz: float) -> Array:
    """Frequencies in Hz of the points ``[G]``, up to the spectrum's last bin but one."""
    octaves = np.log2((n_bins - 2) * bin_hz / AXIS_FROM_HZ)
    out: Array = AXIS_FROM_HZ * 2.0 ** (np.arange(int(octaves * PER_OCTAVE) + 1) / PER_OCTAVE)
    return out


def shifts() -> npt.NDArray[np.int64]:
    """Points from a frequency to its harmonics 1 to HARMONICS."""
    out: npt.NDArray[np.int64] = np.floor(PER_OCTAVE * np.log2(np.arange(1, HARMONICS + 1)) + 0.5).astype(np.int64)
    return out


def sensitivity(hz: Array) -> Array:
    """Weight in (0, 1) of each frequency."""
    out: Array = 0.5 + np.arctan(STEEPNESS * np.log2(hz / KNEE_HZ)) / np.pi
    return out


def enhanced(magnitude: Array, reach: int) -> Array:
    """The spectrum ``[bins]`` within ``reach`` bins of its local maxima, zero elsewhere, smoothed by 1/4, 1/2, 1/4."""
    inner = magnitude[1:-1]
    maxima = 1 + np.flatnonzero((inner >= magnitude[:-2]) & (inner > magnitude[2:]))
    kept = np.zeros_like(magnitude)
    for k in maxima:
        near = slice(max(0, k - reach), k + reach + 1)
        kept[near] = magnitude[near]
    padded = np.pad(kept, 1, mode="edge")
    out: Array = 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
    return out


def summed(power: Array, bin_hz: float) -> Array:
    """The subharmonic sum ``[G]`` of a power spectrum ``[bins]``."""
    smooth = enhanced(np.sqrt(power), max(1, int(PEAK_HZ / bin_hz + 0.5)))
    hz = axis(len(power), bin_hz)
    place = hz / bin_hz
    k = place.astype(np.int64)
    t = place - k
    a, b, c, d = smooth[k - 1], smooth[k], smooth[k + 1], smooth[np.minimum(k + 2, len(smooth) - 1)]
    # the cubic through b and c whose slopes there are those of the neighbours
    cubic = b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
    heard = np.maximum(cubic, 0.0) * sensitivity(hz)
    out = np.zeros(len(hz))
    for n, shift in enumerate(shifts()):
        if shift < len(out):
            out[: len(out) - shift] += COMPRESSION**n * heard[shift:]
    return out


def candidates(power: Array, p: SubharmonicParameters) -> list[tuple[float, float]]:
    """``(F0 in Hz, probability)`` of a frame's candidates, the best first: the highest local maxima of the sum within
    the range, by a parabola; the probability is 1 less the mean of the sum over the height of the maximum."""
    sums = summed(power, p.bin_hz)
    mean = float(sums.mean())
    found = []
    for k in range(1, len(sums) - 1):
        left, mid, right = sums[k - 1 : k + 2]
        if mid > left and mid >= right:
            bend = left - 2.0 * mid + right
            shift = 0.5 * (left - right) / bend if bend < 0.0 else 0.0
            f0 = AXIS_FROM_HZ * 2.0 ** ((k + shift) / PER_OCTAVE)
            if p.f0_min <= f0 <= p.f0_max:
                found.append((float(f0), float(1.0 - mean / (mid - 0.25 * (left - right) * shift))))
    return sorted(found, key=lambda c: -c[1])[:CANDIDATES]


def transition(before: float, after: float) -> float:
    """Cost of going from F0 ``before`` to ``after`` (0: unvoiced) in one hop."""
    if (before == 0.0) != (after == 0.0):
        return VOICING_COST
    return JUMP_COST * abs(np.log2(before / after)) if before > 0.0 else 0.0


def track(power: npt.NDArray[np.floating], p: SubharmonicParameters) -> Array:
    """F0 in Hz ``[F]``, NaN where unvoiced, of power spectra ``[F, bins]``, F >= 1, of frames 10 ms apart.

    The path maximises the sum of probabilities less the costs of its transitions. Being unvoiced, which every frame may
    be, counts as much as a probability of ``voicing_threshold``.
    """
    unvoiced = (0.0, p.voicing_threshold)
    lists = [[unvoiced, *candidates(np.asarray(row, dtype=np.float64), p)] for row in power]
    score = [c[1] for c in lists[0]]
    came: list[list[int]] = []
    for here, there in pairwise(lists):
        ways = [[s - transition(a[0], b[0]) for s, a in zip(score, here, strict=True)] for b in there]
        came.append([int(np.argmax(w)) for w in ways])
        score = [max(w) + b[1] for w, b in zip(ways, there, strict=True)]
    k = int(np.argmax(score))
    out = np.full(len(lists), np.nan)
    for i in range(len(lists) - 1, -1, -1):
        if k > 0:
            out[i] = lists[i][k][0]
        if i:
            k = came[i - 1][k]
    return out
