"""CNN and LSTM over log-Mel segments, in series or side by side, pooled over time without attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from serkit.nn import BLSTM, ConvStack, FrameNorm
from serkit.nn.convolutions import SLOPE, feature_maps, init_weights
from serkit.types import FoldContext, Input
from serkit_plugins.architectures.acrnn.model import Acrnn, AcrnnNet, make_pooling
from serkit_plugins.architectures.cnn_lstm.config import CnnLstmConfig


class CnnLstm(Acrnn):
    """The plugin: the ACRNN without its attention, on the static channel; or its halves side by side."""

    config: CnnLstmConfig

    def __init__(self, config: CnnLstmConfig) -> None:
        super().__init__(config)
        self.inputs = {"x": Input("log-mel", {"channels": ["static"]})}

    def build(self, fold: FoldContext) -> nn.Module:
        """A new network for the fold's classes and the log-Mel channels chosen."""
        bands, channels = (*fold.input_shapes["x"], 1)[:2]
        if self.config.arrangement == "series":
            return AcrnnNet(self.config, bands, channels, fold.n_classes)
        return ParallelNet(self.config, bands, channels, fold.n_classes)

    def attention(self, module: nn.Module, batch: dict[str, Tensor]) -> Tensor | None:  # type: ignore[override]
        """Weights over frames where the pooling is attention, of halves in parallel those of the convolutions."""
        if isinstance(module, ParallelNet):
            return module.halves(**batch)[1]
        return super().attention(module, batch)


class ParallelNet(nn.Module):
    """``forward(x [B, T, F, C] or [B, T, F], x_lengths [B]) -> logits [B, K]``. Padding never changes a logit."""

    def __init__(self, config: CnnLstmConfig, bands: int, channels: int, n_classes: int) -> None:
        super().__init__()
        maps = feature_maps(config.maps, config.convs)
        self.stack = ConvStack(bands, channels, maps, config.pools, batch_norm=config.batch_norm == "convs")
        self.linear = nn.Linear(self.stack.features, config.linear)
        self.linear_norm = FrameNorm(config.linear) if config.batch_norm == "linear" else None
        self.linear_activation = config.linear_activation
        self.blstm = BLSTM(bands * channels, config.lstm)
        self.conv_pooling = make_pooling(config, config.linear)
        self.lstm_pooling = make_pooling(config, 2 * config.lstm)
        self.dropout = nn.Dropout(config.dropout)
        self.dense = nn.Linear(config.linear + 2 * config.lstm, config.dense)
        self.dense_norm = nn.BatchNorm1d(config.dense) if config.batch_norm != "linear" else None
        self.out = nn.Linear(config.dense, n_classes)
        init_weights(self, config.init)
        # time x frequency x channel is how batches arrive, so NHWC convolutions need no copy
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, x: Tensor, x_lengths: Tensor) -> Tensor:
        """Logits ``[B, K]``."""
        y = self.dense(self.dropout(self.halves(x, x_lengths)[0]))
        if self.dense_norm is not None:
            y = self.dense_norm(y)
        logits: Tensor = self.out(leaky_relu(y, SLOPE))
        return logits

    def halves(self, x: Tensor, x_lengths: Tensor) -> tuple[Tensor, Tensor | None]:
        """Both halves pooled ``[B, linear + 2 lstm]``, and the convolutions' weights over frames, if any."""
        y, lengths = self.stack(x, x_lengths)
        y = self.linear(y)
        if self.linear_norm is not None:
            y = self.linear_norm(y, lengths)
        if self.linear_activation:
            y = leaky_relu(y, SLOPE)
        convolved, weights = self.conv_pooling(y, lengths)
        recurrent, _ = self.lstm_pooling(self.blstm(x.flatten(2), x_lengths), x_lengths)
        return torch.cat([convolved, recurrent], dim=1), weights
