"""From the frames of an utterance to one vector, in the ways that papers compare."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from serkit.nn.attention import AttentionPooling
from serkit.nn.masking import masked_max, masked_mean

Pooling = Literal["attention", "mean", "max", "last"]


class FramePooling(nn.Module):
    """Pool valid frames by ``kind``: ``attention`` (learned weights: ``AttentionPooling`` with ``hidden`` and
    ``scale``), ``mean``, ``max``, or ``last``.

    ``last`` takes the state in which a bidirectional recurrence ended: the first half of the last valid frame (forward
    direction) and the second half of the first frame (backward direction), ``dim`` being even; with
    ``bidirectional=False`` the last valid frame.
    """

    def __init__(
        self, dim: int, kind: Pooling, hidden: int = 0, scale: float = 1.0, *, bidirectional: bool = True
    ) -> None:
        super().__init__()
        self.kind, self.bidirectional = kind, bidirectional
        self.attention = AttentionPooling(dim, hidden, scale) if kind == "attention" else None

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor | None]:
        """``x`` [B, T, dim], ``lengths`` [B] -> pooled [B, dim], and the weights [B, T] where there are some."""
        if self.attention is not None:
            pooled, weights = self.attention(x, lengths)
            return pooled, weights
        if self.kind == "mean":
            return masked_mean(x, lengths), None
        if self.kind == "max":
            return masked_max(x, lengths), None
        end = x[torch.arange(len(x), device=x.device), lengths - 1]
        if not self.bidirectional:
            return end, None
        half = x.shape[2] // 2
        return torch.cat([end[:, :half], x[:, 0, half:]], dim=1), None
