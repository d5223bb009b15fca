"""Extreme learning machine: one hidden layer of random units, and a least-squares layer on them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


class ExtremeLearningMachine:
    """Sigmoid units with random weights and biases, uniform in (-1, 1), and ridge regression of one-hot targets on them
    (Huang, Zhu and Siew 2006). ``weight`` [D, units] and ``bias`` [units] are never trained; ``out`` [units, K] is."""

    def __init__(self, units: int, ridge: float) -> None:
        self.units, self.ridge = units, ridge
        self.weight: Matrix = np.zeros((0, units))
        self.bias: Matrix = np.zeros(units)
        self.out: Matrix = np.zeros((units, 0))

    def fit(
        self, x: Matrix, labels: NDArray[np.int64], classes: int, weights: Matrix, rng: np.random.Generator
    ) -> None:
        """Learn from ``x`` [N, D], class indices ``labels`` [N] and what each sample counts, ``weights`` [N]."""
        self.weight = rng.uniform(-1.0, 1.0, (x.shape[1], self.units))
        self.bias = rng.uniform(-1.0, 1.0, self.units)
        hidden = self._hidden(x)
        weighted = hidden.T * weights
        normal = weighted @ hidden + self.ridge * np.eye(self.units)
        self.out = np.linalg.solve(normal, weighted @ np.eye(classes)[labels])

    def scores(self, x: Matrix) -> Matrix:
        """Least-squares estimates of the posteriors [N, K]; they may lie outside of [0, 1]."""
        return self._hidden(x) @ self.out

    def state(self) -> dict[str, NDArray[np.generic]]:
        """``weight``, ``bias`` and ``out``, float64."""
        return {"weight": self.weight, "bias": self.bias, "out": self.out}

    def load_state(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """The inverse of ``state``."""
        self.weight, self.bias, self.out = (np.asarray(state[k], np.float64) for k in ("weight", "bias", "out"))

    def _hidden(self, x: Matrix) -> Matrix:
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * (x @ self.weight + self.bias))))  # the logistic, without overflow


def nearest_posteriors(scores: Matrix) -> Matrix:
    """The point of the simplex nearest to each row [N, K], mixed with 1e-6 of the uniform one.

    Order is kept, so the class of the largest score is that of the largest posterior; the mixture keeps a class that
    got nothing from being called impossible.
    """
    descending = -np.sort(-scores, axis=1)
    excess = np.cumsum(descending, axis=1) - 1.0
    count = (descending > excess / np.arange(1, scores.shape[1] + 1)).sum(axis=1)
    shift = excess[np.arange(len(scores)), count - 1] / count
    simplex = np.maximum(scores - shift[:, None], 0.0)
    simplex /= simplex.sum(axis=1, keepdims=True)  # rounding only
    return np.asarray((1.0 - 1e-6) * simplex + 1e-6 / scores.shape[1])
