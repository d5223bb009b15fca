"""Settings of the DNN-ELM; the defaults are the papers'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le, Lt


@dataclass(frozen=True, kw_only=True)
class DnnElmConfig:
    """Han et al. 2014 with the sizes of Chen et al. 2018 (three hidden layers of 256).

    A segment is ``segment`` consecutive frames; one begins at every frame, and the ``share`` of an utterance's segments
    whose energy is highest are looked at, in training and in test. ``train_every`` trains the network on every n-th of
    them only (neighbours share 24 of 25 frames); statistics take all. ``threshold`` is the posterior that the fourth
    statistic counts. ``elm_units`` random sigmoid units and the penalty ``ridge`` make the extreme learning machine.
    """

    segment: Annotated[int, Gt(0)] = 25
    share: Annotated[float, Gt(0), Le(1)] = 0.1
    train_every: Annotated[int, Gt(0)] = 1
    hidden: Annotated[int, Gt(0)] = 256
    layers: Annotated[int, Ge(1), Le(10)] = 3
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    threshold: Annotated[float, Ge(0), Lt(1)] = 0.2
    elm_units: Annotated[int, Gt(0)] = 120
    ridge: Annotated[float, Gt(0)] = 1e-3


PRESETS: Mapping[str, Mapping[str, Any]] = {
    "paper": {},
    # Ours. Chosen by development UAR alone; docs/reproduction.md lists what was tried.
    "tuned": {
        "architecture": {"share": 1.0, "train_every": 4, "ridge": 1.0},
        "training": {"batch": 128, "epochs": 5, "class_weights": "balanced"},
        "features": {"x": {"cepstral_mean": "removed"}},
    },
}
