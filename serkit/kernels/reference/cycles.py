"""Glottal cycles by waveform matching, and jitter and shimmer of them, in NumPy float64.

Cycles are found by matching, not by peaks: P. Boersma, "Should jitter be measured by peak picking or by waveform
matching?", Folia Phoniatrica et Logopaedica 61 (2009), 305-308. Local jitter and shimmer are the relative ones of
M. Farrús, J. Hernando and P. Ejarque, "Jitter and shimmer measurements for speaker recognition", Interspeech 2007,
778-781 (equations 2 and 4): the mean absolute difference of consecutive periods (peak-to-peak amplitudes) over the mean
period (amplitude). Shimmer in dB is its equation 3: the mean absolute level difference of consecutive amplitudes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from serkit.kernels.voice_parameters import CycleParameters

Array = npt.NDArray[np.float64]

NEAR, FAR = 0.8, 1.25
"""The next cycle begins so many periods later."""
ALIKE = 0.3
"""Two cycles that correlate less than this are not one after the other in the same voice."""
MOST_PERIOD_RATIO = 1.3
MOST_AMPLITUDE_RATIO = 1.6
"""Consecutive cycles that differ more are a fault of the finding and are left out."""
LEAD = 0.25
"""A cycle's amplitude is looked for from so many periods before its mark: marks stand on the largest swing, and the
rise to the next one belongs to the next cycle."""
FEWEST_PAIRS = 2
"""Pairs of consecutive cycles under which jitter and shimmer are not defined."""


@dataclass(frozen=True, slots=True)
class Cycles:
    """Cycles in order of time: ``begin`` and ``end`` in samples, ``amplitude`` the largest less the smallest sample
    from LEAD periods before the begin to as long before the end.

    Two cycles are consecutive where the end of one is the begin of the next, to the bit.
    """

    begin: Array
    end: Array
    amplitude: Array


def stretches(f0: Array) -> list[tuple[int, int]]:
    """First and last frame of each run of voiced frames (F0 not NaN)."""
    voiced = np.concatenate([[False], ~np.isnan(f0), [False]])
    edges = np.flatnonzero(voiced[1:] != voiced[:-1])
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def match(x: Array, mark: float, period: float, direction: int) -> float | None:
    """The mark one cycle on (``direction`` 1) or back (-1): where a period of samples around ``mark`` correlates most
    with itself, between NEAR and FAR periods away, by a parabola; None if nothing there is ALIKE."""
    length = round_half_up(period)
    begin = round_half_up(mark) - length // 2
    shifts = np.arange(round_half_up(NEAR * period), round_half_up(FAR * period) + 1)
    starts = begin + direction * shifts
    if begin < 0 or begin + length > len(x) or starts.min() < 0 or starts.max() + length > len(x):
        return None
    here = x[begin : begin + length]
    there = [x[s : s + length] for s in starts]
    power = float(here @ here) * np.array([float(t @ t) for t in there])
    c = np.array([float(here @ t) for t in there]) / np.sqrt(np.where(power > 0.0, power, np.inf))
    best = int(np.argmax(c))
    if c[best] < ALIKE:
        return None
    shift = float(shifts[best])
    if 0 < best < len(c) - 1:
        left, mid, right = c[best - 1 : best + 2]
        bend = left - 2.0 * mid + right
        shift += 0.5 * (left - right) / bend if bend < 0.0 else 0.0
    return mark + direction * shift


def round_half_up(value: float) -> int:
    """The nearest whole number, halves upwards."""
    return math.floor(value + 0.5)


def cycles(waveform: npt.NDArray[np.floating], f0: Array, p: CycleParameters) -> Cycles:
    """Cycles of the voiced stretches of a track ``f0`` ``[F]`` in Hz, NaN where unvoiced.

    The first mark of a stretch is the sample of largest absolute value within a period about its middle; from there
    marks go on and back by ``match`` with the period of the nearest frame, as far as half a hop beyond the stretch or
    until no match is found.
    """
    x = np.asarray(waveform, dtype=np.float64)
    begin: list[float] = []
    end: list[float] = []
    for first, last in stretches(f0):
        low = max(0.0, (first - 0.5) * p.hop_samples)
        high = min(len(x) - 1.0, (last + 0.5) * p.hop_samples)

        def period(mark: float, first: int = first, last: int = last) -> float:
            frame = min(max(round_half_up(mark / p.hop_samples), first), last)
            return p.sample_rate / float(f0[frame])

        middle = 0.5 * (low + high)
        half = 0.5 * period(middle)
        a, b = max(0, round_half_up(middle - half)), min(len(x), round_half_up(middle + half) + 1)
        marks = [float(a + int(np.argmax(np.abs(x[a:b]))))]
        while (mark := match(x, marks[0], period(marks[0]), -1)) is not None and mark >= low:
            marks.insert(0, mark)
        while (mark := match(x, marks[-1], period(marks[-1]), 1)) is not None and mark <= high:
            marks.append(mark)
        begin += marks[:-1]
        end += marks[1:]
    amplitude = []
    for mark, following in zip(begin, end, strict=True):
        lead = LEAD * (following - mark)
        start = max(0, round_half_up(mark - lead))
        span = x[start : max(start + 1, round_half_up(following - lead))]
        amplitude.append(float(span.max() - span.min()))
    return Cycles(np.array(begin), np.array(end), np.array(amplitude))


def jitter_shimmer(waveform: npt.NDArray[np.floating], f0: Array, p: CycleParameters) -> Array:
    """Local jitter and shimmer, fractions, and shimmer in dB, ``[F, 3]``, at the frames of a track ``f0`` ``[F]``.

    A frame's values are those of the pairs of consecutive cycles that lie wholly within ``span_samples`` around its
    centre, without pairs that differ more than MOST_PERIOD_RATIO or MOST_AMPLITUDE_RATIO; the mean is taken over both
    cycles of each pair. NaN where the frame is unvoiced, fewer than FEWEST_PAIRS pairs are left or their mean is 0.
    """
    found = cycles(waveform, f0, p)
    out = np.full((len(f0), 3), np.nan)
    period = found.end - found.begin
    consecutive = found.end[:-1] == found.begin[1:]
    for i in np.flatnonzero(~np.isnan(f0)):
        low, high = i * p.hop_samples - 0.5 * p.span_samples, i * p.hop_samples + 0.5 * p.span_samples
        inside = consecutive & (found.begin[:-1] >= low) & (found.end[1:] <= high)
        for column, (value, most) in enumerate(((period, MOST_PERIOD_RATIO), (found.amplitude, MOST_AMPLITUDE_RATIO))):
            a, b = value[:-1][inside], value[1:][inside]
            keep = np.maximum(a, b) <= most * np.minimum(a, b)
            mean = (0.5 * (a + b))[keep].mean() if keep.sum() >= FEWEST_PAIRS else 0.0
            if mean > 0.0:
                out[i, column] = np.abs(a - b)[keep].mean() / mean
                if column == 1:  # pairs of silence have no level
                    sound = keep & (np.minimum(a, b) > 0.0)
                    out[i, 2] = np.abs(20.0 * np.log10(a[sound] / b[sound])).mean()
    return out
