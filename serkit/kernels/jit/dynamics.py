"""How a contour moves; ``serkit.kernels.reference.dynamics`` says what is computed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from serkit.kernels.jit.compiled import jit
from serkit.kernels.reference.dynamics import HIGH, LAGS, LOW, PROMINENCE


@jit
def percentile(ordered: Any, percent: float) -> Any:
    """Percentile in [0, 100] of sorted values ``[n]``, n >= 1, by linear interpolation between order statistics."""
    at = percent / 100.0 * (ordered.shape[0] - 1)
    below = min(int(at), ordered.shape[0] - 1)
    above = min(below + 1, ordered.shape[0] - 1)
    return ordered[below] + (at - below) * (ordered[above] - ordered[below])


@jit
def dynamics(x: Any, place: Any, ordered: Any, count: int, value: Any) -> None:
    """Write NAMES of the reference to ``value``, float64 ``[len(NAMES)]``.

    ``x`` are the defined values, ``place`` their frame numbers and ``ordered`` the values sorted, float64 ``[n]`` each;
    ``count`` is the number of frames.
    """
    n = x.shape[0]
    value[:] = np.nan
    if n == 0:
        return
    least, greatest = ordered[0], ordered[n - 1]
    low = percentile(ordered, LOW)
    spread = percentile(ordered, HIGH) - low
    mean = least
    if least != greatest:
        mean = 0.0
        for k in range(n):
            mean += x[k]
        mean /= n
    _course(x, place, mean, least, count, value)
    for j in range(3):
        level = low + 0.25 * (j + 1) * spread
        above = 0
        for k in range(n):
            above += x[k] > level
        value[2 + j] = above / n
    _steps(x, place, value)
    _turns(x, place, mean, least, greatest, PROMINENCE * spread, count, value)
    _lags(x, place, mean, value)


@jit
def _course(x: Any, place: Any, mean: float, least: float, count: int, value: Any) -> None:
    n = x.shape[0]
    middle = 0.0
    for k in range(n):
        middle += place[k]
    middle /= n
    half = max(1.0, count / 2.0)
    across = square = weight = moment = 0.0
    for k in range(n):
        time = (place[k] - middle) / half
        across += time * (x[k] - mean)
        square += time * time
        weight += x[k] - least
        moment += (x[k] - least) * place[k]
    line = across / square if n > 1 else 0.0
    bent = size = 0.0
    for k in range(n):
        time = (place[k] - middle) / half
        parabola = time * time - square / n
        bent += parabola * (x[k] - mean - line * time)
        size += parabola * parabola
    value[0] = bent / size if n > 2 else 0.0
    value[1] = (moment / weight if weight > 0.0 else middle) / count


@jit
def _steps(x: Any, place: Any, value: Any) -> None:
    steps = ups = 0
    up = down = 0.0
    for k in range(1, x.shape[0]):
        if place[k] - place[k - 1] != 1.0:
            continue
        steps += 1
        step = x[k] - x[k - 1]
        if step > 0.0:
            ups += 1
            up += step
        else:
            down -= step
    value[5] = ups / steps if steps else 0.5
    value[6] = (up + down) / steps if steps else 0.0
    value[7] = up / ups if ups else 0.0
    value[8] = down / (steps - ups) if steps > ups else 0.0


@jit
def _turns(
    x: Any, place: Any, mean: float, least: float, greatest: float, threshold: float, count: int, value: Any
) -> None:
    n = x.shape[0]
    turns = np.empty(n, dtype=np.int64)  # places in x, valleys and peaks in turn
    found = direction = first = top = bottom = 0  # first: the kind of the first turn, 1 a peak
    for k in range(1, n):
        if direction >= 0 and x[k] > x[top]:
            top = k
        if direction <= 0 and x[k] < x[bottom]:
            bottom = k
        if direction <= 0 and x[k] > x[bottom] + threshold:
            turns[found] = bottom
            found += 1
            direction, top = 1, k
            first = first if first else -1
        elif direction >= 0 and x[k] < x[top] - threshold:
            turns[found] = top
            found += 1
            direction, bottom = -1, k
            first = first if first else 1
    rise = fall = apart = apart2 = peak = peak2 = valley = valley2 = 0.0
    rises = falls = peaks = valleys = 0
    before = -1
    for j in range(1, found):
        at, last = turns[j], turns[j - 1]
        slope = abs(x[at] - x[last]) / (place[at] - place[last])
        away = x[at] - mean
        if (first == 1) == (j % 2 == 0):
            rise += slope
            rises += 1
            if before >= 0:
                distance = place[at] - place[before]
                apart += distance
                apart2 += distance * distance
            before = at
            peaks += 1
            peak += away
            peak2 += away * away
        else:
            fall += slope
            falls += 1
            valleys += 1
            valley += away
            valley2 += away * away
    value[9] = peaks / count
    value[10] = apart / (peaks - 1) if peaks > 1 else float(count)
    value[11] = _deviation(apart, apart2, peaks - 1)
    value[12] = peak / peaks if peaks else greatest - mean
    value[13] = _deviation(peak, peak2, peaks)
    value[14] = valley / valleys if valleys else least - mean
    value[15] = _deviation(valley, valley2, valleys)
    value[16] = rise / rises if rises else 0.0
    value[17] = fall / falls if falls else 0.0


@jit
def _deviation(total: float, squares: float, n: int) -> float:
    if n < 2:
        return 0.0
    return math.sqrt(max(0.0, squares / n - (total / n) * (total / n)))


@jit
def _lags(x: Any, place: Any, mean: float, value: Any) -> None:
    n = x.shape[0]
    variance = 0.0
    for k in range(n):
        variance += (x[k] - mean) * (x[k] - mean)
    variance /= n
    for j in range(len(LAGS)):
        total = 0.0
        pairs = late = 0
        for k in range(n):
            while late < n and place[late] < place[k] + LAGS[j]:
                late += 1
            if late < n and place[late] == place[k] + LAGS[j]:
                total += (x[k] - mean) * (x[late] - mean)
                pairs += 1
        value[18 + j] = min(1.0, max(-1.0, total / pairs / variance)) if pairs and variance > 0.0 else 0.0
