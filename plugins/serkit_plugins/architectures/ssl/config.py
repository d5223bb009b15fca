"""Settings of the systems on pretrained speech encoders; the defaults are ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Lt

Positive = Annotated[int, Gt(0)]


@dataclass(frozen=True, kw_only=True)
class SslConfig:
    """An encoder and what stands on it (``docs/ssl.md``).

    ``folder`` holds the encoder's files. ``finetune=False`` computes its hidden states once, as features that are kept
    on disk; ``True`` trains it with the rest, from waveforms, at ``encoder_rate`` times the learning rate, with its
    convolutions over the waveform left as they are where ``freeze_convolutions`` says so. ``layers="all"`` mixes the
    outputs of all layers with learned weights, ``"last"`` takes the last. ``dense`` is the width of the layer on each
    frame, ``attention`` that of the scores' hidden layer (0: none).
    """

    folder: str = field(default="", metadata={"place": True})
    finetune: bool = False
    layers: Literal["all", "last"] = "all"
    encoder_rate: Annotated[float, Gt(0)] = 0.02
    freeze_convolutions: bool = True
    dense: Positive = 256
    attention: Annotated[int, Ge(0)] = 64
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.2


PRESETS: Mapping[str, Mapping[str, Any]] = {
    "frozen": {},
    "last": {"architecture": {"layers": "last"}},
    "finetune": {
        "architecture": {"finetune": True},
        "training": {"batch": 8, "epochs": 15, "clip_norm": 1.0},
    },
}
