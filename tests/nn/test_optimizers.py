"""Learning rates and groups of parameters, whoever trains."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from serkit.errors import PluginError
from serkit.nn.optimizers import make_optimizer, rate, set_rate
from serkit.types import Training


def test_rates() -> None:
    one = Training(lr=1.0, schedule="cosine", warmup=0.25)
    values = [rate(one, s, 100, 0) for s in range(100)]
    assert int(np.argmax(values)) in (24, 25)
    assert values[-1] < 0.01
    assert np.all(np.diff(values[26:]) <= 0)
    assert rate(Training(lr=0.5), 7, 10, 3) == 0.5
    assert rate(one, 140, 100, 0) == 0.0  # more steps than were foreseen, and the cosine does not rise again
    assert math.isclose(rate(Training(lr=1.0, schedule="exponential", decay=0.9), 0, 10, 2), 0.81)
    falling = Training(lr=0.3, schedule="inverse-time", decay=0.5)
    assert [rate(falling, s, 10, 9) for s in (0, 1, 4)] == pytest.approx([0.3, 0.2, 0.1])  # lr / (1 + decay s)


class Two(nn.Module):
    def __init__(self, factors: dict[str, float]) -> None:
        super().__init__()
        self.encoder, self.head = nn.Linear(3, 3), nn.Linear(3, 3)
        self.rate_factors = factors


def moved(module: nn.Module, before: dict[str, torch.Tensor]) -> dict[str, float]:
    return {n: float((p - before[n]).abs().max()) for n, p in module.state_dict().items()}


@pytest.mark.parametrize("optimizer", ["nadam", "adam", "adamw", "sgd"])
def test_a_rate_factor_slows_the_parameters_it_names(optimizer: str) -> None:
    torch.manual_seed(0)
    module = Two({"encoder.": 0.1, "encoder.bias": 0.5})
    before = {n: p.clone() for n, p in module.state_dict().items()}
    made = make_optimizer(module, Training(optimizer=optimizer, beta1=0.0))  # type: ignore[arg-type]
    set_rate(made, 0.01)
    for p in module.parameters():
        p.grad = torch.ones_like(p)
    made.step()
    steps = moved(module, before)
    # 1e-3: one step of equal gradients is the rate itself, up to the optimisers' epsilon and float32
    assert steps["encoder.weight"] == pytest.approx(0.1 * steps["head.weight"], rel=1e-3)
    assert steps["encoder.bias"] == pytest.approx(0.5 * steps["head.bias"], rel=1e-3)
    assert steps["head.weight"] == pytest.approx(0.01, rel=1e-3)


def test_a_factor_for_no_parameter_is_refused() -> None:
    with pytest.raises(PluginError, match=r"rate_factors of Two has 'decoder\.', with which no parameter's name"):
        make_optimizer(Two({"decoder.": 0.1}), Training())


def test_weight_decay_spares_biases() -> None:
    module = Two({"encoder.": 0.5})
    decayed = {
        id(p): g["weight_decay"]
        for g in make_optimizer(module, Training(weight_decay=0.1)).param_groups
        for p in g["params"]
    }
    assert {n: decayed[id(p)] for n, p in module.named_parameters()} == {
        "encoder.weight": 0.1, "encoder.bias": 0.0, "head.weight": 0.1, "head.bias": 0.0,
    }  # fmt: skip
