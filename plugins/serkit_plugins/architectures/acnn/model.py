"""Convolutions and additive attention over log-Mel segments, without a recurrence (M. Chen's poster)."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from serkit.nn import Architecture, ConvStack, FramePooling
from serkit.nn.convolutions import SLOPE, feature_maps, init_weights
from serkit.types import FoldContext, Input, Training
from serkit_plugins.architectures.acnn.config import AcnnConfig


class Acnn(Architecture):
    """The plugin: settings of the poster, and the network built from them."""

    config: AcnnConfig
    # the poster states no training; these are Chen 2018's
    training = Training(optimizer="nadam", lr=1e-4, batch=40, epochs=100, patience=20)

    def __init__(self, config: AcnnConfig) -> None:
        super().__init__(config)
        self.inputs = {"x": Input("log-mel")}
        self.min_frames = prod(time for time, _ in config.pools[: config.convs])

    def build(self, fold: FoldContext) -> nn.Module:
        """A new network for the fold's classes and the log-Mel channels chosen."""
        bands, channels = (*fold.input_shapes["x"], 1)[:2]
        return AcnnNet(self.config, bands, channels, fold.n_classes)

    def attention(self, module: nn.Module, batch: dict[str, Tensor]) -> Tensor | None:  # type: ignore[override]
        """Weights over pooled frames ``[B, T / pool]``."""
        assert isinstance(module, AcnnEncoder)
        frames, lengths = module.encode(**batch)
        return module.pooling(frames, lengths)[1]


class AcnnEncoder(nn.Module):
    """Convolutions, a linear layer and attention: ``encode`` and ``pooling`` make a vector ``[B, linear]``."""

    def __init__(self, config: AcnnConfig, bands: int, channels: int) -> None:
        super().__init__()
        maps = feature_maps(config.maps, config.convs)
        self.stack = ConvStack(bands, channels, maps, config.pools, batch_norm=config.batch_norm)
        self.linear = nn.Linear(self.stack.features, config.linear)
        init_weights(self, config.init)
        self.pooling = FramePooling(config.linear, "attention", config.hidden, config.scale)
        # time x frequency x channel is how batches arrive, so NHWC convolutions need no copy
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def encode(self, x: Tensor, x_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Annotations ``[B, T / pool, linear]`` (a_i of the poster) and their lengths."""
        y, lengths = self.stack(x, x_lengths)
        return self.linear(y), lengths


class AcnnNet(AcnnEncoder):
    """``forward(x [B, T, F, C] or [B, T, F], x_lengths [B]) -> logits [B, K]``. Padding never changes a logit."""

    def __init__(self, config: AcnnConfig, bands: int, channels: int, n_classes: int) -> None:
        super().__init__(config, bands, channels)
        self.dropout = nn.Dropout(config.dropout)
        self.dense = nn.Linear(config.linear, config.dense) if config.dense else None
        self.out = nn.Linear(config.dense or config.linear, n_classes)
        for layer in (self.dense, self.out):
            if layer is not None:
                init_weights(layer, config.init)

    def forward(self, x: Tensor, x_lengths: Tensor) -> Tensor:
        """Logits ``[B, K]``."""
        y, _ = self.pooling(*self.encode(x, x_lengths))
        y = self.dropout(y)
        if self.dense is not None:
            y = leaky_relu(self.dense(y), SLOPE)
        logits: Tensor = self.out(y)
        return logits
