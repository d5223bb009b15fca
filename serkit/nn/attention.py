"""Attention pooling as a module."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from serkit.errors import ConfigError
from serkit.ops.attention import attention_pool, linear_attention_pool


class AttentionPooling(nn.Module):
    """Weighted mean over valid frames, the weights learned.

    ``hidden=0``: e_t = theta . x_t (Chen et al. 2018), one parameter ``theta`` [dim], started at 0: pooling begins as
    the plain mean, whose gradient already moves theta, and no scale of the input can saturate the first softmax.
    ``hidden>0``: e_t = u . tanh(W x_t + b) (M. Chen), parameters ``W`` [hidden, dim] (Xavier uniform, made for tanh),
    ``b`` [hidden] (0), ``u`` [hidden] (uniform within 1 / sqrt(hidden), so that scores begin of order one and W learns
    from the first step). ``scale`` multiplies the scores before the softmax (lambda in M. Chen: 0.3; smaller is more
    uniform).
    """

    def __init__(self, dim: int, hidden: int = 0, scale: float = 1.0) -> None:
        super().__init__()
        if dim < 1 or hidden < 0 or not math.isfinite(scale):
            raise ConfigError(
                f"AttentionPooling got dim={dim}, hidden={hidden}, scale={scale}; "
                "dim is at least 1, hidden at least 0 (0: no hidden layer), scale finite."
            )
        self.dim, self.hidden, self.scale = dim, hidden, float(scale)
        if hidden:
            self.W = nn.Parameter(torch.empty(hidden, dim))
            self.b = nn.Parameter(torch.empty(hidden))
            self.u = nn.Parameter(torch.empty(hidden))
        else:
            self.theta = nn.Parameter(torch.empty(dim))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the parameters to fresh initial values, from torch's generator."""
        if self.hidden:
            nn.init.xavier_uniform_(self.W)
            nn.init.zeros_(self.b)
            nn.init.uniform_(self.u, -1.0 / math.sqrt(self.hidden), 1.0 / math.sqrt(self.hidden))
        else:
            nn.init.zeros_(self.theta)

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Pooled [B, dim] and weights [B, T] of ``x`` [B, T, dim], of which sample b has ``lengths[b]`` (int64) frames.

        Weights are exactly 0 in padding and sum to 1. Raises UserError for wrong shapes, dtypes, devices or lengths.
        """
        if self.hidden:
            return attention_pool(x, lengths, self.W, self.b, self.u, self.scale)
        return linear_attention_pool(x, lengths, self.theta, self.scale)

    def extra_repr(self) -> str:
        """Settings for ``print(module)``."""
        return f"dim={self.dim}, hidden={self.hidden}, scale={self.scale}"
