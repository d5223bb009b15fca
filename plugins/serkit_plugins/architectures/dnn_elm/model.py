"""Segment network, statistics of its posteriors, extreme learning machine (Han et al. 2014)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from serkit.errors import UserError
from serkit.nn import Architecture, fit_loop
from serkit.types import FoldContext, Input, Training
from serkit_plugins.architectures.dnn_elm.config import DnnElmConfig
from serkit_plugins.architectures.dnn_elm.elm import ExtremeLearningMachine, nearest_posteriors

Array = NDArray[np.float32]
ROWS = 8192  # segments through the network at once


class DnnElm(Architecture):
    """The plugin. Statistics and a decision an utterance are no network, so it builds an estimator."""

    config: DnnElmConfig
    # the papers give no optimiser; these are SerKit's, without development speakers, who have no place inside a fit
    training = Training(optimizer="adam", lr=1e-3, batch=256, epochs=20, patience=0, select="last")

    def __init__(self, config: DnnElmConfig) -> None:
        super().__init__(config)
        self.inputs = {"x": Input("mfcc-pitch"), "energy": Input("log-energy")}
        self.min_frames = config.segment

    def build(self, fold: FoldContext) -> DnnElmEstimator:
        """A new estimator for the fold's classes."""
        return DnnElmEstimator(self.config, math.prod(fold.input_shapes["x"]), fold.n_classes, fold.training)


class DnnElmEstimator:
    """``fit`` and ``predict_proba`` on ``x`` [T, ...] and ``energy`` [T, 1] (natural logarithm) of each utterance.

    ``network`` tells the class of a segment, frames of D numbers end to end [segment * D]; an utterance becomes the
    maximum, minimum and mean over its segments of each class's posterior and the share of them above ``threshold``
    [4 K]. Both raise UserError where ``x`` and ``energy`` are not of one frame rate.
    """

    def __init__(self, config: DnnElmConfig, dim: int, classes: int, training: Training) -> None:
        self.config, self.classes, self.training = config, classes, training
        sizes = [config.segment * dim, *[config.hidden] * config.layers]
        layers: list[nn.Module] = []
        for a, b in pairwise(sizes):
            layers += [nn.Linear(a, b), nn.ReLU(), nn.Dropout(config.dropout)]
        self.network = nn.Sequential(*layers, nn.Linear(sizes[-1], classes))
        self.elm = ExtremeLearningMachine(config.elm_units, config.ridge)

    def fit(
        self,
        inputs: Mapping[str, Sequence[Array]],
        labels: NDArray[np.int64],
        rng: np.random.Generator,
        weights: NDArray[np.float64],
    ) -> None:
        """Train the network on segments, then the extreme learning machine on the same utterances' statistics."""
        frames, starts = self._pooled(inputs)
        chosen = [s[:: self.config.train_every] for s in starts]
        counts = [len(s) for s in chosen]
        data = {
            "start": torch.from_numpy(np.concatenate(chosen)),
            "label": torch.from_numpy(np.repeat(labels, counts)),
            "weight": torch.from_numpy(np.repeat(weights, counts).astype(np.float32)),
        }

        def loss(batch: Mapping[str, Tensor]) -> Tensor:
            logits = self.network(self._segments(frames, batch["start"]))
            each = cross_entropy(
                logits, batch["label"], reduction="none", label_smoothing=self.training.label_smoothing
            )
            total = (batch["weight"] * each).sum()
            return total if self.training.reduction == "sum" else total / batch["weight"].sum()

        fit_loop(self.network, data, loss, self.training, rng)
        self.elm.fit(self._statistics(frames, starts), labels, self.classes, weights, rng)

    def predict_proba(self, inputs: Mapping[str, Sequence[Array]]) -> NDArray[np.float64]:
        """Posteriors ``[N, K]``: the scores of the extreme learning machine, put onto the simplex."""
        return nearest_posteriors(self.elm.scores(self._statistics(*self._pooled(inputs))))

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Weights of the network (``network.``) and of the extreme learning machine (``elm.``)."""
        network = {f"network.{k}": v.detach().numpy() for k, v in self.network.state_dict().items()}
        return network | {f"elm.{k}": v for k, v in self.elm.state().items()}

    def load_state(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """The inverse of ``state``."""
        parts: dict[str, dict[str, NDArray[np.generic]]] = {"network": {}, "elm": {}}
        for key, value in state.items():
            part, _, name = key.partition(".")
            parts[part][name] = value
        self.network.load_state_dict({k: torch.from_numpy(np.array(v)) for k, v in parts["network"].items()})
        self.network.eval()
        self.elm.load_state(parts["elm"])

    def _pooled(self, inputs: Mapping[str, Sequence[Array]]) -> tuple[Tensor, list[NDArray[np.int64]]]:
        """All utterances' frames end to end, and where the chosen segments of each begin in them."""
        length = self.config.segment
        for x, energy in zip(inputs["x"], inputs["energy"], strict=True):
            if len(x) != len(energy):  # the energy of other frames would choose the segments
                raise UserError(
                    f"The DNN-ELM chooses segments of its input x by the input energy, but an utterance has {len(x)} "
                    f"frames of x and {len(energy)} of energy; give features.x and features.energy the same hop_ms."
                )
        rows = [x.reshape(len(x), -1) for x in inputs["x"]]
        padded = [np.pad(x, ((0, max(0, length - len(x))), (0, 0))) for x in rows]
        offsets = np.concatenate([[0], np.cumsum([len(x) for x in padded])])
        starts = [
            offset + loudest(energy[:, 0], len(x) - length + 1, length, self.config.share)
            for x, energy, offset in zip(padded, inputs["energy"], offsets, strict=False)
        ]
        return torch.from_numpy(np.concatenate(padded)), starts

    def _segments(self, frames: Tensor, start: Tensor) -> Tensor:
        return frames[start[:, None] + torch.arange(self.config.segment)].flatten(1)

    def _statistics(self, frames: Tensor, starts: Sequence[NDArray[np.int64]]) -> NDArray[np.float64]:
        flat = torch.from_numpy(np.concatenate(starts))
        with torch.inference_mode():
            parts = [torch.softmax(self.network(self._segments(frames, s)), 1) for s in flat.split(ROWS)]
        posteriors = torch.cat(parts).numpy().astype(np.float64)
        return np.stack([statistics(p, self.config.threshold) for p in _split(posteriors, starts)])


def loudest(log_energy: Array, segments: int, length: int, share: float) -> NDArray[np.int64]:
    """First frames, in order, of those of an utterance's ``segments`` segments of ``length`` frames that have the
    most energy: a ``share`` of all, at least one. ``log_energy`` [T] is natural; of equal ones the earlier is taken."""
    energy = np.concatenate([[0.0], np.cumsum(np.exp(log_energy.astype(np.float64)))])
    ends = np.minimum(np.arange(segments) + length, len(log_energy))
    sums = energy[ends] - energy[:segments]
    count = max(1, math.ceil(share * segments))
    return np.sort(np.argsort(-sums, kind="stable")[:count])


def statistics(posteriors: NDArray[np.float64], threshold: float) -> NDArray[np.float64]:
    """Maximum, minimum and mean of each class, and the share above ``threshold``: [S, K] -> [4 K]."""
    above = (posteriors > threshold).mean(axis=0)
    return np.concatenate([posteriors.max(axis=0), posteriors.min(axis=0), posteriors.mean(axis=0), above])


def _split(rows: NDArray[np.float64], parts: Sequence[NDArray[np.int64]]) -> Iterator[NDArray[np.float64]]:
    first = 0
    for part in parts:
        yield rows[first : first + len(part)]
        first += len(part)
