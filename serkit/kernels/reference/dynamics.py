"""How a contour moves, in NumPy float64: course, levels, steps, peaks and valleys, autocorrelation."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

LAGS = (1, 2, 4, 8, 16, 32)
NAMES = (
    "curvature", "centroid", "above_25", "above_50", "above_75", "rising", "step", "rise", "fall",
    "peak_rate", "peak_distance", "peak_distance_std", "peak_height", "peak_std", "valley_depth", "valley_std",
    "rise_slope", "fall_slope", *(f"lag_{n}" for n in LAGS),
)  # fmt: skip
"""What ``dynamics`` gives, in this order."""

LOW, HIGH = 2.0, 98.0
"""Percentiles between which a contour's range is measured, so that one odd frame does not set every level."""
PROMINENCE = 0.1
"""Share of that range by which a contour must turn back before a peak or valley counts."""


def dynamics(contour: npt.NDArray[np.floating]) -> Array:
    """NAMES of a contour ``[F]``, ``[len(NAMES)]``; NaN frames are left out and keep their time.

    With the range r from percentile 2 to 98 and t the frame number:

    * ``curvature``: of the parabola fitted to what the regression line leaves, over time in half utterances.
    * ``centroid``: centre of gravity in time of the contour above its minimum, over F; in [0, 1).
    * ``above_25``, ``_50``, ``_75``: share of frames above percentile 2 plus that part of r.
    * ``rising``: share of steps between neighbouring frames that go up (0.5 without any); ``step`` their mean size,
      ``rise`` and ``fall`` the mean size of those up and of the others. Values a frame.
    * peaks and valleys in turn, each once the contour has moved 0.1 r away from it: ``peak_rate`` (a frame of F);
      ``peak_distance`` and its deviation, in frames (F and 0 for fewer than two peaks); ``peak_height`` mean of the
      peaks less the mean of the contour and ``peak_std``, ``valley_depth`` and ``valley_std`` likewise (without one:
      maximum or minimum less mean, and 0); ``rise_slope`` and ``fall_slope``, mean slope from a valley to the next peak
      and from a peak to the next valley, positive both, a frame (0 without any).
    * ``lag_n``: mean product of values n frames apart, each less the mean, over the variance, in [-1, 1]; 0 for a
      constant or where no two are so far apart.

    Everything is NaN without a defined frame. Deviations are population deviations.
    """
    whole: Array = np.asarray(contour, dtype=np.float64)
    t = np.flatnonzero(~np.isnan(whole))
    if not len(t):
        return np.full(len(NAMES), np.nan)
    x, frames = whole[t], len(whole)
    mean = x[0] if x.min() == x.max() else x.mean()
    low, high = (_percentile(np.sort(x), p) for p in (LOW, HIGH))
    levels = [np.mean(x > low + share * (high - low)) for share in (0.25, 0.5, 0.75)]
    return np.array([_curvature(x, t, mean, frames), _centroid(x, t, frames), *levels, *_steps(whole),
                     *_turns(x, t, mean, PROMINENCE * (high - low), frames), *_lags(whole, mean)])  # fmt: skip


def _percentile(ordered: Array, percent: float) -> float:
    # NumPy's definition, interpolated from below: a value that lies on a level to the last bit counts on one side in
    # the kernel too
    at = percent / 100.0 * (len(ordered) - 1)
    below = min(int(at), len(ordered) - 1)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (at - below) * (ordered[above] - ordered[below]))


def _curvature(x: Array, t: npt.NDArray[np.int64], mean: float, frames: int) -> float:
    time = (t - t.mean()) / max(1.0, frames / 2)
    away = x - mean
    line = (time * away).sum() / (time * time).sum() if len(t) > 1 else 0.0
    parabola = time * time - np.mean(time * time)
    # up to rounding, a parabola through fewer than three frames is a line
    return float((parabola * (away - line * time)).sum() / (parabola**2).sum()) if len(t) > 2 else 0.0


def _centroid(x: Array, t: npt.NDArray[np.int64], frames: int) -> float:
    weight = x - x.min()
    return float(((weight * t).sum() / weight.sum() if weight.any() else t.mean()) / frames)


def _steps(contour: Array) -> list[float]:
    step = np.diff(contour)
    step = step[~np.isnan(step)]
    up, other = step[step > 0], step[step <= 0]
    return [
        float(np.mean(step > 0)) if len(step) else 0.5,
        *(float(np.abs(part).mean()) if len(part) else 0.0 for part in (step, up, other)),
    ]


def _turns(x: Array, t: npt.NDArray[np.int64], mean: float, threshold: float, frames: int) -> list[float]:
    turns = turning_points(x, threshold)
    peaks = [k for k, kind in turns[1:] if kind > 0]  # the first is where the contour began to move, no turn
    valleys = [k for k, kind in turns[1:] if kind < 0]
    rises: list[float] = []
    falls: list[float] = []
    for (a, _), (b, kind) in pairwise(turns):
        (rises if kind > 0 else falls).append(abs(x[b] - x[a]) / (t[b] - t[a]))
    apart = np.diff(t[peaks]) if len(peaks) > 1 else np.array([float(frames)])
    heights = x[peaks] if peaks else np.array([x.max()])
    depths = x[valleys] if valleys else np.array([x.min()])
    return [len(peaks) / frames, float(apart.mean()), float(apart.std()),
            float(heights.mean() - mean), float(heights.std()), float(depths.mean() - mean), float(depths.std()),
            float(np.mean(rises)) if rises else 0.0, float(np.mean(falls)) if falls else 0.0]  # fmt: skip


def turning_points(x: Array, threshold: float) -> list[tuple[int, int]]:
    """Index and kind (1 peak, -1 valley) of where a contour turns by more than ``threshold``; the first entry is the
    extreme from which it first moved so far. Empty if it never does."""
    turns: list[tuple[int, int]] = []
    top = bottom = 0
    direction = 0
    for k in range(1, len(x)):
        if direction >= 0 and x[k] > x[top]:
            top = k
        if direction <= 0 and x[k] < x[bottom]:
            bottom = k
        if direction <= 0 and x[k] > x[bottom] + threshold:
            turns.append((bottom, -1))
            direction, top = 1, k
        elif direction >= 0 and x[k] < x[top] - threshold:
            turns.append((top, 1))
            direction, bottom = -1, k
    return turns


def _lags(contour: Array, mean: float) -> list[float]:
    away = contour - mean
    variance = float(np.nanmean(away**2))
    found = []
    for lag in LAGS:
        products = away[lag:] * away[:-lag]
        products = products[~np.isnan(products)]
        usable = len(products) and variance > 0
        found.append(float(np.clip(products.mean() / variance, -1.0, 1.0)) if usable else 0.0)
    return found
