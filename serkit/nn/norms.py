"""Normalisation of frames that padding does not enter."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from serkit.nn.masking import mask_frames, valid_mask


class FrameNorm(nn.BatchNorm1d):
    """Batch normalisation of frames whose statistics are those of valid frames only."""

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:  # type: ignore[override]
        """``x`` [B, T, D], ``lengths`` [B] -> the same shape, 0 in padding."""
        if not self.training and self.running_mean is not None:  # the same numbers, in a way that exports
            y = super().forward(x.flatten(0, 1)).to(x.dtype)
            return mask_frames(y.view_as(x), lengths)
        keep = valid_mask(lengths, x.shape[1])
        out = torch.zeros_like(x)
        out[keep] = super().forward(x[keep]).to(out.dtype)
        return out
