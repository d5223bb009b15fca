"""Dense layers over frames of descriptors, a BLSTM, and attention over its frames (Mirsamadi et al. 2017)."""

from __future__ import annotations

from itertools import pairwise
from math import prod

import numpy as np
import torch
from torch import Tensor, nn

from serkit.nn import (
    BLSTM,
    Architecture,
    FramePooling,
    TrainingSet,
    Transform,
    ZScore,
    mask_frames,
    masked_mean,
    neutral_utterances,
)
from serkit.types import FoldContext, Input, Training
from serkit_plugins.architectures.local_attention.config import LocalAttentionConfig


class LocalAttention(Architecture):
    """The plugin: settings of the paper, its features and their normalisation, and the network built from them."""

    config: LocalAttentionConfig
    inputs = {"x": Input("lld-32")}  # noqa: RUF012  # read, never changed
    # the paper's training is not known to us; Adam is the spec of the baseline, the rest usual
    training = Training(optimizer="adam", lr=1e-3, batch=40, epochs=100, patience=20)

    def fit_transforms(self, train: TrainingSet, rng: np.random.Generator) -> dict[str, Transform]:
        """Mean and deviation of neutral training speech."""
        return {"x": ZScore.fit(neutral_utterances(train, "x"), rng)}

    def build(self, fold: FoldContext) -> nn.Module:
        """A new network for the fold's classes and the features chosen."""
        summed = fold.training.reduction == "sum"
        return LocalAttentionNet(self.config, prod(fold.input_shapes["x"]), fold.n_classes, summed=summed)

    def attention(self, module: nn.Module, batch: dict[str, Tensor]) -> Tensor | None:  # type: ignore[override]
        """Weights over frames ``[B, T]``, for attention pooling."""
        assert isinstance(module, LocalAttentionNet)
        if module.pooling is None:
            return None
        weights: Tensor | None = module.pooling(module.encode(**batch), batch["x_lengths"])[1]
        return weights


class LocalAttentionNet(nn.Module):
    """``forward(x [B, T, ...], x_lengths [B]) -> logits [B, K]``. Padding never changes a logit.

    ``summed``: the host's loss is the sum over a batch, not its mean (``penalty``)."""

    def __init__(self, config: LocalAttentionConfig, dim: int, n_classes: int, *, summed: bool = False) -> None:
        super().__init__()
        self.summed = summed
        layers: list[nn.Module] = []
        for a, b in pairwise((dim, *config.dense)):
            layers += [nn.Linear(a, b), nn.ReLU(), nn.Dropout(config.dropout)]
        self.dense = nn.Sequential(*layers)
        self.blstm = BLSTM((dim, *config.dense)[-1], config.lstm)
        self.dropout = nn.Dropout(config.dropout)
        self.pooling = None if config.pooling == "frames" else FramePooling(2 * config.lstm, config.pooling)
        self.out = nn.Linear(2 * config.lstm, n_classes)
        self._unnormalised: Tensor | None = None

    def forward(self, x: Tensor, x_lengths: Tensor) -> Tensor:
        """Logits ``[B, K]``; of the mode ``frames`` the mean over frames of their log posteriors."""
        frames = self.encode(x, x_lengths)
        logits: Tensor
        if self.pooling is not None:
            logits = self.out(self.pooling(frames, x_lengths)[0])
            return logits
        logits = masked_mean(torch.log_softmax(self.out(frames).float(), dim=2), x_lengths)
        if self.training:
            excess = logits.logsumexp(dim=1)
            self._unnormalised = excess.sum() if self.summed else excess.mean()
        return logits

    def encode(self, x: Tensor, x_lengths: Tensor) -> Tensor:
        """BLSTM frames ``[B, T, 2 lstm]``."""
        y: Tensor = self.dense(mask_frames(x, x_lengths).flatten(2))
        return self.dropout(self.blstm(y, x_lengths))

    def penalty(self) -> Tensor:
        """What turns the loss of an utterance into the mean of its frames' losses in the mode ``frames``, else 0.

        The host takes the cross-entropy of softmax(z), z_k the mean log posterior of class k over frames: it is the
        mean over frames of -log p(label), which is wanted, plus logsumexp(z), at most 0, which is taken off here (for
        equal class weights).
        """
        if self._unnormalised is None:
            return torch.zeros((), device=self.out.weight.device)
        value, self._unnormalised = -self._unnormalised, None
        return value
