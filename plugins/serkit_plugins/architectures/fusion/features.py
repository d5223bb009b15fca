"""Fusion inside one model: functionals of the utterance beside the attention vector of its log-Mel frames."""

from __future__ import annotations

from math import prod
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from serkit.nn import ZScore
from serkit.nn.convolutions import SLOPE, init_weights
from serkit.types import FoldContext, Input
from serkit_plugins.architectures.acnn.model import Acnn, AcnnEncoder
from serkit_plugins.architectures.fusion.config import FusionFeaturesConfig


class FusionFeatures(Acnn):
    """The plugin: the CNN with attention, which also sees functionals."""

    config: FusionFeaturesConfig
    transforms: ClassVar = {"x": ZScore, "functionals": ZScore}

    def __init__(self, config: FusionFeaturesConfig) -> None:
        super().__init__(config)
        self.inputs = {"x": Input("log-mel"), "functionals": Input("speech-functionals", whole=True)}

    def build(self, fold: FoldContext) -> nn.Module:
        """A new network for the fold's classes, log-Mel channels and functionals."""
        bands, channels = (*fold.input_shapes["x"], 1)[:2]
        return FusionFeaturesNet(self.config, bands, channels, prod(fold.input_shapes["functionals"]), fold.n_classes)

    def attention(self, module: nn.Module, batch: dict[str, Tensor]) -> Tensor | None:  # type: ignore[override]
        """Weights over pooled frames ``[B, T / pool]``."""
        assert isinstance(module, FusionFeaturesNet)
        return super().attention(module.encoder, {name: batch[name] for name in ("x", "x_lengths")})


class FusionFeaturesNet(nn.Module):
    """``forward(x [B, T, F, C], x_lengths [B], functionals [B, 1, D], functionals_lengths [B]) -> logits [B, K]``.
    Padding never changes a logit."""

    def __init__(self, config: FusionFeaturesConfig, bands: int, channels: int, dim: int, n_classes: int) -> None:
        super().__init__()
        self.clip = config.clip
        self.encoder = AcnnEncoder(config, bands, channels)
        self.dropped = nn.Dropout(config.functionals_dropout)
        self.functionals = nn.Linear(dim, config.functionals)
        self.dropout = nn.Dropout(config.dropout)
        joined = config.linear + config.functionals
        self.dense = nn.Linear(joined, config.dense) if config.dense else None
        self.out = nn.Linear(config.dense or joined, n_classes)
        for layer in (self.functionals, self.dense, self.out):
            if layer is not None:
                init_weights(layer, config.init)

    def forward(self, x: Tensor, x_lengths: Tensor, functionals: Tensor, functionals_lengths: Tensor) -> Tensor:
        """Logits ``[B, K]``; ``functionals_lengths`` are all 1."""
        heard, _ = self.encoder.pooling(*self.encoder.encode(x, x_lengths))
        measured = functionals[:, 0].flatten(1).clamp(-self.clip, self.clip)
        measured = leaky_relu(self.functionals(self.dropped(measured)), SLOPE)
        y = self.dropout(torch.cat([heard, measured], dim=1))
        if self.dense is not None:
            y = leaky_relu(self.dense(y), SLOPE)
        logits: Tensor = self.out(y)
        return logits
