"""The training loop of transforms and estimators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from serkit.errors import ConfigError, UserError
from serkit.nn import fit_loop
from serkit.types import Augment, Training

SETTINGS = Training(optimizer="adam", lr=0.03, batch=8, epochs=30, patience=0, select="last")


def fit(training: Training = SETTINGS, seed: int = 0) -> tuple[nn.Module, list[float]]:
    torch.manual_seed(1)
    module = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 1))
    x = torch.randn(27, 3)
    data = {"x": x, "y": x[:, :1] * x[:, 1:2]}

    def loss(batch: Mapping[str, Tensor]) -> Tensor:
        return (module(batch["x"]) - batch["y"]).square().mean()

    return module, fit_loop(module, data, loss, training, np.random.default_rng(seed))


def test_learns_and_ends_ready_for_use() -> None:
    module, history = fit()
    assert len(history) == 30
    assert history[-1] < 0.5 * history[0]
    assert not module.training


def test_the_same_seed_gives_the_same_bits_and_leaves_torch_alone() -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    torch.manual_seed(1)
    nn.Sequential(nn.Linear(3, 8), nn.Linear(8, 1))
    torch.randn(27, 3)
    after_building = torch.random.get_rng_state()
    a, _ = fit()
    assert torch.equal(torch.random.get_rng_state(), after_building)  # dropout drew from a generator of its own
    assert not torch.equal(before, after_building)
    b, c = fit()[0], fit(seed=1)[0]
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
    assert not torch.equal(a[0].weight, c[0].weight)


def test_steps_end_the_fit_within_an_epoch() -> None:
    _, history = fit(replace(SETTINGS, steps=6))  # 27 samples are four batches of at most 8
    assert len(history) == 2


def test_settings_that_nobody_would_read_are_refused() -> None:
    ignored = {"patience": 3, "select": "best", "batching": "exact", "crop": 10, "augment": Augment(input_noise=0.1)}
    for over in ({name: value} for name, value in ignored.items()):
        with pytest.raises(ConfigError, match=f"training.{next(iter(over))} cannot be had here"):
            fit(replace(SETTINGS, **over))


def test_a_loss_that_runs_away_is_told() -> None:
    with pytest.raises(
        UserError, match=r"inner fit of Sequential stopped being finite in epoch \d+; lower training.lr"
    ):
        fit(replace(SETTINGS, optimizer="sgd", lr=1e30))
