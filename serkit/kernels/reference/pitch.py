"""F0, voicing and harmonics-to-noise ratio by autocorrelation and a Viterbi path, in NumPy float64.

P. Boersma, "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled
sound", Proc. Institute of Phonetic Sciences Amsterdam 17 (1993), 97-110: the autocorrelation of the windowed frame
divided by that of the window (equation 9), band-limited interpolation of its maxima, strengths of candidates (equations
23, 24), the path (26, 27) and HNR = 10 log10(r / (1 - r)) (4). Where the paper leaves a choice or this differs, the
functions say so.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from serkit.kernels.reference.voice_frames import frames
from serkit.kernels.voice_parameters import PitchParameters

Array = npt.NDArray[np.float64]

REACH = 16
"""Samples on each side that interpolation takes."""
PARTS = 4
"""Parts of a sample at which maxima are looked for before the parabola."""
INAUDIBLE = 1e-6
"""Frames whose peak is below this share of the waveform's largest sample are rounding, not sound."""
LIMIT_DB = 60.0
"""Bounds of the harmonics-to-noise ratio: 1 - r is known to about 1e-6 where samples have 16 bits."""


def window(length: int) -> Array:
    """Hann window without zeros at its ends, ``[length]``."""
    return 0.5 - 0.5 * np.cos(2.0 * np.pi * (np.arange(length) + 0.5) / length)


def autocorrelation(x: Array, lags: int) -> Array:
    """``sum_n x[n] x[n + lag]`` for lag 0 .. lags - 1."""
    return np.array([x[: len(x) - lag] @ x[lag:] for lag in range(lags)])


def normalized(frame: Array, lags: int) -> Array:
    """Autocorrelation of the frame under the window, over its value at 0 and over the window's own (equation 9)."""
    w = window(len(frame))
    own, shape = autocorrelation(frame * w, lags), autocorrelation(w, lags)
    out: Array = own / own[0] * (shape[0] / shape)
    return out


def interpolator() -> Array:
    """Weights ``[2 PARTS - 1, 2 REACH]`` of a windowed sinc at offsets -1 + 1/PARTS .. 1 - 1/PARTS of a lag, for the
    lags from ``lag - REACH`` on; the raised cosine ends at REACH samples."""
    offset = np.arange(1 - PARTS, PARTS)[:, None] / PARTS
    distance = offset - np.arange(-REACH, REACH)
    taper = np.where(np.abs(distance) < REACH, 0.5 + 0.5 * np.cos(np.pi * distance / REACH), 0.0)
    out: Array = np.sinc(distance) * taper
    return out


def refine(r: Array, lag: int) -> tuple[float, float]:
    """Place (in samples) and height of the maximum of r near the integer maximum ``lag``."""
    near = r[np.abs(np.arange(lag - REACH, lag + REACH))]
    fine = np.concatenate([r[[lag - 1]], interpolator() @ near, r[[lag + 1]]])
    best = 1 + int(np.argmax(fine[1:-1]))
    left, mid, right = fine[best - 1 : best + 2]
    bend = left - 2.0 * mid + right
    shift = 0.5 * (left - right) / bend if bend < 0.0 else 0.0
    height = mid - 0.25 * (left - right) * shift
    # a maximum above 1 is an artefact of the division by the window's autocorrelation; the paper folds it back
    return lag + (best - PARTS + shift) / PARTS, height if height <= 1.0 else 1.0 / height


def candidates(frame: Array, peak: float, largest: float, p: PitchParameters) -> list[tuple[float, float]]:
    """``(F0 in Hz, strength)`` of a frame's candidates; the first is unvoiced, with F0 0.

    ``peak`` is the largest absolute sample of the waveform less its mean, ``largest`` of the waveform itself. The local
    peak is that of the middle third of the frame, a longest period.
    """
    x = frame - frame.mean()
    n = len(x)
    local = float(np.max(np.abs(x[n // 3 : n - n // 3])))
    relative = local / peak if peak > 0.0 else 0.0
    unvoiced = p.voicing_threshold + max(0.0, 2.0 - relative * (1.0 + p.voicing_threshold) / p.silence_threshold)
    found = [(0.0, unvoiced)]
    if local <= INAUDIBLE * largest:
        return found
    first, last = p.lags
    r = normalized(x, last + REACH + 1)
    for lag in range(first, last + 1):
        if r[lag] > 0.5 * p.voicing_threshold and r[lag] > r[lag - 1] and r[lag] >= r[lag + 1]:
            place, height = refine(r, lag)
            f0 = p.sample_rate / place
            if p.f0_min <= f0 <= p.f0_max:
                found.append((f0, height - p.octave_cost * np.log2(p.f0_min / f0)))
    voiced = sorted(found[1:], key=lambda c: -c[1])[: p.candidates - 1]
    return found[:1] + voiced


def harmonics_to_noise(frame: Array, f0: float, p: PitchParameters) -> float:
    """Harmonics-to-noise ratio in dB, within LIMIT_DB, of a frame of ``hnr_samples``.

    r is the largest of the normalised autocorrelation near the period that the path chose. The frame is longer than
    that of the path (p. 106: three periods find F0, a ratio above some 30 dB needs more).
    """
    lag = int(np.floor(p.sample_rate / f0 + 0.5))
    r = normalized(frame - frame.mean(), lag + REACH + 3)
    best = lag - 1 + int(np.argmax(r[lag - 1 : lag + 2]))
    floor = 1.0 / (1.0 + 10.0 ** (LIMIT_DB / 10.0))
    height = min(max(refine(r, best)[1], floor), 1.0 - floor)
    return float(10.0 * np.log10(height / (1.0 - height)))


def transition(before: float, after: float, p: PitchParameters) -> float:
    """Cost of going from F0 ``before`` to ``after`` (0: unvoiced) in one hop."""
    per_10_ms = 0.010 * p.sample_rate / p.hop_samples
    if (before == 0.0) != (after == 0.0):
        return p.voicing_cost * per_10_ms
    return p.jump_cost * per_10_ms * abs(np.log2(before / after)) if before > 0.0 else 0.0


def pitch(waveform: npt.NDArray[np.floating], p: PitchParameters) -> Array:
    """F0 in Hz (NaN where unvoiced) and harmonics-to-noise ratio in dB (NaN where unvoiced), ``[F, 2]``."""
    x = np.asarray(waveform, dtype=np.float64)
    centres = p.hop_samples * np.arange(1 + len(x) // p.hop_samples)
    peak, largest = float(np.max(np.abs(x - x.mean()))), float(np.max(np.abs(x)))
    lists = [candidates(f, peak, largest, p) for f in frames(x, p.frame_samples, centres)]
    score = [c[1] for c in lists[0]]
    came: list[list[int]] = []
    for here, there in pairwise(lists):
        ways = [[s - transition(a[0], b[0], p) for s, a in zip(score, here, strict=True)] for b in there]
        came.append([int(np.argmax(w)) for w in ways])
        score = [max(w) + b[1] for w, b in zip(ways, there, strict=True)]
    k = int(np.argmax(score))
    out = np.full((len(lists), 2), np.nan)
    long = frames(x, p.hnr_samples, centres)
    for i in range(len(lists) - 1, -1, -1):
        f0 = lists[i][k][0]
        if f0 > 0.0:
            out[i] = f0, harmonics_to_noise(long[i], f0, p)
        if i:
            k = came[i - 1][k]
    return out
