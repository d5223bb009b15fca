"""Attention pooling in plain torch: for devices without a kernel of ours, for export, and as a reference in tests."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from serkit.kernels.native.attention import check_lengths, check_shapes
from serkit.ops.devices import at_least_float32


def attention_pool(
    x: Tensor, lengths: Tensor, query: Tensor, weight: Tensor | None = None, bias: Tensor | None = None,
    scale: float | Sequence[float] = 1.0,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Pooled [B, D] and weights [B, T] of ``x`` [B, T, D]; linear without ``weight`` and ``bias``, else additive.

    ``query`` is theta [D] or u [A], ``weight`` W [A, D], ``bias`` b [A], ``lengths`` int64 [B] in 1..T (values are
    checked on the CPU, outside of compiled or exported graphs). Heads as in ``serkit.ops.attention``. float16 and
    bfloat16, and whatever autocast would choose, are computed and returned in float32. Any number of derivatives.
    Raises UserError as ``serkit.ops``.
    """
    if torch.amp.is_autocast_available(x.device.type) and torch.is_autocast_enabled(x.device.type):
        with torch.autocast(x.device.type, enabled=False):
            return attention_pool(x, lengths, query, weight, bias, scale)
    x, query = at_least_float32(x), at_least_float32(query)
    weight = None if weight is None else at_least_float32(weight)
    bias = None if bias is None else at_least_float32(bias)
    scales = check_shapes(x, lengths, query, weight, bias, scale)
    if lengths.device.type == "cpu" and not torch.compiler.is_compiling():
        check_lengths(lengths.numpy(), x.shape[1])
    mask = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    # replaced, not multiplied by zero: padding may hold NaN
    valid = torch.where(mask[:, :, None], x, torch.zeros((), dtype=x.dtype, device=x.device))
    if weight is None or bias is None:
        scores = valid @ query.reshape(-1, x.shape[2]).t()  # [B, T, H]
    else:
        hidden = torch.tanh(torch.nn.functional.linear(valid, weight.flatten(0, -2), bias.flatten()))
        units = hidden.view(*hidden.shape[:2], len(scales), query.shape[-1])
        scores = torch.einsum("btha,ha->bth", units, query.view(len(scales), -1))
    scaled = scores * torch.tensor(scales, dtype=x.dtype, device=x.device)
    weights = torch.softmax(scaled.masked_fill(~mask[:, :, None], -torch.inf), dim=1).transpose(1, 2)
    pooled = weights @ valid
    return (pooled, weights) if query.dim() == 2 else (pooled.squeeze(1), weights.squeeze(1))
