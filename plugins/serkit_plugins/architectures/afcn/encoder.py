"""The five convolutions of AlexNet over time and frequency, for utterances of any length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, pad, relu

from serkit.errors import ConfigError
from serkit.nn import mask_frames, pooled_lengths

KERNELS = (11, 5, 3, 3, 3)
STRIDES = (4, 1, 1, 1, 1)
POOLED = (True, True, False, False, True)  # max-pool 3/2 after the convolution
LEAST = 63
"""Bands, and frames, that standard padding needs for one annotation to be left."""

ALEXNET = ("features.0", "features.3", "features.6", "features.8", "features.10")
"""Names of the convolutions in the commonly distributed AlexNet."""


class Encoder(nn.Module):
    """``forward(x [B, T, F, C], lengths [B]) -> annotations [B, T', F', maps], lengths [B]``.

    Frames past a row's length are zero before every convolution, as its own padding would be, and pools take windows of
    valid frames only, so that no length of padding changes an annotation. An utterance of fewer frames than the layers
    need keeps one step, which sees zeros after its end. ``columns`` is F', the annotations of a step.
    """

    def __init__(self, bands: int, channels: int, maps: Sequence[int], *, same: bool, lrn: bool) -> None:
        super().__init__()
        if bands < LEAST and not same:
            raise ConfigError(
                f"Standard padding needs {LEAST} bands and there are {bands}; set architecture.padding to auto or same."
            )
        self.same, self.lrn = same, lrn
        self.paddings = (5 if same else 2, 2, 1, 1, 1)
        self.convs = nn.ModuleList(
            nn.Conv2d(a, b, k, stride=s, padding=p)
            for (a, b), k, s, p in zip(pairwise([channels, *maps]), KERNELS, STRIDES, self.paddings, strict=True)
        )
        for conv in self.convs:
            assert isinstance(conv, nn.Conv2d)
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
            assert conv.bias is not None
            nn.init.zeros_(conv.bias)
        self.columns = bands
        for kernel, stride, padding, pooled in zip(KERNELS, STRIDES, self.paddings, POOLED, strict=True):
            self.columns = (self.columns + 2 * padding - kernel) // stride + 1
            if pooled:
                self.columns = (self.columns + 2 * self.same - 3) // 2 + 1

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Annotations, and how many of their time steps are valid."""
        if not self.same and x.shape[1] < LEAST:
            x = pad(x, (0, 0, 0, 0, 0, LEAST - x.shape[1]))
        y = _frames_first(mask_frames(x, lengths))
        edge = 1 if self.same else 0
        for number, conv in enumerate(self.convs):
            y = relu(conv(y))
            # what padding p adds on both sides, whole windows then take away again
            lengths = pooled_lengths(lengths + 2 * self.paddings[number], KERNELS[number], STRIDES[number])
            if self.lrn and number < 2:
                y = local_response_norm(y)
            if POOLED[number]:
                y = max_pool2d(self._masked(y, lengths), 3, 2, edge)  # values are at least 0, so zeros win nothing
                lengths = pooled_lengths(lengths + 2 * edge, 3, 2)
            y = self._masked(y, lengths)
        return y.permute(0, 2, 3, 1), lengths

    def _masked(self, y: Tensor, lengths: Tensor) -> Tensor:
        return _frames_first(mask_frames(y.permute(0, 2, 3, 1), lengths))


def local_response_norm(x: Tensor) -> Tensor:
    """``x / (2 + 1e-4 s)^0.75``, s the sum of squares over five neighbouring channels of ``x`` [B, C, ...] (Krizhevsky,
    Sutskever and Hinton 2012)."""
    squares = pad(x.square(), (0, 0, 0, 0, 2, 2))
    channels = x.shape[1]
    total = squares[:, :channels]
    for shift in range(1, 5):
        total = total + squares[:, shift : shift + channels]
    return x / (2.0 + 1e-4 * total) ** 0.75


def renamed(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights under the names of ``Encoder``, from those of AlexNet or of a whole AFCN (``encoder.``).

    AlexNet's kernels are [out, in, height, width]; a spectrogram as a picture has its bands along the height, ours has
    them along the width, so the two axes change places.
    """
    out = {name.removeprefix("encoder."): w for name, w in weights.items() if name.startswith("encoder.")}
    for number, name in enumerate(ALEXNET):
        for part in ("weight", "bias"):
            if f"{name}.{part}" in weights:
                value = weights[f"{name}.{part}"]
                out[f"convs.{number}.{part}"] = value.transpose(2, 3) if value.dim() == 4 else value
    return out


def _frames_first(x: Tensor) -> Tensor:
    """[B, T, F, C] -> [B, C, T, F], channels last in memory."""
    return x.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
