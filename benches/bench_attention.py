"""Attention pooling against plain torch on the same input; the answer is checked before the time counts.

``pytest benches/bench_attention.py``; ``SERKIT_BENCH_SHAPE=40,150,256,256`` takes another batch, frames, dim, hidden.
Lengths are uniform in [0.4 T, T]. Ours computes valid frames only, torch the whole padded batch.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from serkit.kernels.reference import attention as reference
from serkit.ops import attention_torch
from serkit.ops.attention import attention_pool, linear_attention_pool

BATCH, FRAMES, DIM, HIDDEN = map(int, os.environ.get("SERKIT_BENCH_SHAPE", "8,100,128,64").split(","))
# float32 against float64: sums of a few hundred terms, relative to the largest entry
TOLERANCE = 1e-4

Pool = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]

POOLS: dict[str, Pool] = {
    "additive-serkit": lambda x, n, w, b, q: attention_pool(x, n, w, b, q),
    "additive-torch": lambda x, n, w, b, q: attention_torch.attention_pool(x, n, q, w, b),
    "linear-serkit": lambda x, n, w, b, q: linear_attention_pool(x, n, w[0]),
    "linear-torch": lambda x, n, w, b, q: attention_torch.attention_pool(x, n, w[0]),
}


@pytest.fixture
def problem() -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """x, lengths, W, b, u."""
    g = torch.Generator().manual_seed(0)
    x = torch.randn(BATCH, FRAMES, DIM, generator=g)
    lengths = torch.randint(max(1, int(0.4 * FRAMES)), FRAMES + 1, (BATCH,), generator=g)
    w = torch.randn(HIDDEN, DIM, generator=g) / DIM**0.5
    return x, lengths, w, torch.randn(HIDDEN, generator=g), torch.randn(HIDDEN, generator=g) / HIDDEN**0.5


def check(name: str, got: Tensor, problem: tuple[Tensor, ...]) -> None:
    x, lengths, w, b, u = (t.detach().numpy() for t in problem)
    parameters = (u, w, b) if name.startswith("additive") else (w[0],)
    want, _ = reference.attention_pool(x, lengths, *parameters)
    np.testing.assert_allclose(got.detach().numpy(), want, rtol=0, atol=TOLERANCE * np.abs(want).max())


@pytest.mark.parametrize("name", POOLS)
def test_forward(benchmark, problem, name: str) -> None:  # type: ignore[no-untyped-def]
    with torch.no_grad():
        check(name, POOLS[name](*problem)[0], problem)
        benchmark.group = f"attention forward, {name.split('-')[0]}"
        benchmark(POOLS[name], *problem)


@pytest.mark.parametrize("name", POOLS)
def test_forward_and_backward(benchmark, problem, name: str) -> None:  # type: ignore[no-untyped-def]
    wanted = [t.requires_grad_() for i, t in enumerate(problem) if i != 1]

    def step() -> tuple[Tensor | None, ...]:
        pooled, _ = POOLS[name](*problem)
        return torch.autograd.grad(pooled.square().sum(), wanted, allow_unused=True)

    check(name, POOLS[name](*problem)[0], problem)
    twin = name.replace("serkit", "torch")
    pooled, _ = POOLS[twin](*problem)
    truth = torch.autograd.grad(pooled.square().sum(), wanted, allow_unused=True)
    for got, want in zip(step(), truth, strict=True):
        assert (got is None) == (want is None)
        if got is not None and want is not None:
            torch.testing.assert_close(got, want, rtol=0, atol=TOLERANCE * float(want.abs().max()))
    benchmark.group = f"attention forward and backward, {name.split('-')[0]}"
    benchmark(step)
