"""Late fusion: one posterior of those of several finished runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from serkit.errors import UserError
from serkit.nn.architecture import Architecture, Array
from serkit.types import FoldContext, Input, Training
from serkit_plugins.architectures.fusion.config import FusionConfig

Floats = NDArray[np.float64]

STEPS = 100  # of Newton's method, which needs about ten


class Fusion(Architecture):
    """The plugin: reads the posteriors of finished runs, and learns from development utterances if it is stacked."""

    config: FusionConfig
    inputs: ClassVar[Mapping[str, Input]] = {"runs": Input("run-posteriors", whole=True)}
    transforms: ClassVar = {}
    training = Training(select="last")
    reads_training = ()
    deterministic = True

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        self.learns_from: Literal["train", "dev", "nothing"] = "dev" if config.rule == "stacked" else "nothing"

    def build(self, fold: FoldContext) -> FusionEstimator:
        """Equal weights."""
        return FusionEstimator(self.config, fold.input_shapes["runs"][0], fold.n_classes)


class FusionEstimator:
    """Weights of the runs ``[R]`` and biases of the classes ``[K]``, which are 0 unless ``bias`` has them fitted."""

    def __init__(self, config: FusionConfig, n_runs: int, n_classes: int) -> None:
        self.config = config
        self.weights: Floats = np.full(n_runs, 1.0 / max(1, n_runs))
        self.bias: Floats = np.zeros(n_classes)

    def fit(
        self,
        inputs: Mapping[str, Sequence[Array]],
        labels: NDArray[np.int64],
        rng: np.random.Generator,
        weights: Floats,
    ) -> None:
        """The maximum of the penalised likelihood, by Newton's method (it is concave): of mean log p(label) minus
        ridge / 2 times the squared distance from equal weights and no bias."""
        logs = self._logs(inputs)  # [N, K, R]
        n, k, r = logs.shape
        biases = np.eye(k) if self.config.bias else np.zeros((k, 0))
        design = np.concatenate([logs, np.broadcast_to(biases, (n, *biases.shape))], axis=2)
        start = np.concatenate([np.full(r, 1.0 / r), np.zeros(biases.shape[1])])
        share = weights / weights.sum()
        truth = design[np.arange(n), labels]
        theta = start.copy()
        for _ in range(STEPS):
            p = _softmax(design @ theta)
            mean = np.einsum("nk,nkd->nd", p, design)
            slope = share @ (mean - truth) + self.config.ridge * (theta - start)
            spread = np.einsum("n,nk,nkd,nke->de", share, p, design, design)
            spread -= np.einsum("n,nd,ne->de", share, mean, mean)
            step = np.linalg.solve(spread + self.config.ridge * np.eye(len(start)), slope)
            scale, before = 1.0, self._loss(design, truth, share, theta, start)
            while scale > 1e-6 and self._loss(design, truth, share, theta - scale * step, start) > before:
                scale /= 2
            theta = theta - scale * step
            if np.abs(step).max() < 1e-10:
                break
        self.weights, self.bias = theta[:r], biases @ theta[r:]

    def _loss(self, design: Floats, truth: Floats, share: Floats, theta: Floats, start: Floats) -> float:
        scores = design @ theta
        top = scores.max(axis=1)
        normaliser = top + np.log(np.exp(scores - top[:, None]).sum(axis=1))
        return float(share @ (normaliser - truth @ theta) + self.config.ridge / 2 * ((theta - start) ** 2).sum())

    def predict_proba(self, inputs: Mapping[str, Sequence[Array]]) -> Floats:
        """Posteriors ``[N, K]``."""
        if self.config.rule == "arithmetic":
            mean = np.stack(list(inputs["runs"])).astype(np.float64) @ self.weights
            return np.asarray(mean / mean.sum(axis=1, keepdims=True))
        return _softmax(self._logs(inputs) @ self.weights + self.bias)

    def state(self) -> dict[str, NDArray[np.generic]]:
        """``weights`` [R] and ``bias`` [K], float64."""
        return {"weights": self.weights, "bias": self.bias}

    def load_state(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """The inverse of ``state``. Raises UserError for another number of runs or classes."""
        weights, bias = np.asarray(state["weights"], np.float64), np.asarray(state["bias"], np.float64)
        if weights.shape != self.weights.shape or bias.shape != self.bias.shape:
            raise UserError(
                f"This fusion was made for {len(weights)} runs and {len(bias)} classes, not for {len(self.weights)} "
                f"and {len(self.bias)}; name the runs that it was made of."
            )
        self.weights, self.bias = weights, bias

    def _logs(self, inputs: Mapping[str, Sequence[Array]]) -> Floats:
        posteriors = np.stack(list(inputs["runs"])).astype(np.float64)
        return np.log(np.maximum(posteriors, self.config.floor))


def _softmax(scores: Floats) -> Floats:
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))
