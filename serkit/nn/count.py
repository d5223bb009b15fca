"""Parameter counts in the two conventions of the literature."""

from __future__ import annotations

from torch import nn


def count_parameters(module: nn.Module) -> tuple[int, int]:
    """Trainable parameters as (torch's count, count with one bias a recurrent gate).

    torch keeps two bias vectors in each LSTM and GRU direction; papers count one.
    """
    total = sum(p.numel() for p in module.parameters() if p.requires_grad)
    second = sum(
        p.numel()
        for m in module.modules()
        if isinstance(m, nn.RNNBase)
        for name, p in m.named_parameters(recurse=False)
        if name.startswith("bias_hh") and p.requires_grad
    )
    return total, total - second
