"""Attention pooling as a module."""

from __future__ import annotations

import math
from collections.abc import Sequence

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

    ``heads=H`` above 1 pools the same frames H times, each head with parameters of its own, which then have H in front,
    and with ``scale`` one number for all or one a head.
    """

    def __init__(self, dim: int, hidden: int = 0, scale: float | Sequence[float] = 1.0, heads: int = 1) -> None:
        super().__init__()
        scales = tuple(map(float, scale)) if isinstance(scale, Sequence) else (float(scale),)
        if dim < 1 or hidden < 0 or heads < 1 or not all(map(math.isfinite, scales)) or len(scales) not in (1, heads):
            raise ConfigError(
                f"AttentionPooling got dim={dim}, hidden={hidden}, scale={scale}, heads={heads}; dim and heads are at "
                "least 1, hidden at least 0 (0: no hidden layer), scale is one finite number, or one a head."
            )
        self.dim, self.hidden, self.heads = dim, hidden, heads
        self.scale = scales if len(scales) > 1 else scales[0]
        head = (heads,) if heads > 1 else ()
        if hidden:
            self.W = nn.Parameter(torch.empty(*head, hidden, dim))
            self.b = nn.Parameter(torch.empty(*head, hidden))
            self.u = nn.Parameter(torch.empty(*head, hidden))
        else:
            self.theta = nn.Parameter(torch.empty(*head, dim))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the parameters to fresh initial values, from torch's generator."""
        if self.hidden:
            for weight in self.W.unbind() if self.heads > 1 else (self.W,):
                nn.init.xavier_uniform_(weight)
            nn.init.zeros_(self.b)
            nn.init.uniform_(self.u, -1.0 / math.sqrt(self.hidden), 1.0 / math.sqrt(self.hidden))
        else:
            nn.init.zeros_(self.theta)

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Pooled [B, heads * dim], head after head, and weights [B, T], or [B, heads, T] of several heads.

        ``x`` is [B, T, dim], of which sample b has ``lengths[b]`` (int64) frames. Weights are exactly 0 in padding and
        sum to 1. Raises UserError for wrong shapes, dtypes, devices or lengths.
        """
        if self.hidden:
            pooled, weights = attention_pool(x, lengths, self.W, self.b, self.u, self.scale)
        else:
            pooled, weights = linear_attention_pool(x, lengths, self.theta, self.scale)
        return (pooled.flatten(1) if self.heads > 1 else pooled), weights

    def extra_repr(self) -> str:
        """Settings for ``print(module)``."""
        return f"dim={self.dim}, hidden={self.hidden}, scale={self.scale}, heads={self.heads}"
