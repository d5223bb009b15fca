"""The convolutions over time and frequency that the systems of M. Chen, and Chen et al. (2018), begin with."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from torch import Tensor, nn
from torch.nn.functional import leaky_relu, max_pool2d

from serkit.errors import ConfigError
from serkit.nn.masking import mask_frames, pooled_lengths

SLOPE = 0.01  # of the leaky ReLU; from the code of Chen 2018's authors, the papers do not say


class ConvStack(nn.Module):
    """Convolutions 5 x 3 (time x frequency, same padding), each with its max-pool, batch normalisation and leaky ReLU.

    ``maps`` are the numbers of feature maps, one a convolution; ``pools`` the (time, frequency) max-pools after the
    first of them. With ``batch_norm`` a convolution has no bias, since the normalisation has one. ``features`` is the
    size of a frame that comes out.

    Frames past a row's length are set to zero after every layer that would fill them, so they act exactly like the
    zero padding of the convolutions at the end of an utterance and never change what comes out.
    """

    def __init__(
        self,
        bands: int,
        channels: int,
        maps: Sequence[int],
        pools: Sequence[tuple[int, int]] = (),
        *,
        batch_norm: bool = False,
    ) -> None:
        super().__init__()
        widths = [channels, *maps]
        self.pools = tuple(pools[: len(maps)])
        self.convs = nn.ModuleList(
            nn.Conv2d(a, b, (5, 3), padding=(2, 1), bias=not batch_norm) for a, b in pairwise(widths)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(n) for n in maps if batch_norm)
        left = bands
        for _, frequency in self.pools:
            left //= frequency
        if left < 1:
            raise ConfigError(
                f"The pools over frequency leave nothing of {bands} band(s); take a feature with more, "
                "or set architecture.pools to ones of less frequency."
            )
        self.features = widths[-1] * left

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """``x`` [B, T, F, C] or [B, T, F], ``lengths`` [B] -> [B, T / pool, features] and their lengths; frequency slow
        and channel fast in a frame, as in the code of Chen 2018's authors."""
        if x.dim() == 3:
            x = x.unsqueeze(3)
        y = mask_frames(x, lengths).permute(0, 3, 1, 2)  # [B, C, T, F], channels last in memory
        for number, conv in enumerate(self.convs):
            y = conv(y)
            if number < len(self.pools):  # leaky ReLU is monotone: pooling first is cheaper
                pool = self.pools[number]
                y = max_pool2d(y, pool)
                lengths = pooled_lengths(lengths, pool[0], pool[0])
            if self.norms:
                y = self.norms[number](y)
            y = leaky_relu(y, SLOPE)
            y = mask_frames(y.permute(0, 2, 3, 1), lengths).permute(0, 3, 1, 2)
        return y.permute(0, 2, 3, 1).flatten(2), lengths


def feature_maps(maps: Sequence[int], convs: int) -> list[int]:
    """Feature maps of each of ``convs`` convolutions: the last of ``maps`` repeats."""
    return [maps[min(i, len(maps) - 1)] for i in range(convs)]


def init_weights(module: nn.Module, how: Literal["kaiming", "chen"] = "kaiming") -> None:
    """Draw the weights of all convolutions and linear layers anew: ``kaiming`` normal for leaky ReLU with bias 0, or
    ``chen``, that of Chen 2018's authors' code: normal of deviation 0.1 cut at two deviations, bias 0.1."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            if how == "chen":
                nn.init.trunc_normal_(layer.weight, std=0.1, a=-0.2, b=0.2)
            else:
                nn.init.kaiming_normal_(layer.weight, a=SLOPE)
            if layer.bias is not None:
                nn.init.constant_(layer.bias, 0.1 if how == "chen" else 0.0)
