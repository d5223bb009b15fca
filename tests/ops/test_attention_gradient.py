"""Are the gradients right, in float64, for both outputs together and apart?"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from serkit.errors import UserError
from serkit.ops import attention as ops
from serkit.ops import attention_torch
from serkit.ops.attention import attention_pool, linear_attention_pool

LENGTHS = torch.tensor([5, 1, 3])
SCALE = 0.7


def inputs() -> tuple[Tensor, ...]:
    """x, W, b, u, theta, all wanting gradients."""
    g = torch.Generator().manual_seed(1)
    sizes = ((3, 5, 4), (3, 4), (3,), (3,), (4,))
    return tuple(torch.randn(n, generator=g, dtype=torch.float64).requires_grad_() for n in sizes)


@pytest.mark.parametrize("outputs", ["both", "pooled", "weights"])
def test_gradcheck(outputs: str) -> None:
    x, w, b, u, theta = inputs()
    keep = {"both": slice(0, 2), "pooled": slice(0, 1), "weights": slice(1, 2)}[outputs]
    # gradcheck's defaults: numerical slopes with step 1e-6, within 1e-5, in float64
    assert torch.autograd.gradcheck(lambda *a: attention_pool(a[0], LENGTHS, *a[1:], SCALE)[keep], (x, w, b, u))
    assert torch.autograd.gradcheck(lambda x, t: linear_attention_pool(x, LENGTHS, t, SCALE)[keep], (x, theta))


def test_gradcheck_of_heads() -> None:
    g = torch.Generator().manual_seed(1)
    sizes = ((3, 5, 4), (2, 3, 4), (2, 3), (2, 3), (2, 4))
    x, w, b, u, theta = (torch.randn(n, generator=g, dtype=torch.float64).requires_grad_() for n in sizes)
    scale = (0.3, 0.8)
    assert torch.autograd.gradcheck(lambda *a: attention_pool(a[0], LENGTHS, *a[1:], scale), (x, w, b, u))
    assert torch.autograd.gradcheck(lambda x, t: linear_attention_pool(x, LENGTHS, t, scale), (x, theta))


def test_equals_torch() -> None:
    x, w, b, u, theta = inputs()
    g = torch.Generator().manual_seed(2)
    grads = [torch.randn(3, 4, generator=g, dtype=torch.float64), torch.randn(3, 5, generator=g, dtype=torch.float64)]
    pairs = [
        ((x, w, b, u), attention_pool(x, LENGTHS, w, b, u), attention_torch.attention_pool(x, LENGTHS, u, w, b)),
        ((x, theta), linear_attention_pool(x, LENGTHS, theta), attention_torch.attention_pool(x, LENGTHS, theta)),
    ]
    for wanted, ours, torchs in pairs:
        for got, want in zip(
            torch.autograd.grad(ours, wanted, grads), torch.autograd.grad(torchs, wanted, grads), strict=True
        ):
            # float64, fewer than 15 terms of order one: a few eps = 2e-16 each
            torch.testing.assert_close(got, want, rtol=0, atol=1e-13)


def test_frozen_parameters_get_none() -> None:
    x, w, b, u, _ = inputs()
    pooled, _ = attention_pool(x, LENGTHS, w.detach(), b.detach(), u)
    gx, gu = torch.autograd.grad(pooled.sum(), (x, u))
    assert gx.shape == x.shape
    assert gu.shape == u.shape


def test_second_derivative_is_refused_in_words_and_the_plain_path_has_it() -> None:
    x, w, b, u, theta = inputs()
    for pooled in (attention_pool(x, LENGTHS, w, b, u)[0], linear_attention_pool(x, LENGTHS, theta)[0]):
        (slope,) = torch.autograd.grad(pooled.square().sum(), x, create_graph=True)
        with pytest.raises(UserError, match="no second derivative"):
            slope.sum().backward()
    pooled, _ = attention_torch.attention_pool(x, LENGTHS, theta)
    (slope,) = torch.autograd.grad(pooled.square().sum(), x, create_graph=True)
    slope.square().sum().backward()
    assert theta.grad is not None
    assert theta.grad.abs().sum() > 0


@pytest.mark.parametrize("form", ["linear", "additive"])
def test_the_short_way_and_the_registered_op_give_the_same_bits(form: str) -> None:
    """Outside of transforms and modes a call goes past torch's dispatcher."""
    x, w, b, u, theta = (t.detach().float().requires_grad_() for t in inputs())
    if form == "linear":
        wanted: tuple[Tensor, ...] = (x, theta)
        pairs = [linear_attention_pool(x, LENGTHS, theta, SCALE), ops._linear(x, LENGTHS, theta, [SCALE])]
    else:
        wanted = (x, w, b, u)
        pairs = [attention_pool(x, LENGTHS, w, b, u, SCALE), ops._additive(x, LENGTHS, u, w, b, [SCALE], True)[:2]]
    short, registered = (
        (c, alpha, *torch.autograd.grad(c.square().sum() + alpha.square().sum(), wanted)) for c, alpha in pairs
    )
    for got, want in zip(short, registered, strict=True):
        assert torch.equal(got, want)


def test_the_short_way_is_left_where_a_mode_looks_on() -> None:
    """What records or replaces operators sees one of ours, and no call into the core behind its back."""
    seen: list[str] = []

    class Recorder(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            seen.append(str(func))
            return func(*args, **(kwargs or {}))

    x, _, _, _, theta = inputs()
    with Recorder():
        linear_attention_pool(x, LENGTHS, theta)[0].sum().backward()
    assert "serkit.linear_attention_pool.default" in seen
    assert "serkit.linear_attention_pool_backward.default" in seen
