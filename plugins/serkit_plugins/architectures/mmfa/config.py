"""Settings of MMFA; the defaults are the paper's, and where it is silent those of ``docs/mmfa.md``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge, Gt, Lt, MinLen

Positive = Annotated[int, Gt(0)]
Share = Annotated[float, Ge(0), Lt(1)]


@dataclass(frozen=True, kw_only=True)
class CommonConfig:
    """What the three systems have in common.

    ``heads`` of the multi-head attention must divide the units. ``dense`` are the layers before the output, each with
    batch normalisation, fast GELU and ``dropout``. ``recurrent_dropout`` drops the GRU's state on its way to the next
    step, one mask a sequence. ``l2_recurrent`` and ``l2_attention`` weigh the sums of squared weights of the GRUs and
    of the multi-head attention in the loss. ``bidirectional`` gives either direction half of the units. ``causal``
    lets self-attention see what came before only.
    """

    heads: Positive = 2
    dense: Annotated[tuple[Positive, ...], MinLen(1)] = (80, 80)
    dropout: Share = 0.3
    recurrent_dropout: Share = 0.3
    l2_recurrent: Annotated[float, Ge(0)] = 1e-4
    l2_attention: Annotated[float, Ge(0)] = 1e-3
    bidirectional: bool = False
    causal: bool = False


@dataclass(frozen=True, kw_only=True)
class MmfaConfig(CommonConfig):
    """Speech and words. ``concat_all`` classifies the means of the fused frames, of the audio frames and of the tokens
    together, instead of the first alone."""

    audio_units: Positive = 78
    text_units: Positive = 192
    concat_all: bool = False


@dataclass(frozen=True, kw_only=True)
class MmfaAudioConfig(CommonConfig):
    """Speech alone."""

    audio_units: Positive = 78


@dataclass(frozen=True, kw_only=True)
class MmfaTextConfig(CommonConfig):
    """Words alone."""

    text_units: Positive = 192


PRESETS: Mapping[str, Mapping[str, Any]] = {
    "paper": {},
    "ho_literal": {"training": {"beta1": 0.0}},  # the paper names SGD and no momentum
}
