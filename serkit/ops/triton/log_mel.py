"""Log-Mel features on a CUDA device, forward, in at most three Triton kernels: statistics, bands, deltas.

A GPU has more arithmetic than memory traffic to spare. So the transform is a product with matrices of cosines and
sines, over the bins that some Mel band weighs, into which the window, mean removal and pre-emphasis of the frame, and
the power gain are folded. Spectra stay in registers: what is written are the bands.
"""

from __future__ import annotations

import functools

import numpy as np
import torch
import triton
import triton.language as tl
from torch import Tensor

from serkit.kernels.parameters import SpectralParameters
from serkit.kernels.reference import spectral as reference
from serkit.ops import log_mel_torch as plain

LARGEST_MATRIX = 1 << 22
"""Cosines that are held at most (and as many sines); an FFT is the better choice long before."""
BLOCK_K, BLOCK_BINS = 32, 64


def fits(parameters: SpectralParameters) -> bool:
    """Whether the matrix of the transform is of a sensible size; otherwise the plain path is the one to take."""
    return parameters.frame_samples * (parameters.n_fft // 2 + 1) <= LARGEST_MATRIX and parameters.n_mels <= 256


def log_mel(waveforms: Tensor, lengths: Tensor, parameters: SpectralParameters) -> tuple[Tensor, Tensor]:
    """Features float32 [B, F, n_mels, channels] and frame counts int64 [B] of float32 ``waveforms`` [B, T].

    Arguments as checked by ``serkit.ops.log_mel.log_mel``, which records the gradient."""
    with torch.cuda.device_of(waveforms):  # triton starts kernels on the current device
        return _log_mel(waveforms.contiguous(), lengths, parameters)


def _log_mel(x: Tensor, lengths: Tensor, p: SpectralParameters) -> tuple[Tensor, Tensor]:
    batch, samples = x.shape
    lengths = lengths.clamp(1, samples).contiguous()
    counts = plain.frame_counts(lengths, p)
    total = plain.n_frames(samples, p)
    cosines, sines, filters = _matrices(plain.encode(p), x.device)
    moments = x.new_empty(batch, 2)
    if p.standardize:
        _statistics[(batch,)](x, lengths, moments, samples, BLOCK=1024)
    rows = x.new_empty(batch, total, p.n_mels)
    block = 32 if batch * total >= 4096 else 16  # 64 spill registers on sm_90
    # one axis of programs: the others end at 65535, which waveforms or blocks of an hour may exceed
    _bands[(batch * triton.cdiv(total, block),)](
        x, lengths, counts, moments, cosines, sines, filters, rows,
        samples, total, p.frame_samples, p.hop_samples, _first_sample(p), p.scale, p.preemphasis, p.floor,
        N_MELS=p.n_mels, MELS=filters.shape[1], K=cosines.shape[0], BINS=cosines.shape[1],
        STANDARDIZE=p.standardize, EMPHASIS=p.preemphasis != 0.0 and p.preemphasis_scope == "signal",
        FRAMING=p.framing, LOG=p.log, PRECISION="ieee" if torch.version.hip else "tf32x3",
        BLOCK_FRAMES=block, BLOCK_K=BLOCK_K, BLOCK_BINS=BLOCK_BINS, num_warps=8 if block == 32 else 4,
    )  # fmt: skip
    if p.channels == ("static",):
        return rows[..., None], counts
    out = x.new_empty(batch, total, p.n_mels, len(p.channels))
    denominator = 2 * sum(n * n for n in range(1, p.delta_window + 1))
    _deltas[(batch * triton.cdiv(total * p.n_mels, 256),)](
        rows, counts, out, total, p.delta_window, 1.0 / denominator, N_MELS=p.n_mels, CHANNELS=len(p.channels),
        STATIC="static" in p.channels, DELTA="delta" in p.channels, DELTA2="delta2" in p.channels, BLOCK=256,
    )  # fmt: skip
    return out, counts


def _first_sample(p: SpectralParameters) -> int:
    """Where frame 0 begins."""
    if p.framing == "mirror":
        return p.hop_samples // 2 - p.frame_samples // 2
    return (p.n_fft - p.frame_samples) // 2 - p.n_fft // 2 if p.framing in ("center", "center-zero") else 0


@functools.lru_cache(maxsize=16)
def _matrices(text: str, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Cosines and sines [K, BINS] and filters [BINS, MELS] in float32, with zeros up to whole blocks."""
    p = plain.decode(text)
    plain.kernel(p)  # refuses in words what cannot be computed, as on every path
    filters = reference.mel_filters(p)
    used = np.flatnonzero(filters.any(axis=0))
    low, high = (int(used[0]), int(used[-1]) + 1) if used.size else (0, 1)
    # the linear steps of a frame, applied to each unit frame
    steps = np.eye(p.frame_samples)
    if p.remove_dc:
        steps = steps - 1.0 / p.frame_samples
    if p.preemphasis_scope == "frame":
        steps = steps - p.preemphasis * np.concatenate([steps[:, :1], steps[:, :-1]], axis=1)
    steps = steps * reference.window(p.window, p.frame_samples)
    spectra = np.fft.rfft(steps, p.n_fft, axis=1)[:, low:high] * np.sqrt(p.power_gain)
    rows, bins, mels = _up(p.frame_samples, BLOCK_K), _up(high - low, BLOCK_BINS), triton.next_power_of_2(p.n_mels)
    made = []
    for matrix, shape in ((spectra.real, (rows, bins)), (spectra.imag, (rows, bins)),
                          (filters[:, low:high].T, (bins, max(16, mels)))):  # fmt: skip
        full = np.zeros(shape, np.float32)
        full[: matrix.shape[0], : matrix.shape[1]] = matrix
        made.append(torch.from_numpy(full).to(device))
    return made[0], made[1], made[2]


def _up(size: int, block: int) -> int:
    return -(-size // block) * block


@triton.jit
def _statistics(x, lengths, moments, samples, BLOCK: tl.constexpr):
    """Mean less the first sample, and 1 / deviation (0 for a constant), of each waveform; in two passes."""
    row = tl.program_id(0).to(tl.int64)
    n = tl.load(lengths + row).to(tl.int32)
    first = tl.load(x + row * samples)
    at = tl.arange(0, BLOCK)
    total = tl.zeros((BLOCK,), tl.float32)
    for begin in range(0, n, BLOCK):
        inside = begin + at < n
        total += tl.where(inside, tl.load(x + row * samples + begin + at, mask=inside, other=0.0) - first, 0.0)
    mean = tl.sum(total, axis=0) / n
    squares = tl.zeros((BLOCK,), tl.float32)
    for begin in range(0, n, BLOCK):
        inside = begin + at < n
        value = tl.load(x + row * samples + begin + at, mask=inside, other=0.0) - first - mean
        squares += tl.where(inside, value * value, 0.0)
    variance = tl.sum(squares, axis=0) / n
    inverse = tl.where(variance > 0.0, 1.0 / tl.sqrt(tl.where(variance > 0.0, variance, 1.0)), 0.0)
    tl.store(moments + 2 * row, mean)
    tl.store(moments + 2 * row + 1, inverse)


@triton.jit
def _bands(
    x, lengths, counts, moments, cosines, sines, filters, out,
    samples, total, frame, hop, first, scale, emphasis, floor,
    N_MELS: tl.constexpr, MELS: tl.constexpr, K: tl.constexpr, BINS: tl.constexpr,
    STANDARDIZE: tl.constexpr, EMPHASIS: tl.constexpr, FRAMING: tl.constexpr, LOG: tl.constexpr,
    PRECISION: tl.constexpr, BLOCK_FRAMES: tl.constexpr, BLOCK_K: tl.constexpr, BLOCK_BINS: tl.constexpr,
):  # fmt: skip
    """Logarithms of band powers of BLOCK_FRAMES frames of one waveform; 0 in padded frames."""
    blocks = tl.cdiv(total, BLOCK_FRAMES)
    row = (tl.program_id(0) // blocks).to(tl.int64)
    begin = tl.program_id(0) % blocks * BLOCK_FRAMES
    n = tl.load(lengths + row).to(tl.int32)
    count = tl.load(counts + row).to(tl.int32)
    frames = begin + tl.arange(0, BLOCK_FRAMES)
    band = tl.arange(0, MELS)
    places = out + (row * total + frames[:, None]) * N_MELS + band[None, :]
    wanted = (frames[:, None] < total) & (band[None, :] < N_MELS)
    if begin >= count:
        tl.store(places, tl.zeros((BLOCK_FRAMES, MELS), tl.float32), mask=wanted)
    else:
        source = x + row * samples
        origin = 0.0
        mean = 0.0
        factor = scale
        if STANDARDIZE:
            origin = tl.load(source)
            mean = tl.load(moments + 2 * row)
            factor = tl.load(moments + 2 * row + 1)
        mels = tl.zeros((BLOCK_FRAMES, MELS), tl.float32)
        for bin0 in range(0, BINS, BLOCK_BINS):
            bins = bin0 + tl.arange(0, BLOCK_BINS)
            real = tl.zeros((BLOCK_FRAMES, BLOCK_BINS), tl.float32)
            imag = tl.zeros((BLOCK_FRAMES, BLOCK_BINS), tl.float32)
            for k0 in range(0, K, BLOCK_K):
                k = k0 + tl.arange(0, BLOCK_K)
                at = first + frames[:, None] * hop + k[None, :]
                if FRAMING == "center":
                    period = tl.maximum(2 * (n - 1), 1)
                    at = at % period
                    at = tl.where(at < 0, at + period, at)
                    at = tl.where(at < n, at, period - at)
                elif FRAMING == "mirror":
                    at = at % (2 * n)
                    at = tl.where(at < 0, at + 2 * n, at)
                    at = tl.where(at < n, at, 2 * n - 1 - at)
                there = (at >= 0) & (at < n) & (k[None, :] < frame) & (frames[:, None] < count)
                value = (tl.load(source + at, mask=there, other=0.0) - origin - mean) * factor
                if EMPHASIS:
                    behind = there & (at > 0)
                    before = (tl.load(source + at - 1, mask=behind, other=0.0) - origin - mean) * factor
                    value -= tl.where(behind, emphasis * before, 0.0)
                value = tl.where(there, value, 0.0)
                cells = k[:, None] * BINS + bins[None, :]
                real = tl.dot(value, tl.load(cosines + cells), real, input_precision=PRECISION)
                imag = tl.dot(value, tl.load(sines + cells), imag, input_precision=PRECISION)
            weights = tl.load(filters + bins[:, None] * MELS + band[None, :])
            mels = tl.dot(real * real + imag * imag, weights, mels, input_precision=PRECISION)
        if LOG == "natural":
            mels = tl.log(tl.maximum(mels, floor))
        elif LOG == "decibel":
            mels = tl.log(tl.maximum(mels, floor)) * 4.342944819032518
        elif LOG == "psf":
            mels = tl.log(tl.where(mels == 0.0, 2.220446049250313e-16, mels))
        tl.store(places, tl.where(frames[:, None] < count, mels, 0.0), mask=wanted)


@triton.jit
def _regression(rows, frame, count, band, half, inverse, live, N_MELS: tl.constexpr):
    """Regression delta of static rows at ``frame``, held within the waveform."""
    frame = tl.maximum(tl.minimum(frame, count - 1), 0)
    total = tl.zeros(frame.shape, tl.float32)
    for n in range(1, half + 1):
        after = tl.minimum(frame + n, count - 1)
        before = tl.maximum(frame - n, 0)
        total += n * (
            tl.load(rows + after * N_MELS + band, mask=live, other=0.0)
            - tl.load(rows + before * N_MELS + band, mask=live, other=0.0)
        )
    return total * inverse


@triton.jit
def _deltas(
    rows, counts, out, total, half, inverse, N_MELS: tl.constexpr, CHANNELS: tl.constexpr,
    STATIC: tl.constexpr, DELTA: tl.constexpr, DELTA2: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Channels of a run of frames and bands from the static rows, which are read from the cache again and again."""
    blocks = tl.cdiv(total * N_MELS, BLOCK)
    row = (tl.program_id(0) // blocks).to(tl.int64)
    count = tl.load(counts + row).to(tl.int32)
    at = tl.program_id(0) % blocks * BLOCK + tl.arange(0, BLOCK)
    frame = at // N_MELS
    band = at % N_MELS
    live = frame < count
    rows += row * total * N_MELS
    places = out + (row * total * N_MELS + at) * CHANNELS
    written = at < total * N_MELS
    if STATIC:
        tl.store(places, tl.load(rows + at, mask=live & written, other=0.0), mask=written)
    if DELTA:
        first = _regression(rows, frame, count, band, half, inverse, live, N_MELS)
        tl.store(places + (1 if STATIC else 0), tl.where(live, first, 0.0), mask=written)
    if DELTA2:
        second = tl.zeros((BLOCK,), tl.float32)
        for n in range(1, half + 1):
            after = tl.minimum(frame + n, count - 1)
            before = tl.maximum(frame - n, 0)
            second += n * (
                _regression(rows, after, count, band, half, inverse, live, N_MELS)
                - _regression(rows, before, count, band, half, inverse, live, N_MELS)
            )
        tl.store(places + (CHANNELS - 1), tl.where(live, second * inverse, 0.0), mask=written)
