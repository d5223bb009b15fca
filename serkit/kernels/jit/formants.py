"""Formants by Burg's method; ``serkit.kernels.reference.formants`` says what is computed.

Poles come from the simultaneous iteration of O. Aberth (Mathematics of Computation 27, 1973): cubic, without deflation,
and needing no LAPACK, which Numba would take from SciPy.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from serkit.kernels.jit.compiled import jit
from serkit.kernels.jit.frames import take_frame
from serkit.kernels.reference.formants import INAUDIBLE, MARGIN_HZ, window
from serkit.kernels.voice_parameters import FormantParameters

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

_MOST_STEPS = 200
_CLOSE = 1e-13  # the steps end when no pole moves by more: the unit circle is 1, float64 rounds at 1e-16


def formants(waveform: Floats, count: int, p: FormantParameters) -> Array:
    """Frequency and bandwidth in Hz of the lowest formants, float64 ``[count, n_formants, 2]``, NaN where there are
    fewer, of a checked waveform, float32 ``[T]``."""
    out = np.empty((count, p.n_formants, 2))
    _formants(
        waveform, window(p.frame_samples), p.hop_samples, float(p.sample_rate), p.order, p.preemphasis, out
    )  # fmt: skip
    return out


@jit
def burg(x: Any, backward: Any, a: Any, swap: Any) -> None:
    """Fill ``a`` ``[order + 1]`` with the prediction polynomial of ``x`` ``[N]``; ``x`` and ``backward`` ``[N]`` are
    used up, ``swap`` is ``[order + 1]``."""
    order = a.shape[0] - 1
    n = x.shape[0]
    backward[:] = x
    a[:] = 0.0
    a[0] = 1.0
    for m in range(1, order + 1):
        # forward errors are x[m:], backward ones backward[:n - m]; four sums at once, always in this order
        p0 = p1 = p2 = p3 = 0.0
        c0 = c1 = c2 = c3 = 0.0
        f = x[m:]
        b = backward[: n - m]
        whole = (n - m) // 4 * 4
        for t in range(0, whole, 4):
            c0 += f[t] * b[t]
            c1 += f[t + 1] * b[t + 1]
            c2 += f[t + 2] * b[t + 2]
            c3 += f[t + 3] * b[t + 3]
            p0 += f[t] * f[t] + b[t] * b[t]
            p1 += f[t + 1] * f[t + 1] + b[t + 1] * b[t + 1]
            p2 += f[t + 2] * f[t + 2] + b[t + 2] * b[t + 2]
            p3 += f[t + 3] * f[t + 3] + b[t + 3] * b[t + 3]
        for t in range(whole, n - m):
            c0 += f[t] * b[t]
            p0 += f[t] * f[t] + b[t] * b[t]
        power = (p0 + p1) + (p2 + p3)
        k = -2.0 * ((c0 + c1) + (c2 + c3)) / power if power > 0.0 else 0.0
        swap[: m + 1] = a[: m + 1]
        for j in range(1, m + 1):
            a[j] = swap[j] + k * swap[m - j]
        for t in range(n - m):
            forward = f[t] + k * b[t]
            b[t] += k * f[t]
            f[t] = forward


@jit
def roots(a: Any, re: Any, im: Any) -> bool:
    """Fill ``re`` and ``im`` ``[order]`` with the roots of ``a`` ``[order + 1]``, a[0] = 1; False if they move on.

    All roots are expected within or near the unit circle.
    """
    order = a.shape[0] - 1
    for k in range(order):
        # neither symmetric to the real axis nor real, so that pairs and real roots can both be reached
        angle = 2.0 * math.pi * (k + 0.35) / order
        re[k] = 0.9 * math.cos(angle)
        im[k] = 0.9 * math.sin(angle)
    for _ in range(_MOST_STEPS):
        furthest = 0.0
        for k in range(order):
            x, y = re[k], im[k]
            # the polynomial p and its derivative d at z = x + iy by Horner's rule
            pr, pi, dr, di = 1.0, 0.0, 0.0, 0.0
            for j in range(1, order + 1):
                dr, di = dr * x - di * y + pr, dr * y + di * x + pi
                pr, pi = pr * x - pi * y + a[j], pr * y + pi * x
            # step = p / (d - p sum 1 / (z - other))
            sr = si = 0.0
            for j in range(order):
                if j != k:
                    u, v = x - re[j], y - im[j]
                    size = u * u + v * v
                    if size > 0.0:
                        sr += u / size
                        si -= v / size
            br, bi = dr - (pr * sr - pi * si), di - (pr * si + pi * sr)
            size = br * br + bi * bi
            if size == 0.0:
                continue
            u, v = (pr * br + pi * bi) / size, (pi * br - pr * bi) / size
            re[k] = x - u
            im[k] = y - v
            furthest = max(furthest, abs(u), abs(v))
        if furthest < _CLOSE:
            return True
    # multiple roots settle slowly and to half the digits, which is far below a Hertz
    return furthest < 1e-6


@jit
def _formants(samples: Any, w: Any, hop: float, rate: float, order: int, preemphasis: float, out: Any) -> None:
    n, n_formants = w.shape[0], out.shape[1]
    signal = np.empty(samples.shape[0])
    largest = 0.0
    for t in range(samples.shape[0]):
        signal[t] = samples[t] - (preemphasis * samples[t - 1] if t > 0 else 0.0)
        largest = max(largest, abs(signal[t]))
    frame = np.empty(n)
    backward = np.empty(n)
    a = np.empty(order + 1)
    swap = np.empty(order + 1)
    re = np.empty(order)
    im = np.empty(order)
    out[:] = np.nan
    for i in range(out.shape[0]):
        take_frame(signal, math.floor(i * hop + 0.5), frame)
        power = 0.0
        for k in range(n):
            frame[k] *= w[k]
            power += frame[k] * frame[k]
        if not power / n > INAUDIBLE * largest * largest:
            continue
        burg(frame, backward, a, swap)
        if not roots(a, re, im):
            continue
        # the lowest ones, put in their place one by one
        count = 0
        for k in range(order):
            if im[k] <= 0.0:
                continue
            hz = math.atan2(im[k], re[k]) * rate / (2.0 * math.pi)
            if not MARGIN_HZ <= hz <= 0.5 * rate - MARGIN_HZ:
                continue
            slot = min(count, n_formants)
            while slot > 0 and out[i, slot - 1, 0] > hz:
                slot -= 1
            if slot == n_formants:
                continue
            for j in range(min(count, n_formants - 1), slot, -1):
                out[i, j, 0] = out[i, j - 1, 0]
                out[i, j, 1] = out[i, j - 1, 1]
            out[i, slot, 0] = hz
            out[i, slot, 1] = -math.log(math.hypot(re[k], im[k])) * rate / math.pi
            count = min(count + 1, n_formants)
