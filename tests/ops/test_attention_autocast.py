"""What happens under bf16 autocast: float32 inside and out, on both paths."""

from __future__ import annotations

import pytest
import torch

from serkit.ops import attention_torch
from serkit.ops.attention import attention_pool

LENGTHS = torch.tensor([7, 3])


@pytest.mark.parametrize("path", ["compiled", "torch"])
def test_bfloat16_autocast(path: str) -> None:
    g = torch.Generator().manual_seed(0)
    x, w, b, u = (torch.randn(n, generator=g) for n in ((2, 7, 8), (4, 8), (4,), (4,)))
    truth, _ = attention_pool(x, LENGTHS, w, b, u)
    low = x.bfloat16().requires_grad_()  # what a layer under autocast hands over
    with torch.autocast("cpu", torch.bfloat16):
        if path == "compiled":
            pooled, weights = attention_pool(low, LENGTHS, w, b, u)
        else:
            pooled, weights = attention_torch.attention_pool(low, LENGTHS, u, w, b)
    assert pooled.dtype == weights.dtype == torch.float32
    # bfloat16 rounds x by at most 2^-9; scores are sums over |W| of order one, so a few 2^-9 reach weights and pooled
    torch.testing.assert_close(pooled, truth, rtol=0, atol=8 * 2**-9)
    exact, _ = attention_pool(low.float(), LENGTHS, w, b, u)
    # nothing but the input is rounded to bfloat16: what remains is float32 rounding, eps = 6e-8 times some 20 terms
    torch.testing.assert_close(pooled, exact, rtol=0, atol=2e-6)
    pooled.sum().backward()
    assert low.grad is not None
    assert low.grad.dtype == torch.bfloat16
