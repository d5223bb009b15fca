"""Functionals over ragged frames; ``serkit.kernels.reference.functionals`` says what is computed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from serkit.kernels.jit.compiled import jit
from serkit.kernels.jit.dynamics import dynamics, percentile
from serkit.kernels.reference.dynamics import NAMES as DYNAMICS

_SUMMARY = 13
_MOVING = len(DYNAMICS)


@jit
def functionals(frames: Any, offsets: Any, first: int, last: int, chosen: Any, percentiles: Any, out: Any) -> None:
    """Functionals of utterances ``first`` to ``last`` - 1.

    ``frames`` is float32 ``[sum F, D]``, utterance u being frames ``offsets[u]`` to ``offsets[u + 1]``, int64
    ``[n + 1]``. ``chosen`` are indices into NAMES of the reference and, after these, of that of ``dynamics``, int64
    ``[J]``, ``percentiles`` float64 ``[P]``; ``out`` is float32 ``[n, D, J + P]``.
    """
    width = frames.shape[1]
    longest = 0
    for u in range(first, last):
        longest = max(longest, offsets[u + 1] - offsets[u])
    x = np.empty(longest)
    place = np.empty(longest)
    value = np.empty(_SUMMARY + _MOVING)
    moving = chosen.shape[0] > 0 and chosen.max() >= _SUMMARY
    for u in range(first, last):
        begin, count = offsets[u], offsets[u + 1] - offsets[u]
        for d in range(width):
            n = 0
            for i in range(count):
                v = np.float64(frames[begin + i, d])
                if not np.isnan(v):
                    x[n] = v
                    place[n] = i
                    n += 1
            _summary(x[:n], place[:n], count, value[:_SUMMARY])
            if moving or percentiles.shape[0] > 0:
                ordered = np.sort(x[:n])
                if moving:
                    dynamics(x[:n], place[:n], ordered, count, value[_SUMMARY:])
                for j in range(percentiles.shape[0]):
                    out[u, d, chosen.shape[0] + j] = percentile(ordered, percentiles[j]) if n else np.nan
            for j in range(chosen.shape[0]):
                out[u, d, j] = value[chosen[j]]


@jit
def _summary(x: Any, place: Any, count: int, value: Any) -> None:
    n = x.shape[0]
    value[:] = np.nan
    value[12] = n / max(1, count)
    if n == 0:
        return
    total = middle = 0.0
    low = high = 0
    for k in range(n):
        total += x[k]
        middle += place[k]
        if x[k] < x[low]:
            low = k
        if x[k] > x[high]:
            high = k
    mean = total / n
    middle /= n
    constant = x[low] == x[high]
    if constant:
        mean = x[0]
    m2 = across = along = 0.0
    for k in range(n):
        away = x[k] - mean
        time = place[k] - middle
        m2 += away * away
        across += time * away
        along += time * time
    deviation = math.sqrt(m2 / n)
    slope = 0.0 if constant else across / along
    skewness = kurtosis = error = 0.0
    if not constant:
        for k in range(n):
            away = x[k] - mean
            scaled = away / deviation
            skewness += scaled * scaled * scaled
            kurtosis += scaled * scaled * scaled * scaled
            left = away - slope * (place[k] - middle)
            error += left * left
    value[0] = mean
    value[1] = deviation
    value[2] = kurtosis / n
    value[3] = skewness / n
    value[4] = x[low]
    value[5] = x[high]
    value[6] = place[low] / count
    value[7] = place[high] / count
    value[8] = x[high] - x[low]
    value[9] = mean - slope * middle
    value[10] = slope
    value[11] = error / n
