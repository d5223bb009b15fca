"""Settings of the ACRNN; the defaults are the paper's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen

from serkit.types import Unit

Pool = Annotated[tuple[Annotated[int, Gt(0)], ...], MinLen(2), MaxLen(2)]


@dataclass(frozen=True, kw_only=True)
class AcrnnConfig:
    """Layers of the ACRNN (Chen 2018, section II; table of layers in ``docs/acrnn.md``).

    ``convs`` counts all convolutions; the first has ``first_maps`` maps, the others ``maps``. ``pool`` (time,
    frequency) follows the first. ``batch_norm`` names where batch normalisation stands: after the 64-unit layer
    (paper), after the per-frame linear layer (the authors' code), or after every convolution and the 64-unit layer.
    ``attention="linear"`` is softmax(w h) (paper); ``"sigmoid"`` is u sigmoid(w h + b) (the authors' code).
    """

    convs: Annotated[int, Ge(1), Le(7)] = 6
    first_maps: Annotated[int, Gt(0)] = 128
    maps: Annotated[int, Gt(0)] = 256
    pool: Pool = (2, 2)
    linear: Annotated[int, Gt(0)] = 768
    linear_activation: bool = False
    lstm: Annotated[int, Gt(0)] = 128
    pooling: Literal["attention", "mean", "max"] = "attention"
    attention: Literal["linear", "sigmoid"] = "linear"
    dense: Annotated[int, Gt(0)] = 64
    batch_norm: Literal["dense", "linear", "convs"] = "dense"
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    init: Literal["kaiming", "chen"] = "kaiming"
    unit: Unit = Unit(frames=300)


PRESETS: Mapping[str, Mapping[str, Any]] = {
    "paper": {},
    "chen_reference": {
        "architecture": {
            "pool": [2, 4],
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
    "small": {},
}
