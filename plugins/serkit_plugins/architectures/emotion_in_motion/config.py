"""Settings of Emotion in Motion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Gt


@dataclass(frozen=True, kw_only=True)
class EmotionInMotionConfig:
    """``attention="positions"`` is what the report describes: additive attention over the positions that the
    convolutions leave. ``"slots"`` is what its code does: each of ``slots`` places in a batch has a vector of its own,
    and the weights are normalised over the whole batch, so that a logit depends on the others of its batch.
    ``scale`` is lambda.
    """

    attention: Literal["positions", "slots"] = "positions"
    scale: Annotated[float, Gt(0)] = 0.8
    slots: Annotated[int, Gt(0)] = 51


PRESETS: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "literal": {"architecture": {"attention": "slots"}, "training": {"batching": "exact"}},
}
