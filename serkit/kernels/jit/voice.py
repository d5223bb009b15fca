"""Source-filter voice: a glottal pulse train and noise through a cascade of moving resonators, sample by sample.

Plain IEEE float64 in a fixed order (no fastmath), so that the same tracks and noise give the same samples wherever
``exp`` and ``cos`` round alike. Sources: D. Klatt, "Software for a cascade/parallel formant synthesizer", JASA 67
(1980), for the resonator and the cascade; D. Klatt and L. Klatt, JASA 87 (1990), for the polynomial glottal pulse and
the one-pole spectral tilt; V. Välimäki and A. Huovilainen, IEEE Signal Processing Magazine 24 (2007), for the
two-sample polynomial residual that band-limits the step at glottal closure.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from serkit.kernels.jit.compiled import jit

Array = NDArray[np.float64]

_ZERO = 0.75


def voice(
    f0_hz: Array,
    voicing: Array,
    aspiration: Array,
    frication: Array,
    formants_hz: Array,
    bandwidths_hz: Array,
    noise_hz: Array,
    noise_bandwidth_hz: Array,
    noise: Array,
    cycles: Array,
    *,
    hop: int,
    sample_rate: int,
    open_quotient: float,
    tilt_pole: float,
    jitter: float,
    shimmer: float,
) -> Array:
    """Render control tracks to samples.

    ``f0_hz``, ``voicing``, ``aspiration``, ``frication``, ``noise_hz``, ``noise_bandwidth_hz`` are float64 ``[K]``
    and ``formants_hz``, ``bandwidths_hz`` float64 ``[K, R]``: track values at samples ``k * hop``, amplitudes linear
    and >= 0, ``f0_hz`` > 0 even where nothing is voiced. ``noise`` is float64 ``[2, T]`` (aspiration, frication) of
    unit variance with ``T <= K * hop``; ``cycles`` is float64 ``[2, C]`` of unit variance, one column a glottal cycle
    (period, amplitude), cyclic if more are needed. ``open_quotient`` is the open part of a period in (0, 1),
    ``tilt_pole`` the pole in [0, 1) of the tilt filter (``tilt_pole_of``), ``jitter`` and ``shimmer`` the standard
    deviations of a cycle's relative period and amplitude. Returns float64 ``[T]``, not scaled. Raises ValueError if
    the noise is longer than the tracks.
    """
    if noise.shape[1] > f0_hz.shape[0] * hop:
        raise ValueError(f"noise has {noise.shape[1]} samples, the tracks cover {f0_hz.shape[0] * hop}; cut the noise.")
    out = np.empty(noise.shape[1])
    _render(
        f0_hz, voicing, aspiration, frication, formants_hz, bandwidths_hz, noise_hz, noise_bandwidth_hz, noise, cycles,
        hop, float(sample_rate), open_quotient, tilt_pole, jitter, shimmer, out,
    )  # fmt: skip
    return out


def tilt_pole_of(tilt_db: float, at_hz: float, sample_rate: int) -> float:
    """Pole d in [0, 1) of ``y[n] = (1 - d) x[n] + d y[n-1]`` that is ``tilt_db`` > 0 below its DC gain at ``at_hz``."""
    power = 10.0 ** (-tilt_db / 10.0)
    p = (1.0 - power * math.cos(2.0 * math.pi * at_hz / sample_rate)) / (1.0 - power)
    return float(p - math.sqrt(p * p - 1.0))


@jit
def _render(
    f0_hz: Array,
    voicing: Array,
    aspiration: Array,
    frication: Array,
    formants_hz: Array,
    bandwidths_hz: Array,
    noise_hz: Array,
    noise_bandwidth_hz: Array,
    noise: Array,
    cycles: Array,
    hop: int,
    rate: float,
    open_quotient: float,
    tilt_pole: float,
    jitter: float,
    shimmer: float,
    out: Array,
) -> None:
    n_frames, n_res = formants_hz.shape
    n_cycles = cycles.shape[1]
    a = np.zeros(n_res + 1)
    b = np.zeros(n_res + 1)
    c = np.zeros(n_res + 1)
    y1 = np.zeros(n_res + 1)
    y2 = np.zeros(n_res + 1)
    phase = 0.0  # position in the glottal cycle, 0 to 1
    step = f0_hz[0] / rate
    gain = 1.0
    cycle = 0
    closing = 0.0  # what the step at closure still owes to the next sample
    tilted = 0.0
    previous_noise = 0.0
    for n in range(out.shape[0]):
        k = n // hop
        w = (n - k * hop) / hop
        k1 = min(k + 1, n_frames - 1)
        if n == k * hop:
            for r in range(n_res):
                _resonator(formants_hz[k, r], bandwidths_hz[k, r], rate, r, a, b, c)
            _resonator(noise_hz[k], noise_bandwidth_hz[k], rate, n_res, a, b, c)

        # derivative of the flow 3u^2 - 3u^3 over the open phase: it falls to -1 at closure and steps back to 0
        u = phase / open_quotient
        flow = (2.0 * u - 3.0 * u * u) if u < 1.0 else 0.0
        flow += closing
        closing = 0.0
        ahead = (open_quotient - phase) / step  # samples until closure
        if 0.0 < ahead <= 1.0:
            before = 1.0 - ahead
            flow += 0.5 * before * before
            closing = -0.5 * ahead * ahead
        before_tilt = tilted
        tilted = (1.0 - tilt_pole) * gain * flow + tilt_pole * tilted
        # turbulence is strongest while the folds are open
        breath = noise[0, n] * (1.0 if u < 1.0 else 0.3)

        # the zero gives back what five resonators and a soft pulse lack above 2 kHz against recorded speech
        x = (tilted - _ZERO * before_tilt) / (1.0 - _ZERO) * (voicing[k] + w * (voicing[k1] - voicing[k]))
        x += breath * (aspiration[k] + w * (aspiration[k1] - aspiration[k]))
        for r in range(n_res):
            x = a[r] * x + b[r] * y1[r] + c[r] * y2[r]
            y2[r] = y1[r]
            y1[r] = x
        # fricatives are made in front of the tract: differentiated noise through one resonance of its own
        source = noise[1, n] - previous_noise
        previous_noise = noise[1, n]
        hiss = a[n_res] * source + b[n_res] * y1[n_res] + c[n_res] * y2[n_res]
        y2[n_res] = y1[n_res]
        y1[n_res] = hiss
        out[n] = x + hiss * (frication[k] + w * (frication[k1] - frication[k]))

        phase += step
        if phase >= 1.0:
            phase -= 1.0
            f0 = f0_hz[k] + w * (f0_hz[k1] - f0_hz[k])
            # a period is drawn once a cycle; 0.2 keeps a rare draw from turning time back
            step = f0 / rate / max(0.2, 1.0 + jitter * cycles[0, cycle % n_cycles])
            gain = max(0.0, 1.0 + shimmer * cycles[1, cycle % n_cycles])
            cycle += 1


@jit
def _resonator(frequency: float, bandwidth: float, rate: float, r: int, a: Array, b: Array, c: Array) -> None:
    """Klatt's second-order resonator of unit gain at 0 Hz, written to row ``r`` of the coefficients."""
    decay = math.exp(-math.pi * bandwidth / rate)
    c[r] = -decay * decay
    b[r] = 2.0 * decay * math.cos(2.0 * math.pi * frequency / rate)
    a[r] = 1.0 - b[r] - c[r]
