"""A distribution with two models, and a clock that only they move: no test here depends on how fast the machine is."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest

from serkit.host import get_host
from serkit.testing.bench import measure

HOOKS = """
from serkit.host import ArchitectureSpec, FeatureSpec, MetricSpec, hookimpl

def spec(name, **more):
    target = more.pop("target", "ticking_model:Ticking")
    presets = {"default": {"architecture": {"who": name}}}
    return ArchitectureSpec(
        name=name, summary="M.", target=target, config="ticking_model:Config", presets=presets, **more
    )

@hookimpl
def serkit_architectures():
    broken = spec("broken", target="ticking_model:absent")
    return [spec("steady"), spec("mine"), spec("both"), spec("nearest-mean", target="ticking_model:Means"), broken]

@hookimpl
def serkit_features():
    found = [("both", "Level"), ("bad-level", "BadLevel"), ("restless", "Restless"), ("gaps", "Gaps")]
    return [
        FeatureSpec(name=n, summary="F.", target=f"ticking_model:{t}", options="ticking_model:Options")
        for n, t in found
    ]
"""

MODEL = """
import itertools
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from serkit.nn import Architecture, masked_mean
from serkit.types import Training

now = 0.0
seconds = {"steady": 100.0, "mine": 200.0, "both": 100.0}
fault = ""

@dataclass(frozen=True, kw_only=True)
class Config:
    who: str = ""

class Net(nn.Module):
    def __init__(self, who, dim, classes):
        super().__init__()
        self.who, self.head = who, nn.Linear(dim, classes)

    def forward(self, x, x_lengths):
        global now
        now += seconds[self.who]
        logits = self.head(masked_mean(x.flatten(2), x_lengths))
        if self.who != "mine":
            return logits
        if fault == "raises":
            raise ZeroDivisionError("no")
        if fault == "nan":
            return logits * float("nan")
        if fault == "shape":
            return logits[:, :3]
        if fault == "noise":
            return logits + torch.randn_like(logits)
        if fault == "loss" and self.training:
            return logits * float("inf")
        if fault == "gradient" and self.training:
            return logits + (self.head.weight.sum() * 0.0).sqrt()
        return logits

class Ticking(Architecture):
    training = Training(optimizer="sgd", lr=0.1)

    def build(self, fold):
        bands, channels = fold.input_shapes["x"]
        return Net(self.config.who, bands * channels, fold.n_classes)

class Mean:
    def fit(self, inputs, labels, rng, weights):
        global now
        now += 50.0
        rows = np.stack([x.mean(axis=0).ravel() for x in inputs["x"]])
        self.means = np.stack([rows[labels == k].mean(axis=0) for k in range(4)])

    def predict_proba(self, inputs):
        rows = np.stack([x.mean(axis=0).ravel() for x in inputs["x"]])
        e = np.exp(-np.linalg.norm(rows[:, None] - self.means, axis=2))
        return e / e.sum(axis=1, keepdims=True)

    def state(self):
        return {"means": self.means}

    def load_state(self, state):
        self.means = state["means"]

class Means(Ticking):
    def build(self, fold):
        return Mean()

@dataclass(frozen=True)
class Options:
    size: int = 1

class Level:
    sample_rate, hop_s = 16000, 0.01

    def __init__(self, options):
        self.options, self.shape = options, (options.size,)

    def n_frames(self, n):
        return n // 160

    def __call__(self, x):
        rows = x[: len(x) // 160 * 160].reshape(-1, 160).std(axis=1)
        return np.repeat(rows[:, None], self.options.size, axis=1).astype(np.float32)

class BadLevel(Level):
    def __call__(self, x):
        return super().__call__(x)[:, 0]

class Restless(Level):
    calls = itertools.count()

    def __call__(self, x):
        return super().__call__(x) + next(self.calls)

class Gaps(Level):
    def __call__(self, x):
        frames = super().__call__(x)
        frames[::2] = np.nan
        return frames
"""


@pytest.fixture
def ticking(distribution: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module of the models, whose ``seconds`` say how long a call takes and ``fault`` what is wrong with ``mine``,
    installed for ``get_host``; the clock of ``measure`` is its ``now``."""
    distribution("ticking", {"ticking": "ticking_hooks"}, {"ticking_hooks": HOOKS, "ticking_model": MODEL})
    get_host.cache_clear()
    module: Any = import_module("ticking_model")
    reads = itertools.count(1)
    # a reading takes a millisecond: nothing takes no time at all, which no ratio could be made of
    monkeypatch.setattr(measure, "perf_counter", lambda: module.now + 1e-3 * next(reads))
    yield module
    get_host.cache_clear()
