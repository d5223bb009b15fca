"""Log-Mel features as a differentiable torch op: the compiled kernels forward, plain torch backward.

``log_mel`` is what to call. float32 on the CPU goes through the compiled core, float32 on a CUDA device through Triton
where it imports; float64, other devices, and a graph that is being exported take ``serkit.ops.log_mel_torch``. Second
derivatives exist on that plain path only. Under autocast everything is computed in float32.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from serkit.errors import UserError
from serkit.kernels.parameters import SpectralParameters
from serkit.ops import log_mel_torch as plain
from serkit.ops.devices import exporting, has_triton
from serkit.ops.log_mel_gradient import waveform_gradient


def log_mel(waveforms: Tensor, lengths: Tensor, parameters: SpectralParameters) -> tuple[Tensor, Tensor]:
    """Log-Mel features of a padded batch, differentiable with respect to the waveforms.

    ``waveforms`` [B, T], float (samples as ``parameters`` wants them, usually in [-1, 1]); ``lengths`` int64 [B] in
    1..T on the same device; ``parameters`` of ``stage="mel"`` and ``spectrum="power"`` with any framing, window,
    scale, logarithm, deltas, standardisation and pre-emphasis. Returns features [B, F, n_mels, channels] with F the
    frames of T samples, and frame counts int64 [B]. What lies at or after lengths[b] is never used, its gradient is
    exactly 0, and frames from counts[b] on are 0 (``snip`` and ``mirror`` may count none). The gradient flows through
    the standardisation too; it is 0 through powers below ``floor``.

    Raises UserError for wrong shapes, dtypes, devices or lengths (values of lengths are checked on the CPU only: on
    another device the check would wait for it; there they count as within 1..T), ConfigError for parameters that
    cannot be computed, AudioError on the CPU in float32 for samples that are not finite or beyond 65536.
    """
    plain.check(waveforms, lengths, parameters)
    if not _has_kernel(waveforms) or exporting():
        return plain.log_mel(waveforms, lengths, parameters)
    features = _log_mel(waveforms, lengths, plain.encode(parameters))
    return features, plain.frame_counts(lengths, parameters)


def _has_kernel(waveforms: Tensor) -> bool:
    return waveforms.dtype != torch.float64 and (waveforms.device.type == "cpu" or has_triton(waveforms))


def _shape(waveforms: Tensor, lengths: Tensor, parameters: str) -> Tensor:
    p = plain.decode(parameters)
    frames = plain.n_frames(waveforms.shape[1], p)
    return waveforms.new_empty(waveforms.shape[0], frames, p.n_mels, len(p.channels), dtype=torch.float32)


@torch.library.custom_op("serkit::log_mel", mutates_args=(), device_types="cpu")
def _log_mel(waveforms: Tensor, lengths: Tensor, parameters: str) -> Tensor:
    """Features of float32 (or half precision) waveforms; ``parameters`` as ``log_mel_torch.encode`` writes them."""
    kernel = plain.kernel(plain.decode(parameters))
    plain.check_lengths(lengths, waveforms.shape[1])
    rows = waveforms.detach().float().contiguous().numpy()
    pieces = [rows[i, :n] for i, n in enumerate(lengths.tolist())]
    offsets = kernel.offsets(pieces)
    out = _shape(waveforms, lengths, parameters)
    batch, frames = out.shape[:2]
    full = int(offsets[-1]) == batch * frames
    packed = kernel.batch(
        pieces, offsets, torch.get_num_threads(), out=out.view(-1, *out.shape[2:]).numpy() if full else None
    )
    if not full:
        into = out.numpy()
        for i, (begin, end) in enumerate(zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)):
            into[i, : end - begin] = packed[begin:end]
            into[i, end - begin :] = 0.0
    return out


@_log_mel.register_kernel("cuda")
def _log_mel_cuda(waveforms: Tensor, lengths: Tensor, parameters: str) -> Tensor:
    from serkit.ops.triton import log_mel as fused

    p = plain.decode(parameters)
    path = fused.log_mel if fused.fits(p) else plain.log_mel
    features, _ = path(waveforms.detach().float(), lengths, p)
    return features


_log_mel.register_fake(_shape)


@torch.library.custom_op("serkit::log_mel_backward", mutates_args=())
def _backward(grad: Tensor, waveforms: Tensor, lengths: Tensor, parameters: str) -> Tensor:
    p = plain.decode(parameters)
    found = waveform_gradient(grad.detach(), waveforms.detach().float(), lengths, p)
    return found.to(waveforms.dtype)


@_backward.register_fake
def _backward_shape(grad: Tensor, waveforms: Tensor, lengths: Tensor, parameters: str) -> Tensor:
    return waveforms.new_empty(waveforms.shape)


def _setup(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    waveforms, lengths, ctx.parameters = inputs
    ctx.save_for_backward(waveforms, lengths)


def _autograd(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
    return _backward(grad, *ctx.saved_tensors, ctx.parameters), None, None


def _keep_nothing(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    """The backward op has no derivative to save for."""


def _refuse(ctx: Any, *grads: Any) -> Any:
    raise UserError(
        "Log-Mel features have no second derivative in the compiled op; call serkit.ops.log_mel_torch.log_mel for one."
    )


torch.library.register_autograd("serkit::log_mel", _autograd, setup_context=_setup)
torch.library.register_autograd("serkit::log_mel_backward", _refuse, setup_context=_keep_nothing)
for _device in ("cpu", "cuda"):
    # the logarithm of a power needs the digits that half precision does not have
    torch.library.register_autocast("serkit::log_mel", _device, torch.float32)
