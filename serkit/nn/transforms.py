"""What is learned from a training fold before the model: scalers and the like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from serkit.features.normalize import UtteranceNormalizer

Array = NDArray[np.float32]


@runtime_checkable
class Transform(Protocol):
    """Maps one utterance's frames ``[T, ...]`` to frames ``[T', ...]``, of another shape if it likes.

    ``scope`` says from whom it learns: ``"train"`` from the training speakers; ``"speaker"`` from each speaker's own
    unlabelled audio, which only protocols of that information level allow. The host then fits one for each speaker, on
    all of the speaker's utterances in the fold, and applies it to whole utterances of that speaker.
    ``from_state(state())`` is the same transform; the host saves the state as safetensors.
    """

    scope: Literal["train", "speaker"]

    @classmethod
    def fit(cls, frames: Iterable[Array], rng: np.random.Generator) -> Transform:
        """Learn from the training fold, one array ``[T, ...]`` an utterance (or unit)."""

    def __call__(self, x: Array) -> Array:
        """Apply to one utterance."""

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Everything learned, as arrays."""

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[np.generic]]) -> Transform:
        """The inverse of ``state``."""


class ZScore:
    """(x - mean) / (deviation + 1e-5) for each cell of a frame (band and channel), over all frames of training.

    The sums are float64, so neither the order nor the number of utterances matters to single precision. The 1e-5 is
    that of Chen 2018's published code; it keeps a constant cell finite.
    """

    scope: Literal["train", "speaker"] = "train"
    epsilon = 1e-5

    def __init__(self, mean: NDArray[np.floating], std: NDArray[np.floating]) -> None:
        self.mean = np.asarray(mean, np.float32)
        self.std = np.asarray(std, np.float32)

    @classmethod
    def fit(cls, frames: Iterable[Array], rng: np.random.Generator) -> ZScore:
        """Moments over frames ``[T, ...]``, shifted by the first array's mean so that squares keep their digits.

        Raises ValueError if there is no frame.
        """
        n = 0
        shift: NDArray[np.float64] | None = None
        total = square = np.zeros(())
        for x in frames:
            wide = x.astype(np.float64)
            if shift is None:
                shift = wide.mean(axis=0)
                total, square = np.zeros_like(shift), np.zeros_like(shift)
            wide -= shift
            n += len(wide)
            total += wide.sum(axis=0)
            square += (wide * wide).sum(axis=0)
        if shift is None or n == 0:
            raise ValueError("ZScore.fit needs at least one frame.")
        mean = total / n
        std = np.sqrt(np.maximum(square / n - mean * mean, 0.0))
        return cls(shift + mean, std)

    def __call__(self, x: Array) -> Array:
        """``[T, ...]`` float32 to the same shape."""
        return (x - self.mean) / (self.std + np.float32(self.epsilon))

    def state(self) -> dict[str, NDArray[np.generic]]:
        """``mean`` and ``std``, float32, of the shape of a frame."""
        return {"mean": self.mean, "std": self.std}

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[np.generic]]) -> ZScore:
        """From ``state()``."""
        return cls(np.asarray(state["mean"], np.float32), np.asarray(state["std"], np.float32))


class SpeakerZScore(ZScore):
    """``ZScore`` over each speaker's own utterances, without their labels: speaker normalisation."""

    scope: Literal["train", "speaker"] = "speaker"


class UtteranceMean:
    """Each utterance's mean over its frames taken off every cell of a frame; nothing is learned.

    What a channel or a microphone adds to cepstra goes (Atal 1974).
    """

    scope: Literal["train", "speaker"] = "train"

    @classmethod
    def fit(cls, frames: Iterable[Array], rng: np.random.Generator) -> UtteranceMean:
        """Reads nothing."""
        return cls()

    def __call__(self, x: Array) -> Array:
        """``[T, ...]`` float32 to the same shape."""
        return UtteranceNormalizer("mean")(x)

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Nothing."""
        return {}

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[np.generic]]) -> UtteranceMean:
        """From ``state()``."""
        return cls()
