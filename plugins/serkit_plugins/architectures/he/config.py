"""Settings of the four experiments of He, Ren and He; the defaults are the paper's where it says any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt, MinLen

from serkit.types import Unit

Positive = Annotated[int, Gt(0)]
Dropout = Annotated[float, Ge(0), Lt(1)]
WHOLE = Unit()
Pooling = Literal["mean", "attention", "last", "max"]


@dataclass(frozen=True, kw_only=True)
class HeSvmConfig:
    """Experiment one: ``c`` is the SVM's complexity, which the paper chooses among 1e-6, 1e-5, ..., 1; ``gamma`` that
    of the RBF kernel times the number of features (``serkit.nn.SupportVectorClassifier``)."""

    c: Annotated[float, Gt(0)] = 1.0
    gamma: Annotated[float, Gt(0)] = 1.0


@dataclass(frozen=True, kw_only=True)
class HeBlstmConfig:
    """Experiment two: ``dense`` ReLU units a frame, ``lstm`` cells a direction of each recurrent layer,
    ``pooling`` over frames. ``bidirectional=False`` has as many cells in all, in one direction. ``dropout`` stands
    after every layer but the output."""

    dense: Positive = 512
    lstm: Annotated[tuple[Positive, ...], MinLen(1)] = (128,)
    bidirectional: bool = True
    pooling: Pooling = "mean"
    dropout: Dropout = 0.5
    unit: Unit = WHOLE


@dataclass(frozen=True, kw_only=True)
class AutoEncoder:
    """How kernels are learned (paper: the loss, the third of the training set; the rest is open there).

    ``share`` of the training utterances give at most ``patches`` patches a kernel length. ``sparsity`` is the mean
    activation aimed at (rho), ``sparsity_weight`` what its Kullback-Leibler divergence counts beside half the mean
    squared error (mu), ``weight_decay`` the half squared norm of both weight matrices. ``decoder="sigmoid"`` takes
    patches clipped to three deviations and mapped to [0.1, 0.9], ``"linear"`` as they are. ``optimizer="adam"`` runs
    ``epochs`` of batches of ``batch`` at the rate ``lr``, ``"lbfgs"`` ``iterations`` over all patches at once.
    """

    share: Annotated[float, Gt(0), Le(1)] = 1 / 3
    patches: Positive = 100_000
    sparsity: Annotated[float, Gt(0), Lt(1)] = 0.05
    sparsity_weight: Annotated[float, Ge(0)] = 3.0
    weight_decay: Annotated[float, Ge(0)] = 0.0
    decoder: Literal["sigmoid", "linear"] = "sigmoid"
    optimizer: Literal["adam", "lbfgs"] = "adam"
    lr: Annotated[float, Gt(0)] = 1e-3
    batch: Positive = 256
    epochs: Positive = 50
    iterations: Positive = 400


@dataclass(frozen=True, kw_only=True)
class HeSaeConfig:
    """Experiment three: ``maps`` kernels of each of the lengths ``kernels`` (frames) over ``components`` principal
    components, statistics of blocks (``serkit_plugins.architectures.he.blocks``), recurrent layers of ``lstm`` cells a
    direction, ``pooling`` over blocks. ``finetune_kernels`` trains the pre-trained kernels with the rest. Other fields
    as in ``HeBlstmConfig``."""

    components: Annotated[int, Ge(1), Le(256)] = 60
    kernels: Annotated[tuple[Positive, ...], MinLen(1)] = (3, 6, 10)
    maps: Positive = 60
    finetune_kernels: bool = False
    autoencoder: AutoEncoder = AutoEncoder()
    lstm: Annotated[tuple[Positive, ...], MinLen(1)] = (128,)
    bidirectional: bool = True
    pooling: Pooling = "mean"
    dropout: Dropout = 0.5
    unit: Unit = WHOLE


@dataclass(frozen=True, kw_only=True)
class HeSaeAttentionConfig(HeSaeConfig):
    """Experiment four: two recurrent layers of 30 cells a direction and attention over blocks; all else as in
    ``HeSaeConfig``."""

    lstm: Annotated[tuple[Positive, ...], MinLen(1)] = (30, 30)
    pooling: Pooling = "attention"


Presets = Mapping[str, Mapping[str, Any]]

_LITERAL = {"training": {"optimizer": "sgd", "lr": 1e-6, "beta1": 0.9, "reduction": "sum"}}

# The paper's grid, chosen from on development speakers. An SVM has no optimiser for the presets to differ in.
_GRID = {"search": {"architecture": {"c": [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0]}}}

SVM_PRESETS: Presets = {"practical": _GRID, "literal": _GRID}

# The presets ``small`` are ours, for a laptop, by development speakers alone; docs/reproduction.md has what was tried.
BLSTM_PRESETS: Presets = {
    "practical": {},
    "literal": _LITERAL,
    "small": {
        "architecture": {"dense": 128, "lstm": [64]},
        "training": {"lr": 2e-3, "batch": 32, "crop": 100, "epochs": 40, "patience": 15},
    },
}

_SMALL_KERNELS = {"maps": 20, "autoencoder": {"patches": 20_000, "lr": 3e-3, "epochs": 30}}
_SMALL_TRAINING = {"lr": 2e-3, "epochs": 40}

SAE_PRESETS: Presets = {
    "practical": {},
    "literal": _LITERAL,
    "small": {"architecture": {**_SMALL_KERNELS, "lstm": [64]}, "training": _SMALL_TRAINING},
}

ATTENTION_PRESETS: Presets = {
    "practical": {},
    "literal": _LITERAL,
    "exp4_128": {"architecture": {"lstm": [128]}},
    "small": {"architecture": _SMALL_KERNELS, "training": _SMALL_TRAINING},
}
