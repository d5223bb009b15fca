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
from serkit.kernels.reference.pitch import INAUDIBLE, LIMIT_DB, PARTS, REACH, interpolator, window
from serkit.kernels.voice_parameters import PitchParameters

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]


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
    autocorrelate(window(length), 0, shape)
    unbias: Array = shape[0] / shape
    return unbias


@jit
def autocorrelate(x: Any, first: int, out: Any) -> None:
    """``out[k] = sum_n x[n] x[n + first + k]``; ``x`` ``[N]`` and ``out`` ``[L]`` float64, first + L <= N."""
    n, lags = x.shape[0], out.shape[0]
    out[:] = 0.0
    whole = n - first - lags - 3
    done = 0
    while done < whole:
        # four samples a pass: the sums then go through memory a quarter as often
        a, b, c, d = x[done], x[done + 1], x[done + 2], x[done + 3]
        ahead = x[done + first : done + first + lags + 3]
        for k in range(lags):
            out[k] += a * ahead[k] + b * ahead[k + 1] + c * ahead[k + 2] + d * ahead[k + 3]
        done += 4
    for i in range(done, n - first):
        a = x[i]
        for k in range(min(lags, n - first - i)):
            out[k] += a * x[i + first + k]


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

    frame = np.empty(n)
    r = np.empty(unbias.shape[0])
    fine = np.empty(weights.shape[1] + 2)
    f0 = np.zeros((n_frames, most))
    log_f0 = np.zeros((n_frames, most))
    strength = np.empty((n_frames, most))
    count = np.ones(n_frames, dtype=np.int64)
    came = np.zeros((n_frames, most), dtype=np.int64)
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
            frame[k] *= w[k]
        relative = local / peak if peak > 0.0 else 0.0
        strength[i, 0] = threshold + max(0.0, 2.0 - relative * (1.0 + threshold) / silence)
        if local <= INAUDIBLE * largest:
            continue
        autocorrelate(frame, 0, r)
        power = r[0]
        for lag in range(r.shape[0]):
            r[lag] = r[lag] / power * unbias[lag]
        for lag in range(first, last + 1):
            if not (r[lag] > 0.5 * threshold and r[lag] > r[lag - 1] and r[lag] >= r[lag + 1]):
                continue
            place, top = _refine(r, lag, weights, fine)
            hz = rate / place
            if not f0_min <= hz <= f0_max:
                continue
            value = top - octave_cost * math.log2(f0_min / hz)
            slot = count[i]
            if slot < most:
                count[i] += 1
            else:
                slot = 1
                for k in range(2, most):
                    if strength[i, k] < strength[i, slot]:
                        slot = k
                if strength[i, slot] >= value:
                    continue
            f0[i, slot] = hz
            log_f0[i, slot] = math.log2(hz)
            strength[i, slot] = value

    # the best path: strength becomes the score of the best way to each candidate
    for i in range(1, n_frames):
        for k in range(count[i]):
            best = -np.inf
            for j in range(count[i - 1]):
                jump = jump_cost * abs(log_f0[i - 1, j] - log_f0[i, k])
                cost = voicing_cost if (j == 0) != (k == 0) else jump
                score = strength[i - 1, j] - cost
                if score > best:
                    best = score
                    came[i, k] = j
            strength[i, k] += best
    k = 0
    for j in range(1, count[n_frames - 1]):
        if strength[n_frames - 1, j] > strength[n_frames - 1, k]:
            k = j
    for i in range(n_frames - 1, -1, -1):
        out[i] = f0[i, k] if k > 0 else np.nan
        k = came[i, k]


@jit
def _harmonics_to_noise(samples: Any, w: Any, unbias: Any, weights: Any, hop: int, rate: float, track: Any) -> None:
    n = w.shape[0]
    frame = np.empty(n)
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
        autocorrelate(frame, low, r[low:high])
        for k in range(low, high):
            r[k] = r[k] / power * unbias[k]
        best = lag - 1
        for k in range(lag, lag + 2):
            if r[k] > r[best]:
                best = k
        top = min(max(_refine(r, best, weights, fine)[1], floor), 1.0 - floor)
        track[i, 1] = 10.0 * math.log10(top / (1.0 - top))
