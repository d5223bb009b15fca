"""Rising and falling parts of a contour; ``serkit.kernels.reference.turns`` says what is computed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from serkit.kernels.jit.compiled import jit
from serkit.kernels.reference.turns import SHARE

Array = npt.NDArray[np.float64]


def turn_functionals(contour: Array) -> Array:
    """Mean and deviation of rising and of falling slopes a frame, and number of peaks, float64 ``[5]``, of a contour,
    float64 ``[n]`` contiguous and finite."""
    out = np.zeros(5)
    if len(contour):
        _turn_functionals(contour, np.empty(len(contour), dtype=np.int64), out)
    return out


@jit
def _turn_functionals(x: Any, at: Any, out: Any) -> None:
    n = x.shape[0]
    low = high = x[0]
    for i in range(n):
        low = min(low, x[i])
        high = max(high, x[i])
    least = SHARE * (high - low)
    count = peaks = 0
    top = bottom = heading = 0
    for i in range(1, n):
        if x[i] > x[top]:
            top = i
        if x[i] < x[bottom]:
            bottom = i
        if heading >= 0 and x[top] - x[i] > least:
            if top > 0:
                at[count] = top
                count += 1
                peaks += 1
            heading = -1
            top = bottom = i
        elif heading <= 0 and x[i] - x[bottom] > least:
            if bottom > 0:
                at[count] = bottom
                count += 1
            heading = 1
            top = bottom = i
    out[4] = peaks
    for k in range(2):
        # twice over the parts: the mean, then what lies around it
        sign = 1.0 - 2.0 * k
        total = 0.0
        parts = 0
        for turn in range(2):
            mean = total / parts if parts > 0 else 0.0
            total = 0.0
            parts = 0
            begin = 0
            for p in range(count + 1):
                end = at[p] if p < count else n - 1
                if end > begin:
                    slope = sign * (x[end] - x[begin]) / (end - begin)
                    if slope > 0.0:
                        total += slope if turn == 0 else (slope - mean) ** 2
                        parts += 1
                begin = end
            if parts > 0:
                out[2 * k + turn] = total / parts if turn == 0 else math.sqrt(total / parts)
