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


class GRU(nn.Module):
    """GRU in one direction or both, with dropout of the state on its way to the next step.

    ``recurrent_dropout`` drops the same cells at every step of a sequence (Gal and Ghahramani 2016), for the gates
    only: what is carried over stays whole. Padding comes out as whatever the GRU makes of it. Weights begin Xavier
    uniform (input) and orthogonal (recurrent) a gate, biases 0.
    """

    def __init__(self, dim: int, hidden: int, *, bidirectional: bool = False, recurrent_dropout: float = 0.0) -> None:
        """``dim`` inputs a frame, ``hidden`` cells a direction."""
        super().__init__()
        self.recurrent_dropout = recurrent_dropout
        self.ahead = nn.GRU(dim, hidden, batch_first=True)
        self.back = nn.GRU(dim, hidden, batch_first=True) if bidirectional else None
        for gru in filter(None, (self.ahead, self.back)):
            for name, parameter in gru.named_parameters():
                if name.startswith("bias"):
                    nn.init.zeros_(parameter)
                    continue
                for gate in torch.split(parameter, hidden):
                    (nn.init.xavier_uniform_ if name.startswith("weight_ih") else nn.init.orthogonal_)(gate)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """``x`` [B, T, dim], ``lengths`` [B] (1..T) -> [B, T, hidden], or [B, T, 2 hidden] of both directions."""
        # single precision under autocast, as in BLSTM
        with torch.autocast(x.device.type, enabled=False):
            x = x.float()
            ahead = self._run(self.ahead, x)
            if self.back is None:
                return ahead
            return torch.cat([ahead, _reverse(self._run(self.back, _reverse(x, lengths)), lengths)], dim=2)

    def _run(self, gru: nn.GRU, x: Tensor) -> Tensor:
        if not self.training or not self.recurrent_dropout:
            out: Tensor = gru(x)[0]
            return out
        # torch's GRU cannot drop within the recurrence
        weight_x, weight_h, bias_x, bias_h = gru.all_weights[0]
        given = nn.functional.linear(x, weight_x, bias_x)  # gates: reset, update, new
        h = x.new_zeros(len(x), gru.hidden_size)
        keep = nn.functional.dropout(torch.ones_like(h), self.recurrent_dropout)
        states = []
        for step in given.unbind(1):
            own = nn.functional.linear(h * keep, weight_h, bias_h)
            size = 2 * gru.hidden_size
            reset, update = torch.sigmoid(step[:, :size] + own[:, :size]).chunk(2, dim=1)
            new = torch.tanh(step[:, size:] + reset * own[:, size:])
            h = torch.lerp(new, h, update)
            states.append(h)
        return torch.stack(states, dim=1)


def _reverse(x: Tensor, lengths: Tensor) -> Tensor:
    """The valid frames of each sequence in reverse order; padding stays where it is."""
    t = torch.arange(x.shape[1], device=x.device)
    last = lengths[:, None] - 1
    index = torch.where(t[None, :] <= last, last - t[None, :], t[None, :])
    return x.gather(1, index[:, :, None].expand(-1, -1, x.shape[2]))
