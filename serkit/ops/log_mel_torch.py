"""Log-Mel features in plain torch: for devices without a kernel of ours, for export, for higher derivatives, and as the
reference of the other paths in tests.

Tables (window, Mel filters) come from the NumPy float64 definition and are rounded once to the dtype of the waveforms.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from serkit.errors import ConfigError, UserError
from serkit.kernels.native.spectral import SpectralKernel
from serkit.kernels.parameters import SpectralParameters
from serkit.kernels.reference import spectral as reference
from serkit.ops.devices import at_least_float32

TINY = float(np.finfo(np.float32).tiny)
Function = TypeVar("Function", bound=Callable[..., Any])
# A tracer takes what these functions return as it is: the parameters are the same in every call of one graph.
_constant: Callable[[Function], Function] = torch.compiler.assume_constant_result


def log_mel(waveforms: Tensor, lengths: Tensor, parameters: SpectralParameters) -> tuple[Tensor, Tensor]:
    """Features [B, F, n_mels, channels] and frame counts int64 [B]; see ``serkit.ops.log_mel.log_mel``.

    Any floating dtype (float16 and bfloat16, and whatever autocast would choose, are computed and returned in
    float32), any device, any number of derivatives.
    """
    if torch.amp.is_autocast_available(waveforms.device.type) and torch.is_autocast_enabled(waveforms.device.type):
        with torch.autocast(waveforms.device.type, enabled=False):
            return log_mel(waveforms, lengths, parameters)
    check(waveforms, lengths, parameters)
    x = at_least_float32(waveforms)
    total = n_frames(x.shape[1], parameters)
    lengths = lengths.clamp(1, x.shape[1])
    counts = frame_counts(lengths, parameters)
    mels = mel_power(windowed_frames(x, lengths, parameters, total), parameters)
    valid = torch.arange(total, device=x.device) < counts[:, None]
    # one, not what padding holds: the logarithm's slope there must be finite to become zero
    rows = logarithm(torch.where(valid[..., None], mels, 1.0), parameters)
    first = delta(rows, counts, parameters.delta_window)
    made = {"static": rows, "delta": first}
    if "delta2" in parameters.channels:
        made["delta2"] = delta(first, counts, parameters.delta_window)
    stacked = torch.stack([made[name] for name in parameters.channels], dim=-1)
    return torch.where(valid[..., None, None], stacked, 0.0), counts


# ---- what is asked for ----


def check(waveforms: Tensor, lengths: Tensor, parameters: SpectralParameters) -> None:
    """Raise UserError or ConfigError for what the op does not take; values of lengths are looked at on the CPU only."""
    for name, given in (("waveforms", waveforms), ("lengths", lengths)):
        if not isinstance(given, Tensor):
            raise UserError(f"{name} is a {type(given).__name__}; a torch tensor is needed.")
    if not isinstance(parameters, SpectralParameters):
        raise UserError(
            f"parameters is a {type(parameters).__name__}; serkit.kernels.parameters.SpectralParameters is needed, "
            "which LogMelOptions(...).parameters() returns."
        )
    if waveforms.dim() != 2 or 0 in waveforms.shape:
        raise UserError(f"waveforms has shape {list(waveforms.shape)}, but must be [B, T] with B and T at least 1.")
    if not waveforms.is_floating_point():
        raise UserError(f"waveforms holds {waveforms.dtype}; divide by full scale and convert it with .float().")
    batch, samples = waveforms.shape
    if lengths.dim() != 1 or lengths.shape[0] != batch or lengths.dtype != torch.int64:
        raise UserError(
            f"lengths is {lengths.dtype} {list(lengths.shape)}, but must be torch.int64 [{batch}]: samples a waveform."
        )
    if lengths.device != waveforms.device:
        raise UserError(f"waveforms is on {waveforms.device} and lengths on {lengths.device}; move both to one device.")
    check_parameters(parameters)
    if n_frames(samples, parameters) == 0:
        raise UserError(
            f"waveforms has T = {samples} samples, less than a frame of {parameters.frame_samples} "
            f'with framing="{parameters.framing}"; framing="tail" pads it.'
        )
    if lengths.device.type == "cpu" and not torch.compiler.is_compiling():
        check_lengths(lengths, samples)


def check_lengths(lengths: Tensor, samples: int) -> None:
    """Raise UserError unless every length is in 1..``samples``."""
    bad = torch.nonzero((lengths < 1) | (lengths > samples))
    if len(bad):
        i = int(bad[0])
        raise UserError(
            f"lengths[{i}] is {int(lengths[i])}, but a waveform has 1 to T = {samples} samples; "
            "leave empty waveforms out of the batch."
        )


def check_parameters(parameters: SpectralParameters) -> None:
    """Raise ConfigError for a feature that has no gradient here."""
    if parameters.stage != "mel" or parameters.spectrum != "power":
        raise ConfigError(
            f'serkit.ops.log_mel computes stage="mel" of spectrum="power", not stage="{parameters.stage}" of '
            f'spectrum="{parameters.spectrum}"; serkit.features has the others, without gradients.'
        )


def n_frames(samples: int, p: SpectralParameters) -> int:
    """Frames of ``samples`` samples; plain arithmetic, so that a traced size stays one."""
    frame, hop = p.frame_samples, p.hop_samples
    if p.framing == "tail":
        return 1 if samples <= frame else 1 + (samples - frame + hop - 1) // hop
    if p.framing == "snip":
        return 0 if samples < frame else 1 + (samples - frame) // hop
    return (samples + hop // 2) // hop if p.framing == "mirror" else 1 + (samples - p.n_fft % 2) // hop


def frame_counts(lengths: Tensor, p: SpectralParameters) -> Tensor:
    """Frames of waveforms of ``lengths`` samples, int64 [B]."""
    frame, hop = p.frame_samples, p.hop_samples
    if p.framing == "tail":
        return 1 + ((lengths - frame + hop - 1) // hop).clamp(min=0)
    if p.framing == "snip":
        return (1 + (lengths - frame) // hop).clamp(min=0)
    return (lengths + hop // 2) // hop if p.framing == "mirror" else 1 + (lengths - p.n_fft % 2) // hop


# ---- tables ----


@_constant
def encode(parameters: SpectralParameters) -> str:
    """The parameters as text, which the schema of an op can hold and a compiled graph can keep."""
    return _encoded(parameters)


@functools.lru_cache(maxsize=64)
def _encoded(parameters: SpectralParameters) -> str:
    return json.dumps(dataclasses.asdict(parameters))


@functools.lru_cache(maxsize=64)
def decode(text: str) -> SpectralParameters:
    """The parameters that ``encode`` made ``text`` of."""
    values: dict[str, Any] = json.loads(text)
    return SpectralParameters(**{**values, "channels": tuple(values["channels"])})


@functools.lru_cache(maxsize=64)
def kernel(parameters: SpectralParameters) -> SpectralKernel:
    """The compiled kernel of these parameters. Raises ConfigError if they cannot be computed."""
    return SpectralKernel(parameters)


@functools.lru_cache(maxsize=64)
def _arrays(text: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    p = decode(text)
    kernel(p)  # refuses in words what cannot be computed: every path takes and refuses the same
    return reference.window(p.window, p.frame_samples), reference.mel_filters(p)


_tables: dict[tuple[str, torch.device, torch.dtype], tuple[Tensor, Tensor]] = {}


@_constant
def tables(text: str, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Window [frame_samples] and Mel filters [n_mels, n_fft // 2 + 1] of encoded parameters."""
    found = _tables.get((text, device, dtype))
    if found is None:
        with torch.inference_mode(False):  # what is kept may meet a gradient later
            window, filters = (torch.from_numpy(a).to(device, dtype) for a in _arrays(text))
        found = window, filters
        if type(window) is Tensor and len(_tables) < 64:  # not the stand-in of a tracer
            _tables[text, device, dtype] = found
    return found


# ---- stages, in order ----


def conditioned(x: Tensor, lengths: Tensor, p: SpectralParameters) -> tuple[Tensor, Tensor | None]:
    """The signal that is cut into frames, [B, T], zero from lengths on; and 1 / deviation [B, 1] if standardised."""
    inside = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    x = torch.where(inside, x, 0.0)
    inverse = None
    if p.standardize:
        # From the first sample, which changes no result and no derivative: a constant waveform has deviation 0 exactly.
        x = torch.where(inside, x - x[:, :1].detach(), 0.0)
        count = lengths[:, None].to(x.dtype)
        x = torch.where(inside, x - x.sum(dim=1, keepdim=True) / count, 0.0)
        variance = x.square().sum(dim=1, keepdim=True) / count
        varies = variance > 0
        inverse = torch.where(varies, torch.where(varies, variance, 1.0).rsqrt(), 0.0)
        x = x * inverse
    else:
        x = x * p.scale
    return x, inverse


def emphasised(x: Tensor, lengths: Tensor, p: SpectralParameters) -> Tensor:
    """``conditioned`` after pre-emphasis of the signal."""
    if p.preemphasis == 0.0 or p.preemphasis_scope == "frame":
        return x
    y = torch.cat([x[:, :1], x[:, 1:] - p.preemphasis * x[:, :-1]], dim=1)
    return torch.where(torch.arange(x.shape[1], device=x.device) < lengths[:, None], y, 0.0)


def sources(lengths: Tensor, p: SpectralParameters, total: int) -> tuple[Tensor, Tensor]:
    """The sample behind each place of the extended signal that frames are cut from, int64 [B, S], and where there is
    none but zero, bool [B, S]; S = hop (total - 1) + frame."""
    first = 0
    if p.framing == "mirror":
        first = p.hop_samples // 2 - p.frame_samples // 2
    elif p.framing in ("center", "center-zero"):
        first = (p.n_fft - p.frame_samples) // 2 - p.n_fft // 2
    n = lengths[:, None]
    at = torch.arange(p.hop_samples * (total - 1) + p.frame_samples, device=lengths.device) + first
    at = at.expand(len(lengths), -1)
    if p.framing == "center":
        period = (2 * (n - 1)).clamp(min=1)
        at = at % period
        at = torch.where(at < n, at, period - at)
    elif p.framing == "mirror":
        at = at % (2 * n)
        at = torch.where(at < n, at, 2 * n - 1 - at)
    zero = (at < 0) | (at >= n)
    return torch.where(zero, 0, at), zero


def windowed_frames(x: Tensor, lengths: Tensor, p: SpectralParameters, total: int) -> Tensor:
    """Frames under their window, [B, total, frame_samples], of waveforms [B, T]."""
    signal = emphasised(conditioned(x, lengths, p)[0], lengths, p)
    at, zero = sources(lengths, p, total)
    extended = torch.where(zero, 0.0, signal.gather(1, at))
    frames = extended.unfold(1, p.frame_samples, p.hop_samples)
    if p.remove_dc:
        frames = frames - frames.mean(dim=2, keepdim=True)
    if p.preemphasis != 0.0 and p.preemphasis_scope == "frame":
        frames = frames - p.preemphasis * torch.cat([frames[..., :1], frames[..., :-1]], dim=2)
    window, _ = tables(encode(p), x.device, x.dtype)
    return frames * window


def mel_power(windowed: Tensor, p: SpectralParameters) -> Tensor:
    """Band powers [B, F, n_mels]. Where in its n_fft points a frame lies turns phases only."""
    spectrum = torch.view_as_real(torch.fft.rfft(windowed, p.n_fft, dim=2))
    _, filters = tables(encode(p), windowed.device, windowed.dtype)
    return (p.power_gain * spectrum.square().sum(dim=-1)) @ filters.t()


def logarithm(mels: Tensor, p: SpectralParameters) -> Tensor:
    """Logarithm of band powers; its slope is 0 below the floor, and under ``psf`` below the smallest normal float32."""
    if p.log == "natural":
        return mels.clamp(min=p.floor).log()
    if p.log == "decibel":
        return 10.0 * mels.clamp(min=p.floor).log10()
    if p.log == "psf":
        still = torch.where(mels == 0.0, float(np.finfo(np.float64).eps), mels).detach()
        return torch.where(mels < TINY, still, mels).log()
    return mels


def delta(rows: Tensor, counts: Tensor, half: int) -> Tensor:
    """Regression deltas over ``2 half + 1`` frames of [B, F, n_mels], edge frames of each waveform repeated."""
    frames = rows.shape[1]
    at = edge_frames(counts, frames, half)
    longer = rows.gather(1, at[..., None].expand(-1, -1, rows.shape[2]))
    total = sum(
        n * (longer[:, half + n : half + n + frames] - longer[:, half - n : half - n + frames])
        for n in range(1, half + 1)
    )
    return torch.as_tensor(total) / (2 * sum(n * n for n in range(1, half + 1)))


def edge_frames(counts: Tensor, frames: int, half: int) -> Tensor:
    """Frame numbers -half .. frames + half - 1, held within each waveform's own; int64 [B, frames + 2 half]."""
    at = torch.arange(-half, frames + half, device=counts.device)
    return torch.minimum(at, counts[:, None] - 1).clamp(min=0)
