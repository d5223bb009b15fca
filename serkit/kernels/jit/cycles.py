"""Glottal cycles, jitter and shimmer; ``serkit.kernels.reference.cycles`` says what is computed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from serkit.kernels.jit.compiled import jit
from serkit.kernels.reference.cycles import (
    ALIKE,
    FAR,
    FEWEST_PAIRS,
    LEAD,
    MOST_AMPLITUDE_RATIO,
    MOST_PERIOD_RATIO,
    NEAR,
)
from serkit.kernels.voice_parameters import CycleParameters

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]


def jitter_shimmer(waveform: Floats, f0: Array, p: CycleParameters) -> Array:
    """Local jitter and shimmer, fractions, and shimmer in dB, float64 ``[F, 3]``, of a checked waveform, float32
    ``[T]``, at the frames of a track ``f0``, float64 ``[F]`` in Hz, NaN where unvoiced."""
    out = np.full((len(f0), 3), np.nan)
    _jitter_shimmer(waveform, f0, p.hop_samples, float(p.sample_rate), p.span_samples, out)
    return out


@jit
def _round(value: float) -> int:
    return math.floor(value + 0.5)


@jit
def _match(x: Any, mark: float, period: float, direction: int, dot: Any, power: Any) -> float:
    """The next mark in ``direction``, NaN if there is none."""
    length = _round(period)
    begin = _round(mark) - length // 2
    near, far = _round(NEAR * period), _round(FAR * period)
    low = begin + (near if direction > 0 else -far)
    count = far - near + 1
    if begin < 0 or begin + length > x.shape[0] or low < 0 or low + count - 1 + length > x.shape[0]:
        return np.nan
    # sums of all shifts side by side, in the order of places; for -1 the last one is the nearest
    dot[:count] = 0.0
    power[:count] = 0.0
    own = 0.0
    for k in range(length):
        value = np.float64(x[begin + k])
        own += value * value
        there = x[low + k : low + k + count]
        for s in range(count):
            other = np.float64(there[s])
            dot[s] += value * other
            power[s] += other * other
    best = -1
    top = -np.inf
    for j in range(count):
        s = j if direction > 0 else count - 1 - j
        product = own * power[s]
        dot[s] = dot[s] / math.sqrt(product) if product > 0.0 else 0.0
        if dot[s] > top:
            best, top = s, dot[s]
    if top < ALIKE:
        return np.nan
    shift = 0.0
    if 0 < best < count - 1:
        left, mid, right = dot[best - 1], dot[best], dot[best + 1]
        bend = left - 2.0 * mid + right
        if bend < 0.0:
            shift = 0.5 * (left - right) / bend
    return float(mark + (low + best - begin) + shift)


@jit
def _period(mark: float, f0: Any, first: int, last: int, hop: int, rate: float) -> float:
    return rate / float(f0[min(max(_round(mark / hop), first), last)])


@jit
def _marks(x: Any, f0: Any, first: int, last: int, hop: int, rate: float, dot: Any, power: Any, marks: Any) -> Any:
    """Marks of a voiced stretch in order of time: the part of ``marks`` that was filled, from its middle outwards."""
    low = max(0.0, (first - 0.5) * hop)
    high = min(x.shape[0] - 1.0, (last + 0.5) * hop)
    middle = 0.5 * (low + high)
    half = 0.5 * _period(middle, f0, first, last, hop, rate)
    a, b = max(0, _round(middle - half)), min(x.shape[0], _round(middle + half) + 1)
    peak = a
    for t in range(a, b):
        if abs(x[t]) > abs(x[peak]):
            peak = t
    begin = end = marks.shape[0] // 2
    marks[begin] = peak
    while begin > 0:
        mark = _match(x, marks[begin], _period(marks[begin], f0, first, last, hop, rate), -1, dot, power)
        if not mark >= low:
            break
        begin -= 1
        marks[begin] = mark
    while end + 1 < marks.shape[0]:
        mark = _match(x, marks[end], _period(marks[end], f0, first, last, hop, rate), 1, dot, power)
        if not mark <= high:
            break
        end += 1
        marks[end] = mark
    return marks[begin : end + 1]


@jit
def _local(value: Any, first: int, last: int, most: float) -> float:
    """Mean absolute difference of the pairs (k, k + 1), k from ``first`` to ``last`` - 1, over their mean value."""
    difference = total = 0.0
    count = 0
    for k in range(first, last):
        a, b = value[k], value[k + 1]
        if max(a, b) <= most * min(a, b):
            difference += abs(a - b)
            total += 0.5 * (a + b)
            count += 1
    return difference / total if count >= FEWEST_PAIRS and total > 0.0 else np.nan


@jit
def _level_difference(value: Any, first: int, last: int, most: float) -> float:
    """Mean absolute level difference in dB of the pairs that ``_local`` takes, without those of silence."""
    total = 0.0
    count = 0
    for k in range(first, last):
        a, b = value[k], value[k + 1]
        if min(a, b) > 0.0 and max(a, b) <= most * min(a, b):
            total += abs(20.0 * math.log10(a / b))
            count += 1
    return total / count if count > 0 else np.nan


@jit
def _jitter_shimmer(x: Any, f0: Any, hop: int, rate: float, span: float, out: Any) -> None:
    n_frames = f0.shape[0]
    longest = 0.0
    shortest = np.inf
    for i in range(n_frames):
        if not np.isnan(f0[i]):
            longest = max(longest, rate / f0[i])
            shortest = min(shortest, rate / f0[i])
    if longest == 0.0:
        return
    dot = np.empty(int((FAR - NEAR) * longest) + 3)
    power = np.empty_like(dot)
    # marks are at least NEAR periods apart; the middle of the stretch is the middle of the buffer
    marks = np.empty(2 * int(x.shape[0] / (NEAR * shortest - 1.0)) + 5)
    period = np.empty_like(marks)
    amplitude = np.empty_like(marks)
    first = 0
    while first < n_frames:
        if np.isnan(f0[first]):
            first += 1
            continue
        last = first
        while last + 1 < n_frames and not np.isnan(f0[last + 1]):
            last += 1
        found = _marks(x, f0, first, last, hop, rate, dot, power, marks)
        n_cycles = found.shape[0] - 1
        for c in range(n_cycles):
            period[c] = found[c + 1] - found[c]
            begin = max(0, _round(found[c] - LEAD * period[c]))
            end = max(begin + 1, _round(found[c + 1] - LEAD * period[c]))
            smallest = largest = np.float64(x[begin])
            for t in range(begin, end):
                smallest = min(smallest, np.float64(x[t]))
                largest = max(largest, np.float64(x[t]))
            amplitude[c] = largest - smallest
        begin = end = 0  # cycles begin .. end - 1 lie within the span of the frame
        for i in range(first, last + 1):
            while begin < n_cycles and found[begin] < i * hop - 0.5 * span:
                begin += 1
            while end < n_cycles and found[end + 1] <= i * hop + 0.5 * span:
                end += 1
            out[i, 0] = _local(period, begin, end - 1, MOST_PERIOD_RATIO)
            out[i, 1] = _local(amplitude, begin, end - 1, MOST_AMPLITUDE_RATIO)
            if not np.isnan(out[i, 1]):
                out[i, 2] = _level_difference(amplitude, begin, end - 1, MOST_AMPLITUDE_RATIO)
        first = last + 1
