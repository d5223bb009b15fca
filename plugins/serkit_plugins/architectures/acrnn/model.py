"""Convolutions, BLSTM and attention over log-Mel segments (Chen et al. 2018, section II)."""

from __future__ import annotations

from itertools import pairwise
from math import prod

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from serkit.errors import ConfigError
from serkit.nn import (
    BLSTM,
    Architecture,
    AttentionPooling,
    mask_frames,
    masked_max,
    masked_mean,
    pooled_lengths,
    valid_mask,
)
from serkit.types import FoldContext, Input, Training
from serkit_plugins.architectures.acrnn.config import AcrnnConfig

SLOPE = 0.01  # of the leaky ReLU; from the authors' code, the paper does not say


class Acrnn(Architecture):
    """The plugin: settings of the paper, and the network built from them."""

    config: AcrnnConfig
    # NAdam, 1e-4 and batch 40 are the paper's; 100 epochs with patience 20 stand for its unstated length
    training = Training(optimizer="nadam", lr=1e-4, batch=40, epochs=100, patience=20)

    def __init__(self, config: AcrnnConfig) -> None:
        super().__init__(config)
        self.inputs = {"x": Input("log-mel")}
        self.min_frames = prod(time for time, _ in config.pools)

    def build(self, fold: FoldContext) -> nn.Module:
        """A new network for the fold's classes and the log-Mel channels chosen."""
        shape = fold.input_shapes["x"]
        bands, channels = (*shape, 1)[:2]
        return AcrnnNet(self.config, bands, channels, fold.n_classes)

    def attention(self, module: nn.Module, batch: dict[str, Tensor]) -> Tensor | None:  # type: ignore[override]
        """Weights over pooled frames ``[B, T / pool]``, for attention pooling."""
        assert isinstance(module, AcrnnNet)
        frames, lengths = module.encode(**batch)
        return module.pool_frames(frames, lengths)[1]


class AcrnnNet(nn.Module):
    """``forward(x [B, T, F, C] or [B, T, F], x_lengths [B]) -> logits [B, K]``.

    Frames past a row's length are set to zero after every layer that would fill them, so they act exactly like the
    zero padding of the convolutions at the end of an utterance and never change a logit.
    """

    def __init__(self, config: AcrnnConfig, bands: int, channels: int, n_classes: int) -> None:
        super().__init__()
        self.config = config
        maps = [channels, *(config.maps[min(i, len(config.maps) - 1)] for i in range(config.convs))]
        plain = config.batch_norm != "convs"  # batch normalisation has a bias of its own
        self.convs = nn.ModuleList(nn.Conv2d(a, b, (5, 3), padding=(2, 1), bias=plain) for a, b in pairwise(maps))
        self.conv_norms = nn.ModuleList(nn.BatchNorm2d(n) for n in maps[1:] if config.batch_norm == "convs")
        given = bands
        for _, frequency in config.pools[: config.convs]:
            bands //= frequency
        if bands < 1:
            raise ConfigError(
                f"The pools over frequency leave nothing of {given} band(s); take a feature with more, "
                "or set architecture.pools to ones of less frequency."
            )
        self.dropout = nn.Dropout(config.dropout)
        self.linear = nn.Linear(maps[-1] * bands, config.linear)
        self.linear_norm = nn.BatchNorm1d(config.linear) if config.batch_norm == "linear" else None
        self.blstm = BLSTM(config.linear, config.lstm)
        self.attention = _attention(config) if config.pooling == "attention" else None
        self.dense = nn.Linear(2 * config.lstm, config.dense)
        self.dense_norm = nn.BatchNorm1d(config.dense) if config.batch_norm != "linear" else None
        self.out = nn.Linear(config.dense, n_classes)
        self._init(config.init)
        # time x frequency x channel is how batches arrive, so NHWC convolutions need no copy
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, x: Tensor, x_lengths: Tensor) -> Tensor:
        """Logits ``[B, K]``."""
        frames, lengths = self.encode(x, x_lengths)
        pooled, _ = self.pool_frames(frames, lengths)
        y = self.dense(self.dropout(pooled))
        if self.dense_norm is not None:
            y = self.dense_norm(y)
        logits: Tensor = self.out(leaky_relu(y, SLOPE))
        return logits

    def encode(self, x: Tensor, x_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """BLSTM frames ``[B, T / pool, 2 lstm]`` and their lengths."""
        if x.dim() == 3:
            x = x.unsqueeze(3)
        lengths = x_lengths
        y = mask_frames(x, lengths).permute(0, 3, 1, 2)  # [B, C, T, F], channels last in memory
        for number, conv in enumerate(self.convs):
            y = conv(y)
            if number < len(self.config.pools):  # leaky ReLU is monotone: pooling first is cheaper
                pool = self.config.pools[number]
                y = nn.functional.max_pool2d(y, pool)
                lengths = pooled_lengths(lengths, pool[0], pool[0])
            if self.conv_norms:
                y = self.conv_norms[number](y)
            y = leaky_relu(y, SLOPE)
            y = mask_frames(y.permute(0, 2, 3, 1), lengths).permute(0, 3, 1, 2)
        y = self.linear(y.permute(0, 2, 3, 1).flatten(2))  # frequency slow, channel fast, as in the authors' code
        if self.linear_norm is not None:
            y = self._norm_frames(y, lengths)
        if self.config.linear_activation:
            y = leaky_relu(y, SLOPE)
        return self.blstm(self.dropout(y), lengths), lengths

    def pool_frames(self, frames: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor | None]:
        """One vector ``[B, 2 lstm]`` an utterance, and the weights over frames where there are some."""
        if self.config.pooling == "mean":
            return masked_mean(frames, lengths), None
        if self.config.pooling == "max":
            return masked_max(frames, lengths), None
        assert self.attention is not None
        pooled, weights = self.attention(frames, lengths)
        return pooled, weights

    def _norm_frames(self, y: Tensor, lengths: Tensor) -> Tensor:
        """Batch normalisation over valid frames only, so that padding does not enter the statistics."""
        assert self.linear_norm is not None
        keep = valid_mask(lengths, y.shape[1])
        out = torch.zeros_like(y)
        out[keep] = self.linear_norm(y[keep]).to(out.dtype)
        return out

    def _init(self, how: str) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                if how == "chen":
                    nn.init.trunc_normal_(module.weight, std=0.1, a=-0.2, b=0.2)
                else:
                    nn.init.kaiming_normal_(module.weight, a=SLOPE)
                if module.bias is not None:
                    nn.init.constant_(module.bias, 0.1 if how == "chen" else 0.0)


class SigmoidAttention(nn.Module):
    """softmax over frames of u sigmoid(w h + b): the authors' code, one hidden unit."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.score = nn.Linear(dim, 1)
        self.scale = nn.Parameter(torch.randn(1) * 0.1)

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """``x`` [B, T, dim], ``lengths`` [B] -> pooled [B, dim], weights [B, T]."""
        e = (self.scale * torch.sigmoid(self.score(x))).squeeze(2)
        e = e.masked_fill(~valid_mask(lengths, x.shape[1]), float("-inf"))
        weights = torch.softmax(e.float(), dim=1).to(x.dtype)
        return (weights[:, :, None] * x).sum(1), weights


def _attention(config: AcrnnConfig) -> nn.Module:
    if config.attention == "sigmoid":
        return SigmoidAttention(2 * config.lstm)
    return AttentionPooling(2 * config.lstm)
