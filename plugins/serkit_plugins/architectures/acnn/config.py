"""Settings of the CNN with attention; the defaults are the poster's, or for what it leaves open those of Chen 2018."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Lt, MinLen

from serkit.types import Unit
from serkit_plugins.architectures.acrnn.config import PRESETS as ACRNN
from serkit_plugins.architectures.acrnn.config import THREE_SECONDS

Positive = Annotated[int, Gt(0)]


@dataclass(frozen=True, kw_only=True)
class AcnnConfig:
    """Layers of the CNN with attention (M. Chen's poster; the table of layers is in ``docs/acnn.md``).

    ``convs``, ``maps`` and ``pools`` are the ACRNN's: the last of ``maps`` repeats, and a convolution past ``pools``
    has no max-pool (time, frequency). ``hidden`` and ``scale`` are those of the attention, e = u tanh(W a + b) over
    frames and lambda before the softmax: 1 is the plain softmax, smaller is more uniform. ``dense`` puts a layer of so
    many units before the output, 0 none. ``batch_norm`` normalises after every convolution. ``dropout`` stands after
    the attention.
    """

    convs: Annotated[int, Gt(0)] = 6
    maps: Annotated[tuple[Positive, ...], MinLen(1)] = (128, 256)
    pools: tuple[tuple[Positive, Positive], ...] = ((2, 2),)
    linear: Positive = 768
    hidden: Positive = 768
    scale: Annotated[float, Ge(0)] = 0.3
    dense: Annotated[int, Ge(0)] = 0
    batch_norm: bool = False
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    init: Literal["kaiming", "chen"] = "kaiming"
    unit: Unit = THREE_SECONDS


PRESETS: Mapping[str, Mapping[str, Any]] = {
    "paper": {},
    "paper_2d": {"features": {"x": {"channels": ["static"]}}},
    # Ours, for a laptop. Chosen by development UAR alone; docs/reproduction.md lists what was tried.
    "small": {
        "architecture": {
            "convs": 3,
            "maps": [16, 32, 48],
            "pools": [[2, 2], [2, 2], [1, 2]],
            "linear": 96,
            "hidden": 96,
            "batch_norm": True,
            "dropout": 0.2,
        },
        "training": {**ACRNN["small"]["training"], "epochs": 30},
    },
}
