"""F0 by subharmonic summation; ``serkit.kernels.reference.subharmonics`` says what is computed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from serkit.kernels.jit.compiled import jit
from serkit.kernels.jit.path import extend, trace
from serkit.kernels.reference.subharmonics import (
    AXIS_FROM_HZ,
    CANDIDATES,
    COMPRESSION,
    JUMP_COST,
    PEAK_HZ,
    PER_OCTAVE,
    VOICING_COST,
    SubharmonicParameters,
    axis,
    sensitivity,
    shifts,
)

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]


def track(power: Floats, p: SubharmonicParameters) -> Array:
    """F0 in Hz, float64 ``[F]``, NaN where unvoiced, of power spectra, float32 ``[F, bins]`` contiguous, of frames
    10 ms apart."""
    hz = axis(power.shape[1], p.bin_hz)
    out = np.full(len(power), np.nan)
    reach = max(1, int(PEAK_HZ / p.bin_hz + 0.5))
    _track(
        power, hz / p.bin_hz, sensitivity(hz), shifts(), reach, p.f0_min, p.f0_max, p.voicing_threshold, out
    )  # fmt: skip
    return out


@jit
def _enhance(power: Any, reach: int, magnitude: Any, kept: Any, smooth: Any) -> None:
    n = power.shape[0]
    for k in range(n):
        magnitude[k] = math.sqrt(np.float64(power[k]))
        kept[k] = 0.0
    done = 0  # kept up to here
    for k in range(1, n - 1):
        if magnitude[k] >= magnitude[k - 1] and magnitude[k] > magnitude[k + 1]:
            begin, end = max(done, k - reach), min(n, k + reach + 1)
            for j in range(begin, end):
                kept[j] = magnitude[j]
            done = max(done, end)
    for k in range(n):
        smooth[k] = 0.25 * kept[max(0, k - 1)] + 0.5 * kept[k] + 0.25 * kept[min(n - 1, k + 1)]


@jit
def _sum(smooth: Any, place: Any, weight: Any, shift: Any, heard: Any, out: Any) -> None:
    n = place.shape[0]
    last = smooth.shape[0] - 1
    for g in range(n):
        k = int(place[g])
        t = place[g] - k
        a, b, c, d = smooth[k - 1], smooth[k], smooth[k + 1], smooth[min(k + 2, last)]
        cubic = b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
        heard[g] = max(cubic, 0.0) * weight[g]
        out[g] = heard[g]
    factor = 1.0
    for h in range(1, shift.shape[0]):
        factor *= COMPRESSION
        far = heard[min(shift[h], n) :]
        for g in range(far.shape[0]):
            out[g] += factor * far[g]


@jit
def _candidates(sums: Any, f0_min: float, f0_max: float, f0: Any, probability: Any) -> int:
    """Fill the best candidates in falling order and return how many there are."""
    n = sums.shape[0]
    mean = 0.0
    for g in range(n):
        mean += sums[g]
    mean /= n
    count = 0
    for k in range(1, n - 1):
        left, mid, right = sums[k - 1], sums[k], sums[k + 1]
        if not (mid > left and mid >= right):
            continue
        bend = left - 2.0 * mid + right
        shift = 0.5 * (left - right) / bend if bend < 0.0 else 0.0
        hz = AXIS_FROM_HZ * 2.0 ** ((k + shift) / PER_OCTAVE)
        if not f0_min <= hz <= f0_max:
            continue
        value = 1.0 - mean / (mid - 0.25 * (left - right) * shift)
        slot = min(count, CANDIDATES)
        while slot > 0 and probability[slot - 1] < value:
            slot -= 1
        if slot == CANDIDATES:
            continue
        count = min(count + 1, CANDIDATES)
        for j in range(count - 1, slot, -1):
            f0[j] = f0[j - 1]
            probability[j] = probability[j - 1]
        f0[slot] = hz
        probability[slot] = value
    return count


@jit
def _track(
    power: Any, place: Any, weight: Any, shift: Any, reach: int, f0_min: float, f0_max: float, threshold: float,
    out: Any,
) -> None:  # fmt: skip
    n_frames, n_bins = power.shape
    magnitude, kept, smooth = np.empty(n_bins), np.empty(n_bins), np.empty(n_bins)
    heard, sums = np.empty(place.shape[0]), np.empty(place.shape[0])
    most = CANDIDATES + 1  # the first is being unvoiced
    f0 = np.zeros((n_frames, most))
    came = np.zeros((n_frames, most), dtype=np.uint8)
    score, before = np.empty(most), np.empty(most)
    log_f0, log_before = np.zeros(most), np.zeros(most)
    count_before = 0
    for i in range(n_frames):
        _enhance(power[i], reach, magnitude, kept, smooth)
        _sum(smooth, place, weight, shift, heard, sums)
        count = 1 + _candidates(sums, f0_min, f0_max, f0[i, 1:], score[1:])
        score[0] = threshold
        for k in range(1, count):
            log_f0[k] = math.log2(f0[i, k])
        if i > 0:
            extend(score, log_f0, count, before, log_before, count_before, JUMP_COST, VOICING_COST, came, i)
        score, before = before, score
        log_f0, log_before = log_before, log_f0
        count_before = count
    trace(before, count_before, f0, came, out)
