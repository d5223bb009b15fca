"""Several layers of an encoder as one: their weighted mean, the weights learned."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm


class LayerMix(nn.Module):
    """sum over layers l of softmax(w)_l times the layer-normalised frame of layer l (Yang et al., SUPERB, Interspeech
    2021; Peters et al., ELMo, NAACL 2018).

    ``w`` [layers] is started at 0, the plain mean. Each frame of each layer has mean 0 and variance 1 over its numbers
    before, so that weights say how much a layer counts, not how large its numbers are.
    """

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(layers))

    def forward(self, x: Tensor) -> Tensor:
        """``x`` [..., layers, dim] -> [..., dim]."""
        shares = torch.softmax(self.weight, dim=0).to(x.dtype)
        return (shares[:, None] * layer_norm(x, x.shape[-1:])).sum(dim=-2)
