"""Settings of the AFCN; the defaults are the paper's, where it is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt

from serkit.types import Unit

Positive = Annotated[int, Gt(0)]
WHOLE = Unit()


@dataclass(frozen=True, kw_only=True)
class AfcnConfig:
    """Layers of the AFCN (Zhang 2019; the table of layers is in ``docs/afcn.md``).

    ``maps`` are the feature maps of the five convolutions. ``padding="standard"`` is AlexNet's, which needs 63 bands
    and 63 frames; ``"same"`` pads everything so that fewer suffice; ``"auto"`` takes ``same`` below 63 bands. ``lrn``
    is the local response normalisation after the first two convolutions. ``copies`` repeats the input as so many
    channels, as networks trained on colour pictures expect. ``scale`` is lambda of the attention, ``dropout`` stands
    before the output. ``weights`` names a safetensors file to begin with, of AlexNet's convolutions
    (``features.0.weight`` and so on) or of a trained AFCN; their learning rate is ``training.lr`` times
    ``weights_rate``.
    """

    maps: tuple[Positive, Positive, Positive, Positive, Positive] = (96, 256, 384, 384, 256)
    padding: Literal["auto", "standard", "same"] = "auto"
    lrn: bool = True
    copies: Annotated[int, Ge(1), Le(3)] = 1
    scale: Annotated[float, Gt(0)] = 0.3
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.5
    weights: str = ""
    weights_rate: Annotated[float, Gt(0), Le(1)] = 0.1
    unit: Unit = WHOLE


@dataclass(frozen=True, kw_only=True)
class AfcnMultiheadConfig(AfcnConfig):
    """The AFCN with ``heads`` attention heads, each with weights of its own, side by side before the output.

    ``scales`` gives each head a lambda of its own instead of ``scale``. ``diversity`` is the weight of
    ||A A^T - 1||^2 in the loss, A the heads' weights over annotations, which drives heads apart; 0 is none.
    """

    heads: Literal[1, 2, 4, 8] = 4
    scales: tuple[Annotated[float, Gt(0)], ...] = ()
    diversity: Annotated[float, Ge(0)] = 0.0


PRESETS: Mapping[str, Mapping[str, Any]] = {
    "paper": {},
    "segments": {
        "architecture": {"unit": {"frames": 300}},
        "features": {"x": {"n_fft": 800, "f_max": 3980.0}},
    },
    "alexnet": {"architecture": {"maps": [64, 192, 384, 256, 256], "copies": 3, "lrn": False}},
    # Ours, for a laptop: the training of the ACRNN's preset of that name, not chosen by any score.
    "small": {
        "architecture": {"maps": [16, 32, 48, 48, 32], "dropout": 0.3},
        "training": {
            "optimizer": "adamw",
            "lr": 2e-3,
            "weight_decay": 0.1,
            "schedule": "cosine",
            "warmup": 0.1,
            "batch": 16,
            "epochs": 30,
            "patience": 0,
            "select": "last",
            "augment": {"freq_masks": 2, "freq_mask_width": 30, "time_masks": 2, "time_mask_width": 15},
        },
        "features": {"x": {"n_fft": 800, "f_max": 3980.0, "hop_ms": 20.0}},
    },
}

MULTIHEAD_PRESETS: Mapping[str, Mapping[str, Any]] = {
    **{f"heads{n}": {"architecture": {"heads": n}} for n in (1, 2, 4, 8)},
    "small": PRESETS["small"],
}
