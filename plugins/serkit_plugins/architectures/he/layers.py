"""What the three networks have in common: recurrent layers with the paper's initial weights, pooling over frames."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from serkit.nn import BLSTM, FramePooling
from serkit_plugins.architectures.he.config import Pooling

_EDGE = 0.1  # recurrent and attention weights begin uniform within it (paper)
_FORGET = 1.0


class Recurrent(nn.Module):
    """LSTM layers of ``cells`` a direction one after the other, each with dropout after it: ``x`` [B, T, dim],
    ``lengths`` [B] -> [B, T, 2 cells].

    ``bidirectional=False``: as many cells in all, forward only. Initial weights are uniform in [-0.1, 0.1], the forget
    gates' bias is 1.
    """

    def __init__(self, dim: int, cells: Sequence[int], bidirectional: bool, dropout: float) -> None:
        super().__init__()
        self.bidirectional = bidirectional
        self.layers = nn.ModuleList()
        for n in cells:
            self.layers.append(BLSTM(dim, n) if bidirectional else nn.LSTM(dim, 2 * n, batch_first=True))
            dim = 2 * n
        self.dim = dim
        self.dropout = nn.Dropout(dropout)
        for lstm in self.modules():
            if isinstance(lstm, nn.LSTM):
                _init(lstm)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Frames of the last layer; padding holds anything."""
        for layer in self.layers:
            if self.bidirectional:
                x = layer(x, lengths)
            else:
                # single precision under autocast, as BLSTM has it
                with torch.autocast(x.device.type, enabled=False):
                    x, _ = layer(x.float())
            x = self.dropout(x)
        return x


def _init(lstm: nn.LSTM) -> None:
    for name, parameter in lstm.named_parameters():
        if name.startswith("bias_hh"):  # torch's second bias: the paper has one
            nn.init.zeros_(parameter)
        else:
            nn.init.uniform_(parameter, -_EDGE, _EDGE)
        if name.startswith("bias_ih"):
            nn.init.constant_(parameter[lstm.hidden_size : 2 * lstm.hidden_size], _FORGET)


def pooling(kind: Pooling, dim: int, bidirectional: bool) -> FramePooling:
    """Pooling over the frames of ``Recurrent``; attention begins uniform in [-0.1, 0.1] (paper)."""
    made = FramePooling(dim, kind, bidirectional=bidirectional)
    if made.attention is not None:
        nn.init.uniform_(made.attention.theta, -_EDGE, _EDGE)
    return made
