"""Settings of the CNN + LSTM baseline; the defaults are Chen 2018's ACRNN on one channel, its attention a mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from serkit_plugins.architectures.acrnn.config import PRESETS as ACRNN
from serkit_plugins.architectures.acrnn.config import AcrnnConfig


@dataclass(frozen=True, kw_only=True)
class CnnLstmConfig(AcrnnConfig):
    """The ACRNN's settings with mean pooling, and how its halves are joined.

    ``arrangement="series"``: the BLSTM reads the frames that the convolutions and the linear layer make (the papers'
    systems). ``"parallel"``: the BLSTM reads the input's own frames, each half is pooled for itself, and the dense
    layer sees both (``linear`` + 2 ``lstm`` numbers).
    """

    arrangement: Literal["series", "parallel"] = "series"
    pooling: Literal["attention", "mean", "max"] = "mean"


# Ours, for a laptop. Chosen by development UAR alone; docs/reproduction.md lists what was tried.
_SMALL: Mapping[str, Any] = {
    "architecture": {
        "convs": 3,
        "maps": [16, 32, 48],
        "pools": [[2, 2], [2, 2], [1, 2]],
        "linear": 96,
        "lstm": 48,
        "batch_norm": "convs",
    },
    "training": {**ACRNN["small"]["training"], "epochs": 30},
}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "paper": {},
    "parallel": {"architecture": {"arrangement": "parallel"}},
    "small": _SMALL,
    "small_parallel": {**_SMALL, "architecture": {**_SMALL["architecture"], "arrangement": "parallel"}},
}
