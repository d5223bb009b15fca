"""F0, voicing and harmonics-to-noise ratio; ``serkit.kernels.reference.pitch`` says what is computed.

Sums over a frame run over lags inside: independent sums side by side fill the vector unit without reordering any.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from serkit.kernels.jit.compiled import jit
from serkit.kernels.jit.frames import take_frame
from serkit.kernels.jit.path import extend, trace
from serkit.kernels.reference.pitch import INAUDIBLE, LIMIT_DB, PARTS, REACH, interpolator, window
from serkit.kernels.voice_parameters import PitchParameters

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

SPARE = 15
"""Zeros that ``autocorrelate`` wants behind the lags: passes are of eight samples, the last may begin at any."""


class PitchKernel:
    """The pitch kernel for one set of parameters; many threads may call it."""

    def __init__(self, parameters: PitchParameters) -> None:
        p = self._parameters = parameters
        last = p.lags[1]
        self._window, self._unbias = window(p.frame_samples), _unbias(p.frame_samples, last + REACH + 1)
        self._hnr_window, self._hnr_unbias = window(p.hnr_samples), _unbias(p.hnr_samples, last + REACH + 4)
        self._interpolator = np.ascontiguousarray(interpolator().T)
        per_10_ms = 0.010 * p.sample_rate / p.hop_samples
        self._numbers = (
            p.hop_samples, float(p.sample_rate), p.lags[0], p.f0_min, p.f0_max, p.candidates, p.silence_threshold,
            p.voicing_threshold, p.octave_cost, p.jump_cost * per_10_ms, p.voicing_cost * per_10_ms,
        )  # fmt: skip

    def __call__(self, waveform: Floats, hnr: bool = True) -> Array:
        """F0 in Hz and harmonics-to-noise ratio in dB, both NaN where unvoiced, float64 ``[F, 2]``, of a checked
        waveform, float32 ``[T]``; F = 1 + T // hop. ``hnr=False`` leaves the ratio NaN everywhere."""
        out = np.full((1 + len(waveform) // self._parameters.hop_samples, 2), np.nan)
        _track(waveform, self._window, self._unbias, self._interpolator, *self._numbers, out[:, 0])
        if hnr:
            hop, rate = self._parameters.hop_samples, float(self._parameters.sample_rate)
            _harmonics_to_noise(waveform, self._hnr_window, self._hnr_unbias, self._interpolator, hop, rate, out)
        return out


def _unbias(length: int, lags: int) -> Array:
    """What makes the autocorrelation under the window that of the frame, ``[lags]``."""
    shape = np.empty(lags)
    padded = np.zeros(length + lags + SPARE)
    padded[:length] = window(length)
    autocorrelate(padded, length, 0, shape)
    unbias: Array = shape[0] / shape
    return unbias


@jit
def autocorrelate(x: Any, n: int, first: int, out: Any) -> None:
    """``out[k] = sum of x[t] x[t + first + k]`` over t < n, for ``out`` ``[L]``.

    ``x`` is ``[n + first + L + SPARE]`` or longer and 0 from n on: a tail of its own would take as long as the rest.
    """
    lags = out.shape[0]
    out[:] = 0.0
    for t in range(0, n, 8):
        # eight samples a pass: the sums then go through memory an eighth as often
        a, b, c, d = x[t], x[t + 1], x[t + 2], x[t + 3]
        e, f, g, h = x[t + 4], x[t + 5], x[t + 6], x[t + 7]
        y = x[t + first : t + first + lags + 7]
        for k in range(lags):
            out[k] += ((a * y[k] + b * y[k + 1]) + (c * y[k + 2] + d * y[k + 3])) + (
                (e * y[k + 4] + f * y[k + 5]) + (g * y[k + 6] + h * y[k + 7])
            )


@jit
def _refine(r: Any, lag: int, weights: Any, fine: Any) -> tuple[float, float]:
    """Place in samples and height of the maximum near the integer maximum ``lag``."""
    inner = weights.shape[1]
    fine[:] = 0.0
    for k in range(2 * REACH):
        value = r[abs(lag - REACH + k)]
        for j in range(inner):
            fine[1 + j] += weights[k, j] * value
    fine[0] = r[lag - 1]
    fine[inner + 1] = r[lag + 1]
    best = 1
    for j in range(2, inner + 1):
        if fine[j] > fine[best]:
            best = j
    left, mid, right = fine[best - 1], fine[best], fine[best + 1]
    bend = left - 2.0 * mid + right
    shift = 0.5 * (left - right) / bend if bend < 0.0 else 0.0
    height = mid - 0.25 * (left - right) * shift
    return lag + (best - PARTS + shift) / PARTS, height if height <= 1.0 else 1.0 / height


@jit
def _track(
    samples: Any, w: Any, unbias: Any, weights: Any, hop: int, rate: float, first: int, f0_min: float, f0_max: float,
    most: int, silence: float, threshold: float, octave_cost: float, jump_cost: float, voicing_cost: float, out: Any,
) -> None:  # fmt: skip
    n_frames, n = out.shape[0], w.shape[0]
    mean = 0.0
    largest = 0.0
    for t in range(samples.shape[0]):
        mean += samples[t]
        largest = max(largest, abs(samples[t]))
    mean /= samples.shape[0]
    peak = 0.0
    for t in range(samples.shape[0]):
        peak = max(peak, abs(samples[t] - mean))
    scale = 1.0 / peak if peak > 0.0 else 1.0  # squares of the quietest waveforms would underflow float32

    frame = np.empty(n)
    # sums of float32 products differ from those of float64 by some 1e-7 of r[0], and take half the time
    short = np.zeros(n + unbias.shape[0] + SPARE, dtype=np.float32)
    sums = np.empty(unbias.shape[0], dtype=np.float32)
    r = np.empty(unbias.shape[0])
    fine = np.empty(weights.shape[1] + 2)
    # what is kept of a frame is its candidates and where the best way to each came from: most * 9 bytes
    f0 = np.zeros((n_frames, most))
    came = np.zeros((n_frames, most), dtype=np.uint8)
    strength, before = np.empty(most), np.empty(most)
    log_f0, log_before = np.zeros(most), np.zeros(most)
    count_before = 0
    last = unbias.shape[0] - REACH - 1
    for i in range(n_frames):
        take_frame(samples, i * hop, frame)
        mean = 0.0
        for k in range(n):
            mean += frame[k]
        mean /= n
        local = 0.0
        for k in range(n):
            frame[k] -= mean
            if n // 3 <= k < n - n // 3:
                local = max(local, abs(frame[k]))
            short[k] = frame[k] * scale * w[k]
        relative = local / peak if peak > 0.0 else 0.0
        strength[0] = threshold + max(0.0, 2.0 - relative * (1.0 + threshold) / silence)
        count = 1
        if local > INAUDIBLE * largest:
            autocorrelate(short, n, 0, sums)
            power = np.float64(sums[0])
            for lag in range(r.shape[0]):
                r[lag] = np.float64(sums[lag]) / power * unbias[lag]
            for lag in range(first, last + 1):
                if not (r[lag] > 0.5 * threshold and r[lag] > r[lag - 1] and r[lag] >= r[lag + 1]):
                    continue
                place, top = _refine(r, lag, weights, fine)
                hz = rate / place
                if not f0_min <= hz <= f0_max:
                    continue
                value = top - octave_cost * math.log2(f0_min / hz)
                slot = count
                if slot < most:
                    count += 1
                else:
                    slot = 1
                    for k in range(2, most):
                        if strength[k] < strength[slot]:
                            slot = k
                    if strength[slot] >= value:
                        continue
                f0[i, slot] = hz
                log_f0[slot] = math.log2(hz)
                strength[slot] = value
        # strength becomes the score of the best way to each candidate
        if i > 0:
            extend(strength, log_f0, count, before, log_before, count_before, jump_cost, voicing_cost, came, i)
        strength, before = before, strength
        log_f0, log_before = log_before, log_f0
        count_before = count
    trace(before, count_before, f0, came, out)


@jit
def _harmonics_to_noise(samples: Any, w: Any, unbias: Any, weights: Any, hop: int, rate: float, track: Any) -> None:
    n = w.shape[0]
    padded = np.zeros(n + unbias.shape[0] + SPARE)
    frame = padded[:n]
    r = np.zeros(unbias.shape[0])
    fine = np.empty(weights.shape[1] + 2)
    floor = 1.0 / (1.0 + 10.0 ** (LIMIT_DB / 10.0))
    for i in range(track.shape[0]):
        if np.isnan(track[i, 0]):
            continue
        take_frame(samples, i * hop, frame)
        mean = 0.0
        for k in range(n):
            mean += frame[k]
        mean /= n
        for k in range(n):
            frame[k] = (frame[k] - mean) * w[k]
        power = 0.0
        for k in range(n):
            power += frame[k] * frame[k]
        lag = math.floor(rate / track[i, 0] + 0.5)
        # only the lags that interpolation takes
        low, high = max(0, lag - REACH - 1), lag + REACH + 2
        autocorrelate(padded, n, low, r[low:high])
        for k in range(low, high):
            r[k] = r[k] / power * unbias[k]
        best = lag - 1
        for k in range(lag, lag + 2):
            if r[k] > r[best]:
                best = k
        top = min(max(_refine(r, best, weights, fine)[1], floor), 1.0 - floor)
        track[i, 1] = 10.0 * math.log10(top / (1.0 - top))
