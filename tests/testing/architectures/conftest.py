"""Two tiny plugins that hold everything the kit asks, to be broken one line at a time."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from serkit.host import Host
from serkit.host.discovery import installed
from serkit.testing.conformance import Report, check_plugin

HOOKS = """
from serkit.host import ArchitectureSpec, FeatureSpec, hookimpl

@hookimpl
def serkit_architectures():
    return [
        ArchitectureSpec(
            name="NAME",
            summary="For tests.",
            target="MODEL:Plugin",
            config="CONFIG:Settings",
            presets={"default": {}, "wide": {"architecture": {"hidden": 12}}},
        )
    ]

@hookimpl
def serkit_features():
    return [FeatureSpec(name="NAME-level", summary="For tests.", target="MODEL:Level", options="MODEL:LevelOptions")]
"""

CONFIG = """
from dataclasses import dataclass, field
from typing import Annotated, Any, Mapping
from annotated_types import Gt

@dataclass(frozen=True, kw_only=True)
class Settings:
    hidden: Annotated[int, Gt(0)] = 8
    rates: tuple[float, ...] = (0.5, 1.0)
"""

LEVEL = """
from dataclasses import dataclass
import numpy as np
from serkit.features import LogMel

@dataclass(frozen=True, kw_only=True)
class LevelOptions:
    bands: int = 12

class Level:
    # 12 bands of a log-Mel spectrogram
    seen = []

    def __init__(self, options=None):
        self.options = options or LevelOptions()
        self.inner = LogMel()
        self.sample_rate, self.hop_s = self.inner.sample_rate, self.inner.hop_s
        self.shape = (self.options.bands,)

    def n_frames(self, n_samples):
        return self.inner.n_frames(n_samples)

    def __call__(self, waveform):
        x = np.ascontiguousarray(self.inner(waveform)[:, 2 : 2 + self.options.bands, 0])
        return x

    def batch(self, waveforms, threads=0):
        return [self(w) for w in waveforms]
"""

MODULE = (
    LEVEL
    + """
import torch
from torch import nn
from serkit.nn import Architecture, ZScore, masked_mean
from serkit.types import Input, Training

class Scaled(ZScore):
    top = 1.0

    def __call__(self, x):
        return super().__call__(x)

class Plugin(Architecture):
    inputs = {"x": Input("NAME-level")}
    transforms = {"x": Scaled}
    training = Training(optimizer="adam", lr=1e-2, batch=8, epochs=2)

    def fit_transforms(self, train, rng):
        return {"x": Scaled.fit(train.utterances("x"), rng)}

    def build(self, fold):
        return Net(fold.input_shapes["x"][0], self.config.hidden, fold.n_classes)

class Net(nn.Module):
    def __init__(self, dim, hidden, n_classes):
        super().__init__()
        self.first = nn.Linear(dim, hidden)
        self.dropout = nn.Dropout(0.1)
        self.out = nn.Linear(hidden, n_classes)

    def forward(self, x, x_lengths):
        y = masked_mean(x, x_lengths)
        y = torch.tanh(self.first(y))
        return self.out(self.dropout(y))
"""
)

ESTIMATOR = (
    LEVEL
    + """
import torch
from serkit.nn import Architecture
from serkit.types import Input, Training

class Plugin(Architecture):
    inputs = {"x": Input("NAME-level")}
    training = Training(class_weights="balanced")
    reads_training = ("class_weights",)
    deterministic = True

    def build(self, fold):
        return Means(fold.n_classes)

class Means:
    # the nearest mean of a class, with the class's weight as its prior
    shared = None

    def __init__(self, n_classes):
        self.n_classes = n_classes

    def fit(self, inputs, labels, rng, weights):
        x = self._rows(inputs)
        seen = np.unique(labels)
        self.prior = np.bincount(labels, weights, self.n_classes)
        self.prior = self.prior / self.prior.sum()
        self.means = np.zeros((self.n_classes, x.shape[1]))
        for k in seen:
            self.means[k] = np.average(x[labels == k], axis=0, weights=weights[labels == k])

    def predict_proba(self, inputs):
        x = self._rows(inputs)
        distance = ((x[:, None] - self.means) ** 2).sum(axis=2)
        p = self.prior * np.exp(-(distance - distance.min(axis=1, keepdims=True)))
        p = p / p.sum(axis=1, keepdims=True)
        return p

    def state(self):
        return {"means": self.means, "prior": self.prior}

    def load_state(self, state):
        self.means = state["means"]
        self.prior = state.get("prior", np.full(self.n_classes, 1.0 / self.n_classes))

    def _rows(self, inputs):
        return np.stack([x.mean(axis=0) for x in inputs["x"]]).astype(np.float64)
"""
)

KINDS = {"module": MODULE, "estimator": ESTIMATOR}
_count = itertools.count()

Break = Callable[..., Report]


@pytest.fixture
def broken(distribution: Any, one_thread: None) -> Break:
    """``broken(kind, *edits, only=checks)``: the report of a tiny plugin in which each ``(line, instead)`` of ``edits``
    was made, in the model, the config or the hooks, wherever the line is."""

    def make(kind: str, *edits: tuple[str, str], only: tuple[str, ...] = ()) -> Report:
        n = next(_count)
        names = {"NAME": f"tiny-{n}", "MODEL": f"tiny_model_{n}", "CONFIG": f"tiny_config_{n}"}
        sources = {f"tiny_hooks_{n}": HOOKS, names["MODEL"]: KINDS[kind], names["CONFIG"]: CONFIG}
        for line, instead in edits:
            (where,) = [name for name, text in sources.items() if line in text]
            sources[where] = sources[where].replace(line, instead)
        for name, text in sources.items():
            for key, value in names.items():
                text = text.replace(key, value)
            sources[name] = text
        distribution(f"tiny-{n}", {"tiny": f"tiny_hooks_{n}"}, sources)
        return check_plugin(names["NAME"], kind="architecture", only=only, host=Host(installed()))

    return make
