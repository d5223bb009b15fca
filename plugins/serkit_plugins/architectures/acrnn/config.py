"""Settings of the ACRNN; the defaults are the paper's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt, MinLen

from serkit.types import Unit

Positive = Annotated[int, Gt(0)]

THREE_SECONDS = Unit(frames=300)


@dataclass(frozen=True, kw_only=True)
class AcrnnConfig:
    """Layers of the ACRNN (Chen 2018, section II; the table of layers is in ``docs/acrnn.md``).

    ``convs`` counts all convolutions. ``maps`` are their numbers of feature maps and ``pools`` the (time, frequency)
    max-pools after them; the last of ``maps`` repeats, and a convolution past ``pools`` has none.
    ``batch_norm`` names where batch normalisation stands: after the dense layer (paper), after the per-frame linear
    layer (the authors' code), or after every convolution and the dense layer. ``linear_activation`` puts a leaky ReLU
    after the linear layer (the authors' code). ``attention="linear"`` is softmax(w h) (paper); ``"sigmoid"`` is
    u sigmoid(w h + b) (the authors' code). ``dropout`` stands before the BLSTM and before the dense layer.
    """

    convs: Annotated[int, Ge(1), Le(7)] = 6
    maps: Annotated[tuple[Positive, ...], MinLen(1)] = (128, 256)
    pools: tuple[tuple[Positive, Positive], ...] = ((2, 2),)
    linear: Positive = 768
    linear_activation: bool = False
    lstm: Positive = 128
    pooling: Literal["attention", "mean", "max"] = "attention"
    attention: Literal["linear", "sigmoid"] = "linear"
    dense: Positive = 64
    batch_norm: Literal["dense", "linear", "convs"] = "dense"
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    init: Literal["kaiming", "chen"] = "kaiming"
    unit: Unit = THREE_SECONDS


PRESETS: Mapping[str, Mapping[str, Any]] = {
    "paper": {},
    # the paper reads its depth off test scores; this one trains all seven in each fold and keeps the best on dev
    "depth_on_dev": {"search": {"architecture": {"convs": [1, 2, 3, 4, 5, 6, 7]}}},
    "chen_reference": {
        "architecture": {
            "pools": [[2, 4]],
            "linear_activation": True,
            "batch_norm": "linear",
            "attention": "sigmoid",
            "init": "chen",
            "unit": {"frames": 300, "rule": "chen_reference", "pad": "before", "merge": "max_logit"},
        },
        "training": {"optimizer": "adam", "lr": 1e-5, "batch": 60, "steps": 5000, "patience": 0},
        "features": {
            "x": {
                "window": "rectangular",
                "preemphasis": 0.97,
                "waveform": "int16",
                "power_scale": "n_fft",
                "mel_scale": "psf-bins",
                "floor": 2.220446049250313e-16,
            }
        },
    },
    # Ours, for a laptop. Chosen by development UAR alone; docs/reproduction.md lists what was tried.
    "small": {
        "architecture": {
            "convs": 4,
            "maps": [32, 32, 64],
            "pools": [[2, 2], [2, 2], [1, 2]],
            "linear": 128,
            "lstm": 64,
            "batch_norm": "convs",
        },
        "training": {
            "optimizer": "adamw",
            "lr": 3e-3,
            "weight_decay": 0.1,
            "schedule": "cosine",
            "warmup": 0.3,
            "batch": 16,
            "epochs": 50,
            "patience": 0,
            "select": "last",
            "crop": 250,
            "augment": {
                "band_offset": 0.3,
                "freq_masks": 2,
                "freq_mask_width": 8,
                "time_masks": 2,
                "time_mask_width": 30,
            },
        },
    },
}
