"""Gradient of log-Mel features with respect to the waveforms: each stage of ``log_mel_torch`` transposed, last first.

With g the gradient of the features, Y = log M, M = P W', P = a |X|^2 and X_k = sum_t x_t exp(-2 pi i k t / N):
dY = g_static + D'(g_delta + D' g_delta2), D the regression; dM = dY slope(M); dP = dM W;
dx_t = sum over k = 0..N/2 of Re(2 a dP_k X_k exp(2 pi i k t / N)), an inverse real FFT of 2 a dP X once the bins it
would count twice are halved; then window, framing (overlap-add), pre-emphasis and standardisation transposed, the last
z = (x - mean) / deviation giving dx = (dz - mean(dz) - z mean(z dz)) / deviation.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from serkit.kernels.parameters import SpectralParameters
from serkit.ops import log_mel_torch as plain

CHUNK = {"cpu": 1 << 20, "cuda": 1 << 25}
"""Numbers of the spectra of one chunk of waveforms, which bound the memory that is used on the way: 4 MiB an array on
the CPU, for its caches, 128 MiB on a GPU, which wants work enough for every core."""


def waveform_gradient(grad: Tensor, waveforms: Tensor, lengths: Tensor, p: SpectralParameters) -> Tensor:
    """Gradient [B, T] of ``sum(grad * features)``; exactly 0 from lengths on.

    ``grad`` [B, F, n_mels, channels], float32 or float64 as ``waveforms`` [B, T]; what it holds in padded frames is
    not used. Waveforms are taken a few at a time, so that memory does not grow with the batch.
    """
    at_once = max(1, CHUNK.get(grad.device.type, CHUNK["cpu"]) // (grad.shape[1] * (p.n_fft + 2)))
    parts = [
        _gradient(grad[i : i + at_once], waveforms[i : i + at_once], lengths[i : i + at_once], p)
        for i in range(0, len(waveforms), at_once)
    ]
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def _gradient(grad: Tensor, x: Tensor, lengths: Tensor, p: SpectralParameters) -> Tensor:
    total = grad.shape[1]
    lengths = lengths.clamp(1, x.shape[1])
    counts = plain.frame_counts(lengths, p)
    window, filters = plain.tables(plain.encode(p), x.device, x.dtype)

    spectrum = torch.fft.rfft(plain.windowed_frames(x, lengths, p, total), p.n_fft, dim=2)
    power = p.power_gain * torch.view_as_real(spectrum).square().sum(dim=-1)
    slopes = _slope(power @ filters.t(), p) * _rows(grad, counts, p)
    # of the bins 0..N/2 an inverse real FFT counts all but the first, and for even N the last, twice
    weights = torch.full((power.shape[2],), p.power_gain, dtype=x.dtype, device=x.device)
    weights[0] *= 2.0
    if p.n_fft % 2 == 0:
        weights[-1] *= 2.0
    bent = spectrum * ((slopes @ filters) * weights)
    frames = torch.fft.irfft(bent, p.n_fft, dim=2, norm="forward")[..., : p.frame_samples] * window
    if p.preemphasis != 0.0 and p.preemphasis_scope == "frame":
        head = frames[..., :1] * (1.0 - p.preemphasis) - p.preemphasis * _next(frames)[..., :1]
        frames = torch.cat([head, (frames - p.preemphasis * _next(frames))[..., 1:]], dim=2)
    if p.remove_dc:
        frames = frames - frames.mean(dim=2, keepdim=True)

    at, zero = plain.sources(lengths, p, total)
    cut = torch.where(zero, 0.0, _overlap_add(frames, p.hop_samples))
    signal = torch.zeros_like(x).scatter_add_(1, at, cut)  # sources lie before lengths: the rest stays 0
    if p.preemphasis != 0.0 and p.preemphasis_scope == "signal":
        signal = signal - p.preemphasis * _next(signal)
    z, inverse = plain.conditioned(x, lengths, p)
    if inverse is None:
        return signal * p.scale
    inside = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    n = lengths[:, None].to(x.dtype)
    mean, along = signal.sum(dim=1, keepdim=True) / n, (signal * z).sum(dim=1, keepdim=True) / n
    return torch.where(inside, (signal - mean - z * along) * inverse, 0.0)


def _slope(mels: Tensor, p: SpectralParameters) -> Tensor:
    if p.log == "none":
        return torch.ones_like(mels)
    least = plain.TINY if p.log == "psf" else p.floor
    inverse = torch.where(mels >= least, 1.0 / mels.clamp(min=least), 0.0)
    return inverse * (10.0 / math.log(10.0)) if p.log == "decibel" else inverse


def _rows(grad: Tensor, counts: Tensor, p: SpectralParameters) -> Tensor:
    """Gradient of the static rows, [B, F, n_mels]."""
    valid = torch.arange(grad.shape[1], device=grad.device) < counts[:, None]
    grad = torch.where(valid[..., None, None], grad, 0.0)
    of = {name: grad[..., i] for i, name in enumerate(p.channels)}
    rows = of.get("delta2")
    for name in ("delta", "static"):
        if rows is not None:
            rows = _delta_transposed(rows, counts, p.delta_window)
        if name in of:
            rows = of[name] if rows is None else rows + of[name]
    assert rows is not None  # there is at least one channel
    return rows


def _delta_transposed(rows: Tensor, counts: Tensor, half: int) -> Tensor:
    batch, frames, bands = rows.shape
    longer = rows.new_zeros(batch, frames + 2 * half, bands)
    for n in range(1, half + 1):
        longer[:, half + n : half + n + frames] += n * rows
        longer[:, half - n : half - n + frames] -= n * rows
    at = plain.edge_frames(counts, frames, half)[..., None].expand(-1, -1, bands)
    folded = torch.zeros_like(rows, memory_format=torch.contiguous_format).scatter_add_(1, at, longer)
    return folded / (2 * sum(n * n for n in range(1, half + 1)))


def _overlap_add(frames: Tensor, hop: int) -> Tensor:
    """Sum of frames [B, F, n], each ``hop`` after the one before, [B, hop (F - 1) + n]."""
    batch, count, size = frames.shape
    pieces = -(-size // hop)
    parts = torch.nn.functional.pad(frames, (0, pieces * hop - size)).view(batch, count, pieces, hop)
    out = frames.new_zeros(batch, count + pieces - 1, hop)
    for i in range(pieces):
        out[:, i : i + count] += parts[:, :, i]
    return out.view(batch, -1)[:, : hop * (count - 1) + size]


def _next(values: Tensor) -> Tensor:
    """``values[..., t + 1]``, 0 after the end."""
    return torch.nn.functional.pad(values[..., 1:], (0, 1))
