"""Attention pooling, forward and backward over a ragged batch: SerKit, plain torch, torch.compile."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from serkit.ops.attention import attention_pool, linear_attention_pool
from serkit.testing.bench import Contest, Entrant
from serkit.testing.bench.race import Race

# batch, frames, features, hidden units (1: no hidden layer)
SHAPES = [(40, 150, 256, 256), (64, 300, 768, 1), (16, 1000, 512, 128), (1, 150, 256, 256)]
SHORT_SHAPES = [(8, 100, 128, 64), (8, 100, 128, 1)]
ENTRANTS = ["serkit", "torch.compile", "torch eager"]
# float32 against float64: sums of a few thousand terms, relative to the largest entry
TOLERANCE = 1e-4

Pool = Callable[..., Tensor]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "shape" in metafunc.fixturenames:
        shapes = SHAPES if metafunc.config.getoption("--full") else SHORT_SHAPES
        metafunc.parametrize("shape", shapes, ids=["x".join(map(str, s)) for s in shapes])


class Problem:
    """Features, lengths, parameters with gradients, the gradient of the output; a third of a batch is padding."""

    def __init__(self, shape: tuple[int, ...], dtype: torch.dtype = torch.float32) -> None:
        batch, frames, dim, hidden = shape
        g = torch.Generator().manual_seed(0)

        def normal(*size: int) -> Tensor:
            return torch.randn(*size, generator=g).to(dtype)

        # a third to all of the longest: evenly spread, two thirds in the mean
        self.lengths = torch.linspace(1.0, 1.0 / 3.0, batch).mul(frames).round().long().clamp(min=1)
        self.mask = torch.arange(frames) < self.lengths[:, None]
        x = normal(batch, frames, dim)
        layer = [normal(hidden, dim) / dim**0.5, normal(hidden) / 10] if hidden > 1 else []
        query = normal(hidden if hidden > 1 else dim) / (hidden if hidden > 1 else dim) ** 0.5
        self.inputs = [t.requires_grad_() for t in (x, query, *layer)]
        self.wanted = normal(batch, dim)

    @property
    def padding(self) -> float:
        """Share of the frames that is padding."""
        return 1.0 - float(self.mask.float().mean())

    def step(self, pool: Pool) -> tuple[Tensor, ...]:
        """Pooled features and the gradients of all inputs."""
        pooled = pool(*self.inputs)
        return (pooled, *torch.autograd.grad(pooled, self.inputs, self.wanted))


def plain(problem: Problem) -> Pool:
    """The formula as it is written in torch: everything is computed for padding too, then masked."""
    mask = problem.mask

    def pool(x: Tensor, query: Tensor, weight: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        hidden = x if weight is None else torch.tanh(torch.nn.functional.linear(x, weight, bias))
        weights = torch.softmax((hidden @ query).masked_fill(~mask, -torch.inf), dim=1)
        return torch.bmm(weights[:, None], x)[:, 0]

    return pool


def compiled(problem: Problem) -> Pool:
    if shutil.which("c++") is None:
        pytest.skip("torch.compile needs a C++ compiler")
    torch._dynamo.reset()  # the number of threads is part of what is compiled
    return torch.compile(plain(problem), dynamic=False)


def ours(problem: Problem) -> Pool:
    lengths = problem.lengths

    def pool(x: Tensor, query: Tensor, weight: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        if weight is None:
            return linear_attention_pool(x, lengths, query)[0]
        return attention_pool(x, lengths, weight, bias, query)[0]

    return pool


def contest(shape: tuple[int, ...], threads: int, full: bool) -> Contest:
    exact, problem = Problem(shape, torch.float64), Problem(shape)
    truth = [t.detach().numpy() for t in exact.step(plain(exact))]

    def check(name: str, answer: Any) -> None:
        for got, wanted in zip(answer, truth, strict=True):
            np.testing.assert_allclose(got.detach().numpy(), wanted, rtol=0, atol=TOLERANCE * np.abs(wanted).max())

    def entrant(make: Callable[[Problem], Pool]) -> Entrant:
        def ready() -> Callable[[], Any]:
            if make is compiled and not full:
                pytest.skip("torch.compile takes longer than the short run; it runs with --full")
            pool = make(problem)
            return lambda: problem.step(pool)

        return Entrant(ready)

    return Contest(
        entrants=dict(zip(ENTRANTS, map(entrant, (ours, compiled, plain)), strict=True)),
        anchors=("torch.compile", "torch eager"),
        check=check,
        work=f"batch, frames, features, hidden {shape}, {problem.padding:.0%} padding",
        threads=threads,
    )


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("entrant", ENTRANTS)
def test_forward_and_backward(race: Race, shape: tuple[int, ...], threads: int, entrant: str) -> None:
    group = f"attention {shape}, {threads} thread{'s' * (threads > 1)}"
    race(entrant, group, lambda: contest(shape, threads, race.full))
