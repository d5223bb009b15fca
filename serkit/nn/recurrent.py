"""Recurrent layers over padded batches."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class BLSTM(nn.Module):
    """Bidirectional LSTM whose backward direction starts at each sequence's last valid frame.

    Two plain LSTMs over padded tensors rather than one over a packed sequence: packing has no fast path on CPUs and
    does not export. Padding comes out as whatever the LSTM makes of it and must be masked by what follows.
    """

    def __init__(self, dim: int, hidden: int, forget_bias: float = 1.0) -> None:
        """``dim`` inputs a frame, ``hidden`` cells a direction; the forget gates start open by ``forget_bias``."""
        super().__init__()
        self.hidden = hidden
        self.ahead = nn.LSTM(dim, hidden, batch_first=True)
        self.back = nn.LSTM(dim, hidden, batch_first=True)
        for lstm in (self.ahead, self.back):
            for name, bias in lstm.named_parameters():
                if name.startswith("bias"):
                    nn.init.zeros_(bias)
                if name == "bias_ih_l0":
                    nn.init.constant_(bias[hidden : 2 * hidden], forget_bias)  # gates: input, forget, cell, output

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """``x`` [B, T, dim], ``lengths`` [B] (1..T) -> [B, T, 2 hidden]."""
        # single precision under autocast: a long recurrence loses digits in bfloat16 and gains no time on CPUs
        with torch.autocast(x.device.type, enabled=False):
            x = x.float()
            ahead, _ = self.ahead(x)
            back, _ = self.back(_reverse(x, lengths))
            return torch.cat([ahead, _reverse(back, lengths)], dim=2)


def _reverse(x: Tensor, lengths: Tensor) -> Tensor:
    """The valid frames of each sequence in reverse order; padding stays where it is."""
    t = torch.arange(x.shape[1], device=x.device)
    last = lengths[:, None] - 1
    index = torch.where(t[None, :] <= last, last - t[None, :], t[None, :])
    return x.gather(1, index[:, :, None].expand(-1, -1, x.shape[2]))
