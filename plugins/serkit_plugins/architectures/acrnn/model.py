"""Convolutions, BLSTM and attention over log-Mel segments (Chen et al. 2018, section II)."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from serkit.nn import BLSTM, Architecture, ConvStack, FrameNorm, FramePooling, valid_mask
from serkit.nn.convolutions import SLOPE, feature_maps, init_weights
from serkit.types import FoldContext, Input, Training
from serkit_plugins.architectures.acrnn.config import AcrnnConfig


class Acrnn(Architecture):
    """The plugin: settings of the paper, and the network built from them."""

    config: AcrnnConfig
    # NAdam, 1e-4 and batch 40 are the paper's; 100 epochs with patience 20 stand for its unstated length
    training = Training(optimizer="nadam", lr=1e-4, batch=40, epochs=100, patience=20)

    def __init__(self, config: AcrnnConfig) -> None:
        super().__init__(config)
        self.inputs = {"x": Input("log-mel")}
        self.min_frames = prod(time for time, _ in config.pools[: config.convs])

    def build(self, fold: FoldContext) -> nn.Module:
        """A new network for the fold's classes and the log-Mel channels chosen."""
        shape = fold.input_shapes["x"]
        bands, channels = (*shape, 1)[:2]
        return AcrnnNet(self.config, bands, channels, fold.n_classes)

    def attention(self, module: nn.Module, batch: dict[str, Tensor]) -> Tensor | None:  # type: ignore[override]
        """Weights over pooled frames ``[B, T / pool]``, for attention pooling."""
        assert isinstance(module, AcrnnNet)
        frames, lengths = module.encode(**batch)
        return module.pooling(frames, lengths)[1]


class AcrnnNet(nn.Module):
    """``forward(x [B, T, F, C] or [B, T, F], x_lengths [B]) -> logits [B, K]``.

    Padding never changes a logit (``ConvStack``).
    """

    def __init__(self, config: AcrnnConfig, bands: int, channels: int, n_classes: int) -> None:
        super().__init__()
        self.config = config
        maps = feature_maps(config.maps, config.convs)
        self.stack = ConvStack(bands, channels, maps, config.pools, batch_norm=config.batch_norm == "convs")
        self.dropout = nn.Dropout(config.dropout)
        self.linear = nn.Linear(self.stack.features, config.linear)
        self.linear_norm = FrameNorm(config.linear) if config.batch_norm == "linear" else None
        self.blstm = BLSTM(config.linear, config.lstm)
        self.pooling = make_pooling(config, 2 * config.lstm)
        self.dense = nn.Linear(2 * config.lstm, config.dense)
        self.dense_norm = nn.BatchNorm1d(config.dense) if config.batch_norm != "linear" else None
        self.out = nn.Linear(config.dense, n_classes)
        init_weights(self, config.init)
        # time x frequency x channel is how batches arrive, so NHWC convolutions need no copy
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, x: Tensor, x_lengths: Tensor) -> Tensor:
        """Logits ``[B, K]``."""
        frames, lengths = self.encode(x, x_lengths)
        pooled, _ = self.pooling(frames, lengths)
        y = self.dense(self.dropout(pooled))
        if self.dense_norm is not None:
            y = self.dense_norm(y)
        logits: Tensor = self.out(leaky_relu(y, SLOPE))
        return logits

    def encode(self, x: Tensor, x_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """BLSTM frames ``[B, T / pool, 2 lstm]`` and their lengths."""
        y, lengths = self.stack(x, x_lengths)
        y = self.linear(y)
        if self.linear_norm is not None:
            y = self.linear_norm(y, lengths)
        if self.config.linear_activation:
            y = leaky_relu(y, SLOPE)
        return self.blstm(self.dropout(y), lengths), lengths


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


def make_pooling(config: AcrnnConfig, dim: int) -> nn.Module:
    """The pooling of the settings over frames of ``dim`` numbers, called as ``FramePooling`` is."""
    if config.pooling == "attention" and config.attention == "sigmoid":
        return SigmoidAttention(dim)
    return FramePooling(dim, config.pooling)
