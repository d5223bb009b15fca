"""Attention pooling over the hidden states of a pretrained speech encoder, which is frozen or trained along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, layer_norm
from torch.nn.utils.rnn import pad_sequence

from serkit.errors import ConfigError
from serkit.nn import Architecture, AttentionPooling, Transform, mask_frames
from serkit.nn.layer_mix import LayerMix
from serkit.nn.speech import SpeechEncoder
from serkit.types import FoldContext, Input, Training
from serkit_plugins.architectures.ssl.config import SslConfig

BASE_FRAMES, BASE_LAYERS, BASE_DIM = 149, 13, 768
"""Of 3 s by an encoder of the size "base" (12 layers): what `serkit show` describes where no folder is named."""


class Ssl(Architecture):
    """The plugin: an encoder in a folder, and the network on its hidden states."""

    config: SslConfig
    # usual for such systems; no weights were at hand to choose by (docs/ssl.md)
    training = Training(
        optimizer="adamw",
        lr=1e-3,
        weight_decay=0.01,
        schedule="cosine",
        warmup=0.1,
        batch=32,
        epochs=30,
        patience=0,
        select="last",
    )
    transforms: Mapping[str, type[Transform]] = {}  # read, never changed; frames are normed inside

    @property
    def inputs(self) -> Mapping[str, Input]:  # type: ignore[override]
        """Hidden states, or the waveform at the encoder's rate where it is trained."""
        c = self.config
        if c.finetune:
            return {"x": Input("waveform", {"sample_rate": SpeechEncoder(c.folder).sample_rate} if c.folder else {})}
        one = {"layers": "one"} if c.layers == "last" else {}
        return {"x": Input("speech-encoder", {"folder": c.folder, **one})}

    @property
    def assumed_inputs(self) -> Mapping[str, tuple[int, tuple[int, ...]]]:
        """Frames of 3 s and the shape of one, as `serkit show` takes them where no folder is named."""
        shape = (BASE_DIM,) if self.config.layers == "last" else (BASE_LAYERS, BASE_DIM)
        return {"x": (BASE_FRAMES, shape)}

    @property
    def trained_on(self) -> tuple[str, ...]:
        """Corpora that an encoder which is trained along is known to have been trained on before."""
        return SpeechEncoder(self.config.folder).trained_on if self.config.finetune else ()

    def fingerprint(self) -> str:
        """Hash of the files of an encoder that is trained along; of a frozen one the feature has it."""
        return SpeechEncoder(self.config.folder).fingerprint() if self.config.finetune else ""

    def check_inputs(self, extractors: Mapping[str, Any]) -> None:
        """Raise UserError for a folder that is no speech encoder, ConfigError for one that the feature does not have
        too, for another feature than the encoder needs and for another sampling rate than it was trained at."""
        given, folder = extractors["x"], self.config.folder
        if not self.config.finetune:
            theirs = getattr(given.options, "folder", folder)
            if folder and theirs != folder:
                raise ConfigError(
                    f"architecture.folder is {folder} and features.x.folder is {theirs}; set both to the folder of the "
                    "encoder (a recipe that a run left names both)."
                )
            return
        encoder = SpeechEncoder(folder)
        if given.shape != ():
            raise ConfigError(
                f"With architecture.finetune=true the encoder hears the waveform, but features.x has frames of shape "
                f"{list(given.shape)}; set features.x.feature to waveform."
            )
        if given.sample_rate != encoder.sample_rate:
            raise ConfigError(
                f"features.x.sample_rate={given.sample_rate}, but the encoder in {encoder.folder} was trained at "
                f"{encoder.sample_rate} Hz; leave the option out."
            )

    def build(self, fold: FoldContext) -> nn.Module:
        """The network on the states that come, or the encoder with it."""
        if not self.config.finetune:
            return SslNet(self.config, fold.input_shapes["x"], fold.n_classes)
        return FinetunedNet(self.config, SpeechEncoder(self.config.folder), fold.n_classes)

    def attention(self, module: nn.Module, batch: Mapping[str, Tensor]) -> Tensor | None:
        """Weights over frames of the encoder ``[B, T]``."""
        assert isinstance(module, SslNet | FinetunedNet)
        weights: Tensor = module.pool(**batch)[1]
        return weights


class SslNet(nn.Module):
    """``forward(x [B, T, (layers,) dim], x_lengths [B]) -> logits [B, K]``. Padding never changes a logit."""

    def __init__(self, config: SslConfig, shape: tuple[int, ...], n_classes: int) -> None:
        super().__init__()
        if len(shape) not in (1, 2):
            raise ConfigError(f"ssl pools frames [dim] or [layers, dim], and its input has {list(shape)}.")
        self.mix = LayerMix(shape[0]) if len(shape) == 2 else None
        self.dense = nn.Linear(shape[-1], config.dense)
        self.dropout = nn.Dropout(config.dropout)
        self.pooling = AttentionPooling(config.dense, config.attention)
        self.out = nn.Linear(config.dense, n_classes)

    def forward(self, x: Tensor, x_lengths: Tensor) -> Tensor:
        """Logits ``[B, K]``."""
        logits: Tensor = self.out(self.dropout(self.pool(x, x_lengths)[0]))
        return logits

    def pool(self, x: Tensor, x_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Pooled frames ``[B, dense]`` and their weights ``[B, T]``."""
        y = mask_frames(x, x_lengths)
        y = layer_norm(y, y.shape[-1:]) if self.mix is None else self.mix(y)
        pooled, weights = self.pooling(self.dropout(gelu(self.dense(y))), x_lengths)
        return pooled, weights


class FinetunedNet(nn.Module):
    """``forward(x [B, samples], x_lengths [B]) -> logits [B, K]``: an encoder, utterance by utterance, and ``SslNet``.

    One utterance at a time, since group norms and positional convolutions over a padded batch would let batch mates
    and padding change a logit.
    """

    def __init__(self, config: SslConfig, encoder: SpeechEncoder, n_classes: int) -> None:
        super().__init__()
        self._open, self.layer = encoder, None if config.layers == "all" else -1
        self.encoder = encoder.load()
        shape = (encoder.n_layers + 1, encoder.dim) if config.layers == "all" else (encoder.dim,)
        self.head = SslNet(config, shape, n_classes)
        self.rate_factors = {"encoder.": config.encoder_rate}
        if config.freeze_convolutions:
            for name, part in self.encoder.named_children():
                if name in ("feature_extractor", "conv1", "conv2"):
                    part.requires_grad_(False)
                    # else it asks for the gradient of the waveform, and with it for all of its own work once more
                    part._requires_grad = False

    def forward(self, x: Tensor, x_lengths: Tensor) -> Tensor:
        """Logits ``[B, K]``."""
        return self.head(*self.encode(x, x_lengths))

    def pool(self, x: Tensor, x_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Pooled frames of the encoder ``[B, dense]`` and their weights ``[B, T]``."""
        return self.head.pool(*self.encode(x, x_lengths))

    def encode(self, x: Tensor, x_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Hidden states of the encoder ``[B, T, (layers,) dim]`` and their lengths."""
        states = [
            self._open.run(self.encoder, row[:n], self.layer) for row, n in zip(x, x_lengths.tolist(), strict=True)
        ]
        lengths = torch.tensor([len(s) for s in states], device=x.device)
        return pad_sequence(states, batch_first=True), lengths
