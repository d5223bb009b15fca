"""MMFA over MFCC frames and token rows, and its audio-only and text-only halves (Ho et al. 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import torch
from torch import Tensor, nn

from serkit.nn import Architecture, UtteranceMean, masked_mean
from serkit.types import FoldContext, Input, Training
from serkit_plugins.architectures.mmfa.config import CommonConfig, MmfaAudioConfig, MmfaConfig, MmfaTextConfig
from serkit_plugins.architectures.mmfa.layers import Branch, Classifier, MultiHead, resample

AUDIO = Input(
    "mfcc",
    {"frame_ms": 100.0, "hop_ms": 50.0, "n_fft": 2048, "framing": "snip", "preemphasis_scope": "frame"},
)
"""Log-energy and MFCC 1 to 12 of 26 bands with lifter 22, deltas, deltas of deltas: 39 numbers every 50 ms."""

TEXT = Input("text-hash", {"dim": 768}, whole=True)
"""Rows of a width that BERT base has too; ``features.text.feature=text-encoder`` takes an encoder from a folder."""

# SGD at 1e-3 with time decay 1e-6 and batch 30 are the paper's; momentum, 200 epochs and patience 20 are ours
TRAINING = Training(
    optimizer="sgd", lr=1e-3, beta1=0.9, schedule="inverse-time", decay=1e-6, batch=30, epochs=200, patience=20
)


class Mmfa(Architecture):
    """Speech and words."""

    config: MmfaConfig
    training = TRAINING
    inputs = {"audio": AUDIO, "text": TEXT}  # noqa: RUF012 (a Mapping in the base class)
    transforms = {"audio": UtteranceMean}  # noqa: RUF012

    def build(self, fold: FoldContext) -> nn.Module:
        """A new network for the fold's classes and the widths of its inputs."""
        return MmfaNet(self.config, prod(fold.input_shapes["audio"]), prod(fold.input_shapes["text"]), fold.n_classes)

    def attention(self, module: nn.Module, batch: Mapping[str, Tensor]) -> Tensor | None:
        """Weights [B, T] of the audio frames in what is classified: means over heads and steps."""
        assert isinstance(module, MmfaNet)
        return _frame_weights(module.fused(**batch)[1], batch["audio_lengths"])


class MmfaAudio(Architecture):
    """Speech alone."""

    config: MmfaAudioConfig
    training = TRAINING
    inputs = {"audio": AUDIO}  # noqa: RUF012
    transforms = {"audio": UtteranceMean}  # noqa: RUF012

    def build(self, fold: FoldContext) -> nn.Module:
        """A new network for the fold's classes and the width of its input."""
        return AudioNet(self.config, prod(fold.input_shapes["audio"]), fold.n_classes)

    def attention(self, module: nn.Module, batch: Mapping[str, Tensor]) -> Tensor | None:
        """Weights [B, T] of the frames in what is classified: means over heads and steps."""
        assert isinstance(module, AudioNet)
        return _frame_weights(module.single.attended(*batch.values())[1], batch["audio_lengths"])


class MmfaText(Architecture):
    """Words alone."""

    config: MmfaTextConfig
    training = TRAINING
    inputs = {"text": TEXT}  # noqa: RUF012
    transforms = {}  # noqa: RUF012

    def build(self, fold: FoldContext) -> nn.Module:
        """A new network for the fold's classes and the width of its input."""
        return TextNet(self.config, prod(fold.input_shapes["text"]), fold.n_classes)


class MmfaNet(nn.Module):
    """``forward(audio [B, Ta, ...], audio_lengths, text [B, Tt, ...], text_lengths) -> logits [B, K]``.

    No padding of either input and no batch mate changes a logit. ``penalty()`` is the L2 term of the loss.
    """

    def __init__(self, config: MmfaConfig, audio: int, text: int, n_classes: int) -> None:
        super().__init__()
        self.config = config
        self.audio = _branch(config, audio, config.audio_units)
        self.text = _branch(config, text, config.text_units)
        self.fusion = MultiHead(config.audio_units, config.text_units, config.heads)
        width = config.text_units + (config.audio_units + config.text_units if config.concat_all else 0)
        self.classifier = Classifier(width, config.dense, n_classes, config.dropout)

    def forward(self, audio: Tensor, audio_lengths: Tensor, text: Tensor, text_lengths: Tensor) -> Tensor:
        """Logits ``[B, K]``."""
        fused, _, heard, read = self.fused(audio, audio_lengths, text, text_lengths)
        pooled = masked_mean(fused, audio_lengths)
        if self.config.concat_all:
            pooled = torch.cat([pooled, masked_mean(heard, audio_lengths), masked_mean(read, text_lengths)], dim=1)
        logits: Tensor = self.classifier(pooled)
        return logits

    def fused(
        self, audio: Tensor, audio_lengths: Tensor, text: Tensor, text_lengths: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Fused frames ``[B, Ta, text_units]``, weights ``[B, heads, Ta, Ta]``, and what either branch gives."""
        heard, read = self.audio(audio, audio_lengths), self.text(text, text_lengths)
        stretched = resample(read, text_lengths, audio_lengths, heard.shape[1])
        fused, weights = self.fusion(heard, stretched, audio_lengths)
        return fused, weights, heard, read

    def penalty(self) -> Tensor:
        """Weighted sums of squared weights of the GRUs and of the multi-head attention."""
        return _penalty(self.config, [self.audio, self.text], self.fusion)


class SingleNet(nn.Module):
    """One branch, multi-head attention of it with itself, mean over time, classifier."""

    def __init__(self, config: CommonConfig, dim: int, units: int, n_classes: int) -> None:
        super().__init__()
        self.config = config
        self.branch = _branch(config, dim, units)
        self.heads = MultiHead(units, units, config.heads)
        self.classifier = Classifier(units, config.dense, n_classes, config.dropout)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """``x`` [B, T, ...] -> logits [B, K]."""
        logits: Tensor = self.classifier(masked_mean(self.attended(x, lengths)[0], lengths))
        return logits

    def attended(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Frames ``[B, T, units]`` after the multi-head attention, and its weights ``[B, heads, T, T]``."""
        y = self.branch(x, lengths)
        frames, weights = self.heads(y, y, lengths)
        return frames, weights


class AudioNet(nn.Module):
    """``forward(audio [B, T, ...], audio_lengths) -> logits [B, K]``."""

    def __init__(self, config: MmfaAudioConfig, dim: int, n_classes: int) -> None:
        super().__init__()
        self.single = SingleNet(config, dim, config.audio_units, n_classes)

    def forward(self, audio: Tensor, audio_lengths: Tensor) -> Tensor:
        """Logits ``[B, K]``."""
        logits: Tensor = self.single(audio, audio_lengths)
        return logits

    def penalty(self) -> Tensor:
        """The L2 term of the loss."""
        return _penalty(self.single.config, [self.single.branch], self.single.heads)


class TextNet(nn.Module):
    """``forward(text [B, T, ...], text_lengths) -> logits [B, K]``."""

    def __init__(self, config: MmfaTextConfig, dim: int, n_classes: int) -> None:
        super().__init__()
        self.single = SingleNet(config, dim, config.text_units, n_classes)

    def forward(self, text: Tensor, text_lengths: Tensor) -> Tensor:
        """Logits ``[B, K]``."""
        logits: Tensor = self.single(text, text_lengths)
        return logits

    def penalty(self) -> Tensor:
        """The L2 term of the loss."""
        return _penalty(self.single.config, [self.single.branch], self.single.heads)


def _branch(config: CommonConfig, dim: int, units: int) -> Branch:
    return Branch(
        dim,
        units,
        bidirectional=config.bidirectional,
        causal=config.causal,
        recurrent_dropout=config.recurrent_dropout,
    )


def _penalty(config: CommonConfig, branches: list[Branch], heads: MultiHead) -> Tensor:
    """L2 of weight matrices, input and recurrent; biases are free, as in the toolkits that print such factors."""
    recurrent = [p for b in branches for p in b.gru.parameters() if p.dim() > 1]
    attention = [p for p in heads.parameters() if p.dim() > 1]
    terms = ((config.l2_recurrent, recurrent), (config.l2_attention, attention))
    return torch.stack([factor * p.square().sum() for factor, weights in terms for p in weights]).sum()


def _frame_weights(weights: Tensor, lengths: Tensor) -> Tensor:
    """[B, heads, T, T'] -> [B, T']: the share of each frame in the mean over the valid steps t."""
    return masked_mean(weights.mean(dim=1), lengths)
