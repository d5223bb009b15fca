"""An architecture: the mean of the frames, and two layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Gt
from torch import Tensor, nn

from serkit.nn import Architecture, masked_mean
from serkit.types import FoldContext, Training


@dataclass(frozen=True, kw_only=True)
class ToyMeanConfig:
    hidden: Annotated[int, Gt(0)] = 32


class ToyMean(Architecture):
    training = Training(optimizer="adam", lr=1e-2, batch=8, epochs=20)

    def build(self, fold: FoldContext) -> nn.Module:
        bands, channels = fold.input_shapes["x"]
        return ToyMeanNet(bands * channels, self.config.hidden, fold.n_classes)


class ToyMeanNet(nn.Module):
    def __init__(self, dim: int, hidden: int, n_classes: int) -> None:
        super().__init__()
        self.head = nn.Sequential(nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, n_classes))

    def forward(self, x: Tensor, x_lengths: Tensor) -> Tensor:  # [B, T, F, C], [B] -> logits [B, K]
        return self.head(masked_mean(x.flatten(2), x_lengths))
