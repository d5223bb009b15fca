from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from serkit.nn import Architecture
from serkit.run.fold import FoldJob
from serkit.run.prepare import FeatureTable
from serkit.types import Fold, FoldContext, Protocol, Training, Unit

LABELS = ("angry", "happy", "sad")
SPEAKERS = ("s1", "s2", "s3", "s4")


@dataclass(frozen=True, kw_only=True)
class MeanConfig:
    hidden: int = 8
    dropout: float = 0.2
    unit: Unit = Unit(frames=12)  # noqa: RUF009 (frozen)


class MeanNet(nn.Module):
    """Mean over valid frames, one hidden layer: small enough to train in a test, with dropout and batch norm."""

    def __init__(self, dim: int, hidden: int, dropout: float, classes: int) -> None:
        super().__init__()
        self.hidden, self.norm = nn.Linear(dim, hidden), nn.BatchNorm1d(hidden)
        self.dropout, self.out = nn.Dropout(dropout), nn.Linear(hidden, classes)

    def forward(self, x: torch.Tensor, x_lengths: torch.Tensor) -> torch.Tensor:
        keep = (torch.arange(x.shape[1]) < x_lengths[:, None])[:, :, None]
        mean = (x.flatten(2) * keep).sum(1) / x_lengths[:, None]
        out: torch.Tensor = self.out(self.dropout(torch.relu(self.norm(self.hidden(mean)))))
        return out


class MeanPool(Architecture):
    training = Training(optimizer="adam", lr=0.01, batch=7, epochs=4, patience=0)

    def build(self, fold: FoldContext) -> nn.Module:
        dim = int(np.prod(fold.input_shapes["x"]))
        return MeanNet(dim, self.config.hidden, self.config.dropout, fold.n_classes)


class JobMaker:
    """Makes the same fold over and over, so that two ways of training it can be compared."""

    def __init__(self, tmp_path: Path) -> None:
        self.tmp_path, self.count = tmp_path, 0
        rng = np.random.default_rng(0)
        frames, truth, speakers = {}, {}, {}
        for speaker in SPEAKERS:
            for number in range(9):
                name = f"{speaker}-{number}"
                k = number % 3
                x = rng.standard_normal((int(rng.integers(5, 30)), 4, 2)) + 0.9 * (np.arange(4)[:, None] == k)
                frames[name], truth[name], speakers[name] = x.astype(np.float32), LABELS[k], speaker
        ids = {s: tuple(sorted(i for i in frames if speakers[i] == s)) for s in SPEAKERS}
        fold = Fold(name="s1", test=ids["s1"], dev=ids["s2"], train=(*ids["s3"], *ids["s4"]))
        protocol = Protocol(corpus="toy", name="loso", version=1, folds=(fold,), labels=LABELS, hash="0" * 64)
        self.shared: dict[str, Any] = {
            "plugin": "mean-pool",
            "protocol": protocol,
            "fold": fold,
            "seed": 0,
            "table": FeatureTable({"x": frames}),
            "truth": truth,
            "speakers": speakers,
        }

    def __call__(self, architecture: Any = None, training: Training | None = None, **over: Any) -> FoldJob:
        self.count += 1
        folder = self.tmp_path / f"job{self.count}"
        folder.mkdir()
        architecture = architecture or MeanPool(MeanConfig())
        settings = training or replace(architecture.training)
        return FoldJob(**{**self.shared, "architecture": architecture, "training": settings, "folder": folder, **over})


@pytest.fixture(scope="module", autouse=True)
def _one_thread(one_thread: None) -> None:
    """Every test of runs."""


@pytest.fixture
def make_job(tmp_path: Path) -> JobMaker:
    return JobMaker(tmp_path)
