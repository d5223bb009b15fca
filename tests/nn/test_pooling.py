from __future__ import annotations

import pytest
import torch

from serkit.errors import ConfigError
from serkit.nn import ConvStack, FrameNorm, FramePooling


@pytest.mark.parametrize("kind", ["attention", "mean", "max", "last"])
def test_padding_is_not_pooled(kind: str) -> None:
    torch.manual_seed(0)
    pooling = FramePooling(6, kind, hidden=4)
    x, lengths = torch.randn(2, 9, 6), torch.tensor([9, 4])
    clean, _ = pooling(x[1:, :4], lengths[1:])
    x[1, 4:] = torch.nan
    found, weights = pooling(x, lengths)
    # 1e-6: float32 sums of four terms, by another shape
    torch.testing.assert_close(found[1:], clean, rtol=1e-6, atol=1e-6)
    assert (weights is not None) == (kind == "attention")


def test_last_joins_the_ends_of_both_directions() -> None:
    x = torch.arange(24.0).reshape(1, 4, 6)
    found, _ = FramePooling(6, "last")(x, torch.tensor([3]))
    assert found.tolist() == [[12, 13, 14, 3, 4, 5]]  # frame 2, then frame 0
    one_way, _ = FramePooling(6, "last", bidirectional=False)(x, torch.tensor([3]))
    assert one_way.tolist() == [[12, 13, 14, 15, 16, 17]]


def test_statistics_are_those_of_valid_frames() -> None:
    norm = FrameNorm(3).train()
    x, lengths = torch.randn(2, 8, 3), torch.tensor([8, 5])
    x[1, 5:] = torch.nan
    found = norm(x, lengths)
    valid = torch.cat([found[0], found[1, :5]])
    assert not found[1, 5:].any()
    # 1e-5: thirteen float32 values, and batch normalisation's own 1e-5 under the root
    torch.testing.assert_close(valid.mean(0), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(valid.var(0, unbiased=False), torch.ones(3), atol=1e-4, rtol=0)


def test_the_stack_says_how_wide_its_frames_are() -> None:
    stack = ConvStack(40, 3, (4, 6), [(2, 2), (1, 4), (9, 9)])
    y, lengths = stack(torch.randn(2, 21, 40, 3), torch.tensor([21, 6]))
    assert y.shape == (2, 10, stack.features) == (2, 10, 6 * 5)
    assert lengths.tolist() == [10, 3]
    with pytest.raises(ConfigError, match=r"leave nothing of 4 band\(s\)"):
        ConvStack(4, 1, (2,), [(1, 8)])
