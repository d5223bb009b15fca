"""Settings of the recurrent network with local attention; the defaults are the paper's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Lt

from serkit.types import Unit

WHOLE = Unit()


@dataclass(frozen=True, kw_only=True)
class LocalAttentionConfig:
    """Layers of Mirsamadi et al. 2017 (the table is in ``docs/local-attention.md``).

    ``dense`` are the two ReLU layers over each frame, ``lstm`` the cells a direction. ``pooling``: ``attention`` is the
    paper's proposal, softmax over frames of u y; ``mean`` and ``last`` pool the recurrent frames without weights;
    ``frames`` labels every frame with the utterance's label and averages what the frames say. ``dropout`` stands
    after each dense layer and after the BLSTM.
    """

    dense: tuple[Annotated[int, Gt(0)], ...] = (512, 512)
    lstm: Annotated[int, Gt(0)] = 128
    pooling: Literal["attention", "mean", "last", "frames"] = "attention"
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.5
    unit: Unit = WHOLE


PRESETS: Mapping[str, Mapping[str, Any]] = {
    "paper": {},
    "spectrum": {
        "features": {
            "x": {
                "feature": "spectrogram",
                "spectrum": "magnitude",
                "log": "none",
                "channels": ["static"],
                "framing": "center",
            }
        }
    },
    # Ours, for a laptop. Chosen by development UAR alone; docs/reproduction.md lists what was tried.
    "small": {
        "architecture": {"dense": [128, 128], "lstm": 64, "dropout": 0.3},
        "training": {
            "optimizer": "adamw",
            "lr": 3e-3,
            "weight_decay": 0.1,
            "schedule": "cosine",
            "warmup": 0.3,
            "batch": 16,
            "epochs": 30,
            "patience": 0,
            "select": "last",
            "crop": 200,
        },
    },
}
