"""Log-Mel features in NumPy float64, one function a stage.

Formulas: HTK Mel scale ``2595 log10(1 + f/700)``; Slaney scale linear to 1 kHz and logarithmic above with
``ln(6.4)/27`` a Mel; deltas by regression, ``d_t = sum_n n (m_{t+n} - m_{t-n}) / (2 sum_n n^2)`` with edge frames
repeated (Chen et al. 2018, equation of section II-A).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from serkit.kernels.parameters import Framing, LogMelParameters, MelScale, WindowName

Array = npt.NDArray[np.float64]


def window(name: WindowName, length: int) -> Array:
    """Analysis window, float64 ``[length]``. Plain names are symmetric, ``-periodic`` ones have period ``length``."""
    if name == "rectangular" or length == 1:
        return np.ones(length)
    offset = 0.54 if name.startswith("hamming") else 0.5
    period = length if name.endswith("periodic") else length - 1
    return offset - (1.0 - offset) * np.cos(2.0 * np.pi * np.arange(length) / period)


def n_frames(n_samples: int, frame: int, hop: int, framing: Framing, n_fft: int) -> int:
    """Number of frames of ``n_samples >= 1`` samples; 0 if ``snip`` and the waveform is shorter than a frame."""
    if framing == "tail":
        return 1 if n_samples <= frame else 1 + -(-(n_samples - frame) // hop)
    if framing == "snip":
        return 0 if n_samples < frame else 1 + (n_samples - frame) // hop
    return 1 + (n_samples + 2 * (n_fft // 2) - n_fft) // hop


def condition(waveform: Array, *, standardize: bool, scale: float, preemphasis: float) -> Array:
    """The signal that is analysed, ``[T]``. A constant waveform, standardised, is silence."""
    x = np.asarray(waveform, dtype=np.float64)
    if standardize:
        deviation = 0.0 if np.all(x == x[0]) else float(x.std())
        x = (x - x.mean()) / deviation if deviation > 0.0 else np.zeros_like(x)
    else:
        x = x * scale
    return np.concatenate([x[:1], x[1:] - preemphasis * x[:-1]])


def frames(signal: Array, p: LogMelParameters) -> Array:
    """Frames of the signal before the window, ``[F, frame_samples]``."""
    count = n_frames(len(signal), p.frame_samples, p.hop_samples, p.framing, p.n_fft)
    if p.framing == "center":
        pad = p.n_fft // 2
        signal = np.pad(signal, pad, mode="reflect") if len(signal) > 1 else np.repeat(signal, 2 * pad + 1)
        signal = signal[(p.n_fft - p.frame_samples) // 2 :]
    starts = p.hop_samples * np.arange(count)
    end = int(starts[-1]) + p.frame_samples if count else 0
    signal = np.pad(signal, (0, max(0, end - len(signal))))
    out: Array = signal[starts[:, None] + np.arange(p.frame_samples)]
    return out


def power_spectrum(windowed: Array, n_fft: int) -> Array:
    """``|X|^2`` of frames ``[F, n <= n_fft]`` padded with zeros, ``[F, n_fft // 2 + 1]``."""
    spectrum = np.fft.rfft(windowed, n_fft, axis=1)
    return spectrum.real**2 + spectrum.imag**2


def mel_corners(scale: MelScale, f_min: float, f_max: float, n_mels: int) -> Array:
    """Corner frequencies in Hz, ``[n_mels + 2]``, equally far apart in Mel."""
    if scale == "slaney":
        step = np.log(6.4) / 27.0

        def to_mel(f: Array) -> Array:
            return np.where(f < 1000.0, f * 3.0 / 200.0, 15.0 + np.log(np.maximum(f, 1000.0) / 1000.0) / step)

        def to_hz(m: Array) -> Array:
            return np.where(m < 15.0, m * 200.0 / 3.0, 1000.0 * np.exp(step * (m - 15.0)))
    else:

        def to_mel(f: Array) -> Array:
            return 2595.0 * np.log10(1.0 + f / 700.0)

        def to_hz(m: Array) -> Array:
            return 700.0 * (10.0 ** (m / 2595.0) - 1.0)

    low, high = to_mel(np.array([f_min, f_max]))
    corners = to_hz(np.linspace(low, high, n_mels + 2))
    corners[0], corners[-1] = f_min, f_max
    return corners


def mel_filters(p: LogMelParameters) -> Array:
    """Triangular filters over power bins, dense, ``[n_mels, n_fft // 2 + 1]``."""
    corners = mel_corners(p.mel_scale, p.f_min, p.f_max, p.n_mels)
    widths = corners[2:] - corners[:-2]
    at = np.arange(p.n_fft // 2 + 1) * (p.sample_rate / p.n_fft)
    if p.mel_scale == "psf-bins":
        corners, at = np.floor(corners * (p.n_fft + 1) / p.sample_rate), np.arange(p.n_fft // 2 + 1.0)
    left, centre, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    with np.errstate(divide="ignore", invalid="ignore"):  # sides without width are not taken
        filters = np.where(at < centre, (at - left) / (centre - left), (right - at) / (right - centre))
    filters = np.where((at >= left) & (at < right), filters, 0.0)
    if p.mel_norm == "slaney":
        filters = filters * (2.0 / widths)[:, None]
    return filters


def delta(rows: Array, half: int) -> Array:
    """Regression deltas over ``2 half + 1`` frames of ``[F, ...]``, edge frames repeated."""
    count = len(rows)
    total = np.zeros_like(rows)
    for n in range(1, half + 1):
        after = rows[np.minimum(np.arange(count) + n, count - 1)]
        before = rows[np.maximum(np.arange(count) - n, 0)]
        total += n * (after - before)
    return total / (2 * sum(n * n for n in range(1, half + 1)))


def mel_power(waveform: npt.ArrayLike, p: LogMelParameters) -> Array:
    """Mel band powers before the logarithm, ``[F, n_mels]``, of a waveform ``[T]``."""
    signal = condition(
        np.asarray(waveform, dtype=np.float64), standardize=p.standardize, scale=p.scale, preemphasis=p.preemphasis
    )
    windowed = frames(signal, p) * window(p.window, p.frame_samples)
    return power_spectrum(windowed, p.n_fft) * p.power_gain @ mel_filters(p).T


def log_mel(waveform: npt.ArrayLike, p: LogMelParameters) -> Array:
    """Log-Mel features with deltas, ``[F, n_mels, channels]``, of a waveform ``[T]``."""
    rows = mel_power(waveform, p)
    if p.log == "natural":
        rows = np.log(np.maximum(rows, p.floor))
    elif p.log == "psf":
        rows = np.log(np.where(rows == 0.0, np.finfo(np.float64).eps, rows))
    first = delta(rows, p.delta_window)
    channels = {"static": rows, "delta": first, "delta2": delta(first, p.delta_window)}
    return np.stack([channels[name] for name in p.channels], axis=-1)
