"""The pooling module: parameters, start, export."""

from __future__ import annotations

import pytest
import torch

from serkit.errors import ConfigError
from serkit.nn.attention import AttentionPooling
from serkit.nn.masking import masked_mean
from serkit.ops.attention import attention_pool

LENGTHS = torch.tensor([6, 2])


def test_linear_form_has_dim_parameters_and_starts_as_the_mean() -> None:
    module = AttentionPooling(256)
    assert {n: tuple(p.shape) for n, p in module.named_parameters()} == {"theta": (256,)}
    x = torch.randn(2, 6, 256, generator=torch.Generator().manual_seed(0))
    pooled, weights = module(x, LENGTHS)
    # float32 means of at most 6 values of order one
    torch.testing.assert_close(pooled, masked_mean(x, LENGTHS), rtol=0, atol=1e-6)
    pooled.square().sum().backward()
    assert module.theta.grad is not None
    assert module.theta.grad.abs().max() > 0  # zero is not a stationary point
    assert weights.shape == (2, 6)


def test_additive_form() -> None:
    module = AttentionPooling(8, hidden=4, scale=0.3)
    assert {n: tuple(p.shape) for n, p in module.named_parameters()} == {"W": (4, 8), "b": (4,), "u": (4,)}
    x = torch.randn(2, 6, 8, generator=torch.Generator().manual_seed(0))
    pooled, weights = module(x, LENGTHS)
    want = attention_pool(x, LENGTHS, module.W, module.b, module.u, 0.3)
    assert torch.equal(pooled, want[0])
    assert torch.equal(weights, want[1])
    pooled.square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in module.parameters())


@pytest.mark.parametrize("hidden", [0, 4])
def test_heads_stand_side_by_side_and_differ_from_the_start_of_training(hidden: int) -> None:
    module = AttentionPooling(8, hidden, scale=(0.3, 0.8, 1.0), heads=3)
    x = torch.randn(2, 6, 8, generator=torch.Generator().manual_seed(0))
    pooled, weights = module(x, LENGTHS)
    assert (pooled.shape, weights.shape) == ((2, 24), (2, 3, 6))
    for i in range(3):
        one = AttentionPooling(8, hidden, scale=module.scale[i])
        one.load_state_dict({name: p[i] for name, p in module.state_dict().items()})
        for got, want in zip((pooled[:, 8 * i : 8 * i + 8], weights[:, i]), one(x, LENGTHS), strict=True):
            assert torch.equal(got, want)  # a head goes through the same instructions, whoever stands beside it
    (pooled * torch.randn(24, generator=torch.Generator().manual_seed(1))).sum().backward()
    for p in module.parameters():
        assert p.grad is not None
        assert not torch.equal(p.grad[0], p.grad[1])


@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("hidden", [0, 4])
def test_exports_without_our_ops(hidden: int, heads: int) -> None:
    module = AttentionPooling(8, hidden, heads=heads).eval()
    x = torch.randn(2, 6, 8, generator=torch.Generator().manual_seed(0))
    batch, frames = torch.export.Dim("batch", min=2), torch.export.Dim("frames", min=2)
    program = torch.export.export(
        module, (x, LENGTHS), dynamic_shapes={"x": {0: batch, 1: frames}, "lengths": {0: batch}}
    )
    assert "serkit" not in str(program.graph)
    longer, lengths = torch.randn(3, 11, 8, generator=torch.Generator().manual_seed(1)), torch.tensor([11, 1, 5])
    for got, want in zip(program.module()(longer, lengths), module(longer, lengths), strict=True):
        # float32, two orders of summation over at most 11 frames and 8 values
        torch.testing.assert_close(got, want, rtol=0, atol=1e-6)


def test_bad_settings_are_refused() -> None:
    with pytest.raises(ConfigError, match="dim=0"):
        AttentionPooling(0)
    with pytest.raises(ConfigError, match="scale=nan"):
        AttentionPooling(4, scale=float("nan"))
    with pytest.raises(ConfigError, match="or one a head"):
        AttentionPooling(4, scale=(1.0, 2.0), heads=3)
