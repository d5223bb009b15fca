"""Statistics of blocks of feature maps: what experiments three and four give to their recurrent layers."""

from __future__ import annotations

import torch
from torch import Tensor

from serkit.nn import pooled_lengths

BLOCK, HOP, WINDOW = 20, 10, 4
"""Frames of a block, from one block to the next, and of the windows that are averaged in it."""


def block_statistics(maps: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """``maps`` [B, T, M] (T at least ``BLOCK``) and their valid frames ``lengths`` [B] to [B, N, 2 M] and the number of
    valid blocks [B].

    A block of 20 frames begins every 10; N = (T - 20) // 10 + 1. In it each map has the means of five windows of four
    frames, of which the mean and the population variance are kept, map after map. The paper describes windows, their
    means, and mean and variance of those; the sizes are ours. A sample shorter than a block keeps one, which reaches
    into its padding.
    """
    if torch.compiler.is_compiling():  # torch's ONNX exporter takes the example's number of blocks for every input's
        starts = torch.arange(0, maps.shape[1] - BLOCK + 1, HOP, device=maps.device)
        blocks = maps[:, starts[:, None] + torch.arange(BLOCK, device=maps.device)].transpose(2, 3)
    else:
        blocks = maps.unfold(1, BLOCK, HOP)  # [B, N, M, BLOCK]
    windows = blocks.unflatten(3, (BLOCK // WINDOW, WINDOW)).mean(dim=4)
    mean = windows.mean(dim=3)
    variance = (windows - mean[..., None]).square().mean(dim=3)
    return torch.stack([mean, variance], dim=3).flatten(2), pooled_lengths(lengths, BLOCK, HOP)
