"""Spectral features in NumPy float64, one function a stage of ``serkit.kernels.parameters.SpectralParameters``.

Sources of the formulas: windows, pre-emphasis, the HTK Mel scale ``2595 log10(1 + f/700)``, triangles straight in Mel,
the DCT and the lifter are those of the HTK Book (Young et al. 2006, sections 5.3 to 5.6); the Slaney scale, linear to
1 kHz with 27 steps of ``ln(6.4)/27`` above, is that of Slaney's Auditory Toolbox (1998); the Povey window, mirrored
framing and pre-emphasis within a frame are Kaldi's (Povey et al. 2011); deltas by regression,
``d_t = sum_n n (m_{t+n} - m_{t-n}) / (2 sum_n n^2)`` with edge frames repeated, are the equation of section II-A of
Chen et al. 2018.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from serkit.kernels.parameters import MelScale, SpectralParameters, WindowName

Array = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]


def spectral(waveform: npt.ArrayLike, p: SpectralParameters) -> Array | Complex:
    """What the kernels compute of a waveform ``[T]``, T >= 1.

    Float64 ``[F, n_rows, channels]``; for ``stage="stft"`` complex128 ``[F, n_bins]``.
    """
    taken, energies = _frames(waveform, p)
    if p.stage == "stft":
        return _stft(taken, p)[:, p.first_bin : p.first_bin + p.n_bins]
    spectrum = _bin_power(taken, p)
    rows = logarithm(_rows(spectrum, p), p)
    if p.stage == "cepstra":
        rows = rows @ dct(p).T
        if p.energy == "spectrum":
            energies = spectrum.sum(axis=1)
        if p.energy != "none":
            rows = np.concatenate([logarithm(energies, p)[:, None], rows], axis=1)
    first = delta(rows, p.delta_window)
    channels = {"static": rows, "delta": first, "delta2": delta(first, p.delta_window)}
    return np.stack([channels[name] for name in p.channels], axis=-1)


def power(waveform: npt.ArrayLike, p: SpectralParameters) -> Array:
    """What the logarithm is taken of: bins ``[F, n_bins]`` of ``stage="spectrum"``, otherwise bands ``[F, n_mels]``."""
    return _rows(bin_power(waveform, p), p)


def bin_power(waveform: npt.ArrayLike, p: SpectralParameters) -> Array:
    """``power_gain |X|^2`` of every bin, ``[F, n_fft // 2 + 1]``: its largest of a frame scales the rounding of all."""
    return _bin_power(_frames(waveform, p)[0], p)


def energy(waveform: npt.ArrayLike, p: SpectralParameters) -> Array:
    """Energies of frames before the logarithm, ``[F]``, of an ``energy`` other than ``none``."""
    return bin_power(waveform, p).sum(axis=1) if p.energy == "spectrum" else _frames(waveform, p)[1]


def window(name: WindowName, length: int) -> Array:
    """Analysis window ``[length]``. Plain names are symmetric, ``-periodic`` ones have period ``length``."""
    if name == "rectangular" or length == 1:
        return np.ones(length)
    phase = 2.0 * np.pi * np.arange(length) / (length if name.endswith("periodic") else length - 1)
    if name.startswith("blackman"):
        return 0.42 - 0.5 * np.cos(phase) + 0.08 * np.cos(2.0 * phase)
    if name.startswith("hamming"):
        return 0.54 - 0.46 * np.cos(phase)
    hann = 0.5 - 0.5 * np.cos(phase)
    return hann**0.85 if name == "povey" else hann


def n_frames(n_samples: int, p: SpectralParameters) -> int:
    """Number of frames of ``n_samples >= 1`` samples; may be 0 with ``snip`` and ``mirror`` only."""
    frame, hop = p.frame_samples, p.hop_samples
    if p.framing == "tail":
        return 1 if n_samples <= frame else 1 + -(-(n_samples - frame) // hop)
    if p.framing == "snip":
        return 0 if n_samples < frame else 1 + (n_samples - frame) // hop
    if p.framing == "mirror":
        return (n_samples + hop // 2) // hop
    return 1 + (n_samples - p.n_fft % 2) // hop


def condition(waveform: npt.ArrayLike, p: SpectralParameters) -> Array:
    """The signal that is cut into frames, ``[T]``. A constant waveform, standardised, is silence."""
    x = np.asarray(waveform, dtype=np.float64)
    if p.standardize:
        deviation = 0.0 if np.all(x == x[0]) else float(x.std())
        x = (x - x.mean()) / deviation if deviation > 0.0 else np.zeros_like(x)
    else:
        x = x * p.scale
    if p.preemphasis_scope == "frame":
        return x
    return np.concatenate([x[:1], x[1:] - p.preemphasis * x[:-1]])


def frames(signal: Array, p: SpectralParameters) -> Array:
    """Frames of the conditioned signal, ``[F, frame_samples]``."""
    count, total = n_frames(len(signal), p), len(signal)
    first = 0
    if p.framing == "mirror":
        first = p.hop_samples // 2 - p.frame_samples // 2
    elif p.framing in ("center", "center-zero"):
        first = (p.n_fft - p.frame_samples) // 2 - p.n_fft // 2
    at = first + p.hop_samples * np.arange(count)[:, None] + np.arange(p.frame_samples)
    inside = (at >= 0) & (at < total)
    if p.framing == "center":
        period = max(1, 2 * (total - 1))
        at = at % period
        at = np.where(at < total, at, period - at)
    elif p.framing == "mirror":
        at = at % (2 * total)
        at = np.where(at < total, at, 2 * total - 1 - at)
    else:
        return np.where(inside, signal[np.where(inside, at, 0)], 0.0)
    return np.asarray(signal[at])


def mel_filters(p: SpectralParameters) -> Array:
    """Triangular filters over bins, dense, ``[n_mels, n_fft // 2 + 1]``."""
    corners = mel_corners(p.mel_scale, p.f_min, p.f_max, p.n_mels)
    widths = corners[2:] - corners[:-2]
    at: Array = np.arange(p.n_fft // 2 + 1.0) * (p.sample_rate / p.n_fft)
    if p.mel_scale == "psf-bins":
        corners, at = np.floor(corners * (p.n_fft + 1) / p.sample_rate), np.arange(p.n_fft // 2 + 1.0)
    elif p.mel_scale == "htk-warped":
        corners, at = _htk_mel(corners), _htk_mel(at)
    left, centre, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    with np.errstate(divide="ignore", invalid="ignore"):  # sides without width are not taken
        filters = np.where(at < centre, (at - left) / (centre - left), (right - at) / (right - centre))
    filters = np.where((at >= left) & (at < right), filters, 0.0)
    return filters * (2.0 / widths)[:, None] if p.mel_norm == "slaney" else filters


def mel_corners(scale: MelScale, f_min: float, f_max: float, n_mels: int) -> Array:
    """Corner frequencies in Hz, ``[n_mels + 2]``, equally far apart in Mel."""
    ends = np.array([f_min, f_max])
    if scale == "slaney":
        step = np.log(6.4) / 27.0
        low, high = np.where(ends < 1000.0, ends * 0.015, 15.0 + np.log(np.maximum(ends, 1000.0) / 1000.0) / step)
        mels = np.linspace(low, high, n_mels + 2)
        corners = np.where(mels < 15.0, mels / 0.015, 1000.0 * np.exp(step * (mels - 15.0)))
    else:
        low, high = _htk_mel(ends)
        mels = np.linspace(low, high, n_mels + 2)
        corners = 700.0 * (10.0 ** (mels / 2595.0) - 1.0)
    corners[0], corners[-1] = ends
    return corners


def logarithm(values: Array, p: SpectralParameters) -> Array:
    """Logarithm of powers or energies of any shape."""
    if p.log == "natural":
        return np.log(np.maximum(values, p.floor))
    if p.log == "decibel":
        return 10.0 * np.log10(np.maximum(values, p.floor))
    if p.log == "psf":
        return np.log(np.where(values == 0.0, np.finfo(np.float64).eps, values))
    return values


def dct(p: SpectralParameters) -> Array:
    """Type-II DCT over bands with the lifter in it, ``[n_cepstra, n_mels]``."""
    order = p.first_cepstrum + np.arange(p.n_cepstra)
    matrix: Array = np.cos(np.pi / p.n_mels * order[:, None] * (np.arange(p.n_mels) + 0.5)) * np.sqrt(2.0 / p.n_mels)
    if p.dct == "ortho":
        matrix[order == 0] = np.sqrt(1.0 / p.n_mels)
    if p.lifter > 0.0:
        matrix *= (1.0 + p.lifter / 2.0 * np.sin(np.pi * order / p.lifter))[:, None]
    return matrix


def delta(rows: Array, half: int) -> Array:
    """Regression deltas over ``2 half + 1`` frames of ``[F, ...]``, edge frames repeated."""
    count = len(rows)
    total = np.zeros_like(rows)
    for n in range(1, half + 1):
        after = rows[np.minimum(np.arange(count) + n, count - 1)]
        before = rows[np.maximum(np.arange(count) - n, 0)]
        total += n * (after - before)
    return total / (2 * sum(n * n for n in range(1, half + 1)))


def _frames(waveform: npt.ArrayLike, p: SpectralParameters) -> tuple[Array, Array]:
    """Frames under their window ``[F, frame_samples]``, and their energies before pre-emphasis and window ``[F]``."""
    rows = frames(condition(waveform, p), p)
    if p.remove_dc:
        rows = rows - rows.mean(axis=1, keepdims=True)
    energies = (rows**2).sum(axis=1)
    if p.preemphasis_scope == "frame":
        rows = rows - p.preemphasis * np.concatenate([rows[:, :1], rows[:, :-1]], axis=1)
    return rows * window(p.window, p.frame_samples), energies


def _stft(taken: Array, p: SpectralParameters) -> Complex:
    # centred frames lie in the middle of their n_fft points, others at the beginning
    before = (p.n_fft - p.frame_samples) // 2 if p.framing in ("center", "center-zero") else 0
    return np.fft.rfft(np.pad(taken, ((0, 0), (before, p.n_fft - p.frame_samples - before))), axis=1)


def _bin_power(taken: Array, p: SpectralParameters) -> Array:
    x = _stft(taken, p)
    return p.power_gain * (x.real**2 + x.imag**2)


def _rows(spectrum: Array, p: SpectralParameters) -> Array:
    bins = np.sqrt(spectrum) if p.spectrum == "magnitude" else spectrum
    if p.stage == "spectrum":
        return bins[:, p.first_bin : p.first_bin + p.n_bins]
    return bins @ mel_filters(p).T


def _htk_mel(hertz: Array) -> Array:
    return 2595.0 * np.log10(1.0 + hertz / 700.0)
