from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch.nn import functional

from serkit.nn.losses import cross_entropy

LOGITS = torch.tensor([[0.0, 0.0], [math.log(3.0), 0.0]])  # posteriors 1/2, 1/2 and 3/4, 1/4
WEIGHTS = torch.tensor([1.0, 3.0])


def test_against_hand_computation() -> None:
    y = torch.tensor([1, 0])
    # unit 0 counts 3 (class 1) and costs log 2, unit 1 counts 1 and costs log 4/3
    total = 3 * math.log(2) + math.log(4 / 3)
    assert cross_entropy(LOGITS, y, WEIGHTS).item() == pytest.approx(total / 4)
    assert cross_entropy(LOGITS, y, WEIGHTS, reduction="sum").item() == pytest.approx(total)
    shares = torch.tensor([[0.25, 0.75], [1.0, 0.0]])
    total = 0.25 * math.log(2) + 3 * 0.75 * math.log(2) + math.log(4 / 3)
    assert cross_entropy(LOGITS, shares, WEIGHTS, reduction="sum").item() == pytest.approx(total)
    assert cross_entropy(LOGITS, shares, WEIGHTS).item() == pytest.approx(total / (0.25 + 3 * 0.75 + 1))
    # smoothing by 0.2 makes the second unit's target 0.9, 0.1
    smooth = cross_entropy(LOGITS[1:], shares[1:], WEIGHTS, smoothing=0.2, reduction="sum").item()
    assert smooth == pytest.approx(0.9 * math.log(4 / 3) + 3 * 0.1 * math.log(4))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_a_class_and_the_same_class_as_shares_are_one_loss(reduction: Any, smoothing: float) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(7, 4, generator=generator, dtype=torch.float64)
    y = torch.tensor([0, 3, 1, 1, 2, 0, 3])
    weights = torch.tensor([0.5, 2.0, 1.0, 1.5], dtype=torch.float64)
    one = cross_entropy(logits, y, weights, smoothing=smoothing, reduction=reduction)
    shares = functional.one_hot(y, 4).double()
    torch.testing.assert_close(one, cross_entropy(logits, shares, weights, smoothing=smoothing, reduction=reduction))
    torch.testing.assert_close(
        one, functional.cross_entropy(logits, y, weights, label_smoothing=smoothing, reduction=reduction)
    )
