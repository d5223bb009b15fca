"""Layers of MMFA: self-attention, re-sampling of tokens to frames, multi-head fusion, the classifier."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from serkit.errors import ConfigError
from serkit.nn import GRU, FrameNorm, mask_frames, valid_mask


def fast_gelu(x: Tensor) -> Tensor:
    """x max(0, min(1, (1.702 x + 1) / 2)), the paper's piecewise linear gate in place of the normal distribution."""
    return x * ((1.702 * x + 1.0) / 2.0).clamp(0.0, 1.0)


def resample(x: Tensor, lengths: Tensor, targets: Tensor, frames: int) -> Tensor:
    """Linear interpolation in time of the valid rows of ``x`` [B, T, D] to ``targets`` [B] rows, the end points kept:
    [B, ``frames``, D], of which rows past ``targets`` mean nothing. One target row is the first row."""
    t = torch.arange(frames, device=x.device)
    last = (lengths - 1)[:, None]
    place = (t * (last / (targets - 1).clamp(min=1)[:, None])).clamp(max=last)  # [B, frames]
    low = place.floor().long()
    share = (place - low)[:, :, None].to(x.dtype)  # places stay single precision where x is less
    high = torch.minimum(low + 1, last)

    def rows(index: Tensor) -> Tensor:
        return x.gather(1, index[:, :, None].expand(-1, -1, x.shape[2]))

    return rows(low) * (1 - share) + rows(high) * share


class SelfAttention(nn.Module):
    """Multiplicative self-attention over the valid frames: ``l_t = sum_t' softmax_t'(x_t W x_t' + b) x_t'``.

    ``b`` has no effect inside the softmax; it is kept for the paper's count. ``causal``: only t' <= t.
    """

    def __init__(self, dim: int, causal: bool = False) -> None:
        super().__init__()
        self.causal = causal
        self.W = nn.Parameter(nn.init.xavier_uniform_(torch.empty(dim, dim)))
        self.b = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """``x`` [B, T, D] with zeros in padding -> the same shape, with zeros in padding."""
        frames = x.shape[1]
        scores = x @ self.W @ x.transpose(1, 2) + self.b  # [B, T, T']
        seen = valid_mask(lengths, frames)[:, None, :]
        if self.causal:
            seen = seen & torch.ones(frames, frames, dtype=torch.bool, device=x.device).tril()
        weights = torch.softmax(scores.masked_fill(~seen, float("-inf")).float(), dim=2).to(x.dtype)
        return mask_frames(weights @ x, lengths)


class MultiHead(nn.Module):
    """Scaled dot-product attention of several heads: queries and keys of one sequence, values of another as long."""

    def __init__(self, dim: int, values: int, heads: int) -> None:
        super().__init__()
        if dim % heads or values % heads:
            raise ConfigError(
                f"architecture.heads={heads} does not divide {dim if dim % heads else values} units; choose numbers of "
                "units that are multiples of the heads."
            )
        self.heads = heads
        self.query, self.key = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.value, self.out = nn.Linear(values, values), nn.Linear(values, values)
        for layer in (self.query, self.key, self.value, self.out):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor, values: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """``x`` [B, T, dim], ``values`` [B, T, values] -> [B, T, values] with zeros in padding, and the weights
        [B, heads, T, T]."""
        q, k, v = (self._split(y) for y in (self.query(x), self.key(x), self.value(values)))
        scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[3])
        seen = valid_mask(lengths, x.shape[1])[:, None, None, :]
        weights = torch.softmax(scores.masked_fill(~seen, float("-inf")).float(), dim=3).to(x.dtype)
        joined = (weights @ v).transpose(1, 2).flatten(2)
        return mask_frames(self.out(joined), lengths), weights

    def _split(self, y: Tensor) -> Tensor:
        return y.unflatten(2, (self.heads, -1)).transpose(1, 2)  # [B, heads, T, d]


class Branch(nn.Module):
    """One modality: batch normalisation of its rows, GRU, self-attention."""

    def __init__(self, dim: int, units: int, *, bidirectional: bool, causal: bool, recurrent_dropout: float) -> None:
        super().__init__()
        if bidirectional and units % 2:
            raise ConfigError(f"architecture.bidirectional needs an even number of units, not {units}.")
        self.norm = FrameNorm(dim)
        hidden = units // 2 if bidirectional else units
        self.gru = GRU(dim, hidden, bidirectional=bidirectional, recurrent_dropout=recurrent_dropout)
        self.attend = SelfAttention(units, causal)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """``x`` [B, T, ...], whose padding may hold anything -> [B, T, units], with zeros in padding."""
        y = self.norm(mask_frames(x.flatten(2), lengths), lengths)
        return self.attend(mask_frames(self.gru(y, lengths), lengths), lengths)


class Classifier(nn.Module):
    """Dense layers with batch normalisation, fast GELU and dropout, then logits."""

    def __init__(self, dim: int, widths: Sequence[int], n_classes: int, dropout: float) -> None:
        super().__init__()
        sizes = [dim, *widths]
        self.dense = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, widths, strict=False))
        self.norms = nn.ModuleList(nn.BatchNorm1d(b) for b in widths)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(sizes[-1], n_classes)
        for layer in (*self.dense, self.out):
            assert isinstance(layer, nn.Linear)
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """``x`` [B, dim] -> logits [B, K]."""
        for dense, norm in zip(self.dense, self.norms, strict=True):
            x = self.dropout(fast_gelu(norm(dense(x))))
        logits: Tensor = self.out(x)
        return logits
