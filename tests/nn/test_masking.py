"""Masks: padding holds NaN and must not be seen."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from serkit.nn.masking import mask_frames, masked_max, masked_mean, pooled_lengths, valid_mask

LENGTHS = torch.tensor([4, 1, 3])


def padded(*frame: int) -> Tensor:
    x = torch.randn(3, 4, *frame, generator=torch.Generator().manual_seed(0))
    x[~valid_mask(LENGTHS, 4)] = float("nan")
    return x


def test_valid_mask() -> None:
    assert valid_mask(LENGTHS, 4).tolist() == [[True] * 4, [True, False, False, False], [True, True, True, False]]


@pytest.mark.parametrize("frame", [(), (2,), (5, 3)])
def test_mask_frames(frame: tuple[int, ...]) -> None:
    x = padded(*frame)
    out = mask_frames(x, LENGTHS)
    mask = valid_mask(LENGTHS, 4)
    assert out.shape == x.shape
    assert torch.equal(out[mask], x[mask])
    assert (out[~mask] == 0).all()


@pytest.mark.parametrize(("pool", "one"), [(masked_mean, lambda v: v.mean(0)), (masked_max, lambda v: v.amax(0))])
def test_pools_see_valid_frames_only(pool, one) -> None:  # type: ignore[no-untyped-def]
    x = padded(5).requires_grad_()
    pooled = pool(x, LENGTHS)
    for i, n in enumerate(LENGTHS.tolist()):
        # float32 sums of at most 4 values: order of summation only
        torch.testing.assert_close(pooled[i], one(x[i, :n]), rtol=0, atol=1e-6)
    pooled.sum().backward()
    assert x.grad is not None
    assert (x.grad[~valid_mask(LENGTHS, 4)] == 0).all()
    # both gradients hand out one unit a column: 1/n a frame, or 1 to the maximum; rounding of n times 1/n
    torch.testing.assert_close(x.grad.sum(1), torch.ones(3, 5), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 2), (1, 1), (4, 3)])
def test_pooled_lengths(size: int, stride: int) -> None:
    lengths = torch.arange(1, 30)
    for n, got in zip(lengths.tolist(), pooled_lengths(lengths, size, stride).tolist(), strict=True):
        starts = [s for s in range(0, n, stride) if s + size <= n]
        assert got == max(len(starts), 1)
