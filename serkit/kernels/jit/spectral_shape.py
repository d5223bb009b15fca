"""The shape of power spectra; ``serkit.kernels.reference.spectral_shape`` says what is computed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from serkit.kernels.jit.compiled import jit
from serkit.kernels.reference.spectral_shape import FLOOR, ROLLOFFS, SLOPE_BANDS


@jit
def spectral_shape(power: Any, width: float, silence: float, out: Any) -> None:
    """Write COLUMNS of the reference to ``out`` ``[F, 18]`` from ``power`` ``[F, K]``, of which bin k is at k ``width``
    Hz."""
    bins = power.shape[1] - 1
    f, p, level, root, before = np.empty(bins), np.empty(bins), np.empty(bins), np.empty(bins), np.empty(bins)
    for k in range(bins):
        f[k] = width * (k + 1)
    heard = False  # the frame before was not silent
    for t in range(power.shape[0]):
        total = 0.0
        for k in range(bins):
            total += power[t, k + 1]
        if total <= silence:
            out[t, :] = np.nan
            heard = False
            continue
        for k in range(bins):
            p[k] = power[t, k + 1] / total
            root[k] = math.sqrt(p[k])
            level[k] = math.log(max(p[k], FLOOR))  # once: logarithms are most of the work
        _moments(p, level, f, out[t])
        _slopes(level, f, out[t])
        _bands(p, f, out[t])
        flux = 0.0
        for k in range(bins):
            flux += (root[k] - before[k]) * (root[k] - before[k])
        out[t, 13] = math.sqrt(flux) if heard else np.nan
        before[:] = root
        heard = True


@jit
def _moments(p: Any, level: Any, f: Any, row: Any) -> None:
    bins = p.shape[0]
    centroid = entropy = logs = 0.0
    for k in range(bins):
        centroid += p[k] * f[k]
        entropy -= p[k] * level[k]
        logs += level[k]
    second = third = fourth = 0.0
    for k in range(bins):
        away = f[k] - centroid
        share = p[k] * away * away
        second += share
        third += share * away
        fourth += share * away * away
    spread = math.sqrt(max(1.0, second))
    row[0] = centroid
    row[1] = spread
    row[2] = third / spread**3
    row[3] = math.log1p(fourth / spread**4)
    row[4] = entropy / math.log(bins)
    row[5] = logs / bins + math.log(bins)
    reached = 0.0
    done = 0
    for k in range(bins):
        reached += p[k]
        while done < len(ROLLOFFS) and (reached >= ROLLOFFS[done] or k == bins - 1):
            row[9 + done] = f[k]
            done += 1


@jit
def _slopes(level: Any, f: Any, row: Any) -> None:
    for band in range(len(SLOPE_BANDS)):
        n = 0
        middle = mean = 0.0
        for k in range(level.shape[0]):
            if SLOPE_BANDS[band][0] <= f[k] <= SLOPE_BANDS[band][1]:
                n += 1
                middle += f[k]
                mean += level[k]
        middle /= n
        mean /= n
        across = square = 0.0
        for k in range(level.shape[0]):
            if SLOPE_BANDS[band][0] <= f[k] <= SLOPE_BANDS[band][1]:
                across += (f[k] - middle) * (level[k] - mean)
                square += (f[k] - middle) * (f[k] - middle)
        row[6 + band] = 1e4 / math.log(10.0) * across / square  # 10 over ln 10 decibels, 1000 Hz a kHz


@jit
def _bands(p: Any, f: Any, row: Any) -> None:
    low = high = low_peak = high_peak = voice = middle = 0.0
    for k in range(p.shape[0]):
        if 50.0 <= f[k] <= 1000.0:
            low += p[k]
        elif 1000.0 < f[k] <= 5000.0:
            high += p[k]
        if f[k] <= 2000.0:
            low_peak = max(low_peak, p[k])
        elif f[k] <= 5000.0:
            high_peak = max(high_peak, p[k])
        if 250.0 <= f[k] <= 650.0:
            voice += p[k]
        if 1000.0 <= f[k] <= 4000.0:
            middle += p[k]
    row[14] = 10.0 * math.log10((low + FLOOR) / (high + FLOOR))
    row[15] = 10.0 * math.log10((low_peak + FLOOR) / (high_peak + FLOOR))
    row[16] = 10.0 * math.log10((voice + FLOOR) / (1.0 + FLOOR))
    row[17] = 10.0 * math.log10((middle + FLOOR) / (1.0 + FLOOR))
