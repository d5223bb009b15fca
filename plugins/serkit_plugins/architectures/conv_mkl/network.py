"""The text network: convolutions over words, the largest response of each filter, a hidden layer."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from serkit.nn import mask_frames, masked_max
from serkit_plugins.architectures.conv_mkl.config import ConvMklConfig


class TextNet(nn.Module):
    """``forward(text [B, T, D], lengths [B]) -> logits [B, K]``; ``features`` gives the hidden layer ``[B, hidden]``.

    A filter of width w sees w words, the last w - 1 of them past the end of a text as zeros, so that one word is
    enough. Padding never changes a feature.
    """

    def __init__(self, config: ConvMklConfig, dim: int, n_classes: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv1d(dim, config.filters, width) for width in config.widths)
        self.widths = tuple(config.widths)
        self.dropout = nn.Dropout(config.dropout)
        self.hidden = nn.Linear(config.filters * len(config.widths), config.hidden)
        self.out = nn.Linear(config.hidden, n_classes)

    def features(self, text: Tensor, lengths: Tensor) -> Tensor:
        """``[B, hidden]``, at least 0."""
        x = mask_frames(text, lengths).transpose(1, 2)  # [B, D, T]
        found = [
            masked_max(torch.relu(conv(pad(x, (0, width - 1)))).transpose(1, 2), lengths)
            for conv, width in zip(self.convs, self.widths, strict=True)
        ]
        return torch.relu(self.hidden(self.dropout(torch.cat(found, dim=1))))

    def forward(self, text: Tensor, lengths: Tensor) -> Tensor:
        """Logits ``[B, K]``."""
        logits: Tensor = self.out(self.dropout(self.features(text, lengths)))
        return logits


def padded(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Texts ``[T, D]`` as one batch ``[B, T, D]`` and lengths ``[B]``."""
    return nn.utils.rnn.pad_sequence(list(rows), batch_first=True), torch.tensor([len(r) for r in rows])
