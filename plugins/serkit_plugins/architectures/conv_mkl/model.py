"""Text network, functionals, kernels of both, EasyMKL (after Poria et al. 2016, without pictures)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from serkit.errors import RunFolderError, UserError
from serkit.nn import Architecture, ZScore, fit_loop
from serkit.types import FoldContext, Input, Training
from serkit_plugins.architectures.conv_mkl.config import ConvMklConfig
from serkit_plugins.architectures.conv_mkl.easymkl import Doubles, easy_weights, nearest_hulls
from serkit_plugins.architectures.conv_mkl.network import TextNet, padded

Array = NDArray[np.float32]
ROWS = 256  # texts through the network, or utterances through the kernels, at once


class ConvMkl(Architecture):
    """The plugin. Kernels are no network, so it builds an estimator."""

    config: ConvMklConfig
    inputs: ClassVar = {
        "audio": Input("speech-functionals", whole=True),
        "text": Input("text-hash", {"dim": 768}, whole=True),
    }
    transforms: ClassVar = {"audio": ZScore}
    # of the text network, inside the fit; classes count alike there, as they do in EasyMKL
    training = Training(
        optimizer="adam", lr=1e-3, batch=50, epochs=20, patience=0, select="last", class_weights="balanced"
    )

    def build(self, fold: FoldContext) -> ConvMklEstimator:
        """A new estimator for the fold's classes."""
        (dim,) = fold.input_shapes["text"]
        return ConvMklEstimator(self.config, dim, fold.n_classes, fold.training)


class ConvMklEstimator:
    """``fit`` and ``predict_proba`` on ``audio`` [1, D], standardised, and ``text`` [tokens, dim] of each utterance.

    The text network learns the classes; its hidden layer, standardised, becomes the text vector. One classifier a
    class against the rest: EasyMKL weighs the kernels, then decides on their sum. A score is 1 where the class's hull
    is nearest to that of the rest and -1 there on the other side; posteriors are the softmax of the scores, which is no
    calibration.
    """

    def __init__(self, config: ConvMklConfig, dim: int, n_classes: int, training: Training) -> None:
        self.config, self.n_classes, self.training = config, n_classes, training
        self.network = TextNet(config, dim, n_classes)
        self.text_scale: ZScore | None = None
        self.vectors: dict[str, Array] = {}
        self.classes = np.empty(0, np.int64)
        self.kernel_weights = np.empty((0, 0))
        """Of each class's kernels, ``[classes, kernels]``, in the order of ``kernel_names``."""
        self.coefficients = np.empty((0, 0))
        self.places = np.empty((0, 2))  # where a class's score is 0, and half the distance between the hulls

    @property
    def kernel_names(self) -> tuple[str, ...]:
        """``audio linear``, ``audio gamma=0.05``, ..., ``text linear``, ..."""
        kinds = ("linear", *(f"gamma={g:g}" for g in self.config.gammas))
        return tuple(f"{name} {kind}" for name in ("audio", "text") for kind in kinds)

    def fit(
        self,
        inputs: Mapping[str, Sequence[Array]],
        labels: NDArray[np.int64],
        rng: np.random.Generator,
        weights: NDArray[np.float64],
    ) -> None:
        """Learn from utterances; ``weights`` count in the text network's loss. Raises UserError if there are not two
        classes, or the audio is not one row an utterance."""
        self.classes = np.unique(labels)
        if len(self.classes) < 2:
            raise UserError(
                f"The training part has {len(self.classes)} of {self.n_classes} classes; conv-mkl needs two at least, "
                "so choose another protocol or fold."
            )
        self._fit_network(inputs["text"], labels, weights, rng)
        raw = self._text_features(inputs["text"])
        self.text_scale = ZScore.fit([raw], rng)
        self.vectors = {"audio": self._audio(inputs["audio"]), "text": self._limited(self.text_scale(raw))}
        kernels = list(self._kernels(self.vectors, self.vectors))
        found = [self._one_class(kernels, np.where(labels == k, 1.0, -1.0)) for k in self.classes]
        self.kernel_weights, self.coefficients, self.places = (np.array(x) for x in zip(*found, strict=True))

    def predict_proba(self, inputs: Mapping[str, Sequence[Array]]) -> NDArray[np.float64]:
        """Posteriors ``[N, K]``; 0 for classes that training lacked."""
        assert self.text_scale is not None
        given = {
            "audio": self._audio(inputs["audio"]),
            "text": self._limited(self.text_scale(self._text_features(inputs["text"]))),
        }
        out = np.zeros((len(given["audio"]), self.n_classes))
        for start in range(0, len(out), ROWS):
            part = {name: x[start : start + ROWS] for name, x in given.items()}
            values = np.zeros((len(part["audio"]), len(self.classes)))
            for number, kernel in enumerate(self._kernels(part, self.vectors)):
                values += (kernel @ self.coefficients.T) * self.kernel_weights[:, number]
            scores = (values - self.places[:, 0]) / self.places[:, 1]
            powers = np.exp(scores - scores.max(axis=1, keepdims=True))
            out[start : start + ROWS, self.classes] = powers / powers.sum(axis=1, keepdims=True)
        return out

    def state(self) -> dict[str, NDArray[np.generic]]:
        """The network's weights, the scale of its features, all training vectors, and what EasyMKL found."""
        assert self.text_scale is not None
        return {
            **{f"network/{k}": v.numpy() for k, v in self.network.state_dict().items()},
            **{f"text_scale/{k}": v for k, v in self.text_scale.state().items()},
            **{f"vectors/{k}": v for k, v in self.vectors.items()},
            "classes": self.classes,
            "kernel_weights": self.kernel_weights,
            "coefficients": self.coefficients,
            "places": self.places,
        }

    def load_state(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """The inverse of ``state``. Raises RunFolderError for the state of another model."""
        try:
            self.network.load_state_dict({k: torch.tensor(v) for k, v in _under(state, "network/").items()})
            self.text_scale = ZScore.from_state(_under(state, "text_scale/"))
            self.vectors = {name: np.asarray(state[f"vectors/{name}"], np.float32) for name in ("audio", "text")}
            self.classes = np.asarray(state["classes"], np.int64)
            self.kernel_weights, self.coefficients, self.places = (
                np.asarray(state[name], np.float64) for name in ("kernel_weights", "coefficients", "places")
            )
        except (KeyError, RuntimeError) as error:
            raise RunFolderError("The saved state is not that of this conv-mkl; train the fold again.") from error
        self.network.eval()

    def _fit_network(
        self, texts: Sequence[Array], labels: NDArray[np.int64], weights: NDArray[np.float64], rng: np.random.Generator
    ) -> None:
        rows = [torch.from_numpy(np.array(t)) for t in texts]

        def loss(batch: Mapping[str, Tensor]) -> Tensor:
            # padded batch by batch: a whole corpus at the length of its longest text would take gigabytes
            logits = self.network(*padded([rows[int(k)] for k in batch["number"]]))
            each = cross_entropy(
                logits, batch["label"], reduction="none", label_smoothing=self.training.label_smoothing
            )
            return (each * batch["weight"]).mean()

        data = {
            "number": torch.arange(len(rows)),
            "label": torch.from_numpy(labels),
            "weight": torch.from_numpy(weights.astype(np.float32)),
        }
        fit_loop(self.network, data, loss, self.training, rng)

    def _text_features(self, texts: Sequence[Array]) -> Array:
        """The hidden layer ``[N, hidden]`` of each text."""
        self.network.eval()
        parts = []
        with torch.inference_mode():
            for start in range(0, len(texts), ROWS):
                rows = [torch.from_numpy(np.array(t)) for t in texts[start : start + ROWS]]
                parts.append(self.network.features(*padded(rows)).numpy())
        return np.concatenate(parts)

    def _audio(self, rows: Sequence[Array]) -> Array:
        if any(len(row) != 1 for row in rows):
            raise UserError(
                f"conv-mkl takes one row of audio an utterance, but one has {max(map(len, rows))}; give the input "
                "audio a feature of one row (speech-functionals, egemaps)."
            )
        return self._limited(np.concatenate([row.reshape(1, -1) for row in rows]))

    def _limited(self, x: Array) -> Array:
        return np.clip(x, -self.config.clip, self.config.clip) if self.config.clip else x

    def _kernels(self, a: Mapping[str, Array], b: Mapping[str, Array]) -> Iterator[Doubles]:
        """Kernels ``[N, M]`` between vectors, in the order of ``kernel_names``; all are 1 of a vector with itself, as
        EasyMKL wants kernels of one scale."""
        for name in ("audio", "text"):
            x, z = a[name].astype(np.float64), b[name].astype(np.float64)
            products = x @ z.T
            squares = [np.einsum("nd,nd->n", v, v) for v in (x, z)]
            lengths = [np.sqrt(np.maximum(s, np.finfo(np.float64).tiny)) for s in squares]
            yield products / lengths[0][:, None] / lengths[1]
            distances = np.maximum(squares[0][:, None] + squares[1] - 2.0 * products, 0.0) / x.shape[1]
            for gamma in self.config.gammas:
                yield np.exp(-gamma * distances)

    def _one_class(self, kernels: Sequence[Doubles], signs: Doubles) -> tuple[Doubles, Doubles, Doubles]:
        """Kernel weights, coefficients ``[N]``, and the place of the decision, of one class against the rest."""
        trade = self.config.trade
        if self.config.kernel_weights == "easy":
            mixed = easy_weights(kernels, signs, trade)
        else:
            mixed = np.full(len(kernels), 1.0 / len(kernels))
        kernel = np.zeros_like(kernels[0])  # summed one by one: stacked, those of a large corpus would fill the memory
        for weight, one in zip(mixed, kernels, strict=True):
            kernel += weight * one
        spread = nearest_hulls(kernel, signs, trade)
        coefficients = spread * signs
        values = kernel @ coefficients
        # the two points that face each other, in the direction between them
        here, there = spread[signs > 0] @ values[signs > 0], spread[signs < 0] @ values[signs < 0]
        half = max(0.5 * (here - there), 1e-9)  # hulls that touch decide nothing, and must not divide by 0
        return mixed, coefficients, np.array([0.5 * (here + there), half])


def _under(state: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
