"""The contract of an architecture plugin, as a base class with the defaults that most plugins want.

A whole plugin is a config dataclass, a class with ``build`` and a spec in a ``hooks.py``
(``docs/plugins/serkit_architectures.md``). The host owns the training loop, seeds, selection and files, and never asks
which architecture it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from serkit.nn.transforms import Transform, ZScore
from serkit.types import FoldContext, Input, Task, Training, Unit

Array = NDArray[np.float32]


class TrainingSet(Protocol):
    """The training speakers of one fold, as ``fit_transforms`` and estimators see them."""

    ids: Sequence[str]
    labels: NDArray[np.int64]
    """Class index of each utterance."""
    classes: Sequence[str]
    """Names of the classes, in the order of the indices."""
    speakers: Sequence[str]

    def utterances(self, name: str) -> Iterator[Array]:
        """Frames ``[T, ...]`` of input ``name``, one array an utterance, before any transform."""

    def units(self, name: str) -> Iterator[Array]:
        """Frames of input ``name``, one array a training unit, with its padding where the unit says ``before``."""


@runtime_checkable
class Estimator(Protocol):
    """What ``build`` may return instead of a module. Inputs are ``{name: [array [T, ...] of each unit]}``.

    One that trains a network inside may have it as an attribute ``network``, so that its parameters are counted; its
    settings of training are ``FoldContext.training``, and ``serkit.nn.fit_loop`` trains by them.
    """

    def fit(
        self,
        inputs: Mapping[str, Sequence[Array]],
        labels: NDArray[np.int64],
        rng: np.random.Generator,
        weights: NDArray[np.float64],
    ) -> None:
        """Learn from the training units; ``labels`` ``[N]`` are class indices, ``weights`` ``[N]`` what each unit
        counts (all 1, or by class with ``training.class_weights="balanced"``)."""

    def predict_proba(self, inputs: Mapping[str, Sequence[Array]]) -> NDArray[np.float64]:
        """Posteriors ``[N, K]``."""

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Everything learned, as arrays."""

    def load_state(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """The inverse of ``state``, on a newly built estimator."""


def network_of(built: Any) -> nn.Module | None:
    """The network among what ``build`` returned: the module itself, or the one inside an estimator, if any."""
    found = built if isinstance(built, nn.Module) else getattr(built, "network", None)
    return found if isinstance(found, nn.Module) else None


class Architecture:
    """Base of architecture plugins; subclass it, or offer the same attributes.

    ``config`` is the plugin's frozen dataclass. ``training``, ``inputs`` and ``transforms`` are the paper's defaults
    and may be properties that depend on ``self.config``. If the config has a field ``unit``, it is the unit.
    """

    task: Task = "classification"
    training: Training = Training()
    inputs: Mapping[str, Input] = {"x": Input("log-mel")}
    transforms: Mapping[str, type[Transform]] = {"x": ZScore}
    min_frames: int = 1
    """The host pads every unit to at least this many frames, and says so before training."""
    after_transforms: tuple[str, ...] = ()
    """Settings of the config on which neither transforms, inputs nor the unit depend: where a ``[search]`` tries values
    of these only, the transforms of a fold are fitted once (an SVM's C after a pre-trained auto-encoder)."""
    short: Literal["pad", "refuse"] = "pad"
    """``"refuse"``: an utterance of fewer than ``min_frames`` frames is an error, found before training."""
    reads_training: tuple[str, ...] | None = None
    """Keys of ``[training]`` that an estimator reads; None: all. A run that changes another one is refused, since it
    would do nothing."""
    learns_from: Literal["train", "dev", "nothing"] = "train"
    """The part of a fold that an estimator is fitted on. ``"dev"``: what it says of development utterances is
    cross-fitted by the host, each by a model that was fitted on others, so that their score is honest. ``"nothing"``:
    it is not fitted. A system that reads finished runs must be one of these, since runs say nothing of training
    utterances."""

    assumed_inputs: Mapping[str, tuple[int, tuple[int, ...]]] = {}
    """Of inputs that need files of the user's (an encoder): how many frames 3 s have and the shape of one, as
    ``serkit show`` describes the model where no files are named."""
    deterministic: bool = False
    """Whether what is built and learned is the same under every seed (a linear SVM). The conformance kit asks."""
    trained_on: Sequence[str] = ()
    """Names of corpora that weights which ``build`` reads from files are known to have been trained on; a run on one of
    them says so. Extractors may have the same attribute, and either may have ``fingerprint() -> str``, a hash of such
    files: a run refuses to go on, or to predict, with others."""

    def __init__(self, config: Any) -> None:
        self.config = config

    @property
    def unit(self) -> Unit:
        """What one training sample is: the config's ``unit``, or the whole utterance."""
        return getattr(self.config, "unit", None) or Unit()

    def fit_transforms(self, train: TrainingSet, rng: np.random.Generator) -> dict[str, Transform]:
        """Fit each of ``transforms`` of scope ``"train"`` on the training speakers; override for what the default
        cannot express. Those of scope ``"speaker"`` are the host's to fit."""
        whole = self.unit.pad == "after"
        return {
            name: kind.fit(train.utterances(name) if whole else train.units(name), rng)
            for name, kind in self.transforms.items()
            if kind.scope == "train"
        }

    def check_inputs(self, extractors: Mapping[str, Any]) -> None:
        """Raise UserError, one sentence, where the features that a user chose (an extractor by the name of its input)
        or files that ``build`` reads do not fit; asked before training."""

    def transformed_shape(self, name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of a frame of input ``name`` after its transform, where nothing is fitted yet (``serkit show``, the
        estimate of a run's time); override it where a transform changes ``shape``."""
        return shape

    def build(self, fold: FoldContext) -> nn.Module | Estimator:
        """A new module, called as ``forward(x=[B, T, ...], x_lengths=[B])`` for each input, that returns logits
        ``[B, K]``; or an estimator. torch's global generator is seeded by the host."""
        raise TypeError(f"The architecture {type(self).__name__} does not define build(fold).")

    def attention(self, module: nn.Module, batch: Mapping[str, Tensor]) -> Tensor | None:
        """Weights over frames ``[B, T']``, or ``[B, heads, T']`` of several heads, where the model has them: for
        pictures, and for their entropy in ``metrics.json``. ``module`` is in evaluation mode."""
        return None
