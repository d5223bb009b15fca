"""Masks over padded frames, so that padding can never change a result. Plain torch: everything here exports.

``lengths`` is int64 [B] on the device of ``x``, the number of valid frames of each sample, 1..T. Padding may hold
anything, NaN too: it is replaced, never multiplied by zero, and gets a gradient of exactly 0.
"""

from __future__ import annotations

import torch
from torch import Tensor


def valid_mask(lengths: Tensor, frames: int) -> Tensor:
    """Boolean [B, ``frames``]: True where frame t < lengths[b]."""
    return torch.arange(frames, device=lengths.device) < lengths[:, None]


def mask_frames(x: Tensor, lengths: Tensor) -> Tensor:
    """``x`` [B, T, ...] with every padding frame set to 0; dtype and shape are kept."""
    mask = valid_mask(lengths, x.shape[1])
    return torch.where(
        mask.reshape(*mask.shape, *[1] * (x.dim() - 2)), x, torch.zeros((), dtype=x.dtype, device=x.device)
    )


def masked_mean(x: Tensor, lengths: Tensor) -> Tensor:
    """Mean over the valid frames of ``x`` [B, T, D]: [B, D]."""
    return mask_frames(x, lengths).sum(dim=1) / lengths[:, None].to(x.dtype)


def masked_max(x: Tensor, lengths: Tensor) -> Tensor:
    """Maximum over the valid frames of ``x`` [B, T, D]: [B, D]. Equal maxima share the gradient."""
    mask = valid_mask(lengths, x.shape[1])[:, :, None]
    return torch.where(mask, x, torch.full((), -torch.inf, dtype=x.dtype, device=x.device)).amax(dim=1)


def pooled_lengths(lengths: Tensor, size: int, stride: int) -> Tensor:
    """Lengths after a pooling or convolution of ``size`` and ``stride`` without padding: whole windows, at least 1.

    A sample shorter than one window keeps one frame (whose window reaches into its padding).
    """
    return (torch.div(lengths - size, stride, rounding_mode="floor") + 1).clamp(min=1)
