"""Do the torch ops pool as the NumPy definition does, take any layout, and refuse in words?"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from serkit.errors import UserError
from serkit.kernels.reference import attention as reference
from serkit.ops import attention_torch
from serkit.ops.attention import attention_pool, linear_attention_pool

LENGTHS = torch.tensor([9, 1, 4])


def inputs(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """x, W, b, u, theta."""
    g = torch.Generator().manual_seed(0)
    sizes = ((3, 9, 6), (5, 6), (5,), (5,), (6,))
    x, w, b, u, theta = (torch.randn(n, generator=g, dtype=torch.float64).to(dtype) for n in sizes)
    return x, w, b, u, theta


def test_against_reference() -> None:
    x, w, b, u, theta = inputs()
    cases = [
        (attention_pool(x, LENGTHS, w, b, u, 0.3), reference.attention_pool(x, LENGTHS, u, w, b, 0.3)),
        (linear_attention_pool(x, LENGTHS, theta, 2.0), reference.attention_pool(x, LENGTHS, theta, scale=2.0)),
        (attention_torch.attention_pool(x, LENGTHS, u, w, b, 0.3), reference.attention_pool(x, LENGTHS, u, w, b, 0.3)),
        (attention_torch.attention_pool(x, LENGTHS, theta), reference.attention_pool(x, LENGTHS, theta)),
    ]
    for ours, truth in cases:
        for got, want in zip(ours, truth, strict=True):
            # float64, sums of at most 9 terms of order one: a few eps = 2e-16 each
            torch.testing.assert_close(got, torch.from_numpy(want), rtol=0, atol=1e-13)


@pytest.mark.parametrize("scale", [0.7, (0.3, 0.8)])
def test_heads_against_reference(scale: float | tuple[float, float]) -> None:
    g = torch.Generator().manual_seed(0)
    sizes = ((3, 9, 6), (2, 5, 6), (2, 5), (2, 5), (2, 6))
    x, w, b, u, theta = (torch.randn(n, generator=g, dtype=torch.float64) for n in sizes)
    truth = (
        reference.attention_pool(x, LENGTHS, u, w, b, scale),
        reference.attention_pool(x, LENGTHS, theta, scale=scale),
    )
    cases = [
        (attention_pool(x, LENGTHS, w, b, u, scale), truth[0]),
        (attention_torch.attention_pool(x, LENGTHS, u, w, b, scale), truth[0]),
        (linear_attention_pool(x, LENGTHS, theta, scale), truth[1]),
        (attention_torch.attention_pool(x, LENGTHS, theta, scale=scale), truth[1]),
    ]
    for ours, wanted in cases:
        for got, want in zip(ours, wanted, strict=True):
            # float64, sums of at most 9 terms of order one: a few eps = 2e-16 each
            torch.testing.assert_close(got, torch.from_numpy(want), rtol=0, atol=1e-13)


@pytest.mark.parametrize("form", ["linear", "additive"])
def test_padding_is_never_read_and_gets_no_gradient(form: str) -> None:
    x, w, b, u, theta = inputs(torch.float32)
    gradients = []
    for filler in (0.0, float("nan")):
        for pool in (attention_pool, attention_torch.attention_pool):
            filled = x.clone()
            for i, n in enumerate(LENGTHS.tolist()):
                filled[i, n:] = filler
            filled.requires_grad_()
            if pool is attention_pool:
                pooled, weights = (
                    attention_pool(filled, LENGTHS, w, b, u)
                    if form == "additive"
                    else linear_attention_pool(filled, LENGTHS, theta)
                )
            else:
                pooled, weights = pool(filled, LENGTHS, *((u, w, b) if form == "additive" else (theta,)))
            (pooled.square().sum() + weights.square().sum()).backward()
            assert filled.grad is not None
            padding = torch.arange(x.shape[1]) >= LENGTHS[:, None]
            assert (filled.grad[padding] == 0).all()
            assert (weights[padding] == 0).all()
            assert pooled.isfinite().all()
            gradients.append(filled.grad)
    assert torch.equal(gradients[0], gradients[2])
    assert torch.equal(gradients[1], gradients[3])


def test_layout_does_not_matter() -> None:
    x, w, b, u, _ = inputs(torch.float32)
    strided = x.transpose(1, 2).contiguous().transpose(1, 2)
    assert not strided.is_contiguous()
    every_other = torch.stack([LENGTHS, LENGTHS], dim=1)[:, 0]
    plain = x.clone().requires_grad_()
    other = strided.clone(memory_format=torch.preserve_format).requires_grad_()
    want, got = (
        attention_pool(plain, LENGTHS, w, b, u),
        attention_pool(other, every_other, w.t().contiguous().t(), b, u),
    )
    assert torch.equal(want[0], got[0])
    assert torch.equal(want[1], got[1])
    want[0].sum().backward()  # the gradient of a sum is expanded: stride 0
    got[0].sum().backward()
    assert plain.grad is not None
    assert other.grad is not None
    assert torch.equal(plain.grad, other.grad)


def test_other_devices_take_the_plain_path() -> None:
    x, w, b, u, theta = (t.to("meta") for t in inputs())
    pooled, weights = attention_pool(x, LENGTHS.to("meta"), w, b, u)
    assert (pooled.device.type, pooled.shape, weights.shape) == ("meta", (3, 6), (3, 9))
    with pytest.raises(UserError, match="x is on meta, but lengths and parameters are on cpu, meta"):
        linear_attention_pool(x, LENGTHS, theta)


@pytest.mark.parametrize("pool", [linear_attention_pool, attention_torch.attention_pool])
def test_refused_in_words(pool) -> None:  # type: ignore[no-untyped-def]
    x, _, _, _, theta = inputs()
    with pytest.raises(UserError, match=r"lengths\[2\] is 10, but a sample has 1 to T = 9"):
        pool(x, torch.tensor([9, 1, 10]), theta)
    with pytest.raises(UserError, match=r"lengths\[0\] is 0"):
        pool(x, torch.tensor([0, 1, 9]), theta)
    with pytest.raises(UserError, match="B, T and D at least 1"):
        pool(x[:0], LENGTHS[:0], theta)
    with pytest.raises(UserError, match="must be int64"):
        pool(x, LENGTHS.int(), theta)
    with pytest.raises(UserError, match="must all be float32 or all float64"):
        pool(x, LENGTHS, theta.float())


def test_what_is_no_tensor_is_refused() -> None:
    x, _, _, _, theta = inputs()
    with pytest.raises(UserError, match="given a list; x, lengths and parameters are torch tensors"):
        linear_attention_pool(x, LENGTHS.tolist(), theta)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="given a ndarray"):
        linear_attention_pool(x.numpy(), LENGTHS, theta)  # type: ignore[arg-type]


def test_bfloat16_without_autocast_is_refused_with_the_remedy() -> None:
    x, w, b, u, _ = inputs(torch.bfloat16)
    with pytest.raises(UserError, match=r"x is bfloat16, but x and the parameters must .* use autocast"):
        attention_pool(x, LENGTHS, w, b, u)
