"""AlexNet's convolutions over a spectrogram, attention over what is left of time and frequency (Zhang et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from serkit.errors import ConfigError
from serkit.nn import Architecture, AttentionPooling
from serkit.nn.weights import fill_in, read_weights
from serkit.types import FoldContext, Input, Training
from serkit_plugins.architectures.afcn.config import AfcnConfig, AfcnMultiheadConfig
from serkit_plugins.architectures.afcn.encoder import LEAST, Encoder, renamed

# 40 ms Hamming windows, 10 Hz from bin to bin, 0 to 4 kHz: 400 bins
SPECTROGRAM = {"frame_ms": 40.0, "n_fft": 1600, "f_max": 3990.0}


class Afcn(Architecture):
    """The plugin."""

    config: AfcnConfig
    # the paper's training is not known; these are SerKit's
    training = Training(optimizer="adam", lr=1e-4, weight_decay=1e-5, batch=16, epochs=100, patience=20)

    def __init__(self, config: AfcnConfig) -> None:
        super().__init__(config)
        self.inputs = {"x": Input("spectrogram", SPECTROGRAM)}
        self.min_frames = 1 if config.padding == "same" else LEAST

    def build(self, fold: FoldContext) -> AfcnNet:
        """A new network for the fold's classes, its encoder filled in from ``weights`` where training begins."""
        bands, channels = (*fold.input_shapes["x"], 1)[:2]
        net = self._net(bands, channels, fold.n_classes)
        # a model that is described or loaded has no transforms, and needs no file to begin with
        if self.config.weights and fold.transforms:
            fill_in(net.encoder, renamed(read_weights(self.config.weights, "the AFCN")), "the AFCN")
        return net

    def attention(self, module: nn.Module, batch: Mapping[str, Tensor]) -> Tensor | None:
        """Weights over time ``[B, T']``, summed over bands, the mean of the heads."""
        assert isinstance(module, AfcnNet)
        weights = module.attend(batch["x"], batch["x_lengths"])[1]
        heads = weights if weights.dim() == 3 else weights.unsqueeze(1)
        return heads.mean(1).unflatten(1, (-1, module.encoder.columns)).sum(2)

    def _net(self, bands: int, channels: int, classes: int) -> AfcnNet:
        return AfcnNet(self.config, bands, channels, classes)


class AfcnMultihead(Afcn):
    """The plugin with several heads."""

    config: AfcnMultiheadConfig

    def _net(self, bands: int, channels: int, classes: int) -> AfcnNet:
        return AfcnMultiheadNet(self.config, bands, channels, classes)


class AfcnNet(nn.Module):
    """``forward(x [B, T, F, C] or [B, T, F], x_lengths [B]) -> logits [B, K]``.

    The encoder's cells, time and frequency, are the annotations; those past an utterance's end get no weight. ``heads``
    and ``scales`` (one a head, or none for ``config.scale``) are of the form with several heads.
    """

    def __init__(
        self,
        config: AfcnConfig,
        bands: int,
        channels: int,
        classes: int,
        heads: int = 1,
        scales: Sequence[float] = (),
    ) -> None:
        super().__init__()
        if config.copies > 1 and channels > 1:
            raise ConfigError(
                f"architecture.copies={config.copies} repeats one channel and there are {channels}; set copies=1, or "
                'features.x.channels=["static"].'
            )
        same = config.padding == "same" or (config.padding == "auto" and bands < LEAST)
        self.copies, size = config.copies, config.maps[-1]
        self.encoder = Encoder(bands, channels * config.copies, config.maps, same=same, lrn=config.lrn)
        self.rate_factors = {"encoder.": config.weights_rate} if config.weights else {}
        self.pool = AttentionPooling(size, size, scales or config.scale, heads)
        self.dropout = nn.Dropout(config.dropout)
        self.out = nn.Linear(size * heads, classes)

    def forward(self, x: Tensor, x_lengths: Tensor) -> Tensor:
        """Logits ``[B, K]``."""
        logits: Tensor = self.out(self.dropout(self.attend(x, x_lengths)[0]))
        return logits

    def attend(self, x: Tensor, x_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Pooled annotations [B, H maps] and weights over them [B, L], or [B, H, L] of several heads."""
        if x.dim() == 3:
            x = x.unsqueeze(3)
        if self.copies > 1:
            x = x.expand(-1, -1, -1, self.copies)
        annotations, lengths = self.encoder(x, x_lengths)
        # time slow, frequency fast: the valid ones of a row stand at its beginning
        pooled, weights = self.pool(annotations.flatten(1, 2), lengths * self.encoder.columns)
        return pooled, weights


class AfcnMultiheadNet(AfcnNet):
    """``AfcnNet`` with H heads; one head is ``AfcnNet`` to the bit."""

    def __init__(self, config: AfcnMultiheadConfig, bands: int, channels: int, classes: int) -> None:
        if config.scales and len(config.scales) != config.heads:
            raise ConfigError(
                f"architecture.scales has {len(config.scales)} number(s) for {config.heads} head(s); give one a head, "
                "or none to use architecture.scale for all."
            )
        super().__init__(config, bands, channels, classes, config.heads, config.scales)
        self.diversity = config.diversity
        self.last: Tensor | None = None

    def attend(self, x: Tensor, x_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """As ``AfcnNet``; in training the weights are kept for ``penalty``."""
        pooled, weights = super().attend(x, x_lengths)
        self.last = weights if self.training and self.diversity else None
        return pooled, weights

    def penalty(self) -> Tensor:
        """``diversity`` times the batch's mean of ||A A^T - 1||^2 (Frobenius), A [H, L] the weights of an utterance."""
        if self.last is None:
            return self.out.weight.new_zeros(())
        a = self.last if self.last.dim() == 3 else self.last.unsqueeze(1)
        excess = a @ a.transpose(1, 2) - torch.eye(a.shape[1], dtype=a.dtype, device=a.device)
        return self.diversity * excess.square().sum((1, 2)).mean()
