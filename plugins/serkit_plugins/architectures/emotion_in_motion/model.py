"""Convolutions over time and attention (Gans et al. 2020), as their report describes it and as their code does."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool1d, pad, relu

from serkit.nn import Architecture, AttentionPooling, mask_frames, pooled_lengths
from serkit.nn.transforms import Transform
from serkit.types import FoldContext, Input, Training
from serkit_plugins.architectures.emotion_in_motion.config import EmotionInMotionConfig

CHANNELS = (5, 10, 20, 30)
KERNELS = (11, 5, 3, 3)
STRIDES = (4, 1, 1, 1)
POOLED = (True, True, False, True)  # max-pool 3/2 after the convolution
FRAMES = 259  # of three seconds
LEAST = 163
"""Frames that leave one position."""


class EmotionInMotion(Architecture):
    """The plugin."""

    config: EmotionInMotionConfig
    # the paper's: no early stopping, cross-entropy summed over the batch
    training = Training(optimizer="adam", lr=1e-3, batch=51, epochs=200, patience=0, select="last", reduction="sum")

    def __init__(self, config: EmotionInMotionConfig) -> None:
        super().__init__(config)
        literal = config.attention == "slots"
        self.inputs = {"x": Input("mean-mel")}
        self.transforms: Mapping[str, type[Transform]] = {}  # the authors do not normalise
        self.min_frames = FRAMES if literal else LEAST
        self.short: Literal["pad", "refuse"] = "refuse" if literal else "pad"  # the authors leave shorter files out

    def build(self, fold: FoldContext) -> nn.Module:
        """A new network for the fold's classes."""
        dim = prod(fold.input_shapes["x"])
        if self.config.attention == "positions":
            return PositionsNet(self.config, dim, fold.n_classes)
        return SlotsNet(self.config, dim, fold.n_classes)

    def attention(self, module: nn.Module, batch: Mapping[str, Tensor]) -> Tensor | None:
        """Weights over positions ``[B, L]``, where they are of an utterance alone."""
        return module.attend(**batch)[1] if isinstance(module, PositionsNet) else None


class Convolutions(nn.Module):
    """``forward(x [B, T, ...], lengths [B]) -> positions [B, L, 30], lengths [B]``; 259 frames leave four.

    Nothing is padded, so a position of an utterance sees its own frames only. One of fewer than 163 frames has one
    position, which sees zeros after its end.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        sizes = zip((dim, *CHANNELS), CHANNELS, KERNELS, STRIDES, strict=False)
        self.convs = nn.ModuleList(nn.Conv1d(a, b, k, stride=s) for a, b, k, s in sizes)

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Positions, and how many are valid."""
        x = x.flatten(2)
        if x.shape[1] < LEAST:
            x = pad(x, (0, 0, 0, LEAST - x.shape[1]))
        y = mask_frames(x, lengths)
        for conv, kernel, stride, pooled in zip(self.convs, KERNELS, STRIDES, POOLED, strict=True):
            y = relu(conv(y.transpose(1, 2)))
            lengths = pooled_lengths(lengths, kernel, stride)
            y = mask_frames(y.transpose(1, 2), lengths)
            if pooled:
                y = max_pool1d(y.transpose(1, 2), 3, 2).transpose(1, 2)
                lengths = pooled_lengths(lengths, 3, 2)
                y = mask_frames(y, lengths)
        return y, lengths


class PositionsNet(nn.Module):
    """As the report describes it: ``forward(x [B, T, ...], x_lengths [B]) -> logits [B, K]``."""

    def __init__(self, config: EmotionInMotionConfig, dim: int, classes: int) -> None:
        super().__init__()
        self.convolutions = Convolutions(dim)
        self.pool = AttentionPooling(CHANNELS[-1], CHANNELS[-1], config.scale)
        self.out = nn.Linear(CHANNELS[-1], classes)

    def forward(self, x: Tensor, x_lengths: Tensor) -> Tensor:
        """Logits ``[B, K]``."""
        logits: Tensor = self.out(self.attend(x, x_lengths)[0])
        return logits

    def attend(self, x: Tensor, x_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Pooled positions [B, 30] and weights over them [B, L]."""
        pooled, weights = self.pool(*self.convolutions(x, x_lengths))
        return pooled, weights


class SlotsNet(nn.Module):
    """As the code does it, in double precision: ``forward(x [B, 259, ...], x_lengths [B]) -> logits [B, K]``.

    z = tanh(dense(positions)) [B, K]; ``E_bij = z_bi u_bj`` with a vector u_b for each place b in the batch; alpha is
    the softmax of lambda E over b, i and j together; the logits are ``z_bi sum_j alpha_bij``. It is made for batches
    of ``slots`` rows; others are cut into such, the last filled up by repeating rows from the first on. A logit
    depends on the batch.
    """

    def __init__(self, config: EmotionInMotionConfig, dim: int, classes: int) -> None:
        super().__init__()
        self.scale = config.scale
        self.convolutions = Convolutions(dim)
        self.dense = nn.Linear(4 * CHANNELS[-1], classes)
        self.u = nn.Parameter(torch.empty(config.slots, classes))
        nn.init.trunc_normal_(self.u, std=1.0, a=-2.0, b=2.0)
        self.double()

    def forward(self, x: Tensor, x_lengths: Tensor) -> Tensor:
        """Logits ``[B, K]``, float64."""
        with torch.autocast(x.device.type, enabled=False):
            positions, _ = self.convolutions(x[:, :FRAMES].double(), x_lengths.clamp(max=FRAMES))
            z = torch.tanh(self.dense(positions.flatten(1)))
            slots = len(self.u)
            batches = -(-len(z) // slots)
            filled = z[torch.arange(batches * slots, device=z.device) % len(z)].view(batches, slots, -1)
            scores = self.scale * filled[..., None] * self.u[None, :, None, :]  # [batches, slots, K, K]
            alpha = torch.softmax(scores.flatten(1), 1).view_as(scores)
            return (filled * alpha.sum(3)).flatten(0, 1)[: len(z)]
