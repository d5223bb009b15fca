"""The networks of experiments two, three and four of He, Ren and He."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from serkit.errors import ConfigError
from serkit.nn import Architecture, TrainingSet, Transform, ZScore, mask_frames, neutral_utterances
from serkit.types import Augment, FoldContext, Input, Training
from serkit_plugins.architectures.he.autoencoder import squash
from serkit_plugins.architectures.he.blocks import BLOCK, block_statistics
from serkit_plugins.architectures.he.config import HeBlstmConfig, HeSaeConfig
from serkit_plugins.architectures.he.layers import Recurrent, pooling
from serkit_plugins.architectures.he.spectra import SparseSpectra

# Batch 10 and the noise are the paper's. Adam stands for its SGD of 1e-6, which moves nothing but under a summed loss
# (preset literal); its length of training is not stated.
_TRAINING = Training(optimizer="adam", lr=1e-3, batch=10, epochs=200, patience=20, augment=Augment(input_noise=0.1))

# Logarithms of the magnitudes of bins 1 to 256, in the frames of the feature he-lld
_SPECTRA = Input(
    "spectrogram",
    {"frame_ms": 20.0, "hop_ms": 10.0, "framing": "center", "spectrum": "magnitude", "f_min": 31.25},
)


class HeBlstm(Architecture):
    """Experiment two: descriptors, a dense layer a frame, a BLSTM, the mean over frames."""

    config: HeBlstmConfig
    training = _TRAINING
    after_transforms = ("dense", "lstm", "bidirectional", "pooling", "dropout")
    inputs: Mapping[str, Input] = {"x": Input("he-lld")}

    def fit_transforms(self, train: TrainingSet, rng: np.random.Generator) -> dict[str, Transform]:
        """Moments of the neutral training speech."""
        return {"x": ZScore.fit(neutral_utterances(train, "x"), rng)}

    def build(self, fold: FoldContext) -> nn.Module:
        """A new network for the fold's classes."""
        return HeBlstmNet(self.config, int(np.prod(fold.input_shapes["x"])), fold.n_classes)

    def attention(self, module: nn.Module, batch: Mapping[str, Tensor]) -> Tensor | None:
        """Weights over frames ``[B, T]``, with attention pooling."""
        assert isinstance(module, HeBlstmNet)
        return module.pooled(**batch)[1]


class HeSaeBlstm(Architecture):
    """Experiments three and four: kernels of sparse auto-encoders, statistics of blocks, recurrent layers."""

    config: HeSaeConfig
    training = _TRAINING
    after_transforms = ("finetune_kernels", "lstm", "bidirectional", "pooling", "dropout")
    inputs: Mapping[str, Input] = {"x": _SPECTRA}
    transforms: Mapping[str, type[Transform]] = {"x": SparseSpectra}

    def __init__(self, config: HeSaeConfig) -> None:
        super().__init__(config)
        if len(set(config.kernels)) < len(config.kernels):
            raise ConfigError(
                f"architecture.kernels={list(config.kernels)} names a length twice; name each once, and set "
                "architecture.maps to have more kernels of each."
            )
        self.min_frames = max(config.kernels) + BLOCK - 1

    def transformed_shape(self, name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Principal components."""
        return (self.config.components,)

    def fit_transforms(self, train: TrainingSet, rng: np.random.Generator) -> dict[str, Transform]:
        """Moments of the neutral training speech, PCA, and an auto-encoder a kernel length."""
        scaler = ZScore.fit(neutral_utterances(train, "x"), rng)
        return {"x": SparseSpectra.fit(train.utterances("x"), rng, scaler, self.config)}

    def build(self, fold: FoldContext) -> nn.Module:
        """A new network for the fold's classes, its kernels those of the fold's auto-encoders."""
        module = HeSaeNet(self.config, fold.n_classes)
        spectra = fold.transforms.get("x")
        if spectra is not None:
            assert isinstance(spectra, SparseSpectra)
            module.set_kernels(spectra)
        return module

    def attention(self, module: nn.Module, batch: Mapping[str, Tensor]) -> Tensor | None:
        """Weights over blocks ``[B, N]``, with attention pooling."""
        assert isinstance(module, HeSaeNet)
        return module.pooled(**batch)[1]


class HeBlstmNet(nn.Module):
    """``forward(x [B, T, D], x_lengths [B]) -> logits [B, K]``. Recurrent layers and pooling see valid frames only, so
    padding never changes a logit."""

    def __init__(self, config: HeBlstmConfig, dim: int, n_classes: int) -> None:
        super().__init__()
        self.dense = nn.Linear(dim, config.dense)
        self.dropout = nn.Dropout(config.dropout)
        self.recurrent = Recurrent(config.dense, config.lstm, config.bidirectional, config.dropout)
        self.pool = pooling(config.pooling, self.recurrent.dim, config.bidirectional)
        self.out = nn.Linear(self.recurrent.dim, n_classes)

    def forward(self, x: Tensor, x_lengths: Tensor) -> Tensor:
        """Logits ``[B, K]``."""
        logits: Tensor = self.out(self.pooled(x, x_lengths)[0])
        return logits

    def pooled(self, x: Tensor, x_lengths: Tensor) -> tuple[Tensor, Tensor | None]:
        """One vector an utterance, and the attention's weights where there are some."""
        y = torch.relu(self.dense(mask_frames(x, x_lengths).flatten(2)))
        y = self.recurrent(self.dropout(y), x_lengths)
        found: tuple[Tensor, Tensor | None] = self.pool(y, x_lengths)
        return found


class HeSaeNet(nn.Module):
    """``forward(x [B, T, D], x_lengths [B]) -> logits [B, K]``, x the whitened principal components.

    Convolutions are valid ones, so no block that counts sees padding.
    """

    def __init__(self, config: HeSaeConfig, n_classes: int) -> None:
        super().__init__()
        self.config = config
        self.kernels = nn.ModuleDict({str(n): nn.Conv1d(config.components, config.maps, n) for n in config.kernels})
        self.kernels.requires_grad_(config.finetune_kernels)
        self.dropout = nn.Dropout(config.dropout)
        blocks = 2 * config.maps * len(config.kernels)
        self.recurrent = Recurrent(blocks, config.lstm, config.bidirectional, config.dropout)
        self.pool = pooling(config.pooling, self.recurrent.dim, config.bidirectional)
        self.out = nn.Linear(self.recurrent.dim, n_classes)

    def set_kernels(self, spectra: SparseSpectra) -> None:
        """Copy the auto-encoders' kernels, ``[n, length, D]`` each, into the convolutions."""
        with torch.no_grad():
            for name, conv in self.kernels.items():
                weight, bias = spectra.kernels[int(name)]
                conv.weight.copy_(torch.from_numpy(weight).permute(0, 2, 1))
                conv.bias.copy_(torch.from_numpy(bias))

    def forward(self, x: Tensor, x_lengths: Tensor) -> Tensor:
        """Logits ``[B, K]``."""
        logits: Tensor = self.out(self.pooled(x, x_lengths)[0])
        return logits

    def maps(self, x: Tensor, x_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Feature maps ``[B, T', M]`` of all kernels, cut to the frames that the longest one has, and their lengths;
        at least 1, where a sample is shorter than the kernel."""
        y = squash(mask_frames(x, x_lengths), self.config.autoencoder).transpose(1, 2)
        longest = max(self.config.kernels)
        frames = x.shape[1] - longest + 1
        made = [torch.sigmoid(conv(y)[:, :, :frames]) for conv in self.kernels.values()]
        return torch.cat(made, dim=1).transpose(1, 2), (x_lengths - longest + 1).clamp(min=1)

    def pooled(self, x: Tensor, x_lengths: Tensor) -> tuple[Tensor, Tensor | None]:
        """One vector an utterance, and the attention's weights over blocks where there are some."""
        blocks, lengths = block_statistics(*self.maps(x, x_lengths))
        y = self.recurrent(self.dropout(blocks), lengths)
        found: tuple[Tensor, Tensor | None] = self.pool(y, lengths)
        return found
